"""Where labels stand: in sight, beside their box, on no other label, on nobody's head while there is another place."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track.sinks.labels import HEAD_SHARE, Label, Labels, Plates

GREY = 120
Box = tuple[int, int, int, int]


def _fill(track_id: int) -> tuple[int, int, int]:
    """A colour of its own for each of up to 60 ids; ink is the same, so that plates are of one colour."""
    return 4 * track_id, 1, 2


def _labels(boxes: Sequence[Box], ids: Sequence[int] | None = None) -> list[Label]:
    numbers = ids or range(1, len(boxes) + 1)
    return [Label(i, "person", box, _fill(i), _fill(i)) for i, box in zip(numbers, boxes, strict=True)]


def _written(labels: Labels, wanted: Sequence[Label], width: int = 640, height: int = 360) -> dict[int, Box]:
    """Id -> what is to be seen of its plate, as the smallest box around it."""
    picture = np.full((height, width, 3), GREY, np.uint8)
    labels.draw(picture, wanted)
    found = {}
    colours = np.where(picture[:, :, 1] == 1, picture[:, :, 0], 0)
    for label in wanted:
        rows, columns = np.nonzero(colours == label.fill[0])
        if len(rows):
            found[label.track_id] = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    return found


def _size(text: str, short_side: int = 360) -> tuple[int, int]:
    height, width = Plates(short_side).written(text, (0, 0, 0), (0, 0, 0)).shape[:2]
    return width, height


def _extent(box: Box) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _overlap(one: Box, other: Box) -> bool:
    return all(one[axis] < other[axis + 2] and other[axis] < one[axis + 2] for axis in (0, 1))


def _head(box: Box) -> Box:
    """Without the outermost px: places are chosen by cells of 2 px."""
    left, top, right, bottom = box
    return left + 2, top + 2, right - 2, top + int(HEAD_SHARE * (bottom - top)) - 2


def test_a_label_of_its_own_stands_on_top_of_its_box() -> None:
    width, height = _size("person 1")
    assert _written(Labels(360), _labels([(100, 100, 150, 250)])) == {1: (100, 100 - height, 100 + width, 100)}


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((0, 0, 60, 120), id="top left corner"),
        pytest.param((300, -40, 360, 100), id="above the top"),
        pytest.param((600, 100, 700, 300), id="over the right edge"),
        pytest.param((-50, 100, 10, 300), id="over the left edge"),
        pytest.param((300, 340, 360, 500), id="over the bottom"),
        pytest.param((-50, -50, 700, 400), id="larger than the picture"),
        pytest.param((-900, -900, -800, -700), id="out of sight"),
    ],
)
@pytest.mark.parametrize(("width", "height"), [(640, 360), (1920, 1080)])
def test_labels_stay_inside_the_picture(box: Box, width: int, height: int) -> None:
    scale = height // 360
    (place,) = _written(Labels(height), _labels([tuple(scale * edge for edge in box)]), width, height).values()
    assert _extent(place) == _size("person 1", height)


def test_labels_of_people_side_by_side_are_all_legible() -> None:
    """Plates are wider than distant people: on top of all of the boxes, each would hide part of the next."""
    found = _written(Labels(360), _labels([(100 + 25 * n, 100, 120 + 25 * n, 160) for n in range(4)]))
    assert len(found) == 4
    assert not any(_overlap(one, other) for one, other in itertools.combinations(found.values(), 2))


def test_a_label_does_not_hide_the_head_of_somebody_behind() -> None:
    behind, in_front = (100, 100, 160, 260), (90, 125, 170, 320)
    found = _written(Labels(360), _labels([behind, in_front]))
    assert len(found) == 2
    assert not any(_overlap(plate, _head(box)) for plate in found.values() for box in (behind, in_front))


def test_somebody_at_the_upper_edge_keeps_a_face() -> None:
    (place,) = _written(Labels(360), _labels([(300, 0, 360, 150)])).values()
    assert place[1] == 150  # below the feet


def test_where_there_is_no_room_for_the_name_the_number_stands_alone() -> None:
    """Four labels of the same box take the four corners."""
    found = _written(Labels(360), _labels([(200, 100, 360, 200)] * 5))
    assert [_extent(found[i]) == _size(f"person {i}") for i in range(1, 6)] == [True] * 4 + [False]
    assert _extent(found[5]) == _size("5")


def test_where_there_is_no_room_at_all_a_label_is_left_out() -> None:
    found = _written(Labels(360), _labels([(200, 100, 240, 200)] * 20))
    assert 4 <= len(found) < 20
    assert set(found) == set(range(1, len(found) + 1))  # the oldest tracks have theirs


def test_the_places_do_not_depend_on_the_order_of_the_rows() -> None:
    wanted = _labels([(100 + 20 * n, 100 + 3 * n, 130 + 20 * n, 190 + 3 * n) for n in range(8)])
    assert _written(Labels(360), wanted) == _written(Labels(360), wanted[::-1])


def test_a_label_does_not_waver_between_two_places() -> None:
    """A neighbour that trembles by one px at the limit would move it each frame."""
    labels, tops = Labels(360), []
    width, height = _size("person 1")
    for frame in range(12):
        near = 100 + width + frame % 2
        found = _written(labels, _labels([(100, 100, 120, 150), (near, 100 - height, near + 20, 300)]))
        tops.append(found[1])
    assert len(set(tops[1:])) == 1


def test_a_label_moves_back_on_top_when_there_is_room_again() -> None:
    labels, box = Labels(360), (100, 100, 150, 250)
    alone = _written(labels, _labels([box], [2]))
    assert _written(labels, _labels([box, (100, 100, 150, 240)], [2, 1]))[2] != alone[2]
    assert _written(labels, _labels([box], [2])) == alone


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-40, 630), st.integers(-40, 350), st.integers(3, 90), st.integers(8, 240)), max_size=30
    )
)
def test_no_label_hides_another_whatever_the_boxes(places: list[Box]) -> None:
    wanted = _labels([(left, top, left + width, top + height) for left, top, width, height in places])
    labels = Labels(360)
    for _ in range(2):  # in the second frame the places of the first are remembered
        for track_id, place in _written(labels, wanted).items():  # one that is hidden in part would be smaller
            assert _extent(place) in (_size(f"person {track_id}"), _size(str(track_id)))


@pytest.mark.parametrize(("width", "height"), [(320, 180), (640, 360), (1920, 1080), (1080, 1920), (3840, 2160)])
def test_text_is_legible_and_not_huge(width: int, height: int) -> None:
    plate_width, plate_height = _size("person 7", min(width, height))
    assert plate_height >= 14
    assert plate_height <= max(20, 0.05 * min(width, height))
    assert plate_width <= 0.25 * width


def test_a_picture_smaller_than_a_label_is_no_error() -> None:
    picture = np.full((10, 12, 3), GREY, np.uint8)
    Labels(10).draw(picture, _labels([(2, 3, 8, 9)]))
    assert (picture != GREY).any()
