"""`class_groups` by name: what a person writes becomes the ids of the detector that is used."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from detectors import Detections
from tests.track.runs import FAST, Track, read_summary, write_video
from track.setup.class_groups import numbered
from tracker.presets import load_preset

NAMES = {0: "person", 1: "bicycle", 2: "car", 5: "bus", 9: "traffic light", 16: "dog", 52: "hot dog", 67: "cell phone"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("car bus", "2 5", id="names"),
        pytest.param("CAR Bus", "2 5", id="in any case"),
        pytest.param("car bus, bicycle person", "2 5, 1 0", id="several groups"),
        pytest.param("car 5", "2 5", id="beside ids"),
        pytest.param("2 5, 1 3", "2 5, 1 3", id="ids alone"),
        pytest.param("cell phone traffic light", "67 9", id="names of two words"),
        pytest.param("dog hot dog", "16 52", id="a name within another"),
        pytest.param("hot dog dog", "52 16", id="the longest is meant"),
        pytest.param("", "", id="none"),
    ],
)
def test_names_become_ids(text: str, expected: str) -> None:
    assert numbered(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("car buss", r"tracker\.class_groups: unknown class 'buss'\. Did you mean 'bus'\?", id="misspelt"),
        pytest.param("zebra car", r"unknown class 'zebra'\. Known: bicycle, bus, car", id="of another detector"),
        pytest.param("traffic car", "unknown class 'traffic'", id="half of a name"),
    ],
)
def test_a_class_that_the_detector_does_not_have_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        numbered(text, NAMES)


def test_the_classes_of_a_large_set_are_listed_too() -> None:
    """No address and no command: who reads this may be offline."""
    names = {**{number: f"thing {number}" for number in range(78)}, 78: "person", 79: "hair drier"}
    with pytest.raises(ValueError, match="unknown class") as caught:
        numbered("xyz", names)
    assert [name for name in names.values() if name not in str(caught.value)] == []
    assert "http" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("car bus, Car person", "expected each class once, but car (2) is there twice", id="in two groups"),
        pytest.param("car bus, 2 person", "expected each class once, but car (2) is there twice", id="by name and id"),
        pytest.param("car 77, 77", "expected each class once, but 77 is there twice", id="without a name"),
        pytest.param("car,,", "expected a class before and after each comma", id="nothing between commas"),
        pytest.param("car, ", "expected a class before and after each comma", id="nothing after one"),
    ],
)
def test_groups_that_cannot_be_are_told_in_the_words_of_who_wrote_them(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"tracker.class_groups is {text!r}, {message}")):
        numbered(text, NAMES)


@pytest.mark.parametrize(
    ("base", "own", "groups", "ids"),
    [
        pytest.param("strong", 'class_groups: "car bus"', "car bus", "", id="names wait for the detector"),
        pytest.param("strong", 'class_groups: "2 5"', "", "2 5", id="ids need none"),
        pytest.param("strong", "max_age: 7", "", "", id="none"),
    ],
)
def test_a_file_may_hold_either(tmp_path: Path, base: str, own: str, groups: str, ids: str) -> None:
    (tmp_path / "own.yaml").write_text(f"base: {base}\ntracker: {{{own}}}")
    preset = load_preset(str(tmp_path / "own.yaml"))
    assert (preset.class_groups, preset.config.class_groups) == (groups, ids)


class _Wavering:
    """Takes one object for a car and for a bus in turn, and of one frame for a person."""

    name, class_names, needs_images = "wavering", NAMES, False

    def detect(self, image: object, frame_index: int) -> Detections:
        class_id = 0 if frame_index == 6 else (2, 5)[frame_index % 2]
        box = np.array([[10 + frame_index, 10, 30 + frame_index, 40]], np.float32)
        return Detections(box, np.ones(1, np.float32), np.array([class_id], np.int64))


def _run(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, groups: str) -> str:
    monkeypatch.setattr("track.setup.loading.create_detector", lambda *_: _Wavering())
    clip, detections = write_video(tmp_path)
    (tmp_path / "own.yaml").write_text(f'base: deepsort\ntracker: {{class_groups: "{groups}"}}')
    more = ("--no-video",) if command == "run" else ("--no-cache",)
    options = (*FAST[:2], "--detector", detections, "--tracker", tmp_path / "own.yaml", "--out", "o", *more)
    return track(command, clip, *options).err


def test_a_run_takes_names_as_it_takes_ids(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {}
    for groups in ("car bus", "2 5", "bus person"):
        assert _run(track, tmp_path / groups, monkeypatch, "run", groups) == ""
        rows[groups] = Path("o/tracks.txt").read_text()
        written = read_summary(Path("o"))["configuration"]["tracker"]["class_groups"]
        assert written == {"car bus": "2 5", "2 5": "2 5", "bus person": "5 0"}[groups]
        Path("o").rename(groups.replace(" ", "-"))
    assert rows["car bus"] == rows["2 5"] != rows["bus person"]


@pytest.mark.parametrize("command", ["run", "compare"])
def test_a_misspelt_class_shows_before_anything_is_detected(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(_Wavering, "detect", lambda *_: pytest.fail("detected"))
    error = _run(track, tmp_path / "clip", monkeypatch, command, "car buss")
    assert error == "track: error: own.yaml: tracker.class_groups: unknown class 'buss'. Did you mean 'bus'?\n"
    assert not Path("o").exists()


def test_groups_of_any_length_are_a_sentence_and_not_a_wait() -> None:
    text = " ".join(map(str, range(20_000)))
    with pytest.raises(ValueError, match=r"has 108889 characters, expected at most 10000; name fewer classes$"):
        numbered(text, {0: "person"})
