"""A detector that was trained on photographs takes the drawn people for people (`pytest -s` shows the figures)."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

VIDEOS = Path(__file__).resolve().parents[2] / "videos"


def _iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    return np.asarray(common / (areas[0][:, None] + areas[1][None, :] - common))


def test_yolo_finds_most_of_the_people(shared: Path) -> None:
    weights = shared / "weights" / "yolo11n_int8_openvino_model"
    pytest.importorskip("openvino")
    ultralytics = pytest.importorskip("ultralytics")
    if not weights.is_dir():
        pytest.skip("YOLO11n weights not found in the shared folder")
    model = ultralytics.YOLO(str(weights), task="detect")
    rows = np.loadtxt(VIDEOS / "plaza" / "gt" / "gt.txt", delimiter=",")
    hits = visible = people = detected = 0
    with av.open(str(VIDEOS / "plaza.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 10:
                continue
            image = frame.to_ndarray(format="bgr24")
            boxes = model.predict(image, imgsz=640, conf=0.25, classes=[0], verbose=False)[0].boxes.xyxy.cpu().numpy()
            truth = rows[rows[:, 0] == index + 1]
            overlap = _iou(np.concatenate([truth[:, 2:4], truth[:, 2:4] + truth[:, 4:6]], axis=1), boxes)
            pairs = np.array(linear_sum_assignment(-np.where(overlap >= 0.5, overlap, 0)))
            matched = pairs[0][overlap[pairs[0], pairs[1]] >= 0.5]
            clear = truth[:, 8] >= 0.5
            hits, visible = hits + int(clear[matched].sum()), visible + int(clear.sum())
            people, detected = people + len(matched), detected + len(boxes)
    print(f"recall {hits / visible:.3f} of {visible} visible, precision {people / detected:.3f} of {detected} boxes")
    assert hits / visible >= 0.6
    assert people / detected >= 0.6
