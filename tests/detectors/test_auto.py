"""`auto`: YOLO where it can run, else motion and one warning; never a hidden user error."""

from __future__ import annotations

import logging
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import detectors.yolo
from detectors import DetectorOptions, create_detector
from detectors.weights import DetectorUnavailableError

ROOT = Path(__file__).resolve().parents[2]


def _yolo_raises(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    def create(options: DetectorOptions) -> Any:
        if error is not None:
            raise error
        return "YOLO"

    monkeypatch.setattr(detectors.yolo, "create_yolo", create)


def test_yolo_where_it_can_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    _yolo_raises(monkeypatch, None)
    assert create_detector("auto") == "YOLO"
    assert not caplog.records


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(FileNotFoundError("put the file into FOLDER"), id="no weights"),
        pytest.param(DetectorUnavailableError("pip install ultralytics"), id="no package, or damaged weights"),
    ],
)
def test_fallback_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    _yolo_raises(monkeypatch, error)
    assert create_detector("auto").name == "motion"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(error) in caplog.text
    assert "--detector motion" in caplog.text


def test_what_the_user_got_wrong_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    _yolo_raises(monkeypatch, ValueError("unknown class 'persno'"))
    with pytest.raises(ValueError, match="persno"):
        create_detector("auto")


def test_blocked_network_falls_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(detectors.yolo, "_import_ultralytics", lambda: object)
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert create_detector("auto").name == "motion"
    assert len(caplog.records) == 1
    assert str(tmp_path) in caplog.text
    assert "yolo11n.pt" in caplog.text


BLOCKED = """
import sys, logging
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "ultralytics":
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
import numpy as np
from detectors import create_detector
motion = create_detector("motion")
for index in range(3):
    motion.detect(np.zeros((90, 160, 3), np.uint8), index)
assert len(create_detector(sys.argv[1]).detect(None, 0)) == 1
assert create_detector("auto").name == "motion"
try:
    create_detector("yolo")
except ValueError as error:
    assert "pip install ultralytics" in str(error), error
assert "ultralytics" not in sys.modules
print("works without")
"""


def test_everything_else_works_with_ultralytics_uninstalled(tmp_path: Path) -> None:
    file = tmp_path / "det.txt"
    file.write_text("1,-1,0,0,9,9,1\n")
    command = [sys.executable, "-c", BLOCKED, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "works without", done.stderr
    assert done.stderr.count("Using the motion detector") == 1
