"""What an identity's line says: where it came from and went, how far, how long, and why it is doubtful."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from track.rows.doubts import changed_in, clock_time
from track.rows.identities import Identity, IdentityLog
from track.rows.run_frames import RunFrames
from track.rows.types import FrameTracks

SIZE, FPS = (640, 360), 10
Box = tuple[float, float, float, float]
Path = Callable[[int], Box | None]
"""Left, top, width and height at a frame; `None` where nobody is."""


def frame_tracks(frame: int, boxes: dict[int, Box], class_id: int = 0, score: float = 0.5) -> FrameTracks:
    tlwh = np.array(list(boxes.values()), np.float64).reshape(-1, 4)
    count = len(tlwh)
    return FrameTracks(
        frame,
        frame / FPS,
        np.array(list(boxes), np.int64),
        np.concatenate((tlwh[:, :2], tlwh[:, :2] + tlwh[:, 2:]), axis=1),
        np.full(count, score, np.float32),
        np.full(count, class_id, np.int64),
        np.zeros(count, np.uint8),
    )


def identities(paths: Sequence[Path], num_frames: int = 100, size: tuple[int, int] | None = SIZE) -> list[Identity]:
    log = IdentityLog(size)
    for frame in range(num_frames):
        places = {number: path(frame) for number, path in enumerate(paths, start=1)}
        log.add(frame_tracks(frame, {number: box for number, box in places.items() if box is not None}))
    return log.identities()


def during(first: int, last: int, path: Path) -> Path:
    return lambda frame: path(frame) if first <= frame <= last else None


def test_somebody_who_walks_through_the_picture() -> None:
    """From the left edge to the right one: 600 px at 100 px of height are six heights."""
    (one,) = identities([during(10, 70, lambda frame: ((frame - 10) * 10, 100, 40, 100))])
    assert (one.entered, one.left) == ("left", "right")
    assert (one.first_frame, one.last_frame, one.boxes) == (10, 70, 61)
    assert (one.first_s, one.last_s) == (1.0, 7.0)
    assert one.seconds == pytest.approx(6.0)
    assert one.distance_heights == pytest.approx(6.0)
    assert one.height_px == pytest.approx(100)
    assert one.mean_score == pytest.approx(0.5)
    assert one.doubts == ()


EDGES = {
    "from below, over the top": (lambda f: (300, 350 - 8 * f, 40, 100), "bottom", "top"),
    "from above, stays inside": (lambda f: (300, min(4 * f, 120), 40, 100), "top", "inside"),
    "appears inside, leaves left": (lambda f: (300 - 6 * f, 100, 40, 100), "inside", "left"),
    "from the left, feet below the picture all the time": (lambda f: (12 * f, 200, 60, 160), "left", "right"),
    "comes in over the lower right corner, upwards": (lambda f: (590 - f, 320 - 5 * f, 40, 50), "bottom", "inside"),
    "box that goes on beyond the border": (lambda f: (-30 + 8 * f, 100, 40, 100), "left", "inside"),
}


@pytest.mark.parametrize(("path", "entered", "left"), EDGES.values(), ids=EDGES)
def test_edges(path: Path, entered: str, left: str) -> None:
    (one,) = identities([during(5, 55, lambda frame: path(frame - 5))])
    assert (one.entered, one.left) == (entered, left)


def test_without_a_size_nobody_knows_the_edges() -> None:
    (one,) = identities([lambda frame: (frame, 100, 40, 100)], size=None)
    assert (one.entered, one.left) == ("", "")


def test_the_trembling_of_a_box_is_no_way() -> None:
    """A second of standing with 3 px of noise adds up to more than a height; the way is what is left of it."""
    noise = np.random.default_rng(3).normal(0, 3, (100, 2))
    (one,) = identities([lambda frame: (300 + noise[frame, 0], 100 + noise[frame, 1], 40, 100)])
    assert np.linalg.norm(np.diff(noise, axis=0), axis=1).sum() > 300
    assert one.distance_heights < 0.25


def test_who_comes_closer_walks_in_heights_of_that_moment() -> None:
    """The same 100 px are two heights far away and one close by."""
    (one,) = identities([lambda frame: (2 * frame, 100, 20, 50 if frame < 50 else 100)], 101)
    feet_drop = 50  # as the box grows at once, the feet move down by 50 px
    assert one.distance_heights == pytest.approx(98 / 50 + np.hypot(2, feet_drop) / 100 + 100 / 100, abs=0.3)


DOUBTS = {
    "nothing odd": ([during(10, 50, lambda f: (5 * f, 100, 40, 100))], [()]),
    "half a second": ([during(10, 15, lambda f: (300, 100, 40, 100))], [("short",)]),
    "half a second at the start of the run": ([during(0, 5, lambda f: (300, 100, 40, 100))], [()]),
    "half a second at its end": ([during(95, 99, lambda f: (300, 100, 40, 100))], [()]),
    "a second is long enough": ([during(10, 20, lambda f: (300, 100, 40, 100))], [()]),
    "a second box on the same": (
        [during(10, 60, lambda f: (5 * f, 100, 40, 100)), during(10, 60, lambda f: (5 * f + 5, 102, 40, 100))],
        [("overlaps 2 all its life",), ("overlaps 1 all its life",)],
    ),
    "a second box on somebody for the half of their time": (
        [during(10, 90, lambda f: (5 * f, 100, 40, 100)), during(10, 50, lambda f: (5 * f, 102, 40, 100))],
        [(), ("overlaps 1 all its life",)],
    ),
    "people who pass each other": (
        [during(10, 60, lambda f: (5 * f, 100, 40, 100)), during(10, 60, lambda f: (350 - 5 * f, 100, 40, 100))],
        [(), ()],
    ),
    "a box that is twice as large at once": (
        [during(10, 60, lambda f: (300, 100, 40, 100) if f < 41 else (280, 50, 80, 200))],
        [("box size jumps at 0:04",)],
    ),
    "a box that grows as somebody comes closer": ([during(10, 60, lambda f: (300, 100, 40 + f, 100 + 3 * f))], [()]),
}


@pytest.mark.parametrize(("paths", "doubts"), DOUBTS.values(), ids=DOUBTS)
def test_doubts(paths: list[Path], doubts: list[tuple[str, ...]]) -> None:
    assert [one.doubts for one in identities(paths)] == doubts


def test_where_rows_come_for_boxes_only_the_run_tells_when_it_began_and_ended() -> None:
    """A linked run: the only rows are those of somebody who was there for half a second in the middle."""
    doubts = {}
    for name, frames in (("nobody knows", None), ("of a run of 100 frames", RunFrames(0, 99))):
        log = IdentityLog(SIZE, frames=frames)
        for frame in range(40, 45):
            log.add(frame_tracks(frame, {1: (300, 100, 40, 100)}))
        doubts[name] = log.identities()[0].doubts
    assert doubts == {"nobody knows": (), "of a run of 100 frames": ("short",)}


def test_a_change_of_appearance_is_told_by_the_clock_of_a_player() -> None:
    log = IdentityLog(SIZE)
    for frame in range(20):
        log.add(frame_tracks(frame, {7: (300, 100, 40, 100)}))
    assert log.identities({7: 41.9})[0].doubts == ("changes appearance at 0:41",)
    assert [clock_time(time_s) for time_s in (0, 59.9, 61, 3723.2)] == ["0:00", "0:59", "1:01", "1:02:03"]
    assert changed_in("overlaps 3 all its life; changes appearance at 1:02:03; short") == 3723
    assert changed_in("box size jumps at 0:41") is None


def test_class_and_score_are_those_of_all_boxes() -> None:
    log = IdentityLog(SIZE)
    for frame, (class_id, score) in enumerate([(2, 0.4), (0, 0.8), (2, np.nan)]):
        log.add(frame_tracks(frame, {5: (300, 100, 40, 100)}, class_id, score))
    (one,) = log.identities()
    assert (one.id, one.class_id, one.boxes) == (5, 2, 3)
    assert one.mean_score == pytest.approx(0.6)


def test_many_identities_and_classes() -> None:
    """More than the table begins with; each keeps its own line."""
    log = IdentityLog(SIZE)
    for frame in range(30):
        log.add(frame_tracks(frame, {100 * frame + i: (20 * i, 100, 10, 50) for i in range(1, 9)}, class_id=frame))
    found = log.identities()
    assert [one.id for one in found] == [100 * frame + i for frame in range(30) for i in range(1, 9)]
    assert [one.class_id for one in found] == [frame for frame in range(30) for _ in range(8)]


def _size_of(log: IdentityLog) -> int:
    tables: Iterable[np.ndarray] = [value for value in vars(log).values() if isinstance(value, np.ndarray)]
    maps = [value for value in vars(log).values() if isinstance(value, dict)]
    return sum(table.nbytes for table in tables) + sum(map(len, maps))


def test_memory_does_not_grow_with_the_rows() -> None:
    log = IdentityLog(SIZE)
    sizes = []
    for frame in range(2000):
        log.add(frame_tracks(frame, {1: (frame % 500, 100, 40, 100), 2: (300, 100, 40, 100)}))
        sizes.append(_size_of(log))
    assert sizes[-1] == sizes[999]
