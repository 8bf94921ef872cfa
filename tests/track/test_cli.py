"""The command line around the commands: help without heavy imports, exit codes, `track models`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.scenes import walkers, write
from tests.track.runs import FAST, Track, read_summary, read_txt, write_sequence
from track import cli
from track.cli import main
from track.terminal.errors import ALSO_CALLED

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "torchvision", "cv2", "av", "ultralytics", "supervision", "scipy", "numpy", "timm")


def _imported_by(*arguments: str) -> set[str]:
    """Which heavy packages a fresh interpreter has imported when `track` with these arguments is done."""
    code = (
        "import sys\nfrom track.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit as end:\n    code = end.code\n"
        f"print('\\nIMPORTED', code, *(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    words = done.stdout.splitlines()[-1].split()
    assert words[:2] == ["IMPORTED", "0"]
    return set(words[2:])


@pytest.mark.parametrize(
    "arguments", [("--help",), ("run", "--help"), ("eval", "--help"), ("mot", "--help")], ids=" ".join
)
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert _imported_by(*arguments) == set()


def test_models_imports_no_network_and_no_video() -> None:
    assert _imported_by("models") <= {"numpy", "scipy"}


def test_help_groups_the_options(track: Track) -> None:
    text = track("run", "--help").out
    places = [text.index(f"─ {group} ─") for group in ("Detection", "Identity", "Output", "Frames", "Running")]
    assert places == sorted(places)


def test_without_arguments_it_shows_its_help(track: Track) -> None:
    bare, helped = track(), track("--help")
    assert (bare.code, bare.err) == (0, "")
    assert bare.out == helped.out
    assert "models" in bare.out


def test_unknown_command(track: Track) -> None:
    result = track("rn", "clip.mp4")
    assert result.code == 2
    assert result.err.startswith("track: error: No such command 'rn'")
    assert result.err.endswith("(see: track --help)\n")
    assert len(result.err.splitlines()) == 1


def test_models(track: Track) -> None:
    """Every name that the options take, with what it is."""
    from detectors import DETECTORS
    from registry.shipped import preset_names
    from reid import ENCODERS

    result = track("models")
    assert (result.code, result.err) == (0, "")
    for name in (*DETECTORS.names(), *ENCODERS.names(), *preset_names()):
        assert any(line.split()[:1] == [name] for line in result.out.splitlines()), name
    for option in ("--detector", "--reid", "--tracker"):
        assert option in result.out


def test_models_as_json(track: Track) -> None:
    from detectors import DETECTORS
    from registry.shipped import preset_names
    from reid import ENCODERS

    models = json.loads(track("models", "--json").out)
    names = {kind: [entry["name"] for entry in entries] for kind, entries in models.items()}
    assert names == {
        "detectors": list(DETECTORS.names()),
        "encoders": list(ENCODERS.names()),
        "trackers": list(preset_names()),
    }
    assert all(entry["summary"] for entries in models.values() for entry in entries)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        pytest.param(ValueError("two\n  lines"), 2, "track: error: two lines", id="value"),
        pytest.param(FileNotFoundError("no x"), 2, "track: error: no x", id="file"),
        pytest.param(OSError(13, "Permission denied", "a/b"), 2, "track: error: a/b: Permission denied", id="system"),
        pytest.param(ImportError("no module y"), 2, "track: error: no module y", id="package"),
        pytest.param(
            ZeroDivisionError("division by zero"),
            1,
            "track: error: unexpected ZeroDivisionError: division by zero (rerun with --debug to see where)",
            id="fault of the program",
        ),
        pytest.param(
            ValueError(),
            2,
            "track: error: unexpected ValueError: no message (rerun with --debug to see where)",
            id="no text",
        ),
        pytest.param(KeyboardInterrupt(), 130, "track: error: stopped: nothing was written", id="Ctrl-C"),
    ],
)
@pytest.mark.parametrize("debug", [False, True], ids=["plain", "--debug"])
def test_exit_codes(
    track: Track, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str, debug: bool
) -> None:
    """One line, always the last; `--debug` puts the traceback before it and leaves the code alone."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr("track.commands.models.listing.print_models", fail)
    result = track("models", *(["--debug"] if debug else []))
    assert result.code == code
    assert result.err.splitlines()[-1] == line
    has_traceback = debug and not isinstance(error, KeyboardInterrupt)
    assert ("Traceback" in result.err) == has_traceback
    assert has_traceback or len(result.err.splitlines()) == 1


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "--json"])
def test_a_reader_that_leaves_is_told_nothing(options: tuple[str, ...]) -> None:
    """As in `track models | head -1`: the pipe is closed before anything is written."""
    command = [sys.executable, "-m", "track", "models", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == b""
    assert process.returncode == 128 + 13, "SIGPIPE"


def _without_a_reader(folder: Path, *arguments: object, stderr: int) -> int:
    """The exit code of `track ... | true`; with `stderr=subprocess.STDOUT`, of `track ... 2>&1 | true`."""
    command = [sys.executable, "-m", "track", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr) as process:
        assert process.stdout is not None
        process.stdout.close()
        if process.stderr is not None:
            assert process.stderr.read() == b""
        return process.wait()


def test_a_run_without_a_reader_has_its_files(tmp_path: Path) -> None:
    """What stands on standard output comes after the files, what stands on standard error in between."""
    sequence = write_sequence(tmp_path / "s")
    arguments = ("run", sequence, *FAST, "--detector", "public", "--out")
    assert _without_a_reader(tmp_path, *arguments, "o", "--no-video", stderr=subprocess.PIPE) == 128 + 13
    assert not read_summary(tmp_path / "o")["partial"]
    assert len(read_txt(tmp_path / "o")) > 0
    assert _without_a_reader(tmp_path, *arguments, "early", stderr=subprocess.STDOUT) == 128 + 13
    assert not (tmp_path / "early").exists(), "it failed at its first message, before there was a frame"


def test_python_dash_m(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    monkeypatch.setattr(sys, "argv", ["track", "models", "--json"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("track", run_name="__main__")
    assert end.value.code == 0
    assert "dogenet50" in capsys.readouterr().out


def test_main_without_arguments_takes_those_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["track", "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert "Usage" in capsys.readouterr().out


def test_exit_codes_are_documented() -> None:
    text = cli.main.__doc__ or ""
    assert all(code in text for code in ("0", "2", "1", "128"))


def test_version(track: Track) -> None:
    assert track("--version").out.startswith("track ")


def test_a_file_that_looks_like_an_option_is_told_how_to_be_typed(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-dash.mp4").write_bytes(b"")
    result = track("run", "-dash.mp4")
    assert result.code == 2
    assert result.err.endswith("; a file whose name begins with a dash is typed ./-dash.mp4\n")


def test_a_source_without_a_command_says_what_to_type(track: Track) -> None:
    expected = "No such command 'cars.mp4'. Did you mean: track run cars.mp4 --reid none"
    assert expected in track("cars.mp4", "--reid", "none").err
    names = ", ".join(command.name for command in cli.COMMANDS)
    assert f"No such command 'runn'. Did you mean 'run'? Known: {names}. (see:" in track("runn", "cars").err
    assert f"No such command 'foo'. Known: {names}. (see:" in track("foo", "cars").err
    assert "export" in names


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        pytest.param(
            ("run", "x", "--gt", "y"),
            ", which is one of track eval, track compare and track tune",
            id="another command's",
        ),
        pytest.param(("run", "x", "--reids", "y"), ". Did you mean --reid?", id="close"),
        pytest.param(("run", "x", "--weights", "y"), ". Did you mean --detector or --reid-weights?", id="other words"),
        pytest.param(("run", "x", "--encodr", "y"), ". Did you mean --reid?", id="close to another word"),
        pytest.param(("run", "x", "--wieghts", "y"), ". Did you mean --detector or --reid-weights?", id="for two"),
        pytest.param(("export", "--format", "onnx"), ". Did you mean --to?", id="another word"),
        pytest.param(("run", "x", "--zzz"), "", id="nothing like it"),
        pytest.param(("--verison",), ". Did you mean --version?", id="without a command"),
    ],
)
def test_for_an_unknown_option_only_what_may_be_meant_is_proposed(
    track: Track, typed: tuple[str, ...], message: str
) -> None:
    result = track(*typed)
    option = next(word for word in typed if word.startswith("--"))
    command = "track" if typed[0] == option else f"track {typed[0]}"
    assert result.code == 2
    assert result.err == f"track: error: No such option: {option}{message} (see: {command} --help)\n"


def test_a_value_that_is_none_of_the_choices_is_told_in_our_words(track: Track) -> None:
    error = track("export", "--reid", "dogenet50", "--to", "tflite").err
    choices = "'onnx', 'openvino', 'torchscript'"
    assert error == (
        f"track: error: Invalid value for '--to': 'tflite' is not one of {choices}; you typed: --to tflite "
        "(see: track export --help)\n"
    )


def test_what_other_programs_call_an_option_leads_to_one_of_ours() -> None:
    loaded = [command.load() for command in cli.COMMANDS]
    ours = {name for command in loaded for parameter in command.params for name in parameter.opts}
    assert {target for targets in ALSO_CALLED.values() for target in targets} <= ours
    assert not set(ALSO_CALLED) & ours


COMMANDS = [command.name for command in cli.COMMANDS]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_into_eighty_columns(track: Track, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """No type is broken over lines, and all options but --help stand in a group where a command has groups."""
    monkeypatch.setenv("COLUMNS", "80")
    text = track(command, "--help").out
    assert max(map(len, text.splitlines())) <= 80
    for line in text.splitlines():
        cells = [cell for cell in re.split(r"\s{2,}", line.strip("│ ")) if cell]
        assert not cells or not re.fullmatch(r"<[^>]*|[^<\s]*[^<\s-]>", cells[0 if len(cells) == 1 else 1]), line
    assert "<bool>" not in text  # a flag takes no value
    groups = re.findall(r"^╭─ (.+?) ─+╮$", text, re.MULTILINE)
    if set(groups) - {"Arguments", "Options"}:
        rest = re.search(r"^╭─ Options ─+╮$(.*?)^╰", text, re.MULTILINE | re.DOTALL)
        assert rest is not None
        assert re.findall(r"--[a-z-]+", rest[1]) == ["--help"]


def test_printed_tables_have_no_blanks_at_the_ends_of_lines(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "s")
    gt, pred = write(tmp_path / "gt.txt", walkers(), ",1,1,1"), write(tmp_path / "pred.txt", walkers()[5:])
    printed = {
        "run": track("run", sequence, *FAST, "--detector", "public", "--out", "o", "--no-video").out,
        "models": track("models", "dogenet50").out,
        "eval": track("eval", "--gt", gt, "--pred", pred, "--events").out,
        "compare": track("compare", sequence, "--reid", "none", "--out", "c").out,
    }
    for command, text in printed.items():
        assert len(text.splitlines()) > 3, command
        assert [line for line in text.splitlines() if line != line.rstrip()] == [], command
