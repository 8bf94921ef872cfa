"""Which detector a name or path stands for, and what a wrong one is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import detectors.yolo
from detectors import DETECTORS, DetectorOptions, create_detector

ROOT = Path(__file__).resolve().parents[2]
ROW = "1,-1,0,0,9,9,1\n"


class FakeYolo:
    """Stands for YOLO and notes which weights it was made from."""

    name = "yolo"

    def __init__(self, weights: str | Path | None, options: DetectorOptions) -> None:
        self.weights = str(weights)


@pytest.fixture
def fake_yolo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(detectors.yolo, "YoloDetector", FakeYolo)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("made", "asked", "name"),
    [
        pytest.param([], "motion", "motion", id="registered name"),
        pytest.param([], "yolo", "yolo", id="default model"),
        pytest.param([], "yolo11s.pt", "yolo", id="published model by plain name"),
        pytest.param(["w/best.pt"], "w/best.pt", "yolo", id="weights by path"),
        pytest.param(["w/best.ONNX"], "w/best.ONNX", "yolo", id="suffix in capitals"),
        pytest.param(
            ["w/a_openvino_model/m.xml", "w/a_openvino_model/m.bin"], "w/a_openvino_model", "yolo", id="OpenVINO folder"
        ),
        pytest.param(["w/other/m.xml", "w/other/m.bin"], "w/other", "yolo", id="any folder that holds an .xml"),
        pytest.param(
            ["w/x_ncnn_model/m.bin", "w/x_ncnn_model/m.param"], "w/x_ncnn_model", "yolo", id="another exported folder"
        ),
        pytest.param(["d/det.txt"], "d/det.txt", "public", id="text of detections"),
        pytest.param(["d/x.npy"], "d/x.npy", "public", id="array of detections"),
        pytest.param(["S/det/det.txt"], "S", "public", id="sequence folder"),
        pytest.param(["motion/det/det.txt"], "motion", "motion", id="a registered name wins over a folder"),
    ],
)
@pytest.mark.usefixtures("fake_yolo")
def test_resolution(made: list[str], asked: str, name: str) -> None:
    for file in map(Path, made):
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".npy":
            np.save(file, np.ones((1, 10)))
        else:
            file.write_text(ROW)
    assert create_detector(asked).name == name


@pytest.mark.usefixtures("fake_yolo")
def test_folder_of_arrays_takes_the_one_of_the_sequence(tmp_path: Path) -> None:
    for index, name in enumerate(("S1", "S2")):
        rows = np.ones((1, 10))
        rows[0, 2] = index
        np.save(tmp_path / f"{name}.npy", rows)
    detector = create_detector(str(tmp_path), DetectorOptions(sequence=Path("data/S2")))
    assert detector.detect(None, 0).xyxy[0, 0] == 1


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        pytest.param("moton", ValueError, r"unknown detector 'moton'.*'motion'.*path works too", id="typo"),
        pytest.param("faster-rcnn", ValueError, r"Known: auto, motion, public, yolo", id="unknown"),
        pytest.param("no/such.pt", FileNotFoundError, r"no/such\.pt", id="weights that do not exist"),
        pytest.param("no/such_openvino_model", FileNotFoundError, r"no/such_openvino", id="folder that does not exist"),
        pytest.param("no/det.txt", FileNotFoundError, r"no/det\.txt", id="detections that do not exist"),
        pytest.param("det.npy", FileNotFoundError, r"det\.npy", id="array that does not exist"),
        pytest.param("no/such", FileNotFoundError, r"no/such", id="some path"),
    ],
)
@pytest.mark.usefixtures("fake_yolo")
def test_wrong_names(asked: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        create_detector(asked)


@pytest.mark.parametrize(
    ("made", "asked", "message"),
    [
        pytest.param(["w/m.xml", "w/m.bin"], "w/m.bin", r"w/m\.bin is one half .*; type --detector w/m.xml", id="half"),
        pytest.param(["w/m.bin"], "w/m.bin", r"w/m\.bin ends in \.bin, .*expected weights .*\.onnx", id="lone half"),
        pytest.param(["r/tracks.csv"], "r/tracks.csv", r"ends in \.csv, .*or detections \(\.npy, \.txt\)", id="table"),
        pytest.param(["tracks.csv"], "tracks.csv", r"tracks\.csv ends in \.csv", id="table in the current folder"),
        pytest.param(["r/best"], "r/best", r"r/best has no ending", id="no ending"),
    ],
)
@pytest.mark.usefixtures("fake_yolo")
def test_a_file_of_another_kind_is_told_which_endings_are_taken(made: list[str], asked: str, message: str) -> None:
    for file in map(Path, made):
        file.parent.mkdir(exist_ok=True)
        file.write_text(ROW)
    with pytest.raises(ValueError, match=message):
        create_detector(asked)


def test_every_registered_target_can_be_imported() -> None:
    assert {entry.name for entry in DETECTORS.entries()} == {"auto", "yolo", "motion", "public"}
    assert all(callable(entry.load()) for entry in DETECTORS.entries())


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, detectors; print([m for m in ('cv2', 'torch', 'ultralytics', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
