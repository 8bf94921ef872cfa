"""Frames wait until their tentative tracks are confirmed or dead, and leave with the rows that are known then."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from track.rows.backfill import Backfill
from track.rows.types import FrameTracks, RowState
from track.sources import Frame
from tracker import DeepSort, TrackerConfig, Tracks

Boxes = npt.NDArray[np.float64]


def _box(person: int, frame: int) -> list[float]:
    left = 10.0 + 100.0 * person + frame
    return [left, 10.0, left + 20.0, 60.0]


def _run(seen: list[list[int]], n_init: int = 3, every: int = 1) -> tuple[list[FrameTracks], list[int]]:
    """Track people of whom `seen[frame]` are detected; the rows of each frame, and how many frames were held back."""
    tracker, backfill, final, waiting = DeepSort(TrackerConfig(n_init=n_init)), Backfill(), [], []
    for index, people in enumerate(seen):
        frame = Frame(index, index / 25, None)
        if index % every:
            confirmed = tracker.coast()
        else:
            confirmed = tracker.update([_box(person, index) for person in people], np.full(len(people), 0.9))
        final += [tracks for _, tracks in backfill.push(frame, confirmed, tracker.tentative())]
        waiting.append(index + 1 - len(final))
    final += [tracks for _, tracks in backfill.flush()]
    return final, waiting


def _where(final: list[FrameTracks], track_id: int) -> list[int]:
    return [tracks.frame_index for tracks in final if track_id in tracks.ids]


@pytest.mark.parametrize("n_init", [1, 3, 5])
def test_a_track_is_there_from_its_first_detection(n_init: int) -> None:
    final, waiting = _run([[0]] * 10, n_init)
    assert _where(final, 1) == list(range(10))
    states = [RowState(tracks.states[0]) for tracks in final]
    assert states == [RowState.TENTATIVE] * (n_init - 1) + [RowState.DETECTED] * (11 - n_init)
    assert max(waiting) == n_init - 1, "no frame waits longer than a confirmation takes"
    assert waiting[-1] == 0


@pytest.mark.parametrize("n_init", [1, 3, 5])
def test_filled_boxes_are_those_of_the_filter_at_that_frame(n_init: int) -> None:
    final, _ = _run([[0]] * 10, n_init)
    for index, tracks in enumerate(final):
        np.testing.assert_allclose(tracks.xyxy[0], _box(0, index), atol=1.0)


@pytest.mark.parametrize("n_init", [3, 5])
def test_a_track_that_dies_tentative_stays_out(n_init: int) -> None:
    """Person 1 is seen once less than a confirmation takes."""
    seen = [[0, 1] if 2 <= frame < 2 + n_init - 1 else [0] for frame in range(12)]
    final, waiting = _run(seen, n_init)
    assert {int(i) for tracks in final for i in tracks.ids} == {1}
    assert waiting[-1] == 0


@pytest.mark.parametrize("n_init", [3, 5])
def test_what_is_tentative_at_the_end_stays_out(n_init: int) -> None:
    seen = [[0, 1] if frame >= 12 - (n_init - 1) else [0] for frame in range(12)]
    final, waiting = _run(seen, n_init)
    assert {int(i) for tracks in final for i in tracks.ids} == {1}
    assert waiting[-1] == n_init - 1
    assert len(final) == 12


def test_frames_without_a_detector_are_filled_too() -> None:
    """With `--every 2` the third hit comes at frame 4; the predicted boxes in between belong to the track as well."""
    final, _ = _run([[0]] * 12, every=2)
    assert _where(final, 1) == list(range(12))
    has_score = [bool(np.isfinite(tracks.scores[0])) for tracks in final]
    assert has_score == [index % 2 == 0 for index in range(12)], "a box that nobody detected has no score"


def test_memory_does_not_grow_while_somebody_is_always_new() -> None:
    """Each frame somebody comes, so that the queue is never empty; only those who wait are remembered."""
    backfill, tracker = Backfill(), DeepSort()
    for index in range(300):
        here = range(max(0, index - 4), index + 1)
        confirmed = tracker.update([_box(person, index) for person in here], np.full(len(here), 0.9))
        list(backfill.push(Frame(index, 0.0, None), confirmed, tracker.tentative()))
        assert 0 < len(backfill._held) <= 3 or index < 3
        assert len(backfill._ids) <= 5


def test_a_frame_waits_for_every_track_in_it() -> None:
    """Person 1 comes while person 0 is tentative: frame 0 leaves when 0 is confirmed, frame 1 waits for 1."""
    backfill, tracker = Backfill(), DeepSort()
    left = []
    for index, people in enumerate([[0], [0, 1], [0, 1], [0, 1]]):
        confirmed = tracker.update([_box(person, index) for person in people], np.full(len(people), 0.9))
        left.append([f.index for f, _ in backfill.push(Frame(index, 0.0, None), confirmed, tracker.tentative())])
    assert left == [[], [], [0], [1, 2, 3]]


def test_nothing_pushed_nothing_held() -> None:
    assert list(Backfill().flush()) == []


def test_no_tracks() -> None:
    backfill = Backfill()
    [(frame, tracks)] = backfill.push(Frame(7, 0.5, None), Tracks.empty(), Tracks.empty())
    assert (frame.index, tracks.frame_index, tracks.time_s, len(tracks)) == (7, 7, 0.5, 0)


people = st.lists(st.lists(st.integers(0, 4), unique=True, max_size=5), min_size=1, max_size=40)


@given(seen=people, n_init=st.integers(1, 5), every=st.integers(1, 3))
def test_order_and_identity(seen: list[list[int]], n_init: int, every: int) -> None:
    """Frames leave in order and each once; no id twice in a frame; the confirmed rows are the tracker's own."""
    final, _ = _run(seen, n_init, every)
    assert [tracks.frame_index for tracks in final] == list(range(len(seen)))
    for tracks in final:
        assert len(set(tracks.ids.tolist())) == len(tracks)
        assert tracks.ids.min(initial=1) >= 1
        assert np.isfinite(tracks.xyxy).all()
    assert _confirmed_rows(final) == _online_rows(seen, n_init, every)


def _confirmed_rows(final: list[FrameTracks]) -> list[tuple[int, int]]:
    return [
        (tracks.frame_index, int(track_id))
        for tracks in final
        for track_id, state in zip(tracks.ids, tracks.states, strict=True)
        if state != RowState.TENTATIVE
    ]


def _online_rows(seen: list[list[int]], n_init: int, every: int) -> list[tuple[int, int]]:
    tracker, rows = DeepSort(TrackerConfig(n_init=n_init)), []
    for index, here in enumerate(seen):
        if index % every:
            confirmed = tracker.coast()
        else:
            confirmed = tracker.update([_box(person, index) for person in here], np.full(len(here), 0.9))
        rows += [(index, int(track_id)) for track_id in confirmed.ids]
    return rows


@given(seen=people, n_init=st.integers(2, 5))
def test_filled_rows_belong_to_confirmed_tracks(seen: list[list[int]], n_init: int) -> None:
    """An id that was filled in is confirmed soon after."""
    final, _ = _run(seen, n_init)
    first: dict[int, int] = {}
    for frame, track_id in _confirmed_rows(final):
        first.setdefault(track_id, frame)
    for tracks in final:
        for track_id, state in zip(tracks.ids.tolist(), tracks.states.tolist(), strict=True):
            if state == RowState.TENTATIVE:
                assert first[track_id] - (n_init - 1) <= tracks.frame_index < first[track_id]
