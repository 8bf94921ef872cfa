"""`Detections`: shapes are checked where boxes enter, and rows stay together."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import Detections


def test_empty_has_the_fixed_shapes() -> None:
    empty = Detections.empty()
    assert len(empty) == 0
    assert empty.xyxy.shape == (0, 4)
    assert empty.features.shape == (0, 0)


def test_selecting_rows_keeps_every_column_together() -> None:
    boxes = Detections(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.array([0.1, 0.2, 0.3], np.float32),
        np.array([5, 6, 7]),
        np.eye(3, dtype=np.float32),
    )
    chosen = boxes[np.array([False, True, True])]
    assert chosen.xyxy[:, 0].tolist() == [4, 8]
    assert chosen.class_ids.tolist() == [6, 7]
    assert chosen.features.argmax(axis=1).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("xyxy", "scores", "message"),
    [
        pytest.param(np.zeros((2, 5)), np.zeros(2), r"\(N, 4\)", id="five columns"),
        pytest.param(np.zeros(4), np.zeros(1), r"\(N, 4\)", id="one flat box"),
        pytest.param(np.zeros((2, 4)), np.zeros(3), "scores", id="more scores than boxes"),
    ],
)
def test_wrong_shapes_are_refused(xyxy: np.ndarray, scores: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Detections(xyxy, scores.astype(np.float32), np.zeros(len(xyxy), np.int64))
