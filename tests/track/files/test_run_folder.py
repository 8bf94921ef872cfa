"""Where a run writes, and what it may remove there."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from track.files.run_folder import folder_name, prepare_run_dir, remove_run_files, starting_run_dir


def test_each_run_gets_a_new_folder(tmp_path: Path) -> None:
    base = tmp_path / "deep" / "runs"
    made = [prepare_run_dir("plaza", None, False, base) for _ in range(3)]
    assert [path.name for path in made] == ["plaza", "plaza-2", "plaza-3"]
    assert all(path.is_dir() and not list(path.iterdir()) for path in made)


def test_runs_that_start_together_get_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: prepare_run_dir("a", None, False, tmp_path), range(16)))
    assert len(set(made)) == 16


def test_a_file_in_the_way_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    assert prepare_run_dir("a", None, False, tmp_path).name == "a-2"
    assert (tmp_path / "a").read_text() == "mine"


@pytest.mark.parametrize("exists", [True, False], ids=["empty folder", "no folder"])
def test_out(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "x" / "y"
    if exists:
        out.mkdir(parents=True)
    assert prepare_run_dir("a", out, False) == out
    assert out.is_dir()
    assert list(out.iterdir()) == []


def test_out_that_holds_something_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "tracks.txt").write_text("precious")
    with pytest.raises(ValueError, match="exists and is not empty: use --overwrite, or another --out"):
        prepare_run_dir("a", tmp_path, False)
    assert (tmp_path / "tracks.txt").read_text() == "precious"


@pytest.mark.parametrize("with_out", [True, False], ids=["--out", "runs/<source>"])
def test_overwrite_removes_only_what_a_run_writes(tmp_path: Path, with_out: bool) -> None:
    folder = tmp_path / "clip"
    folder.mkdir()
    for name in ("tracks.txt", "annotated.mp4", ".annotated.mp4.partial", ".annotated.mp4.reserve", "notes.txt"):
        (folder / name).write_text("old")
    made = prepare_run_dir("clip", folder if with_out else None, True, tmp_path)
    assert made == folder
    assert len(list(folder.iterdir())) == 5, "nothing goes before the run is sure to start"
    remove_run_files(made)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def _fail_to_start(out: Path | None, overwrite: bool, base: Path) -> None:
    def start() -> None:
        with starting_run_dir("clip", out, overwrite, base) as path:
            (path / ".tracks.txt.partial").write_text("begun")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start()


def test_a_run_that_cannot_start_leaves_no_folder(tmp_path: Path) -> None:
    _fail_to_start(None, False, tmp_path / "runs")
    _fail_to_start(tmp_path / "deep" / "out", False, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_start_leaves_what_was_there(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    full.mkdir()
    for name in ("tracks.txt", ".env", "notes.txt"):
        (full / name).write_text("mine")
    _fail_to_start(empty, False, tmp_path)
    _fail_to_start(full, True, tmp_path)
    _fail_to_start(None, False, tmp_path)  # makes and removes tmp_path/clip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]
    assert sorted(path.name for path in full.iterdir()) == [".env", "notes.txt", "tracks.txt"]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        pytest.param("file", "it is a file", id="out is a file"),
        pytest.param("file/below", "cannot write to", id="out below a file"),
    ],
)
def test_impossible_folders(tmp_path: Path, out: str, message: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=message):
        prepare_run_dir("a", tmp_path / out, False)


def test_base_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("x")
    with pytest.raises(ValueError, match="cannot write to"):
        prepare_run_dir("a", None, False, tmp_path / "runs")


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(ValueError, match=r"cannot write to .*Read-only file system.*choose another folder"):
        prepare_run_dir("a", tmp_path, False)


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("plaza", "plaza"),
        ("my clip (1)", "my_clip_1"),
        ("../../etc", "etc"),
        ("..", "source"),
        ("", "source"),
        ("a/b\\c:d", "a_b_c_d"),
        ("Straße 雪", "Straße_雪"),
        ("con", "con_"),
        ("x" * 300, "x" * 120),
        ("雪" * 300, "雪" * 40),
    ],
)
def test_folder_names(source: str, folder: str) -> None:
    assert folder_name(source) == folder


@given(st.text())
def test_any_name_is_one_folder_below_the_base(source: str) -> None:
    name = folder_name(source)
    assert name
    assert not set(name) & set('/\\:*?"<>|\0 \n')
    assert not name.startswith(".")
    assert len(name.encode()) <= 250
