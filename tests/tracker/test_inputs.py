"""Boxes in three forms, supervision's Detections, and boxes that are not what they are given as."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker.scenes import crowd, tlwh
from tracker import DeepSort, TrackerConfig

FRAMES = crowd(3, num_people=7, num_frames=25)


def play(give, config=None):
    """All that is reported, as arrays, where `give(frame)` are the arguments of `update`."""
    tracker = DeepSort(config)
    reported = []
    for frame in FRAMES:
        positional, named = give(frame)
        reported += dataclasses.astuple(tracker.update(*positional, **named))
    assert tracker.evidence.matches > 50
    return [column.tolist() for column in reported]


def centred(xyxy):
    return np.column_stack(((xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]))


@pytest.mark.parametrize(("form", "of"), [("xyxy", np.asarray), ("xywh", tlwh), ("cxcywh", centred)])
def test_forms_of_boxes(form, of):
    """Of whole numbers, so that nothing is rounded."""

    def whole(frame):
        return np.round(frame.xyxy / 2) * 2

    expected = play(lambda f: ((whole(f), f.scores), {}))
    assert play(lambda f: ((of(whole(f)), f.scores), {"boxes_from": form})) == expected


def test_an_unknown_form_of_boxes_names_the_known_ones():
    with pytest.raises(ValueError, match="boxes_from is 'tlwh', expected one of xyxy, xywh, cxcywh"):
        DeepSort().update([[0, 0, 1, 1]], [1.0], boxes_from="tlwh")


@pytest.mark.parametrize("with_data", [True, False], ids=["embeddings in data", "embeddings beside"])
def test_supervision_detections_give_what_the_plain_call_gives(with_data):
    classes = np.array([0, 2] * 50)

    def plain(frame):
        count = len(frame.xyxy)
        return (frame.xyxy, frame.scores, classes[:count], frame.features), {}

    def wrapped(frame):
        data = {"embeddings": frame.features} if with_data else {}
        found = sv.Detections(frame.xyxy, None, frame.scores, classes[: len(frame.xyxy)], data=data)
        return (found,), {} if with_data else {"embeddings": frame.features}

    assert play(wrapped) == play(plain)


def test_detections_without_scores_and_classes():
    def plain(frame):
        return (frame.xyxy, np.ones(len(frame.xyxy))), {}

    config = TrackerConfig(birth_score=1.0)
    assert play(lambda frame: ((sv.Detections(frame.xyxy),), {}), config) == play(plain, config)


def test_detections_that_are_empty():
    tracker = DeepSort()
    for _ in range(3):
        tracker.update([[0, 0, 10, 20]], [0.9])
    assert tracker.update(sv.Detections.empty()).detection_index.tolist() == [-1]


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        pytest.param({"scores": [0.5]}, "scores are given beside a Detections", id="scores"),
        pytest.param({"class_ids": [1]}, "class_ids are given beside a Detections", id="classes"),
        pytest.param({"embeddings": [[1.0, 0.0]]}, "embeddings are given twice", id="embeddings"),
        pytest.param({"boxes_from": "xywh"}, "a Detections holds corners; leave boxes_from out", id="form"),
    ],
)
def test_what_a_detections_holds_itself_is_not_given_again(beside, message):
    found = sv.Detections(np.array([[0, 0, 10, 20.0]]), data={"embeddings": np.ones((1, 2))})
    with pytest.raises(ValueError, match=message):
        DeepSort().update(found, **beside)


def accusations(caplog, frames, **arguments):
    tracker = DeepSort()
    with caplog.at_level(logging.WARNING, "tracker"):
        caplog.clear()
        for boxes in frames:
            tracker.update(boxes, np.ones(len(boxes)), **arguments)
    return [record.getMessage() for record in caplog.records]


def test_sizes_given_as_corners_are_told_once_with_the_way_out(caplog):
    told = accusations(caplog, [tlwh(frame.xyxy) for frame in FRAMES])
    assert len(told) == 1
    assert 'if yours are x, y, width, height, call update(..., boxes_from="xywh")' in told[0]
    assert not accusations(caplog, [tlwh(frame.xyxy) for frame in FRAMES], boxes_from="xywh")


def test_it_is_told_once_also_after_a_reset(caplog):
    tracker = DeepSort()
    with caplog.at_level(logging.WARNING, "tracker"):
        for _ in range(3):
            for frame in FRAMES:
                tracker.update(tlwh(frame.xyxy), frame.scores)
            tracker.reset()
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param([0.0, 0.0, 0.0, 0.0], id="rows of zeros that fill up a batch"),
        pytest.param([50.0, 60.0, 50.0, 60.0], id="points"),
        pytest.param([90.0, 60.0, np.nan, 10.0], id="not finite"),
        pytest.param([-9.0, 40.0, -20.0, 30.0], id="below zero: no sizes"),
    ],
)
def test_broken_corners_are_not_accused(caplog, spoil):
    assert not accusations(caplog, [np.array([spoil] * 30)] * 5)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.4))
@settings(max_examples=30, deadline=None)
def test_corners_are_never_accused_however_many_are_broken_of_few(seed, share_broken):
    """Of sound corners none is suspect; of a detector that turns some of its boxes round too few are."""
    rng, tracker = np.random.default_rng(seed), DeepSort()
    for _ in range(20):
        low = rng.uniform(0, 1000, (20, 2))
        boxes = np.concatenate((low, low + rng.uniform(1, 500, low.shape)), axis=1)
        turned = rng.permutation(20) < share_broken * 20
        boxes[turned] = boxes[turned][:, [2, 3, 0, 1]]
        tracker.update(boxes, np.ones(20))
    assert not tracker._misread._told
