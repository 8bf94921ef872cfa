"""`--offline` and `track link` beside the run itself: who stays, and what things are called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from detectors import Detections
from tests.track.runs import Track, Walker, read_csv, run_config, write_sequence
from track.run.run import run
from track.terminal.progress import Silent
from tracker.presets import load_preset


@pytest.mark.parametrize("score", [0.1, 0.95])
@pytest.mark.parametrize(
    ("preset", "speed"),
    [
        pytest.param("deepsort", 1, id="deepsort"),
        pytest.param("deepsort", 6, id="deepsort, half a box a frame"),
        pytest.param("strong", 1, id="strong"),
        pytest.param("realtime", 1, id="realtime"),
    ],
)
def test_one_person_whom_the_run_shows_is_shown_offline(
    tmp_path: Path, preset: str, speed: float, score: float
) -> None:
    """Nobody else is there to say what scores are worth: whatever they are, the person stays."""
    sequence = write_sequence(tmp_path / "s", (Walker(2, 4, speed, score=score),), 60)
    ini = sequence / "seqinfo.ini"
    ini.write_text(ini.read_text().replace("imWidth=96", "imWidth=960"))
    config = {"tracker": load_preset(preset)}
    shown = {
        offline: run(run_config(sequence, "public", tmp_path / f"{offline}", offline=offline, **config), Silent())
        for offline in (False, True)
    }
    assert {offline: summary.counts["ids"] for offline, summary in shown.items()} == {False: 1, True: 1}
    assert min(summary.counts["rows"] for summary in shown.values()) > 40


NAMES: Mapping[int, str] = MappingProxyType({2: "car", 5: "bus", 7: "truck"})


class _Wavering:
    """A car, taken for a bus at frame 10 (from 0) and for a truck at 30, and not seen for a while from 18 on."""

    name, class_names, needs_images, parallel = "wavering", NAMES, False, 1

    def detect(self, image: object, frame_index: int) -> Detections:
        if 18 <= frame_index < 24:
            return Detections.empty()
        left, class_id = 10 + 0.5 * frame_index, {10: 5, 30: 7}.get(frame_index, 2)
        box = np.array([[left, 10, left + 20, 40]], np.float32)
        return Detections(box, np.full(1, 0.9, np.float32), np.array([class_id], np.int64))


@pytest.fixture
def wavering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sequence of 40 frames, in which `--detector public` stands for `_Wavering`."""
    monkeypatch.setattr("track.setup.loading.create_detector", lambda *_: _Wavering())
    return write_sequence(tmp_path / "s", (), 40)


def _classes(folder: Path) -> dict[int, str]:
    return {int(row["frame"]) - 1: row["class"] for row in read_csv(folder)}


def _run(track: Track, sequence: Path, settings: str, *options: Any) -> None:
    Path("own.yaml").write_text(f"base: deepsort\ntracker: {{{settings}}}")
    tracker = ("--tracker", "own.yaml", "--reid", "none", "--detector", "public")
    assert track("run", sequence, *tracker, *options).code == 0


OWN = {10: "bus", 30: "truck"}
"""What stands there where each box has the class of its own detection."""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("class_vote: true", {}, id="by vote"),
        pytest.param("class_vote: false", OWN, id="its own"),
    ],
)
def test_linking_keeps_the_vote(track: Track, wavering: Path, settings: str, expected: dict[int, str]) -> None:
    """`--offline`, and linking afterwards by the embeddings: the same class for every box, by the detector's names."""
    _run(track, wavering, settings, "--offline", "--out", "offline")
    _run(track, wavering, settings, "--keep-embeddings", "--out", "o")
    assert track("link", "o", "--out", "linked").code == 0
    wanted = {frame: expected.get(frame, "car") for frame in range(40)}
    assert _classes(Path("offline")) == _classes(Path("linked")) == wanted


@pytest.mark.parametrize(
    ("groups", "is_one"),
    [
        pytest.param("", True, id="no groups"),
        pytest.param("2 5 7", True, id="one group"),
        pytest.param("2 7", False, id="a bus is nothing else"),
    ],
)
def test_linking_keeps_the_groups(track: Track, wavering: Path, groups: str, is_one: bool) -> None:
    """What the tracker may not match, linking may not take in: with a group of its own, the bus stays out."""
    _run(track, wavering, f'class_groups: "{groups}"', "--offline", "--out", "offline")
    _run(track, wavering, f'class_groups: "{groups}"', "--keep-embeddings", "--out", "o")
    assert track("link", "o", "--out", "linked").code == 0
    for folder in (Path("offline"), Path("linked")):
        assert ("bus" in _classes(folder).values()) is is_one
        assert _classes(folder)[30] == "truck"


class _WithBus(_Wavering):
    """Beside the car a bus, taken for a car at the last frame, where it is alone."""

    def detect(self, image: object, frame_index: int) -> Detections:
        first = super().detect(image, frame_index) if frame_index < 39 else Detections.empty()
        class_ids = np.append(first.class_ids, 2 if frame_index == 39 else 5)
        xyxy = np.concatenate((first.xyxy, np.array([[60, 10, 90, 50]], np.float32)))
        return Detections(xyxy, np.full(len(xyxy), 0.9, np.float32), class_ids)


def test_one_stray_detection_renames_no_class(track: Track, wavering: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By vote, the table calls the last sight of the bus a bus, but its class is a car's. Linking with an older file,
    which has no names, must not conclude from that one row that cars are called bus."""
    monkeypatch.setattr("track.setup.loading.create_detector", lambda *_: _WithBus())
    _run(track, wavering, "class_vote: true", "--keep-embeddings", "--out", "o")
    with np.load("o/embeddings.npz") as content:
        new = {"class_names", "class_vote", "class_groups"}
        assert new <= set(content)
        older = {name: column for name, column in content.items() if name not in new}
    np.savez("o/embeddings.npz", **older)
    assert track("link", "o", "--out", "linked").code == 0
    named = {(int(row["frame"]) - 1, row["id"]): row["class"] for row in read_csv(Path("linked"))}
    assert {named[frame, "1"] for frame in range(39) if frame not in OWN} == {"car"}
    assert {named[frame, "2"] for frame in range(39)} == {"bus"}


@pytest.mark.parametrize("text", ["no json", "[1]", '{"a": "b"}'])
def test_damaged_names_are_one_line(track: Track, wavering: Path, text: str) -> None:
    _run(track, wavering, "class_vote: true", "--keep-embeddings", "--out", "o")
    with np.load("o/embeddings.npz") as content:
        columns = dict(content)
    np.savez("o/embeddings.npz", **{**columns, "class_names": np.array(text)})
    result = track("link", "o", "--out", "linked")
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "embeddings.npz is damaged or of another kind" in result.err
