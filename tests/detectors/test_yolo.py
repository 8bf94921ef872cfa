"""YOLO behind a stand-in for ultralytics (classes, device, options, errors), and once with real weights."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from detectors import DetectorOptions, create_detector
from detectors.weights import DetectorUnavailableError
from detectors.yolo import YoloDetector

NAMES = {0: "person", 1: "bicycle", 2: "car"}


class FakeModel:
    """What ultralytics' `YOLO` offers, with two boxes in every frame."""

    names = NAMES
    task = "detect"
    calls: list[dict[str, Any]]

    def __init__(self, path: str, task: str) -> None:
        self.path, self.calls = path, []
        if Path(path).read_bytes() != b"good":
            raise RuntimeError("PytorchStreamReader failed\nlong explanation")

    def predict(self, image: np.ndarray, **settings: Any) -> list[Any]:
        self.calls.append(settings)
        boxes = torch.tensor([[1.5, 2, 30, 40], [5, 6, 70, 80]])
        scores, classes = torch.tensor([0.9, 0.4]), torch.tensor([0.0, 2.0])
        keep = (scores >= settings["conf"]) & torch.tensor([c in (settings.get("classes") or NAMES) for c in (0, 2)])
        return [types.SimpleNamespace(boxes=FakeBoxes(boxes[keep], scores[keep], classes[keep]))]


