"""OpenVINO's own way: which exports it takes, and that its boxes are those of ultralytics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import DetectorOptions, create_detector, needs_torch
from detectors.openvino_yolo import OpenVinoYolo, PlainModel, plain_model
from detectors.weights import DetectorUnavailableError

ROOT = Path(__file__).resolve().parents[2]
FACTS: dict[str, Any] = {"task": "detect", "batch": 1, "imgsz": [640, 640], "names": {0: "person", 2: "car"}}


def _export(folder: Path, facts: dict[str, Any] | str) -> Path:
    folder.mkdir(parents=True)
    (folder / "m.xml").write_text("<net/>")
    (folder / "m.bin").write_bytes(b"")
    (folder / "metadata.yaml").write_text(facts if isinstance(facts, str) else json.dumps(facts))
    return folder


@pytest.mark.parametrize(
    ("facts", "options", "is_plain"),
    [
        pytest.param(FACTS, {}, True, id="a detector of fixed size"),
        pytest.param(FACTS, {"image_size": 640}, True, id="its own size asked for"),
        pytest.param(FACTS, {"device": "cuda:0"}, False, id="another device"),
        pytest.param({**FACTS, "task": "pose"}, {}, False, id="another task"),
        pytest.param({**FACTS, "batch": 4}, {}, False, id="several pictures at once"),
        pytest.param({**FACTS, "args": {"dynamic": True}}, {}, False, id="any size"),
        pytest.param({**FACTS, "args": {"dynamic": True}}, {"image_size": 320}, False, id="any size, one asked for"),
        pytest.param({**FACTS, "args": {"nms": True}}, {}, False, id="suppression inside"),
        pytest.param({**FACTS, "end2end": True}, {}, False, id="no suppression needed"),
        pytest.param({"task": "detect"}, {}, False, id="facts missing"),
        pytest.param("a: [", {}, False, id="no YAML"),
        pytest.param("- 1", {}, False, id="a list"),
    ],
)
def test_which_exports_it_takes(tmp_path: Path, facts: Any, options: dict[str, Any], is_plain: bool) -> None:
    folder = _export(tmp_path / "anything", facts)
    for path in (folder, folder / "m.xml"):
        found = plain_model(path, DetectorOptions(**options))
        assert found == (PlainModel(folder / "m.xml", (640, 640), {0: "person", 2: "car"}) if is_plain else None)
        assert needs_torch(str(path), DetectorOptions(**options)) == (not is_plain)


def test_a_size_that_the_network_does_not_take_is_refused(tmp_path: Path) -> None:
    """Its input is fixed: the option would do nothing, and the summary would tell another size than was used."""
    folder = _export(tmp_path / "m", FACTS)
    for path in (folder, folder / "m.xml"):
        with pytest.raises(ValueError, match=rf"^--imgsz is 320, but {path} takes 640 px only; leave --imgsz out"):
            create_detector(str(path), DetectorOptions(image_size=320))


@pytest.mark.parametrize(
    ("gone", "given", "told"),
    [
        pytest.param("m.bin", "m_openvino_model", r"m\.bin is missing.* only m\.xml", id="numbers"),
        pytest.param("m.bin", "m_openvino_model/m.xml", r"m\.bin is missing.* only m\.xml", id="numbers, of a file"),
        pytest.param("m.xml", "m_openvino_model", r"m\.xml is missing.* only m\.bin", id="layers"),
    ],
)
def test_half_of_a_model_is_told_which_half_is_missing(tmp_path: Path, gone: str, given: str, told: str) -> None:
    (_export(tmp_path / "m_openvino_model", FACTS) / gone).unlink()
    with pytest.raises(FileNotFoundError, match=told):
        create_detector(str(tmp_path / given))


def test_a_folder_of_another_name_with_numbers_alone_is_no_folder_of_detections(tmp_path: Path) -> None:
    (_export(tmp_path / "m", FACTS) / "m.xml").unlink()
    with pytest.raises(FileNotFoundError, match=r"m\.xml is missing"):
        create_detector(str(tmp_path / "m"))


def test_a_file_of_the_model_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _export(tmp_path / "m", FACTS)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).suffix != ".bin")
    for path in (folder, folder / "m.xml"):
        with pytest.raises(DetectorUnavailableError, match=r"no right to read .*m\.bin"):
            create_detector(str(path))


@pytest.mark.parametrize(
    ("name", "needed"), [("auto", True), ("yolo", True), ("motion", False), ("public", False), ("best.pt", True)]
)
def test_who_needs_torch(name: str, needed: bool) -> None:
    assert needs_torch(name) == needed


def test_a_damaged_network_is_one_line_that_names_the_file(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    with pytest.raises(DetectorUnavailableError, match=r"cannot load .*m\.xml") as caught:
        create_detector(str(_export(tmp_path / "m", FACTS)))
    assert "\n" not in str(caught.value)


def test_missing_package_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DetectorUnavailableError, match=r"pip install 'track-reid\[openvino\]'"):
        create_detector(str(_export(tmp_path / "m", FACTS)))


def test_unknown_class_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown class 'dog'.*Known: car, person"):
        create_detector(str(_export(tmp_path / "m", FACTS)), DetectorOptions(classes=("dog",)))


@pytest.fixture(scope="module")
def frames(shared: Path) -> list[np.ndarray]:
    """A wide picture, a square one and a tall one."""
    pytest.importorskip("openvino")
    import av

    with av.open(str(shared / "data" / "towncentre" / "clip.mp4")) as container:
        image = next(container.decode(video=0)).to_ndarray(format="bgr24")
    return [np.ascontiguousarray(part) for part in (image, image[:, 401:1481], image[:, 500:1201])]


@pytest.fixture(scope="module")
def weights(shared: Path) -> str:
    return str(shared / "weights" / "yolo11n_int8_openvino_model")


@pytest.mark.parametrize("options", [{}, {"classes": ("person",), "confidence": 0.4, "iou": 0.4}], ids=["all", "some"])
def test_boxes_are_those_of_ultralytics(
    frames: list[np.ndarray], weights: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ultralytics")
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    from detectors.yolo import YoloDetector

    ours, theirs = (make(weights, DetectorOptions(**options)) for make in (create_detector, YoloDetector))
    assert isinstance(ours, OpenVinoYolo)
    for image in frames:
        mine, other = ours.detect(image, 0), theirs.detect(image, 0)
        assert len(mine) > 3
        np.testing.assert_allclose(mine.xyxy, other.xyxy, atol=1e-3)
        np.testing.assert_allclose(mine.scores, other.scores, atol=1e-6)
        assert mine.class_ids.tolist() == other.class_ids.tolist()


def test_boxes_do_not_depend_on_how_many_frames_are_under_way(frames: list[np.ndarray], weights: str) -> None:
    detector = create_detector(weights)
    alone = [detector.detect(image, 0).xyxy.tobytes() for image in frames]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: detector.detect(image, 0).xyxy.tobytes(), frames * 3))
    assert together == alone * 3


def test_it_runs_without_pytorch(frames: list[np.ndarray], weights: str) -> None:
    code = (
        "import sys, numpy; from detectors import create_detector\n"
        f"create_detector({weights!r}).detect(numpy.zeros((90, 160, 3), numpy.uint8), 0)\n"
        "print([name for name in ('torch', 'ultralytics') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_source_without_images_is_told_so(frames: list[np.ndarray], weights: str) -> None:
    with pytest.raises(ValueError, match="needs images"):
        create_detector(weights).detect(None, 0)
