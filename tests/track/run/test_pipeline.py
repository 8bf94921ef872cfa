"""The main path: detect, embed, update, frame after frame."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detectors import Detections
from reid import FileEncoder, NoEncoder
from track.rows.tracked import Tracked
from track.run.counts import Counts
from track.run.pipeline import track_frames
from track.setup.parts import Models
from track.sources import Frame
from tracker import DeepSort


class _Scripted:
    """A detector that gives one person at each frame, with features, and whatever else a test wants."""

    name = "scripted"
    class_names: Mapping[int, str] = MappingProxyType({0: "person"})
    needs_images = False
    parallel = 1

    def __init__(self, extra: list[list[float]] | None = None) -> None:
        self.asked: list[int] = []
        self._extra = np.array(extra or [], np.float32).reshape(-1, 4)

    def detect(self, image: npt.NDArray[np.uint8] | None, frame_index: int) -> Detections:
        self.asked.append(frame_index)
        xyxy = np.concatenate((np.array([[10.0 + frame_index, 10, 30 + frame_index, 60]], np.float32), self._extra))
        count = len(xyxy)
        features = np.tile(np.array([[3.0, 4.0]], np.float32), (count, 1))
        return Detections(xyxy, np.full(count, 0.9, np.float32), np.zeros(count, np.int64), features)


class _Recording(FileEncoder):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[npt.NDArray[Any]] = []

    def encode(self, image: Any, xyxy: Any, features: Any) -> npt.NDArray[np.float32]:
        self.given.append(xyxy)
        return super().encode(image, xyxy, features)


def _frames(count: int, size: tuple[int, int] | None = None) -> list[Frame]:
    image = None if size is None else np.zeros((size[1], size[0], 3), np.uint8)
    return [Frame(index, index / 25, image) for index in range(count)]


def _track(models: Models, frames: list[Frame], counts: Counts | None = None, **options: Any) -> list[Tracked]:
    return list(track_frames(frames, models, counts or Counts(), **{"size": None, **options}))


def test_each_frame_once_and_in_order() -> None:
    detector = _Scripted()
    steps = _track(Models(detector, NoEncoder(), DeepSort()), _frames(5))
    assert [step.frame.index for step in steps] == detector.asked == [0, 1, 2, 3, 4]
    assert [len(step.confirmed) for step in steps] == [0, 0, 1, 1, 1]
    assert [len(step.tentative) for step in steps] == [1, 1, 0, 0, 0]


def test_the_pipeline_is_lazy() -> None:
    """A step is made when it is asked for: nothing piles up."""
    detector = _Scripted()
    steps = track_frames(_frames(5), Models(detector, NoEncoder(), DeepSort()), Counts(), size=None)
    next(steps)
    assert detector.asked == [0]


@pytest.mark.parametrize(("every", "asked"), [(1, [0, 1, 2, 3, 4, 5, 6]), (2, [0, 2, 4, 6]), (3, [0, 3, 6]), (99, [0])])
def test_every(every: int, asked: list[int]) -> None:
    detector = _Scripted()
    counts = Counts()
    steps = _track(Models(detector, NoEncoder(), DeepSort()), _frames(7), counts, every=every)
    assert detector.asked == asked
    assert len(steps) == 7
    assert counts.detections == len(asked)
    assert [len(step.detections) for step in steps] == [1 if index in asked else 0 for index in range(7)]


def test_every_counts_from_the_first_frame_given() -> None:
    """With `--start`, that one is looked at, whatever its number is."""
    detector = _Scripted()
    _track(Models(detector, NoEncoder(), DeepSort()), _frames(8)[5:], every=2)
    assert detector.asked == [5, 7]


class _Looking(_Scripted):
    """Two frames at once, each in its own time, and boxes that depend on the picture."""

    needs_images = True
    parallel = 2

    def detect(self, image: npt.NDArray[np.uint8] | None, frame_index: int) -> Detections:
        time.sleep(0.003 * (frame_index % 2 == 0))
        return super().detect(image, frame_index)


@pytest.mark.parametrize("every", [1, 3])
def test_overlapped_and_one_after_the_other_give_the_same(every: int) -> None:
    """To the last bit: frames, detections, embeddings, boxes, ids."""
    runs = [
        _track(
            Models(_Looking([[200, 20, 230, 90]]), FileEncoder(), DeepSort()),
            _frames(40, (320, 160)),
            every=every,
            overlaps=overlaps,
        )
        for overlaps in (False, True)
    ]
    assert len(runs[0]) == 40
    for one, other in zip(*runs, strict=True):
        assert one.frame.index == other.frame.index
        for mine, theirs in ((one.confirmed, other.confirmed), (one.tentative, other.tentative)):
            assert mine.ids.tobytes() == theirs.ids.tobytes()
            assert mine.xyxy.tobytes() == theirs.xyxy.tobytes()
        assert one.detections.xyxy.tobytes() == other.detections.xyxy.tobytes()
        assert one.embeddings.tobytes() == other.embeddings.tobytes()


def test_a_detector_that_fails_while_it_works_ahead_fails_at_its_frame() -> None:
    class Failing(_Looking):
        def detect(self, image: npt.NDArray[np.uint8] | None, frame_index: int) -> Detections:
            if frame_index == 4:
                raise RuntimeError("out of memory")
            return super().detect(image, frame_index)

    models, got = Models(Failing(), NoEncoder(), DeepSort()), list[int]()
    steps = track_frames(_frames(9, (64, 64)), models, Counts(), size=None, overlaps=True)
    with pytest.raises(RuntimeError, match="out of memory"):
        got.extend(step.frame.index for step in steps)
    assert got == [0, 1, 2, 3]


def test_unusable_boxes_reach_neither_encoder_nor_tracker() -> None:
    nan = float("nan")
    encoder, counts = _Recording(), Counts()
    models = Models(_Scripted([[nan, 0, 5, 5], [5, 5, 5, 9], [900, 0, 950, 50]]), encoder, DeepSort())
    _track(models, _frames(4), counts, size=(100, 100))
    assert all(len(xyxy) == 1 for xyxy in encoder.given)
    assert counts.detections == 4
    assert counts.rejected == {"not finite": 4, "no area": 4, "far outside the frame": 4}
    assert models.tracker.evidence.rejected == 0


@pytest.mark.parametrize(
    ("picture", "size", "rejected"),
    [
        pytest.param((100, 100), None, 3, id="the picture tells"),
        pytest.param((1000, 1000), (100, 100), 0, id="the picture outranks the source's size"),
        pytest.param(None, (100, 100), 3, id="the source tells"),
        pytest.param(None, None, 0, id="nobody knows"),
    ],
)
def test_far_outside_depends_on_the_size_of_the_frame(
    picture: tuple[int, int] | None, size: tuple[int, int] | None, rejected: int
) -> None:
    counts = Counts()
    _track(Models(_Scripted([[900, 0, 950, 50]]), NoEncoder(), DeepSort()), _frames(3, picture), counts, size=size)
    assert sum(counts.rejected.values()) == rejected


def test_measured_boxes() -> None:
    """The detection where there was one, bit for bit; NaN where a track was predicted."""
    detector = _Scripted()
    steps = [s.with_measured_boxes() for s in _track(Models(detector, NoEncoder(), DeepSort()), _frames(8), every=2)]
    for step in steps:
        for tracks in (step.confirmed, step.tentative):
            for box, row in zip(tracks.xyxy, tracks.detection_index, strict=True):
                if step.frame.index % 2:
                    assert row == -1
                    assert np.isnan(box).all()
                else:
                    np.testing.assert_array_equal(box, step.detections.xyxy[row])
    assert len(steps[-2].confirmed) == 1


def test_crops_are_counted_for_encoders_that_look_at_images() -> None:
    counts = Counts()
    _track(Models(_Scripted(), FileEncoder(), DeepSort()), _frames(4), counts)
    assert counts.embedded == 0, "features of a file are no crops"


def test_stages_are_timed() -> None:
    counts = Counts()
    _track(Models(_Scripted(), NoEncoder(), DeepSort()), _frames(3), counts)
    assert list(counts.clock.in_order()) == ["detect", "embed", "associate"]
