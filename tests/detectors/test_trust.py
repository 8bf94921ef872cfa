"""Weights of others run no code: pickles that would write a file, put before every way into a detector."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from detectors import DetectorOptions, create_detector
from detectors.trust import check_metadata, check_trusted, load_restricted
from detectors.weights import DetectorUnavailableError

ROOT = Path(__file__).resolve().parents[2]


class Evil:
    """When it is unpickled, it writes the file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.target),))


def evil_zip(path: Path, target: Path) -> None:
    torch.save({"model": Evil(target)}, path)


def evil_pickle(path: Path, target: Path) -> None:
    path.write_bytes(pickle.dumps({"model": Evil(target)}, protocol=2))


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, an empty folder of weights, and an empty current folder."""
    for name in ("home", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TRACK_OFFLINE", "1")
    return tmp_path


@pytest.mark.parametrize("write", [evil_zip, evil_pickle])
@pytest.mark.parametrize("name", ["yolo11n.pt", "./yolo11n.pt", "best.pt"])
def test_a_pickle_that_was_asked_for_runs_nothing(home: Path, write: Any, name: str) -> None:
    write(Path(name), home / "ran")
    with pytest.raises(DetectorUnavailableError, match=r"more than a network of ultralytics.*--trust"):
        create_detector(name)
    assert not (home / "ran").exists()


@pytest.mark.parametrize("detector", ["auto", "yolo"])
@pytest.mark.parametrize("name", ["yolo11n.pt", "yolo11n"])
def test_the_current_folder_is_not_asked_for_weights_that_nobody_named(home: Path, detector: str, name: str) -> None:
    evil_zip(Path(name), home / "ran")
    if detector == "auto":
        assert create_detector(detector).name == "motion"
    else:
        with pytest.raises(FileNotFoundError, match=r"yolo11n\.pt, which are not in .*weights, would need the network"):
            create_detector(detector)
    assert not (home / "ran").exists()


def test_a_bad_file_in_the_folder_of_weights_runs_nothing_either(home: Path) -> None:
    (home / "weights").mkdir()
    evil_zip(home / "weights" / "yolo11n.pt", home / "ran")
    assert create_detector("auto").name == "motion"
    assert not (home / "ran").exists()


def test_with_trust_it_runs_after_a_sentence(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The proof that these files are what they are meant to be."""
    evil_zip(Path("best.pt"), home / "ran")
    with pytest.raises(DetectorUnavailableError):  # it is no network
        create_detector("best.pt", DetectorOptions(trust=True))
    assert (home / "ran").exists()
    assert "best.pt is read with --trust: it may run code" in caplog.text
    evil_zip(Path("best.pt"), home / "again")
    with pytest.raises(DetectorUnavailableError, match="--trust"):
        create_detector("best.pt")
    assert not (home / "again").exists(), "trust is of one file, not of the process"


def tiny_yolo(path: Path) -> None:
    """A network of ultralytics' own classes, as its training writes one."""
    from ultralytics.nn.tasks import DetectionModel

    layers: dict[str, Any] = {
        "nc": 2,
        "backbone": [[-1, 1, "Conv", [16, 3, 2]], [-1, 1, "Conv", [32, 3, 2]], [-1, 1, "C3k2", [32, True]]],
        "head": [[[2], 1, "Detect", ["nc"]]],
    }
    model = DetectionModel(layers, ch=3, nc=2, verbose=False)
    model.names = {0: "person", 1: "=cmd|' /C calc'!A0"}
    torch.save({"model": model.half(), "train_args": {}, "date": "", "version": ""}, path)


@pytest.mark.usefixtures("home")
def test_networks_of_ultralytics_need_no_trust() -> None:
    pytest.importorskip("ultralytics")
    import detectors.yolo

    detectors.yolo._import_ultralytics()
    tiny_yolo(Path("tiny.pt"))
    made = create_detector("tiny.pt", DetectorOptions(image_size=64, device="cpu"))
    assert dict(made.class_names) == {0: "person", 1: "=cmd|' /C calc'!A0"}


@pytest.mark.parametrize(
    ("name", "is_data"),
    [
        pytest.param("a.pt", True, id="read without code"),
        pytest.param("a.ONNX", True, id="in capitals"),
        pytest.param("a_openvino_model", True, id="OpenVINO"),
        pytest.param("a_ncnn_model", True, id="NCNN"),
        pytest.param("a.engine", False, id="TensorRT"),
        pytest.param("a.torchscript", False, id="TorchScript"),
        pytest.param("a_saved_model", False, id="TensorFlow"),
        pytest.param("a.pt.torchscript", False, id="two endings"),
    ],
)
def test_kinds_of_models_that_are_programs_need_trust(tmp_path: Path, name: str, is_data: bool) -> None:
    check_trusted(tmp_path / name, True)
    if is_data:
        check_trusted(tmp_path / name, False)
    else:
        with pytest.raises(DetectorUnavailableError, match=r"may run code when it is opened.*--trust"):
            check_trusted(tmp_path / name, False)


@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param({}, id="an ultralytics that cannot"),
        pytest.param(
            {"SAFE_LOAD": False, "_SafeLoad": types.SimpleNamespace(SUPPORTED=False)}, id="a torch before 2.6"
        ),
    ],
)
def test_where_it_cannot_be_read_safely_it_is_not_read(monkeypatch: pytest.MonkeyPatch, tasks: dict[str, Any]) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", types.SimpleNamespace())
    monkeypatch.setitem(sys.modules, "ultralytics.nn.tasks", types.SimpleNamespace(**tasks))
    with (
        pytest.raises(DetectorUnavailableError, match=r"pip install -U ultralytics torch, or .*--trust"),
        load_restricted(Path("a.pt"), False),
    ):
        pytest.fail("it was read")
    with load_restricted(Path("a.pt"), True):
        pass


def test_metadata_of_a_model_that_would_fill_the_memory_is_told(tmp_path: Path) -> None:
    """Both our reader and ultralytics would build it."""
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    folder = tmp_path / "x_openvino_model"
    folder.mkdir()
    for name in ("x.xml", "x.bin"):
        (folder / name).touch()
    (folder / "metadata.yaml").write_text(f"a0: &a0 lol\n{levels}")
    with pytest.raises(DetectorUnavailableError, match=r"metadata\.yaml line 4: more than 20 aliases"):
        create_detector(str(folder))
    for text in ("names: {0: person}", "{", ""):
        (folder / "metadata.yaml").write_text(text)
        check_metadata(folder)


def test_ultralytics_leaves_no_settings_behind_and_says_nothing(tmp_path: Path) -> None:
    """In a home that is empty, in a process of its own."""
    program = "import detectors.yolo; detectors.yolo._import_ultralytics()"
    names = ("YOLO_CONFIG_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**clean, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == []
