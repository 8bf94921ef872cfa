"""What the edge lets in, and as what."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from registry.shipped import preset_names
from track.setup.config import RunConfig
from tracker import TrackerConfig
from tracker.presets import load_preset


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads(name: str) -> None:
    preset = load_preset(name)
    assert preset.name == name
    assert not preset.own_gate, "a checkpoint's gate outranks a preset's"


def test_preset_deepsort_is_the_paper() -> None:
    """The file repeats the defaults of the code; the two must not drift apart."""
    assert load_preset("deepsort").config == TrackerConfig()


@pytest.mark.parametrize(
    ("text", "changed", "own_gate"),
    [
        pytest.param("", {}, False, id="an empty file"),
        pytest.param("tracker:\n", {}, False, id="no settings"),
        pytest.param("description: mine\n", {}, False, id="only a description"),
        pytest.param("tracker: {max_age: 7}", {"max_age": 7, "max_age_s": 0}, False, id="frames instead of seconds"),
        pytest.param("tracker: {motion_gate: 9}", {"motion_gate": 9.0}, False, id="a whole number for a fraction"),
        pytest.param("tracker: {max_cosine_distance: 0.2}", {}, True, id="the gate, at its default"),
    ],
)
def test_own_file(tmp_path: Path, text: str, changed: dict[str, Any], own_gate: bool) -> None:
    path = tmp_path / "own.yml"
    path.write_text(text)
    strong = load_preset("strong")
    config = dataclasses.replace(strong.config, **changed)
    assert load_preset(str(path)) == dataclasses.replace(
        strong, name=str(path), config=config, own_gate=own_gate, version=1
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"conf": 1.01}, "--conf is 1.01, expected a number from 0 to 1", id="conf"),
        pytest.param({"iou": float("inf")}, "--iou is inf, expected a number from 0 to 1", id="iou"),
        pytest.param({"every": 0}, "--every is 0", id="every"),
        pytest.param({"imgsz": 31}, "--imgsz is 31, expected 32 to 8192 px", id="imgsz too small"),
        pytest.param({"imgsz": 8193}, "--imgsz is 8193", id="imgsz too large"),
        pytest.param({"seed": 1 << 63}, "--seed is", id="seed too large"),
        pytest.param({"device": "cuda:"}, "--device is 'cuda:'", id="device"),
        pytest.param({"online": True, "smooth": True}, "exclude each other", id="online and smooth"),
        pytest.param({"reid": "file", "reid_weights": Path("x")}, "no effect with --reid file", id="weights of a file"),
    ],
)
def test_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        RunConfig("clip.mp4", **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"conf": 0.0, "iou": 1.0},
        {"conf": 1.0, "iou": 0.0},
        {"imgsz": 32},
        {"imgsz": 8192},
        {"every": 1},
        {"seed": 0},
        {"seed": (1 << 63) - 1},
        *({"device": device} for device in ("auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12")),
    ],
    ids=str,
)
def test_on_the_edge(options: dict[str, Any]) -> None:
    config = RunConfig("clip.mp4", **options)
    assert {name: getattr(config, name) for name in options} == options


@pytest.mark.parametrize(
    ("text", "recover_s"),
    [
        pytest.param("tracker: {max_age: 90}", 1.5, id="on strong by default"),
        pytest.param("base: strong\ntracker: {max_age: 90}", 1.5, id="on strong by name"),
        pytest.param("base: deepsort\ntracker: {max_age: 90}", 0, id="on deepsort"),
    ],
)
def test_a_file_builds_on_a_preset(tmp_path: Path, text: str, recover_s: float) -> None:
    (tmp_path / "my.yaml").write_text(text)
    config = load_preset(str(tmp_path / "my.yaml")).config
    assert (config.max_age, config.recover_s) == (90, recover_s)
    assert config.max_age_s == 0, "seconds of the base would outrank the frames that were asked for"


def test_frames_and_seconds_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("tracker: {max_age: 90, max_age_s: 3}")
    with pytest.raises(ValueError, match=r"my.yaml: max_age has no effect beside max_age_s 3; leave one out"):
        load_preset(str(tmp_path / "my.yaml"))


def test_seconds_of_a_file_stand_over_the_frames_of_its_base(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("base: deepsort\ntracker: {max_age_s: 4}")
    assert load_preset(str(tmp_path / "my.yaml")).config.max_age_s == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("max_age: 90", r"'max_age' belongs under 'tracker:'; write tracker: \{max_age: ...\}", id="flat"),
        pytest.param("base: strng", "unknown base 'strng'. Did you mean 'strong'", id="base"),
    ],
)
def test_keys_in_the_wrong_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "my.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_preset(str(tmp_path / "my.yaml"))


def test_realtime_is_strong_at_every_second_frame() -> None:
    strong, realtime = load_preset("strong"), load_preset("realtime")
    assert realtime.config == strong.config
    assert (strong.reid_when, strong.reid_refresh, strong.every) == ("ambiguous", 30, 1)
    assert (realtime.reid_when, realtime.reid_refresh, realtime.every) == ("ambiguous", 30, 2)


@pytest.mark.parametrize(
    ("given", "every", "reid_when"),
    [
        pytest.param({}, 2, "ambiguous", id="left out: the preset's"),
        pytest.param({"every": 1}, 1, "ambiguous", id="each frame"),
        pytest.param({"reid_when": "always"}, 2, "always", id="every crop"),
        pytest.param({"offline": True}, 2, "always", id="linking needs every crop"),
        pytest.param({"keep_embeddings": True}, 2, "always", id="so do files of embeddings"),
    ],
)
def test_options_outrank_the_preset(given: dict[str, Any], every: int, reid_when: str) -> None:
    config = RunConfig("x", tracker=load_preset("realtime"), **given)
    assert (config.every, config.reid_when) == (every, reid_when)


def test_a_file_builds_on_the_appearance_of_its_base(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("{base: realtime, reid: {refresh: 5}}")
    preset = load_preset(str(file))
    assert (preset.reid_when, preset.reid_refresh, preset.every) == ("ambiguous", 5, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "reid: {when: sometimes}", r"own\.yaml: unknown reid\.when 'sometimes'.*always, ambiguous", id="when"
        ),
        pytest.param("reid: {refresh: 0}", r"reid\.refresh is 0, expected a whole number from 1", id="refresh 0"),
        pytest.param("reid: {refresh: 2.5}", r"reid\.refresh is 2\.5", id="refresh in part"),
        pytest.param("reid: {refesh: 3}", r"Did you mean 'reid\.refresh'", id="typing mistake"),
        pytest.param("reid: always", r"key 'reid' holds 'always', expected settings", id="no settings"),
        pytest.param("every: yes", r"every is True, expected a whole number", id="every"),
    ],
)
def test_wrong_appearance_settings(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_preset(str(file))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"reid_when": "never"}, r"unknown --reid-when 'never'.*always, ambiguous", id="unknown"),
        pytest.param({"reid_when": "always", "reid": "none"}, "--reid-when has no effect with --reid none", id="idle"),
        pytest.param(
            {"offline": True, "reid_when": "ambiguous"},
            r"--offline needs the embedding of every detection, but --reid-when is ambiguous; leave it out",
            id="offline",
        ),
        pytest.param(
            {"keep_embeddings": True, "reid_when": "ambiguous"}, "--keep-embeddings needs the embedding", id="kept"
        ),
    ],
)
def test_appearance_on_demand_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RunConfig("x", tracker=load_preset("realtime"), **given)


@pytest.mark.parametrize("preset", ["strong", "realtime"])
@pytest.mark.parametrize("offline", [False, True])
def test_a_run_can_be_changed_in_part(preset: str, offline: bool) -> None:
    """What was resolved from the preset is not taken for an option that somebody gave."""
    config = RunConfig("x", reid="none", offline=offline, tracker=load_preset(preset))
    changed = RunConfig("y", reid="none", offline=offline, tracker=load_preset(preset))
    assert dataclasses.replace(config, source="y") == changed


def test_the_reference_tracker_has_the_settings_of_the_paper() -> None:
    preset = load_preset("reference")
    assert (preset.config, preset.kind) == (TrackerConfig(), "reference")
    assert {load_preset(name).kind for name in preset_names() if name != "reference"} == {"deepsort"}


def test_a_file_of_the_reference_tracker_changes_what_the_paper_has(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("kind: reference\ntracker: {max_age: 7, max_iou_distance: 0.5}")
    preset = load_preset(str(path))
    assert preset.config == TrackerConfig(max_age=7, max_iou_distance=0.5)
    assert preset.kind == "reference"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("kind: reference\ntracker: {class_vote: true}", "tracker.class_vote is True, but", id="beyond"),
        pytest.param("kind: reference\nbase: strong", "tracker.birth_score is 0.6, but", id="of its base"),
        pytest.param("kind: sort", "unknown kind 'sort'", id="unknown"),
    ],
)
def test_kinds_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"own.yaml: .*{message}"):
        load_preset(str(path))


def test_the_paper_embeds_every_detection() -> None:
    with pytest.raises(ValueError, match="--reid-when ambiguous goes beyond the paper"):
        RunConfig("x", tracker=load_preset("reference"), reid_when="ambiguous")
