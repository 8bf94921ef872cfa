"""`my_net.py:MyNet`, `my_det.py:MyDetector` and plug-ins, in every command that takes an encoder or a detector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.checkpoint import read_checkpoint
from tests.track.runs import Track, Walker, assert_one_line, read_csv, read_summary, write_video

NET = """
import torch
from torch import nn


class MyNet(nn.Module):
    input_size = (32, 16)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3 * 8, 6)

    def forward(self, crops):
        return self.layer(nn.functional.adaptive_avg_pool2d(crops, (4, 2)).flatten(1))
"""
DETECTOR = """
from helper import box


class MyDetector:
    def __init__(self, options):
        self.rate = options.frame_rate

    def detect(self, image, frame_index):
        return [box(frame_index)]
"""
FAILING = """class D:
    def detect(self, image, frame_index):
        if frame_index == 2:
            raise KeyError(2)
        return []
"""
HELPER = "def box(frame):\n    return [2 + frame, 4, 14 + frame, 28, 0.9]\n"
OWN = ("--reid", "my_net.py:MyNet", "--detector", "my_det.py:MyDetector")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder: a clip, a network, a detector with a file of its own."""
    write_video(tmp_path, (Walker(2, 4),), num_frames=8)
    for name, text in (("my_net.py", NET), ("my_det.py", DETECTOR), ("helper.py", HELPER)):
        (tmp_path / name).write_text(text)
    return tmp_path


def ran(track: Track, *words: object) -> str:
    result = track(*words)
    assert result.code == 0, result.err
    return result.out


def test_run(track: Track, folder: Path) -> None:
    ran(track, "run", "clip.mp4", *OWN, "--reid-runtime", "torch", "--out", "run")
    rows = read_csv(folder / "run")
    assert {(row["id"], row["class"]) for row in rows} == {("1", "object")}
    assert [float(row["x1"]) for row in rows] == pytest.approx(np.arange(2, 10), abs=1)
    asked = read_summary(folder / "run")["configuration"]
    assert asked["detector"]["used"] == "my_det.py:MyDetector"
    assert (asked["reid"]["name"], asked["reid"]["embedding_dim"]) == ("my_net.py:MyNet", 6)


def test_compare_notices_that_a_file_has_changed(track: Track, folder: Path) -> None:
    """Detections and embeddings are kept, but not beyond the code that they came from."""
    command = ("compare", "clip.mp4", *OWN, "--tracker", "deepsort", "--json", "--overwrite", "--out", "all")

    def tracked() -> list[dict[str, str]]:
        (row,) = json.loads(ran(track, *command))["rows"]
        assert row["encoder"] == "my_net.py:MyNet"
        (place,) = (path for path in (folder / "all").iterdir() if path.is_dir())
        return read_csv(place)

    first = tracked()
    assert tracked() == first
    (folder / "helper.py").write_text(HELPER.replace("4, 14", "9, 14").replace("28", "33"))
    moved = tracked()
    assert {row["y1"] for row in first} == {"4.0000"}
    assert {row["y1"] for row in moved} == {"9.0000"}


def test_train_then_use_what_was_trained(track: Track, folder: Path) -> None:
    reid, weights = ("--reid", "my_net.py:MyNet"), ("--reid-weights", "out/best.safetensors")
    options = ("--data", "synthetic:10x4", "--epochs", 1, "--batch", "4x2", "--device", "cpu", "--out", "out")
    ran(track, "train-reid", "--smoke", *reid, *options)
    info = read_checkpoint(folder / "out" / "best.safetensors").info
    assert info is not None
    assert (info.backbone, info.input_size, info.embedding_dim) == ("my_net.py:MyNet", (32, 16), 6)
    ran(track, "run", "clip.mp4", *OWN, *weights, "--reid-runtime", "torch", "--out", "run")
    assert read_summary(folder / "run")["configuration"]["reid"]["suggested_gate"] == info.max_cosine_distance
    measured = json.loads(ran(track, "eval-reid", *reid, *weights, "--data", "synthetic:10x4", "--json"))
    assert measured["reid"] == "my_net.py:MyNet"
    assert_one_line(track("train-reid", "--resume", "out"), "the training in out names my_net.py:MyNet", "add --reid")
    ran(track, "train-reid", "--resume", "out", *reid)


def test_a_recipe_does_not_choose_the_code_that_runs(track: Track, folder: Path) -> None:
    (folder / "recipe.yaml").write_text("reid: my_net.py:MyNet\nepochs: 1\n")
    refused = track("train-reid", "--recipe", "recipe.yaml", "--data", "synthetic:10x4")
    assert_one_line(refused, "recipe recipe.yaml names my_net.py:MyNet", "add --reid my_net.py:MyNet")


