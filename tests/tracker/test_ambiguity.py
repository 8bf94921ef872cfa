"""Which detections are embedded on demand, and how the tracker treats those that were not."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import AppearanceOnDemand, DeepSort, TrackerConfig
from tracker.ambiguity import LATELY, choose_first, undecided

HERE, BESIDE, FAR = (100, 100, 140, 200), (115, 100, 155, 200), (600, 100, 640, 200)
RED, BLUE = np.eye(4, dtype=np.float32)[:2]


def _tracker(*boxes: tuple[float, ...], frames: int = 5) -> tuple[DeepSort, AppearanceOnDemand]:
    """People that have stood there for some frames, embedded each time."""
    tracker, demand = DeepSort(), AppearanceOnDemand(refresh=30)
    for _ in range(frames):
        tracker.update(boxes, [0.9] * len(boxes), embeddings=np.eye(4, dtype=np.float32)[: len(boxes)])
        demand.note(tracker, np.ones(len(boxes), np.bool_))
    return tracker, demand


@pytest.mark.parametrize(
    ("standing", "seen", "wanted"),
    [
        pytest.param([HERE], [HERE], [False], id="alone, where expected"),
        pytest.param([HERE], [FAR], [True], id="new: no track near"),
        pytest.param([HERE], [HERE, FAR], [False, True], id="an old one and a new one"),
        pytest.param([HERE, FAR], [HERE, FAR], [False, False], id="two apart"),
        pytest.param([HERE, BESIDE], [HERE, BESIDE], [True, True], id="two side by side"),
        pytest.param([HERE, BESIDE], [HERE], [True], id="one of two side by side"),
        pytest.param([HERE], [HERE, BESIDE], [True, True], id="somebody comes near"),
        pytest.param([], [HERE, FAR], [True, True], id="nobody yet"),
        pytest.param([HERE], [], [], id="nobody seen"),
    ],
)
def test_what_motion_alone_can_place_is_not_embedded(
    standing: list[tuple[float, ...]], seen: list[tuple[float, ...]], wanted: list[bool]
) -> None:
    tracker, demand = _tracker(*standing)
    assert demand.wanted(tracker, np.array(seen, np.float64).reshape(-1, 4)).tolist() == wanted


def test_a_track_that_began_without_a_look_gets_one_in_the_next_frame() -> None:
    tracker, demand = DeepSort(), AppearanceOnDemand(refresh=30)
    tracker.update([HERE], [0.9], embeddings=np.zeros((1, 4), np.float32), known=[False])
    demand.note(tracker, np.array([False]))
    assert demand.wanted(tracker, [HERE]).tolist() == [True]


def test_who_was_lost_is_embedded() -> None:
    tracker, demand = _tracker(HERE)
    tracker.update([], [])
    demand.note(tracker, np.empty(0, np.bool_))
    assert demand.wanted(tracker, [HERE]).tolist() == [True]


def test_who_stands_beside_somebody_lately_lost_is_embedded() -> None:
    """The one who comes back may take the place of the one who is expected there."""
    tracker, demand = _tracker(HERE, BESIDE)
    tracker.update([HERE], [0.9], embeddings=RED[None])
    demand.note(tracker, np.array([True]))
    assert demand.wanted(tracker, [HERE]).tolist() == [True]


def test_who_is_lost_for_long_does_not_make_those_be_looked_at_who_are_near() -> None:
    """The lost one's last look is older than `refresh`, and its gate has grown over its neighbour."""
    tracker, demand = DeepSort(), AppearanceOnDemand(refresh=3)
    for _ in range(5):
        tracker.update([HERE, BESIDE], [0.9, 0.9], embeddings=np.stack((RED, BLUE)))
        demand.note(tracker, np.array([True, True]))
    looked_at = []
    for _ in range(LATELY + 7):
        wanted = demand.wanted(tracker, [HERE])
        tracker.update([HERE], [0.9], embeddings=RED[None], known=wanted)
        demand.note(tracker, wanted)
        looked_at.append(bool(wanted[0]))
    assert looked_at == [True] * (LATELY + 1) + [False, False, True] * 2
    assert len(tracker) == 2, "the lost one is still remembered"


@pytest.mark.parametrize(("refresh", "frames"), [(1, [0, 1, 2, 3, 4, 5]), (3, [0, 3, 6, 9]), (30, [0])])
def test_each_track_is_embedded_again_after_so_many_frames(refresh: int, frames: list[int]) -> None:
    tracker, demand = DeepSort(), AppearanceOnDemand(refresh)
    embedded = []
    for frame in range(frames[-1] + refresh if refresh < 30 else 25):
        wanted = demand.wanted(tracker, [HERE])
        tracker.update([HERE], [0.9], embeddings=RED[None], known=wanted)
        demand.note(tracker, wanted)
        embedded += [frame] * int(wanted[0])
    assert embedded == frames


