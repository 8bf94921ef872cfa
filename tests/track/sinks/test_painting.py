"""The thread of the video paints on each picture once its frame was tracked: nobody may see that, now or later.

Whoever is given a picture may look at it during the call alone. So each of them is asked twice, once with pictures that
are spoiled right after the call (the motion detector in its own tests).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detectors import DetectorOptions, create_detector
from reid import create_encoder
from track.run.counts import Counts
from track.run.pipeline import track_frames
from track.setup.camera_motion import CameraMotion
from track.setup.parts import Models
from track.sources import Frame
from track.threads.ahead import read_ahead
from tracker import DeepSort, TrackerConfig

Image = npt.NDArray[np.uint8]
Look = Callable[[Image, int], Any]

BOXES = np.array([[10.0, 10.0, 60.0, 120.0], [100.0, 20.0, 150.0, 150.0]], np.float32)
SMALL, LARGE = (320, 180), (960, 540)
"""Smaller and larger than the width (480 px) to which several of them scale what they look at."""


def _scene(index: int, size: tuple[int, int]) -> Image:
    """A textured ground with two people who cross it; one is there from the start."""
    width, height = size
    ground = np.random.default_rng(0).integers(100, 156, (180, 320, 3))
    for left, top, colour in ((40 + 3 * index, 60, (30, 40, 160)), (280 - 3 * index, 90, (160, 60, 20))):
        ground[top : top + 55, max(left, 0) : max(left + 20, 0)] = colour
    noisy = ground + np.random.default_rng(1000 + index).integers(-3, 4, ground.shape)
    picture: Image = np.clip(noisy, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(picture.repeat(width // 320, axis=1).repeat(height // 180, axis=0))


def _yolo(shared: Path) -> Look:
    pytest.importorskip("openvino")
    detector = create_detector(
        str(shared / "weights" / "yolo11n_int8_openvino_model"), DetectorOptions(confidence=0.01)
    )
    return lambda image, index: detector.detect(image, index).xyxy


def _camera(_shared: Path) -> Look:
    camera = CameraMotion()
    return lambda image, _index: camera.estimate(image, BOXES)


def _encoder(_shared: Path) -> Look:
    encoder = create_encoder("dogenet50", weights=Path("random"), runtime="torch")
    features = np.empty((len(BOXES), 0), np.float32)
    return lambda image, _index: encoder.encode(image, BOXES, features)


@pytest.mark.parametrize(
    ("create", "num_frames", "size"),
    [
        pytest.param(_camera, 4, SMALL, id="camera motion"),
        pytest.param(_camera, 4, LARGE, id="camera motion, which scales"),
        pytest.param(_yolo, 2, SMALL, id="yolo"),
        pytest.param(_encoder, 2, SMALL, id="encoder"),
    ],
)
def test_no_picture_is_looked_at_after_the_call(
    create: Callable[[Path], Look], num_frames: int, size: tuple[int, int], shared: Path
) -> None:
    honest, spoiled, noise = create(shared), create(shared), np.random.default_rng(1)
    for index in range(num_frames):
        image = _scene(index, size)
        expected, kept = honest(image.copy(), index), spoiled(image, index)
        found = np.array(kept)
        image[:] = noise.integers(0, 255, image.shape, dtype=np.uint8)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(kept, found, err_msg="the result is a view of the picture")


class _Painter:
    """Paints on the pictures that it is handed, again and again, in a thread of its own."""

    def __init__(self) -> None:
        self._pictures: queue.SimpleQueue[Image | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._paint, daemon=True)
        self._thread.start()

    def _paint(self) -> None:
        colour = 0
        while (picture := self._pictures.get()) is not None:
            for _ in range(5):
                colour = (colour + 37) % 256
                picture[:] = colour

    def hand(self, picture: Image) -> None:
        self._pictures.put(picture)

    def finish(self) -> None:
        self._pictures.put(None)
        self._thread.join()


def _frames(num_frames: int) -> Iterator[Frame]:
    for index in range(num_frames):
        yield Frame(index, index / 25, _scene(index, SMALL))


def _track(create: Callable[[], Any], num_frames: int, painter: _Painter | None) -> list[list[float]]:
    """Rows `frame, id, x1, y1, x2, y2` of a run that detects ahead, as `track run` does."""
    models = Models(create(), create_encoder("none"), DeepSort(TrackerConfig()), CameraMotion())
    rows = []
    with read_ahead(_frames(num_frames)) as frames:
        for step in track_frames(frames, models, Counts(), size=SMALL, overlaps=True):
            if painter is not None and step.frame.image is not None:
                painter.hand(step.frame.image)
            boxes = step.confirmed.xyxy.tolist()
            rows += [[step.frame.index, i, *box] for i, box in zip(step.confirmed.ids.tolist(), boxes, strict=True)]
    return rows


@pytest.mark.parametrize(
    ("detector", "num_frames"), [pytest.param("motion", 40, id="motion"), pytest.param("yolo", 4, id="yolo")]
)
def test_tracks_are_the_same_while_somebody_paints(detector: str, num_frames: int, shared: Path) -> None:
    if detector == "yolo":
        pytest.importorskip("openvino")
        detector = str(shared / "weights" / "yolo11n_int8_openvino_model")

    ready = create_detector(detector, DetectorOptions(confidence=0.01))

    def create() -> Any:
        return ready if ready.name == "yolo" else create_detector(detector, DetectorOptions())

    alone = _track(create, num_frames, None)
    for _ in range(2):
        painter = _Painter()
        try:
            assert _track(create, num_frames, painter) == alone
        finally:
            painter.finish()
    if detector == "motion":
        assert len({row[1] for row in alone}) >= 2, "there is somebody to be found"
