"""From a frame to the network's input and back, and which of the boxes that overlap stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.letterbox import GREY, MAX_DETECTIONS, Letterbox, candidates, non_maximum_suppression

SIZE = (640, 640)


@pytest.mark.parametrize(
    ("width", "height", "inner", "origin"),
    [
        pytest.param(1920, 1080, (640, 360), (0, 140), id="wide"),
        pytest.param(1080, 1920, (360, 640), (140, 0), id="tall"),
        pytest.param(640, 640, (640, 640), (0, 0), id="as it is"),
        pytest.param(320, 160, (640, 320), (0, 160), id="enlarged"),
        pytest.param(901, 1080, (534, 640), (53, 0), id="odd sides"),
    ],
)
def test_a_frame_is_scaled_to_fit_and_centred(
    width: int, height: int, inner: tuple[int, int], origin: tuple[int, int]
) -> None:
    box = Letterbox(width, height, SIZE)
    assert (box.inner, box.origin) == (inner, origin)
    canvas = np.zeros((*SIZE, 3), np.uint8)
    box.put(np.full((height, width, 3), 7, np.uint8), canvas)
    inside = np.zeros(SIZE, np.bool_)
    inside[origin[1] : origin[1] + inner[1], origin[0] : origin[0] + inner[0]] = True
    assert (canvas[inside] == 7).all()
    assert (canvas[~inside] == GREY).all(), "nothing is left of the frame before"


@settings(max_examples=50, deadline=None)
@given(
    width=st.integers(16, 3000),
    height=st.integers(16, 3000),
    box=st.tuples(*[st.floats(0, 1, width=32)] * 4),
)
def test_boxes_come_back_to_where_they_were(width: int, height: int, box: tuple[float, ...]) -> None:
    """Onto the frame and off again, through corners in the frame's own px."""
    letterbox = Letterbox(width, height, SIZE)
    there = np.array([box], np.float32) * np.array([width, height] * 2, np.float32)
    scale = np.array([letterbox.inner[0] / width, letterbox.inner[1] / height] * 2)
    onto = (there * scale + np.array(letterbox.origin * 2)).astype(np.float32)
    np.testing.assert_allclose(letterbox.to_frame(onto), there, atol=2e-3 * max(width, height) / 640)


@pytest.mark.parametrize(("width", "height"), [(4000, 2), (1, 2000)])
def test_a_frame_that_is_a_line_still_has_a_pixel_of_the_input(width: int, height: int) -> None:
    letterbox = Letterbox(width, height, (640, 640))
    canvas = np.zeros((640, 640, 3), np.uint8)
    letterbox.put(np.full((height, width, 3), 200, np.uint8), canvas)
    assert min(letterbox.inner) == 1
    assert (canvas == 200).any()


def test_boxes_are_cut_off_at_the_border_of_the_frame() -> None:
    found = Letterbox(1920, 1080, SIZE).to_frame(np.array([[-9, 100, 700, 600]], np.float32))
    assert found.tolist() == [[0, 0, 1920, 1080]]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 60), max_iou=st.floats(0.1, 0.9))
def test_suppression_is_torchvisions(seed: int, count: int, max_iou: float) -> None:
    """The oracle: `torchvision.ops.batched_nms`, by classes that lie far apart."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 60, (count, 2))
    xyxy = np.concatenate((corner, corner + rng.uniform(5, 40, (count, 2))), axis=1).astype(np.float32)
    scores = np.sort(rng.uniform(size=count))[::-1].astype(np.float32)
    classes = rng.integers(0, 3, count)
    expected = torchvision.ops.batched_nms(
        torch.from_numpy(xyxy), torch.from_numpy(scores.copy()), torch.from_numpy(classes), max_iou
    )
    assert non_maximum_suppression(xyxy, classes, max_iou).tolist() == expected.tolist()


def test_no_more_than_the_surest_stay() -> None:
    xyxy = np.arange(2 * MAX_DETECTIONS, dtype=np.float32)[:, None] * 20 + np.array([0, 0, 10, 10], np.float32)
    kept = non_maximum_suppression(xyxy, np.zeros(len(xyxy), np.int64), 0.5)
    assert kept.tolist() == list(range(MAX_DETECTIONS))


@pytest.mark.parametrize(
    ("confidence", "class_ids", "expected"),
    [
        pytest.param(0.25, None, [(0.9, 1), (0.5, 0)], id="all classes, the surest first"),
        pytest.param(0.25, [0], [(0.5, 0)], id="one class"),
        pytest.param(0.95, None, [], id="nothing is sure enough"),
        pytest.param(0.5, None, [(0.9, 1)], id="the lowest score itself goes"),
    ],
)
def test_candidates(confidence: float, class_ids: list[int] | None, expected: list[tuple[float, int]]) -> None:
    """Three anchors: centre, size, and scores of two classes."""
    anchors = [(50, 60, 20, 40, 0.5, 0.1), (10, 10, 4, 4, 0.2, 0.1), (30, 30, 10, 10, 0.3, 0.9)]
    xyxy, scores, classes = candidates(np.array(anchors, np.float32).T, confidence, class_ids)
    assert [(pytest.approx(s), c) for s, c in zip(scores.tolist(), classes.tolist(), strict=True)] == expected
    if len(expected) == 2:
        assert xyxy.tolist() == [[25, 25, 35, 35], [40, 40, 60, 80]]