def test_the_camera_is_taken_into_account() -> None:
    """It panned by 100 px: where the track was is not where it is expected."""
    tracker, demand = _tracker(HERE)
    pan = [[1, 0, 100], [0, 1, 0]]
    moved = np.array([HERE], np.float64) + [100, 0, 100, 0]
    assert demand.wanted(tracker, moved, pan).tolist() == [False]
    assert demand.wanted(tracker, moved).tolist() == [True]


def test_asking_changes_nothing() -> None:
    (asked, demand), (other, _) = _tracker(HERE, FAR), _tracker(HERE, FAR)
    demand.wanted(asked, [BESIDE, FAR])
    mine, theirs = (tracker.update([HERE, FAR], [0.9, 0.9]) for tracker in (asked, other))
    assert mine.xyxy.tobytes() == theirs.xyxy.tobytes()


@pytest.mark.parametrize("refresh", [0, -3])
def test_refresh_of_less_than_a_frame_is_refused(refresh: int) -> None:
    with pytest.raises(ValueError, match=rf"refresh is {refresh}, expected 1"):
        AppearanceOnDemand(refresh)


def test_unknown_appearance_neither_refuses_nor_decides_a_match() -> None:
    """Matched by motion in the first stage; a zero vector would be as far away as a stranger."""
    tracker, _ = _tracker(HERE)
    before = tracker.evidence.by_appearance
    tracks = tracker.update([HERE], [0.9], embeddings=np.zeros((1, 4)), known=[False])
    assert tracks.detection_index.tolist() == [0]
    assert tracker.evidence.by_appearance == before + 1
    assert tracker.evidence.vetoed == 0


def test_unknown_appearance_is_not_remembered() -> None:
    """After many frames without a look the track still knows what it looked like, in a gallery of three."""
    tracker = DeepSort(TrackerConfig(gallery_size=3))
    for frame in range(20):
        is_known = frame < 4
        tracker.update([HERE], [0.9], embeddings=RED[None] if is_known else np.zeros((1, 4)), known=[is_known])
    for _ in range(3):
        tracker.update([], [])
    tracks = tracker.update([HERE], [0.9], embeddings=RED[None], known=[True])
    assert tracks.ids.tolist() == [1]
    assert tracker.evidence.recovered == 1


def test_a_known_likeness_wins_over_an_unknown_look() -> None:
    """Two detections at one track: the one that looks like it costs less than the neutral one."""
    tracker, _ = _tracker(HERE)
    shifted = tuple(np.array(HERE, np.float64) + [2, 0, 2, 0])
    tracks = tracker.update([HERE, shifted], [0.9, 0.9], embeddings=[np.zeros(4), RED], known=[False, True])
    assert tracks.detection_index.tolist() == [1]


def test_without_the_argument_all_are_known() -> None:
    (one, _), (other, _) = _tracker(HERE, BESIDE), _tracker(HERE, BESIDE)
    appearance = np.stack((BLUE, RED))
    plain = one.update([HERE, BESIDE], [0.9, 0.9], embeddings=appearance)
    told = other.update([HERE, BESIDE], [0.9, 0.9], embeddings=appearance, known=[True, True])
    assert plain.detection_index.tolist() == told.detection_index.tolist()
    assert plain.xyxy.tobytes() == told.xyxy.tobytes()


def test_known_has_one_row_a_box() -> None:
    with pytest.raises(ValueError, match=r"known must have one row a box \(1\), but got 2"):
        DeepSort().update([HERE], [0.9], embeddings=RED[None], known=[True, False])


@pytest.mark.parametrize(
    ("tracks", "detections", "levels", "expected"),
    [
        pytest.param([0], [0], [1], [False], id="one to one"),
        pytest.param([], [], [], [True], id="nobody near"),
        pytest.param([0, 1], [0, 0], [1, 1], [True], id="two tracks of one level"),
        pytest.param([0, 1], [0, 0], [1, 3], [False], id="the second one was lost"),
        pytest.param([0, 1], [0, 0], [2, 3], [True], id="both were lost"),
        pytest.param([0, 0], [0, 1], [1], [True, True], id="one track, two detections"),
        pytest.param([0, 1, 1], [0, 0, 1], [1, 3], [False, True], id="a lost one reaches both"),
    ],
)
def test_pairs(tracks: list[int], detections: list[int], levels: list[int], expected: list[bool]) -> None:
    pairs = np.array(tracks, np.intp), np.array(detections, np.intp), np.array(levels, np.int64)
    found = undecided(*pairs, choose_first(*pairs, len(expected)), len(expected))
    assert found.tolist() == expected