def test_export_and_run_without_the_file(track: Track, folder: Path) -> None:
    ran(track, "export", "--reid", "my_net.py:MyNet", "--to", "torchscript", "--out", "net.torchscript")
    (folder / "my_net.py").write_text("1 / 0\n")
    weights = ("--reid-weights", "net.torchscript", "--trust", "--out", "run")
    ran(track, "run", "clip.mp4", *OWN, *weights)
    assert read_summary(folder / "run")["configuration"]["reid"]["name"] == "my_net.py:MyNet"


def test_models_counts_it(track: Track, folder: Path) -> None:
    (row,) = json.loads(ran(track, "models", "my_net.py:MyNet", "--json"))["encoders"]
    assert (row["summary"], row["parameters"], row["embedding_dim"]) == ("network of your own", 24 * 6 + 6, 6)


@pytest.mark.parametrize(
    ("option", "name", "fragments"),
    [
        pytest.param("--reid", "my_nt.py:MyNet", ["my_nt.py not found"], id="no such file"),
        pytest.param("--reid", "my_net.py:MyNt", ["'MyNt'", "Did you mean 'MyNet'"], id="no such network"),
        pytest.param("--reid", "my_net.py", ["expected such as my_net.py:MyNet"], id="no name"),
        pytest.param("--reid", "broken.py:N", ["broken.py, line 3: NameError: name 'x'"], id="error in a network"),
        pytest.param("--detector", "broken.py:D", ["broken.py, line 3: NameError"], id="error in a detector"),
        pytest.param("--detector", "my_det.py:MyDet", ["'MyDet'", "MyDetector"], id="no such detector"),
        pytest.param("--detector", "failing.py:D", ["failing.py, line 4: KeyError: 2"], id="error on the way"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    option: str, name: str, fragments: list[str], track: Track, folder: Path
) -> None:
    (folder / "broken.py").write_text("# a comment\n\nx + 1\n")
    (folder / "failing.py").write_text(FAILING)
    others = {"--reid": "none", "--detector": "my_det.py:MyDetector"} | {option: name}
    assert_one_line(track("run", "clip.mp4", *(word for pair in others.items() for word in pair)), *fragments)


@pytest.fixture
def plugins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with a network and a detector, and one whose network cannot be imported."""
    monkeypatch.syspath_prepend(folder)
    (folder / "brought_nets.py").write_text(NET)
    (folder / "brought_det.py").write_text(DETECTOR)
    (folder / "brought_broken.py").write_text("import not_there_at_all\n")
    points = {
        "brought": "[track.encoders]\ntiny = brought_nets:MyNet\n[track.detectors]\nwalker = brought_det:MyDetector\n",
        "broken": "[track.encoders]\nworse = brought_broken:Net\n[track.detectors]\nbad = brought_broken:D\n",
    }
    for name, text in points.items():
        place = folder / f"{name}-1.0.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (place / "entry_points.txt").write_text(text)
    return folder


def test_plugins_run_by_name(track: Track, plugins: Path) -> None:
    options = ("--reid", "tiny", "--detector", "walker", "--reid-runtime", "torch")
    ran(track, "run", "clip.mp4", *options, "--out", "run")
    assert read_summary(plugins / "run")["configuration"]["reid"]["name"] == "tiny"
    assert_one_line(track("run", "clip.mp4", "--detector", "walkr"), "'walkr'", "Did you mean 'walker'")
    assert_one_line(track("run", "clip.mp4", "--reid", "tny"), "'tny'", "Did you mean 'tiny'")


def test_plugins_are_listed_and_a_bad_one_is_told_by_name(
    track: Track, plugins: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models: dict[str, list[dict[str, Any]]] = json.loads(ran(track, "models", "--json"))
    encoders, detectors = ({row["name"]: row for row in models[kind]} for kind in ("encoders", "detectors"))
    assert encoders["tiny"]["summary"] == "plug-in of brought 1.0"
    assert encoders["tiny"]["embedding_dim"] == 6
    assert detectors["walker"]["summary"] == "plug-in of brought 1.0"
    assert "brought_broken.py, line 1: ModuleNotFoundError" in encoders["worse"]["refused"]
    assert "does not load" in detectors["bad"]["summary"]
    told = [record.getMessage() for record in caplog.records]
    assert any("'worse'" in text for text in told)
    assert any("'bad' of broken 1.0" in text for text in told)
    assert {"dogenet50", "yolo"} <= {*encoders, *detectors}
