"""Names of files and classes, and messages of libraries, are shown as texts: they steer no terminal."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
from pathlib import Path

import pytest
from rich.table import Table

from evaluation.reading import read_rows
from tests.track.runs import FAST, Track, read_csv, write_sequence
from track.terminal.console import open_console, safe_console
from track.terminal.errors import MOST_SHOWN
from track.terminal.meter import Meter

EVIL = "\x1b]0;owned\x07\x1b[31m[red]:smile:\u202e"
SHOWN = "\\x1b]0;owned\\x07\\x1b[31m[red]:smile:\\u202e"


def test_tables_and_lines() -> None:
    text = io.StringIO()
    console = safe_console(file=text, width=200, force_terminal=True, color_system=None)
    table = Table(EVIL, title=EVIL, box=None)
    table.add_row(EVIL)
    console.print(table)
    console.print(EVIL, f"two\nlines {EVIL}\n")
    with console.status(EVIL):
        pass
    shown = text.getvalue()
    assert shown.count(SHOWN) == 6, "title, header, cell, twice in the line, and what is waited for"
    assert "two\\nlines" in shown
    assert not {"\x07", "\u202e"} & set(shown)
    assert "\x1b]" not in shown
    assert "\x1b[31m" not in shown


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress(is_terminal: bool) -> None:
    text = io.StringIO()
    console = safe_console(file=text, width=200, force_terminal=is_terminal, color_system=None)
    with Meter(console, EVIL, 3, every_s=0) as meter:
        meter.advance()
        meter.show("", f"1 of 3 {EVIL}")
    assert SHOWN in text.getvalue()
    assert "\x1b]" not in text.getvalue()


def test_warnings_of_ours_are_one_line_and_those_of_others_keep_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    handlers = list(logging.getLogger().handlers)
    try:
        open_console(debug=False)
        logging.getLogger("track.run").warning("%s is\nwrong", EVIL)
        logging.getLogger("somebody").warning("%s two", EVIL)
    finally:
        logging.getLogger().handlers = handlers
    assert capsys.readouterr().err == f"warning: {SHOWN} is\\nwrong\nwarning: {SHOWN} two\n"


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "--debug"])
def test_errors(track: Track, debug: bool) -> None:
    name = os.fsdecode(b"b\x80d\x1b[2J\nline\xe2\x80\xae.mp4")
    result = track("run", name, *(["--debug"] if debug else []))
    assert result.code == 2
    assert "b\\udc80d\\x1b[2J\\nline\\u202e.mp4" in result.err.splitlines()[-1]
    assert not {"\x1b", "\u202e", "\udc80"} & set(result.err)


def test_an_error_is_never_longer_than_a_screen(track: Track) -> None:
    result = track("run", "x" * 10_000)
    assert len(result.err) < MOST_SHOWN + 100
    assert result.code == 2


def test_a_run_over_a_folder_of_a_strange_name(track: Track, tmp_path: Path) -> None:
    """Its summary is JSON, and its paths are shown as they are."""
    folder = tmp_path / os.fsdecode(b"s\x1b[31m\xff")
    try:
        write_sequence(tmp_path / "s").rename(folder)
    except OSError:
        pytest.skip("this file system takes no such names")
    result = track("run", folder, *FAST, "--no-video")
    assert result.code == 0
    assert "\x1b[31m" not in result.out + result.err
    (summary,) = (tmp_path / "runs").glob("*/summary.json")
    assert json.loads(summary.read_text())["configuration"]["source"] == str(folder)


def test_classes_that_look_like_formulas_come_back_as_they_were(track: Track, tmp_path: Path) -> None:
    """From the detector through `tracks.csv` to `track link` and `track eval`."""
    sequence = write_sequence(tmp_path / "s")
    assert track("run", sequence, *FAST, "--no-video", "--out", "o").code == 0
    rows = read_csv(tmp_path / "o")
    path = tmp_path / "o" / "tracks.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "class": "'=cmd|' /C calc'!A0"} for row in rows)
    assert track("link", "o", "--out", "l").code == 0
    assert {row["class"] for row in read_csv(tmp_path / "l")} == {"'=cmd|' /C calc'!A0"}
    assert set(read_rows(tmp_path / "l" / "tracks.csv").class_names.values()) == {"=cmd|' /C calc'!A0"}