class FakeBoxes:
    """Result rows as ultralytics gives them."""

    def __init__(self, xyxy: Any, conf: Any, cls: Any) -> None:
        self.xyxy, self.conf, self.cls = xyxy, conf, cls

    def __len__(self) -> int:
        return len(self.xyxy)

    def cpu(self) -> FakeBoxes:
        return self

    def numpy(self) -> FakeBoxes:
        return FakeBoxes(self.xyxy.numpy(), self.conf.numpy(), self.cls.numpy())


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A path to weights that the stand-in accepts."""
    monkeypatch.setitem(sys.modules, "ultralytics", types.SimpleNamespace(YOLO=FakeModel))
    tasks = types.SimpleNamespace(SAFE_LOAD=False, _SafeLoad=types.SimpleNamespace(SUPPORTED=True))
    monkeypatch.setitem(sys.modules, "ultralytics.nn.tasks", tasks)
    file = tmp_path / "best.pt"
    file.write_bytes(b"good")
    for name in ("YOLO_OFFLINE", "YOLO_AUTOINSTALL", "YOLO_CONFIG_DIR", "YOLO_VERBOSE", "ULTRALYTICS_SAFE_LOAD"):
        monkeypatch.setenv(name, "before")  # so that what the detector sets is undone after the test
    return file


IMAGE = np.zeros((90, 120, 3), np.uint8)


@pytest.mark.parametrize(
    ("classes", "kept"),
    [
        pytest.param((), [0, 2], id="all"),
        pytest.param(("car",), [2], id="one"),
        pytest.param(("Person", "car"), [0, 2], id="two, any case"),
        pytest.param(("bicycle",), [], id="none in the picture"),
    ],
)
def test_classes_by_name(weights: Path, classes: tuple[str, ...], kept: list[int]) -> None:
    boxes = YoloDetector(weights, DetectorOptions(classes=classes)).detect(IMAGE, 0)
    assert boxes.class_ids.tolist() == kept
    assert boxes.xyxy.shape == (len(kept), 4)
    assert boxes.xyxy.dtype == np.float32
    assert boxes.class_ids.dtype == np.int64


def test_unknown_class_tells_the_closest(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown class 'persno'. Did you mean 'person'"):
        YoloDetector(weights, DetectorOptions(classes=("persno",)))


@pytest.mark.parametrize(
    ("options", "setting", "value"),
    [
        pytest.param({}, "conf", 0.25, id="default confidence"),
        pytest.param({"confidence": 0.0}, "conf", 0.0, id="confidence 0 is not the default"),
        pytest.param({}, "iou", 0.7, id="default overlap"),
        pytest.param({"iou": 0.5}, "iou", 0.5, id="overlap"),
        pytest.param({}, "imgsz", 640, id="default size"),
        pytest.param({"image_size": 320}, "imgsz", 320, id="size"),
        pytest.param({"device": "cpu"}, "device", "cpu", id="device"),
    ],
)
def test_options_reach_the_model(weights: Path, options: dict[str, Any], setting: str, value: Any) -> None:
    detector = YoloDetector(weights, DetectorOptions(**options))
    detector.detect(IMAGE, 0)
    assert detector._model.calls[-1][setting] == value


@pytest.mark.parametrize(
    ("cuda", "mps", "asked", "used"),
    [
        pytest.param(0, False, "auto", "cpu", id="auto, nothing there"),
        pytest.param(2, True, "auto", "cuda:0", id="auto prefers CUDA"),
        pytest.param(0, True, "auto", "mps", id="auto on a Mac"),
        pytest.param(2, False, "cuda:1", "cuda:1", id="second card"),
        pytest.param(1, False, "cuda", "cuda:0", id="cuda without a number"),
        pytest.param(1, False, "cuda:1", None, id="a card too many"),
        pytest.param(0, False, "cuda:0", None, id="no card"),
        pytest.param(0, False, "mps", None, id="no Mac"),
        pytest.param(0, False, "gpu", None, id="no such word"),
    ],
)
def test_device(
    weights: Path, monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, asked: str, used: str | None
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    if used is None:
        with pytest.raises(ValueError, match=rf"device '{asked}' is not available here; use one of: auto, .*cpu"):
            YoloDetector(weights, DetectorOptions(device=asked))
        return
    detector = YoloDetector(weights, DetectorOptions(device=asked))
    assert detector._model.calls[-1]["device"] == used


def test_ultralytics_is_kept_offline_and_from_installing(weights: Path) -> None:
    YoloDetector(weights)
    assert os.environ["YOLO_OFFLINE"] == "true"
    assert os.environ["YOLO_AUTOINSTALL"] == "false"


def test_damaged_weights_are_one_line_that_names_the_file(weights: Path) -> None:
    weights.write_bytes(b"gar")
    with pytest.raises(DetectorUnavailableError, match=r"cannot load .*best\.pt") as caught:
        YoloDetector(weights)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "is_told"), [("best.engine", True), ("best.pt", False)])
def test_an_export_that_fails_may_be_of_another_size(
    weights: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_told: bool
) -> None:
    """One that does not tell its size fails in its runtime, undamaged."""
    monkeypatch.setattr("detectors.yolo._check_runtime", lambda path: None)
    weights.with_name(name).write_bytes(b"gar")
    with pytest.raises(DetectorUnavailableError, match="damaged or of another kind") as caught:
        YoloDetector(weights.with_name(name), DetectorOptions(image_size=320, trust=True))
    assert ("or takes another --imgsz than 320" in str(caught.value)) == is_told


def test_weights_that_may_not_be_read_are_not_called_damaged(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != weights)
    with pytest.raises(DetectorUnavailableError, match=r"^no right to read .*best\.pt: type chmod"):
        YoloDetector(weights)


class FakeExport(FakeModel):
    """As ultralytics tells the input of an export, once it has looked at a picture."""

    network: types.SimpleNamespace

    def predict(self, image: np.ndarray, **settings: Any) -> list[Any]:
        self.predictor = types.SimpleNamespace(model=self.network)
        return super().predict(image, **settings)


@pytest.mark.parametrize(
    ("network", "asked", "is_taken"),
    [
        pytest.param({"imgsz": [384, 640], "dynamic": False}, 320, False, id="fixed, another"),
        pytest.param({"imgsz": [384, 640], "dynamic": False}, 640, True, id="fixed, its own"),
        pytest.param({"imgsz": [384, 640], "dynamic": False}, None, True, id="fixed, none"),
        pytest.param({"imgsz": [640, 640], "dynamic": True}, 320, True, id="dynamic"),
        pytest.param({}, 320, True, id="not exported"),
    ],
)
def test_an_export_of_fixed_size_refuses_another(
    weights: Path, monkeypatch: pytest.MonkeyPatch, network: dict[str, Any], asked: int | None, is_taken: bool
) -> None:
    monkeypatch.setattr(FakeExport, "network", types.SimpleNamespace(**network), raising=False)
    monkeypatch.setattr(sys.modules["ultralytics"], "YOLO", FakeExport)
    if is_taken:
        assert YoloDetector(weights, DetectorOptions(image_size=asked)).name == "yolo"
        return
    with pytest.raises(ValueError, match=r"--imgsz is 320, but .*best\.pt takes 640 px only"):
        YoloDetector(weights, DetectorOptions(image_size=asked))


def test_model_that_finds_no_boxes_is_refused(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeModel, "task", "classify")
    with pytest.raises(DetectorUnavailableError, match="classify"):
        YoloDetector(weights)


def test_missing_package_says_what_to_type(monkeypatch: pytest.MonkeyPatch, weights: Path) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(DetectorUnavailableError, match="pip install ultralytics"):
        YoloDetector(weights)


@pytest.mark.parametrize(
    ("file", "module", "command"),
    [
        pytest.param("x_openvino_model/x.xml", "openvino", r"'track-reid\[openvino\]'", id="OpenVINO folder"),
        pytest.param("x.onnx", "onnxruntime", r"'track-reid\[onnx\]'", id="ONNX"),
    ],
)
@pytest.mark.usefixtures("weights")
def test_missing_runtime_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, module: str, command: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"good")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DetectorUnavailableError, match=rf"pip install {command}"):
        YoloDetector(path.parent if path.suffix == ".xml" else path)


def test_source_without_images_is_told_so(weights: Path) -> None:
    with pytest.raises(ValueError, match="needs images"):
        YoloDetector(weights).detect(None, 0)


def test_real_weights_find_people_in_frames_of_two_sizes(
    shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if importlib.util.find_spec("openvino") is None or importlib.util.find_spec("ultralytics") is None:
        pytest.skip("openvino or ultralytics is not installed")
    import av

    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    folder = shared / "weights" / "yolo11n_int8_openvino_model"
    detector = create_detector(str(folder), DetectorOptions(classes=("person",), image_size=640))
    with av.open(str(shared / "data" / "towncentre" / "clip.mp4")) as container:
        image = next(container.decode(video=0)).to_ndarray(format="bgr24")
    for frame in (image, np.ascontiguousarray(image[:, 400:1600]), image):
        boxes = detector.detect(frame, 0)
        assert len(boxes) >= 5
        assert set(boxes.class_ids.tolist()) == {0}
        assert (boxes.xyxy[:, 2:] <= np.array([frame.shape[1], frame.shape[0]]) + 1).all()


def test_openvino_folder_of_another_name_says_how_to_rename_it(tmp_path: Path, weights: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.xml").write_text("")
    for path in (folder, folder / "model.xml"):
        with pytest.raises(DetectorUnavailableError, match=r"rename .*mine to mine_openvino_model"):
            YoloDetector(path)
