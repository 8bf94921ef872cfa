"""Every option of every command with values that make no sense: exit code 2 and one line, or a value that does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.scenes import walkers, write
from tests.track.runs import Result, Track, assert_one_line, write_sequence
from track import cli

HUGE = "9" * 30
ABSURD = ("nan", "-1", "9" * 5000, "", "\udc80", "\x00")
NO_SENSE: dict[str, dict[str, tuple[str, ...]]] = {
    "run": {
        "--conf": ("nan", "inf", "-1", "1.5", HUGE, "abc", ""),
        "--iou": ("nan", "inf", "-1", "1.5", HUGE, "abc", ""),
        "--imgsz": ("nan", "1e9", "-1", "0", HUGE, "640.5"),
        "--max-cosine": ("nan", "inf", "-1", "2.5"),
        "--start": ("nan", "inf", "-1", "abc"),
        "--end": ("nan", "-1", "0"),
        "--every": ("0", "-1", "1.5", HUGE, "1e9"),
        "--seed": ("-1", "1.5", HUGE, "nan"),
        "--device": ("", "abc", "cuda:-1", "cuda:x", "CPU "),
        "--out": ("", " "),
        "--tracker": ("", "abc", "\x00"),
        "--reid": ("", "abc"),
        "--detector": ("", "abc", "\x00"),
        "--classes": ("", ",", "person,,car"),
        "--reid-when": ("", "never"),
        "--reid-runtime": ("", "abc"),
        "--reid-weights": ("", "nothing"),
        "--crops": ("-1", "1.5", HUGE, "nan"),
        "--style": ("", "abc"),
    },
    "eval": {
        "--shift": ("nan", HUGE, f"-{HUGE}", "1.5", ""),
        "--frames": ("nan", HUGE, f"1-{HUGE}", "1-2-3", "", "²-³"),
        "--gt": ("", "nothing", "\x00"),
        "--pred": ("", "nothing", "\x00"),
        "--rules": ("", "abc"),
        "--classes": ("", HUGE, "²"),
    },
    "mot": {
        "--conf": ("nan", "-1"),
        "--every": ("0", HUGE),
        "--seed": ("-1", HUGE),
        "--reid": ("", "abc"),
        "--rules": ("", "abc"),
        "--out": ("", " "),
        "--sequences": ("", "nothing"),
    },
    "compare": {
        "--conf": ("nan", "2"),
        "--start": ("nan", "-1"),
        "--seed": ("-1", HUGE),
        "--reid": ("", "abc", "none,none"),
        "--tracker": ("", "abc"),
        "--gt": ("", "nothing"),
        "--repeats": ("0", "1", "-1", HUGE, "nan", "1.5"),
        "--out": ("",),
        "--reid-weights": ("", "abc", "=", "none=x"),
    },
    "tune": {
        "--trials": ("0", "1", "-1", HUGE, "1.5", "nan"),
        "--seed": ("-1", HUGE, "1.5"),
        "--conf": ("nan", "2"),
        "--iou": ("nan", "2"),
        "--imgsz": ("0", HUGE),
        "--reid": ("", "abc"),
        "--preset": ("", "abc", "reference"),
        "--rules": ("", "abc"),
        "--gt": ("", "nothing"),
        "--out": ("", " "),
        "--sequences": ("", "nothing"),
    },
    "link": {"--max-gap": ("nan", "inf", "-1", "abc"), "--out": ("", " ")},
    "relabel": {
        "--merge": ("", "1", "1,", "1,x", HUGE, "-1,2", "²,1"),
        "--split": ("", "1", "1@", "1@0", f"1@{HUGE}", "@3"),
        "--drop": ("", "x", "0", HUGE),
        "--name": ("", "1", "=", "x=Anna", "1=a\nb", f"1={HUGE * 9}"),
        "--class": ("", "1=", "=car"),
        "--out": ("", " "),
        "--video": ("", " "),
    },
    "render": {
        "--style": ("", "abc"),
        "--only": ("", "x", "1,", HUGE, "-1", "²"),
        "--trail": ("nan", "inf", "-1", "abc"),
        "--out": ("", " "),
        "--video": ("", " ", "nothing"),
    },
    "zones": {"--zones": ("", "nothing", "\x00"), "--size": ("", "0x10", HUGE, f"{HUGE}x4", "nan"), "--out": ("", " ")},
    "convert": {
        "--to": ("", "abc"),
        "--from": ("", "cvat"),
        "--as": ("", "gt"),
        "--size": ("", "0x10", f"{HUGE}x4", "nan"),
        "--fps": ("nan", "inf", "0", "-1", "abc"),
        "--out": ("", " "),
    },
    "train-reid": {
        "--epochs": ("0", "-1", HUGE, "1.5", "nan"),
        "--batch": ("", "0x4", "4x0", f"{HUGE}x4", "4", "nan"),
        "--lr": ("nan", "inf", "-1", "0", "1e308"),
        "--input-size": ("", "0x10", f"{HUGE}x4", "nan"),
        "--eval-every": ("0", HUGE),
        "--false-match-rate": ("nan", "0", "1", "-1"),
        "--workers": ("0", "-1", HUGE),
        "--seed": ("-1", HUGE),
        "--amp": ("", "abc"),
        "--device": ("", "abc"),
        "--data": ("", f"synthetic:{HUGE}", "synthetic:0", "synthetic:10x999999", "synthetic:²"),
        "--out": ("",),
        "--resume": ("", "nothing"),
        "--pretrained": ("", "nothing"),
        "--reid": ("", "abc"),
        "--recipe": ("", "abc"),
    },
    "eval-reid": {
        "--rotate": ("", "nan", "1e308", "1,1"),
        "--false-match-rate": ("nan", "0", "1"),
        "--pictures": ("-1", HUGE, "1.5"),
        "--seed": ("-1", HUGE),
        "--data": ("", "synthetic:0", f"synthetic:{HUGE}"),
        "--reid": ("", "abc", "none"),
        "--reid-weights": ("", "nothing"),
        "--reid-runtime": ("", "abc"),
        "--out": ("",),
    },
    "export": {
        "--to": ("", "abc"),
        "--reid": ("", "abc", "none"),
        "--input-size": ("", "0x10", "nan", f"{HUGE}x4", "999999999x999999999"),
        "--seed": ("-1", HUGE),
        "--out": ("",),
        "--reid-weights": ("", "nothing"),
        "--calibrate": (HUGE, "nothing", "\x00"),
    },
    "models": {"--classes": ("-1", HUGE, "nan"), "--input-size": ("", "0x10", "nan", f"{HUGE}x4")},
}
"""Values that must be refused."""
VALID: dict[str, tuple[str, ...]] = {
    "run": ("s", "--reid", "none", "--no-video", "--out", "o", "--overwrite"),
    "eval": ("--gt", "gt.txt", "--pred", "gt.txt"),
    "mot": ("s", "--reid", "none", "--out", "m", "--overwrite"),
    "compare": ("s", "--reid", "none", "--gt", "nothing", "--out", "c", "--overwrite", "--no-cache"),
    "tune": ("s", "--reid", "none", "--gt", "gt.txt", "--trials", "2", "--out", "t"),
    "link": ("o", "--out", "l", "--overwrite"),
    "relabel": ("o", "--name", "1=Anna", "--out", "l", "--overwrite"),
    "render": ("o", "--out", "l", "--overwrite"),
    "zones": ("o", "--zones", "zones.yaml", "--out", "z", "--overwrite"),
    "convert": ("o", "--to", "cvat", "--out", "a.xml", "--overwrite"),
    "train-reid": ("--data", "nothing"),
    "eval-reid": ("--data", "nothing"),
    "export": ("--reid", "small-cnn", "--to", "onnx", "--reid-weights", "nothing"),
    "models": ("none",),
}
"""Arguments to which one is added; commands that would take long end at something that is not there."""
COMMANDS = [command.name for command in cli.COMMANDS]


@pytest.fixture
def inputs(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACK_OFFLINE", "1")
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path / "weights"))
    write_sequence(tmp_path / "s", num_frames=3)
    write(tmp_path / "gt.txt", walkers(), ",1,1,1")
    (tmp_path / "zones.yaml").write_text("lines: {door: {from: [0, 0], to: [1, 1]}}\n")
    assert track("run", *VALID["run"]).code == 0


def _options(name: str) -> Iterator[Any]:
    """The parameters of a command that take a value."""
    command = next(command for command in cli.COMMANDS if command.name == name).load()
    for parameter in command.params:
        if parameter.opts[0].startswith("-") and not getattr(parameter, "is_flag", False):
            yield parameter


def _call(track: Track, command: str, option: str, value: str) -> Result:
    return track(command, *VALID[command], f"{option}={value}")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("inputs")
def test_what_makes_no_sense_is_refused_in_one_line(track: Track, command: str) -> None:
    for option, values in NO_SENSE[command].items():
        for value in values:
            result = _call(track, command, option, value)
            assert result.code == 2, (option, value, result)
            assert_one_line(result)
            assert "nothing not found" not in result.err or "nothing" in value, (option, value, result.err)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("inputs")
def test_no_value_of_any_option_is_a_fault_of_the_program(track: Track, command: str) -> None:
    for parameter in _options(command):
        for value in ABSURD:
            result = _call(track, command, parameter.opts[-1], value)
            assert result.code in (0, 2), (parameter.opts, value, result)
            assert "Traceback" not in result.err
            assert "unexpected" not in result.err


@pytest.mark.parametrize("source", [HUGE, "9" * 5000, "\x00", "a\x00b", "é" * 300, "\udc80", "²", " ", "cam:0"])
@pytest.mark.parametrize("command", ["run", "compare", "mot", "tune", "link", "render"])
@pytest.mark.usefixtures("inputs")
def test_sources_that_are_none(track: Track, command: str, source: str) -> None:
    assert_one_line(track(command, source))


def test_every_option_with_a_number_has_values_that_make_no_sense() -> None:
    """A new option of a number, without a row above, fails here."""
    for command in COMMANDS:
        for parameter in _options(command):
            shown = str(getattr(parameter, "type", None) or getattr(parameter, "annotation", ""))
            if "int" in shown.lower() or "float" in shown.lower():
                assert set(parameter.opts) & set(NO_SENSE[command]), (command, parameter.opts)
