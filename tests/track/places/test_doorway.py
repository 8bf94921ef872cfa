"""Forty people at a line whose crossings are known: from true boxes that tremble, each is counted, once, as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from synthetic.doorway import FPS, LINE, Doorway, doorway, standing_boxes
from tests.track.places.people import events_of
from track.places.types import Line, Places
from track.rows.types import FrameTracks


def true_rows(of: Doorway, jitter: float) -> Iterator[FrameTracks]:
    for frame, (ids, xyxy) in enumerate(standing_boxes(of.scene, jitter)):
        number = len(ids)
        yield FrameTracks(
            frame,
            frame / FPS,
            ids,
            xyxy,
            np.ones(number, np.float32),
            np.zeros(number, np.int64),
            np.zeros(number, np.uint8),
        )


@pytest.mark.parametrize(("seed", "jitter"), [(5, 0.0), (5, 0.03), (6, 0.03)])
def test_each_crossing_is_counted_once(seed: int, jitter: float) -> None:
    of = doorway(seed)
    camera = of.scene.camera
    shares = Places((Line("door", *LINE),))
    places = shares.scaled(camera.width, camera.height, in_px=True)
    counted: dict[int, list[str]] = {}
    for event in events_of(places, true_rows(of, jitter)):
        counted.setdefault(event.id, []).append(event.kind)
    expected: dict[int, list[str]] = {}
    for crossing in of.crossings:
        expected.setdefault(crossing.actor, []).append(crossing.kind)
    assert len(of.scene.actors) == 40
    assert Counter(len(kinds) for kinds in expected.values()) == {1: 30, 2: 5}, "and five turn back on the line"
    assert counted == expected


def test_without_a_band_some_would_be_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the scene is one in which the band matters."""
    monkeypatch.setattr("track.places.counter.BAND", 1e-6)
    monkeypatch.setattr("track.places.counter.END_BAND", 1e-6)
    of = doorway()
    places = Places((Line("door", *LINE),)).scaled(of.scene.camera.width, of.scene.camera.height, in_px=True)
    assert len(events_of(places, true_rows(of, 0.03))) > len(of.crossings) + 5
