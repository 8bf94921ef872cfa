"""Who is hidden where and when; and that the rest of the picture stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.track.rows.test_identities import frame_tracks
from track.sinks.hide import AROUND_S, CELLS, Hider, Presence, hide_regions, presences_of

BOX = (100.0, 60, 140, 160)


def presence(times: list[float], boxes: list[tuple[float, ...]] | None = None) -> Presence:
    return Presence(np.array(times), np.array(boxes or [BOX] * len(times), np.float64))


def hidden_at(hider: Hider, time_s: float) -> list[list[float]]:
    return [[float(value) for value in box] for box in hider.regions(time_s)]


WHEN = {
    "at a box": (2.0, True),
    "just before the first": (2.0 - AROUND_S + 0.01, True),
    "long before": (1.4, False),
    "just after the last": (3.0 + AROUND_S - 0.01, True),
    "long after": (3.6, False),
    "between two boxes, in a gap of a second": (2.5, True),
}


@pytest.mark.parametrize(("time_s", "is_hidden"), WHEN.values(), ids=WHEN)
def test_when(time_s: float, is_hidden: bool) -> None:
    found = hidden_at(Hider([presence([2.0, 3.0])]), time_s)
    assert bool(found) == is_hidden
    for left, top, right, bottom in found:
        assert (left < BOX[0], top < BOX[1], right > BOX[2], bottom > BOX[3]) == (True,) * 4, "with a margin"


def covers(regions: list[list[float]], box: tuple[float, ...]) -> bool:
    mask = np.zeros((400, 700), bool)
    for left, top, right, bottom in regions:
        mask[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1] = True
    left, top, right, bottom = (round(value) for value in box)
    return bool(mask[top:bottom, left:right].all())


def walker(first: float, last: float, px_per_s: float = 100.0) -> Presence:
    times = np.arange(round(first * 10), round(last * 10) + 1) / 10
    left = 100 + px_per_s * times
    return Presence(times, np.stack((left, np.full_like(left, 60), left + 40, np.full_like(left, 160)), axis=1))


@pytest.mark.parametrize("time_s", [0.6, 0.8, 1.0, 2.0, 2.3, 2.5], ids=str)
def test_somebody_who_walks_is_covered_before_and_after_too(time_s: float) -> None:
    """Where the walker would be if it went on as it does from the first box and up to the last one."""
    left = 100 + 100 * time_s
    assert covers(hidden_at(Hider([walker(1.0, 2.0)]), time_s), (left, 60, left + 40, 160))


def test_a_gap_of_two_seconds_is_covered_on_the_way() -> None:
    one, other = walker(1.0, 2.0), walker(4.0, 5.0)
    both = Presence(np.concatenate((one.times_s, other.times_s)), np.concatenate((one.boxes, other.boxes)))
    assert covers(hidden_at(Hider([both]), 3.0), (400, 60, 440, 160))


def test_in_a_longer_gap_only_its_ends_are() -> None:
    hider = Hider([presence([1.0, 9.0])])
    assert [bool(hidden_at(hider, time_s)) for time_s in (1.4, 3.0, 5.0, 8.6)] == [True, False, False, True]


def test_detections_that_belong_to_nobody() -> None:
    """Somebody who was never confirmed is hidden as well, at that place, half a second before and after."""
    hider = Hider([], (np.array([7.0, 2.0]), np.array([BOX, BOX])))
    times = [1.4, 1.6, 2.0, 2.4, 2.6, 6.6]
    assert [bool(hidden_at(hider, time_s)) for time_s in times] == [False, True, True, True, False, True]


def test_faces_only() -> None:
    ((left, top, right, bottom),) = hidden_at(Hider([presence([1.0])], faces=True), 1.0)
    assert (left < 100, right > 140, top < 60) == (True, True, True)
    assert 80 < bottom < 100


REGIONS = {
    "inside": [(20.0, 30, 60, 90)],
    "over the border": [(-20.0, -30, 30, 40), (80, 100, 300, 300)],
    "outside": [(-50.0, -50, -10, -10), (200, 10, 220, 40)],
    "a part of a pixel": [(20.2, 30.7, 20.4, 30.9)],
    "two over one another": [(20.0, 30, 60, 90), (40, 50, 80, 110)],
    "none": [],
}


@pytest.mark.parametrize("regions", REGIONS.values(), ids=REGIONS)
def test_no_pixel_outside_changes(regions: list[tuple[float, ...]]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (120, 100, 3), np.uint8)
    before = image.copy()
    hide_regions(image, np.array(regions, np.float64).reshape(-1, 4))
    outside = np.ones((120, 100), bool)
    for left, top, right, bottom in regions:
        rows = slice(max(int(np.floor(top)), 0), max(int(np.ceil(bottom)), 0))
        outside[rows, max(int(np.floor(left)), 0) : max(int(np.ceil(right)), 0)] = False
    np.testing.assert_array_equal(image[outside], before[outside])


def test_what_is_inside_cannot_be_told_from_what_has_the_same_colours_in_the_large() -> None:
    """Two different patterns finer than a cell become the same picture: nothing of them is left to be restored."""
    region = np.array([[0.0, 0, 80, 160]])
    ys, xs = np.mgrid[:160, :80]
    patterns = ((xs // 5 + ys // 5) % 2, (xs // 5 + ys // 5 + 1) % 2)
    images = [np.repeat((255 * pattern).astype(np.uint8)[..., None], 3, axis=2) for pattern in patterns]
    one, other = (hide_regions(image, region) for image in images)
    assert CELLS * 20 == 160, "each cell has whole patterns"
    assert np.abs(one.astype(int) - other).max() <= 1


def test_presences_of_rows() -> None:
    """By id; a box that is not known (NaN, before smoothing) is none."""
    rows = [frame_tracks(0, {1: (0, 0, 10, 20), 2: (50, 0, 10, 20)}), frame_tracks(1, {2: (52, 0, 10, 20)})]
    rows.append(frame_tracks(2, {1: (np.nan, 0, 10, 20)}))
    found = presences_of(rows)
    assert [one.times_s.tolist() for one in found] == [[0.0], [0.0, 0.1]]
    assert found[1].boxes.tolist() == [[50, 0, 60, 20], [52, 0, 62, 20]]
