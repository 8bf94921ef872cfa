"""supervision's LineZone and PolygonZone count the same where they mean the same: nobody lingers at a border.

LineZone has no band: a foot point that comes over the line is across. Its line has the same direction: `in` is from the
left to the right of it. PolygonZone tells who is inside of a frame, from which entries and exits follow.
"""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv

from tests.track.places.people import events_of, rows_of, straight
from track.places.geometry import ZoneSide
from track.places.types import Line, Places, Zone

SCENES = range(4)


def _walks(rng: np.random.Generator) -> dict[int, list[tuple[float, float]]]:
    """People who walk from place to place, each far from the others and never along anything."""
    stops = rng.uniform(50, 950, (8, 4, 2))
    return {
        number: straight(*(tuple(map(float, stop)) for stop in of_one), step=7.0)
        for number, of_one in enumerate(stops, start=1)
    }


def _polygon(rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    """Corners around a middle, so that the polygon is simple; whole px, as PolygonZone wants."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, 7))
    radius = rng.uniform(150, 400, 7)
    return tuple(
        (float(round(500 + r * np.cos(a))), float(round(500 + r * np.sin(a))))
        for a, r in zip(angles, radius, strict=True)
    )


@pytest.mark.parametrize("seed", SCENES)
def test_a_line_that_divides_the_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, end = ((float(rng.uniform(300, 700)), 1100.0), (float(rng.uniform(300, 700)), -100.0))
    if seed % 2:
        start, end = end, start
    walks = _walks(rng)
    theirs = sv.LineZone(
        sv.Point(*start), sv.Point(*end), triggering_anchors=[sv.Position.BOTTOM_CENTER], minimum_crossing_threshold=1
    )
    for rows in rows_of(walks, height=1.0):
        theirs.trigger(_detections(rows.xyxy, rows.ids))
    ours = [event.kind for event in events_of(Places((Line("a", start, end),), in_px=True), rows_of(walks, height=1.0))]
    assert len(ours) > 3
    # In supervision, a crossing from the right of the line's vector to its left is `in`.
    assert (ours.count("out"), ours.count("in")) == (theirs.in_count, theirs.out_count)


@pytest.mark.parametrize("seed", SCENES)
def test_who_is_inside_of_a_zone(seed: int) -> None:
    """In each frame, but for those within 2 px of the border: PolygonZone rounds places to whole px."""
    rng = np.random.default_rng(seed)
    zone, walks = Zone("a", _polygon(rng)), _walks(rng)
    theirs = sv.PolygonZone(np.array(zone.polygon, np.int64), triggering_anchors=[sv.Position.BOTTOM_CENTER])
    changes: dict[int, list[int]] = {}
    for event in events_of(Places((), (zone,), in_px=True), rows_of(walks, height=1.0)):
        changes.setdefault(event.id, []).append(event.frame)
    depth, compared = ZoneSide(zone), 0
    for rows in rows_of(walks, height=1.0):
        expected = theirs.trigger(_detections(rows.xyxy, rows.ids))
        depths = depth(np.stack([rows.xyxy[:, [0, 2]].mean(1), rows.xyxy[:, 3]], axis=1))
        for track_id, is_inside, away in zip(rows.ids.tolist(), expected.tolist(), depths.tolist(), strict=True):
            is_last = rows.frame_index == len(walks[track_id]) - 1  # in which whoever is inside leaves
            if abs(away) > 2 and not is_last:
                so_far = sum(frame <= rows.frame_index for frame in changes.get(track_id, []))
                assert so_far % 2 == is_inside, (track_id, rows.frame_index, away)
                compared += is_inside
    assert compared > 50


def _detections(xyxy: np.ndarray, ids: np.ndarray) -> sv.Detections:
    return sv.Detections(xyxy=np.asarray(xyxy, np.float32), tracker_id=np.asarray(ids))
