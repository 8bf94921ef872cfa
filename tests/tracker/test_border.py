"""What the border of the picture cuts off: when such a box counts, and what that does to a track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import DeepSort, TrackerConfig
from tracker.border import cut_off

SIZE = (1000, 600)
WAIT = TrackerConfig(n_init=1, border_wait_s=1.0)
SHARE = TrackerConfig(n_init=1, border_share=0.7, max_iou_distance=0.95)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param([100, 100, 200, 300], False, id="inside"),
        pytest.param([0, 100, 100, 300], True, id="on the left border"),
        pytest.param([100, 0, 200, 300], True, id="on the upper border"),
        pytest.param([900, 100, 1000, 300], True, id="on the right border"),
        pytest.param([100, 400, 200, 600], True, id="on the lower border"),
        pytest.param([900, 100, 997, 300], True, id="clipped 3 px short of the border"),
        pytest.param([900, 100, 990, 300], False, id="near the border"),
        pytest.param([-60, 100, 100, 300], False, id="beyond the border: its detector knows the whole"),
        pytest.param([-60, 400, 100, 600], True, id="beyond one border, on another"),
    ],
)
def test_a_box_is_cut_off_where_a_side_lies_on_the_border(box, expected):
    assert cut_off(np.array([box], float), SIZE).tolist() == [expected]
    assert not cut_off(np.array([box], float), None).any()


def walk(config, boxes, *, frame_size=SIZE, frame_s=0.1):
    """Ids shown at each frame, one box each."""
    tracker = DeepSort(config)
    shown = []
    for number, box in enumerate(boxes):
        tracks = tracker.update([box], [0.9], frame_size=frame_size, time_s=number * frame_s)
        shown.append(tracks.ids.tolist())
    return shown


def entering(frames, step):
    """A person 100 px wide who comes in over the left border by `step` px a frame."""
    return [[max(0.0, x), 200.0, x + 100.0, 400.0] for x in np.arange(frames) * step - 60.0]


def test_who_enters_is_shown_from_the_frame_in_which_all_of_it_is_seen():
    shown = walk(WAIT, entering(8, 12.0))
    first = next(index for index, ids in enumerate(shown) if ids)
    assert entering(8, 12.0)[first][0] > 0.005 * SIZE[0]
    assert entering(8, 12.0)[first - 1][0] <= 0.005 * SIZE[0]


@pytest.mark.parametrize("frame_s", [0.05, 0.1, 0.2])
def test_who_stays_cut_off_is_shown_after_the_same_time_at_any_frame_rate(frame_s):
    shown = walk(WAIT, [[0.0, 200.0, 100.0, 400.0]] * 30, frame_s=frame_s)
    assert [bool(ids) for ids in shown] == [number * frame_s >= 1.0 - 1e-6 for number in range(30)]


def test_who_waits_at_the_border_is_not_reported_as_tentative_either():
    tracker = DeepSort(TrackerConfig(border_wait_s=1.0))
    tracker.update([[0, 200, 100, 400], [300, 200, 400, 400]], [0.9, 0.9], frame_size=SIZE, time_s=0.0)
    assert len(tracker) == 2
    assert tracker.tentative().xyxy[:, 0].tolist() == [300]


def test_who_leaves_is_shown_while_enough_of_it_is_left_and_is_tracked_on():
    xs = [*range(300, -100, -10), *range(-90, 40, 10)]
    boxes = [[max(0.0, x), 200.0, x + 100.0, 400.0] for x in xs if x > -95]
    shown = walk(SHARE, boxes)
    left = [box[2] - box[0] for box in boxes]
    assert [bool(ids) for ids in shown] == [width >= 70.0 for width in left]
    assert {number for ids in shown for number in ids} == {1}


def test_who_comes_nearer_is_shown_though_the_border_cuts_it_off():
    boxes = [[400.0, 100.0, 500.0, 560.0]] * 3 + [[380.0 - 5 * n, 90.0, 520.0 + 5 * n, 600.0] for n in range(9)]
    assert all(walk(SHARE, boxes))


def test_a_picture_that_is_zoomed_out_takes_the_known_size_along():
    tracker = DeepSort(SHARE)
    tracker.update([[400, 200, 600, 600 - 10]], [0.9], frame_size=SIZE, time_s=0.0)
    half = [[0.5, 0.0, 250.0], [0.0, 0.5, 305.0]]
    tracks = tracker.update([[450, 405, 550, 600]], [0.9], frame_size=SIZE, time_s=0.1, motion=half)
    assert tracks.ids.tolist() == [1]


def test_without_a_frame_size_nothing_is_cut_off():
    boxes = entering(8, 12.0)
    assert all(walk(WAIT, boxes, frame_size=None))


@given(st.lists(st.tuples(st.floats(-80, 980), st.floats(-80, 580)), min_size=1, max_size=12))
def test_the_border_only_hides_rows_and_never_changes_a_box(corners):
    boxes = [np.clip([x, y, x + 90, y + 150], 0, [*SIZE, *SIZE]).tolist() for x, y in corners]
    boxes = [box for box in boxes if box[2] - box[0] > 1 and box[3] - box[1] > 1]
    plain, hiding = DeepSort(TrackerConfig(n_init=1)), DeepSort(TrackerConfig(n_init=1, border_share=0.7))
    for number, box in enumerate(boxes):
        everything = plain.update([box], [0.9], frame_size=SIZE, time_s=0.1 * number)
        shown = hiding.update([box], [0.9], frame_size=SIZE, time_s=0.1 * number)
        assert {(i, *b) for i, b in zip(shown.ids.tolist(), shown.xyxy.tolist(), strict=True)} <= {
            (i, *b) for i, b in zip(everything.ids.tolist(), everything.xyxy.tolist(), strict=True)
        }


def test_a_zoom_while_nobody_looks_hides_nobody():
    tracker = DeepSort(TrackerConfig(n_init=1, border_share=0.7, max_iou_distance=0.95))
    for box in ([50, 100, 200, 400], [0, 100, 120, 400]):
        tracker.update([box], [0.9], frame_size=SIZE)
    assert tracker.confirmed().ids.tolist() == [1]
    assert tracker.coast(motion=[[1.3, 0, 0], [0, 1.3, 0]]).ids.tolist() == [1]
