"""Each option of `track run` that concerns the detector, with and without: what it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detectors import Detections, DetectorOptions
from tests.track.runs import (
    FAST,
    Track,
    Walker,
    ids_in,
    read_csv,
    read_summary,
    read_txt,
    states,
    write_sequence,
    write_video,
)
from track.setup import loading


def test_detector(track: Track, tmp_path: Path) -> None:
    """A name, or a file of detections."""
    clip, detections = write_video(tmp_path)
    assert track("run", clip, *FAST, "--detector", detections, "--out", "file").code == 0
    assert track("run", clip, *FAST, "--detector", "motion", "--out", "motion").code == 0
    used = [read_summary(Path(name))["configuration"]["detector"] for name in ("file", "motion")]
    assert used == [{"asked": str(detections), "used": "public"}, {"asked": "motion", "used": "motion"}]
    assert (Path("file") / "tracks.txt").read_bytes() != (Path("motion") / "tracks.txt").read_bytes()


class _FakeYolo:
    """Two classes; keeps what it was asked for."""

    name = "yolo"
    needs_images = True
    parallel = 1

    def __init__(self, options: DetectorOptions) -> None:
        self.options = options
        self.class_names = {0: "person", 2: "car"}
        self._keep = [key for key, name in self.class_names.items() if name in (options.classes or ("person", "car"))]

    def detect(self, image: npt.NDArray[np.uint8] | None, frame_index: int) -> Detections:
        xyxy = np.array([[10, 10, 20, 30], [50, 10, 70, 30]], np.float32)
        class_ids = np.array([0, 2], np.int64)
        return Detections(xyxy, np.full(2, 0.8, np.float32), class_ids)[np.isin(class_ids, self._keep)]


@pytest.fixture
def yolo(monkeypatch: pytest.MonkeyPatch) -> list[_FakeYolo]:
    """The fake detectors that were made, in place of any real one."""
    made: list[_FakeYolo] = []

    def create(name: str, options: DetectorOptions) -> _FakeYolo:
        made.append(_FakeYolo(options))
        return made[-1]

    monkeypatch.setattr(loading, "create_detector", create)
    return made


def test_classes(track: Track, tmp_path: Path, yolo: list[_FakeYolo]) -> None:
    clip, _ = write_video(tmp_path)
    track("run", clip, *FAST, "--out", "all")
    track("run", clip, *FAST, "--out", "one", "--classes", "car")
    track("run", clip, *FAST, "--out", "both", "--classes", " person , car")
    classes = {name: {row["class"] for row in read_csv(Path(name))} for name in ("all", "one", "both")}
    assert classes == {"all": {"person", "car"}, "one": {"car"}, "both": {"person", "car"}}


def test_the_summary_tells_the_thresholds_that_yolo_has_by_itself(
    track: Track, tmp_path: Path, yolo: list[_FakeYolo]
) -> None:
    clip, _ = write_video(tmp_path, num_frames=2)
    track("run", clip, *FAST, "--out", "plain")
    track("run", clip, *FAST, "--out", "asked", "--conf", "0.6", "--iou", "0.3")
    told = [read_summary(Path(name))["configuration"] for name in ("plain", "asked")]
    assert [(each["conf"], each["iou"]) for each in told] == [(0.25, 0.7), (0.6, 0.3)]


@pytest.mark.parametrize(
    ("option", "value", "field", "expected"),
    [
        pytest.param("--iou", "0.3", "iou", 0.3, id="iou"),
        pytest.param("--imgsz", "320", "image_size", 320, id="imgsz"),
        pytest.param("--conf", "0.6", "confidence", 0.6, id="conf"),
        pytest.param("--device", "cpu", "device", "cpu", id="device"),
    ],
)
def test_options_that_a_detector_gets(
    track: Track, tmp_path: Path, yolo: list[_FakeYolo], option: str, value: str, field: str, expected: Any
) -> None:
    """Their effect inside of YOLO is the business of tests/detectors."""
    clip, _ = write_video(tmp_path, num_frames=2)
    assert track("run", clip, *FAST).err == ""
    assert track("run", clip, *FAST, option, value).err == ""
    default = getattr(DetectorOptions(), field)
    assert [getattr(detector.options, field) for detector in yolo] == [default, expected]


@pytest.mark.parametrize(("option", "value"), [("--iou", "0.5"), ("--imgsz", "320")])
def test_an_option_of_yolo_without_yolo_is_told_to_have_no_effect(
    track: Track, tmp_path: Path, option: str, value: str
) -> None:
    result = track("run", write_sequence(tmp_path / "s"), *FAST, "--detector", "public", "--no-video", option, value)
    assert result.code == 0
    assert result.err.splitlines() == [f"warning: {option} has no effect: it is of YOLO, but the detector is public"]


@pytest.mark.slow
def test_options_of_yolo_with_real_weights(track: Track, shared: Path) -> None:
    """The same frames: one class only, or surer boxes only, are fewer boxes."""
    pytest.importorskip("openvino")
    pytest.importorskip("ultralytics")
    clip = shared / "data" / "towncentre" / "clip.mp4"
    weights = shared / "weights" / "yolo11n_int8_openvino_model"
    base = ("run", clip, *FAST, "--no-video", "--end", "0.08", "--detector", weights, "--device", "cpu")
    for name, options in {"plain": (), "cars": ("--classes", "car"), "sure": ("--conf", "0.6")}.items():
        assert track(*base, "--out", name, *options).code == 0
    plain, cars, sure = (read_summary(Path(name))["counts"]["detections"] for name in ("plain", "cars", "sure"))
    assert cars < sure < plain


def test_conf(track: Track, tmp_path: Path) -> None:
    """The second walker's score is 0.4."""
    sequence = write_sequence(tmp_path / "s")
    track("run", sequence, *FAST, "--detector", "public", "--out", "all")
    track("run", sequence, *FAST, "--detector", "public", "--out", "sure", "--conf", "0.5")
    assert ids_in(Path("all")) == {1, 2}
    assert ids_in(Path("sure")) == {1}
    assert read_txt(Path("sure"))[:, 6].min() > 0.5


def test_every(track: Track, tmp_path: Path) -> None:
    """The detector looks at frames 1, 4, 7, ...; in between boxes are predicted, and no frame is left out."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4)], num_frames=30)
    track("run", sequence, *FAST, "--detector", "public", "--out", "each")
    track("run", sequence, *FAST, "--detector", "public", "--out", "third", "--every", "3")
    assert [read_summary(Path(name))["counts"]["detections"] for name in ("each", "third")] == [30, 10]
    found = {int(row["frame"]): row["state"] for row in read_csv(Path("third"))}
    assert list(found) == list(range(1, 31))
    assert {frame for frame, state in found.items() if state == "detected"} == set(range(7, 31, 3))
    assert states(Path("each")) == {"tentative", "detected"}
    last = read_txt(Path("third"))[-1]
    assert last[2] == pytest.approx(2 + 29, abs=2.0), "predictions follow the motion"


def test_trust(track: Track, tmp_path: Path) -> None:
    """A TorchScript export is a program; more of this is in `tests/track/test_untrusted_weights.py`."""
    clip, _ = write_video(tmp_path, num_frames=2)
    (tmp_path / "mine.torchscript").write_bytes(b"no program at all")
    base = ("run", clip, *FAST, "--detector", "mine.torchscript")
    assert "may run code when it is opened" in track(*base).err
    assert "cannot load mine.torchscript" in track(*base, "--trust").err
