"""Classes that may be one object: how groups are written, and that a track meets its own group alone."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import DeepSort, TrackerConfig
from tracker.class_groups import group_of, parse_groups

PERSON, CAR, BUS = 0, 2, 5
BOX = [[10.0, 20, 50, 120]]
APPEARANCE = np.eye(1, 8, dtype=np.float32)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("", {}),
        ("  ", {}),
        ("0", {0: 0}),
        ("2 5 7, 1 3", {2: 2, 5: 2, 7: 2, 1: 1, 3: 1}),
    ],
)
def test_groups_are_written_as_class_ids(text: str, groups: dict[int, int]) -> None:
    assert parse_groups(text) == groups


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("car bus", "class_groups is 'car bus', expected class ids such as .*names work in a YAML file"),
        ("2,,5", "expected class ids"),
        ("-1", "expected class ids"),
        ("2 5, 5 7", "expected class 5 in one group only"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrackerConfig(class_groups=text)


def test_a_class_that_is_not_named_is_a_group_of_its_own() -> None:
    assert group_of(np.array([0, 2, 5, 7, 9]), parse_groups("5 2 7")).tolist() == [0, 5, 5, 5, 9]


@pytest.mark.parametrize("appearance", [None, APPEARANCE], ids=["by overlap", "by appearance"])
@pytest.mark.parametrize(
    ("groups", "second", "same"),
    [
        pytest.param("", PERSON, True, id="without groups any class continues a track"),
        pytest.param("2 5", BUS, True, id="a class of the same group"),
        pytest.param("2 5", PERSON, False, id="a class of another group"),
        pytest.param("0", BUS, False, id="a class that is not named"),
    ],
)
def test_a_track_goes_on_only_within_its_group(
    groups: str, second: int, same: bool, appearance: np.ndarray | None
) -> None:
    tracker = DeepSort(TrackerConfig(class_groups=groups))
    for _ in range(4):
        first = tracker.update(BOX, [0.9], [CAR], appearance)
    assert first.ids.tolist() == [1]
    tracks = tracker.update(BOX, [0.9], [second], appearance)
    assert (tracks.ids.tolist() == [1] and tracks.detection_index.tolist() == [0]) == same
