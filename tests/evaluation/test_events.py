"""Every switch and fragmentation by itself; as many as CLEAR counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.events import Event, list_events
from evaluation.metrics import measure
from evaluation.prepare import Prepared, prepare
from evaluation.rows import TrackRows
from evaluation.rules import RULES


def _rows(boxes: list[tuple[float, ...]]) -> TrackRows:
    """Boxes of frame, id, x; 10 px wide, 20 px high."""
    table = np.array(boxes, np.float64).reshape(-1, 3)
    tlwh = np.stack([table[:, 2], *(np.full(len(table), value) for value in (0.0, 10.0, 20.0))], axis=1)
    frames, ids = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return TrackRows(Path("made"), frames, ids, tlwh, np.ones(len(table)), np.full(len(table), -1, np.int64))


def _prepared(gt: list[tuple[float, ...]], pred: list[tuple[float, ...]]) -> Prepared:
    return prepare(_rows(gt), _rows(pred), RULES["mot15"], 10)


GT = [(frame, 5, 0) for frame in range(11, 21)]
CASES = {
    "one track": (dict.fromkeys(range(11, 21), 7), []),
    "another id takes over": ({f: 7 if f < 15 else 8 for f in range(11, 21)}, [Event("switch", 15, 5, 7, 8, 14)]),
    "there and back": (
        {f: 8 if f == 15 else 7 for f in range(11, 21)},
        [Event("switch", 15, 5, 7, 8, 14), Event("switch", 16, 5, 8, 7, 15)],
    ),
    "found only late": (dict.fromkeys(range(15, 21), 7), []),
    "lost for good": (dict.fromkeys(range(11, 15), 7), []),
}


@pytest.mark.parametrize(("ids", "events"), CASES.values(), ids=CASES.keys())
def test_one_object(ids: dict[int, int], events: list[Event]) -> None:
    assert list_events(_prepared(GT, [(frame, track, 0) for frame, track in ids.items()])) == events


def test_a_gap_is_a_fragmentation_and_with_another_id_a_switch_too() -> None:
    """A second object keeps every frame populated: without any box at all, a frame ends nothing (see below)."""
    gt = [*GT, *((frame, 6, 500) for frame in range(11, 21))]
    other = [(frame, 1, 500) for frame in range(11, 21)]
    same = [*other, *((frame, 7, 0) for frame in range(11, 21) if frame not in (14, 15))]
    assert list_events(_prepared(gt, same)) == [Event("fragmentation", 16, 5, 7, 7, 13)]
    fresh = [*other, *((frame, 7 if frame < 14 else 9, 0) for frame in range(11, 21) if frame not in (14, 15))]
    assert list_events(_prepared(gt, fresh)) == [
        Event("switch", 16, 5, 7, 9, 13),
        Event("fragmentation", 16, 5, 7, 9, 13),
    ]


def test_a_frame_without_any_prediction_ends_nothing() -> None:
    """As TrackEval counts."""
    prepared = _prepared(GT, [(frame, 7, 0) for frame in range(11, 21) if frame != 15])
    assert list_events(prepared) == []
    assert measure(prepared).scores["Frag"] == 0


def test_a_match_is_kept_while_it_holds() -> None:
    """A second track fits better from frame 15 on, but the first still overlaps by half: no switch."""
    pred = [(frame, 7, 3) for frame in range(11, 21)] + [(frame, 8, 0) for frame in range(15, 21)]
    assert list_events(_prepared(GT, pred)) == []


def test_no_boxes_no_events() -> None:
    assert list_events(_prepared(GT, [])) == []
    assert list_events(_prepared([], GT)) == []


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.4), st.integers(1, 6))
def test_as_many_as_clear_counts(seed: int, lost: float, num_objects: int) -> None:
    random = np.random.default_rng(seed)
    gt, pred = [], []
    for frame in range(1, 25):
        for number in range(num_objects):
            x = 8.0 * number + random.normal(0, 1)
            if random.random() > 0.1:
                gt.append((frame, 10 - number, x))
            if random.random() > lost:
                pred.append((frame, 100 * (number + frame // random.integers(5, 9)) + number, x + random.normal(0, 2)))
    pred = list({(frame, track): (frame, track, x) for frame, track, x in pred}.values())
    prepared = _prepared(gt, pred)
    events, scores = list_events(prepared), measure(prepared).scores
    assert sum(event.kind == "switch" for event in events) == scores["IDSW"]
    assert sum(event.kind == "fragmentation" for event in events) == scores["Frag"]
