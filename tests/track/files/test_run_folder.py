"""Where a run writes, what it may replace there, and that nobody else writes there meanwhile."""

from __future__ import annotations

import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.own_names import own_name
from track.files.lock import FolderTakenError
from track.files.run_folder import LOCK_FILE, folder_name, held_folder, held_run_folder


def take(out: Path | None, overwrite: bool | None, base: Path, *, name: str = "clip") -> Path:
    """Hold the folder for a moment, and leave a file in it, as a run does."""
    with held_run_folder(name, out, overwrite, base) as folder:
        (folder.path / "summary.json").write_text("{}")
        return folder.path


def killed_in(folder: Path, *names: str) -> None:
    """What `kill -9` leaves of a run: its lock, which nobody holds any more, and unfinished files."""
    folder.mkdir(parents=True, exist_ok=True)
    text = {"process": 4711, "started": "2026-01-02 03:04:05", "host": ""}
    (folder / LOCK_FILE).write_text(json.dumps(text))
    for name in names:
        own_name(folder / name).write_text("1,1,0,0,5,5,1,-1,-1,-1\n")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_run_gets_a_new_folder(tmp_path: Path) -> None:
    base = tmp_path / "deep" / "runs"
    made = [take(None, False, base) for _ in range(3)]
    assert [path.name for path in made] == ["clip", "clip-2", "clip-3"]
    assert all(names_in(path) == ["summary.json"] for path in made), "the lock is gone"


def test_runs_at_the_same_time_get_folders_of_their_own(tmp_path: Path) -> None:
    together = threading.Barrier(16, timeout=20)

    def hold(_: int) -> Path:
        with held_run_folder("a", None, False, tmp_path) as folder:
            together.wait()
            (folder.path / "tracks.txt").write_text("")
            return folder.path

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(hold, range(16)))) == 16


def test_a_file_in_the_way_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "clip").write_text("mine")
    assert take(None, False, tmp_path).name == "clip-2"
    assert (tmp_path / "clip").read_text() == "mine"


@pytest.mark.parametrize("exists", [True, False], ids=["empty folder", "no folder"])
def test_out(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "x" / "y"
    if exists:
        out.mkdir(parents=True)
    assert take(out, False, tmp_path) == out
    assert names_in(out) == ["summary.json"]


@pytest.mark.parametrize(
    ("overwrite", "way_out"),
    [
        pytest.param(False, "use --overwrite, or use another --out", id="a command with --overwrite"),
        pytest.param(None, "use another --out", id="a command without"),
    ],
)
def test_out_that_holds_something_is_an_error_and_stays(tmp_path: Path, overwrite: bool | None, way_out: str) -> None:
    (tmp_path / "tracks.txt").write_text("precious")
    with pytest.raises(ValueError, match=f"exists and is not empty: {way_out}$"):
        take(tmp_path, overwrite, tmp_path)
    assert names_in(tmp_path) == ["tracks.txt"]


@pytest.mark.parametrize("with_out", [True, False], ids=["--out", "runs/<source>"])
def test_an_earlier_run_stays_until_each_new_file_takes_its_name(tmp_path: Path, with_out: bool) -> None:
    """What the new run does not write goes at its end; what is not of a run stays."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for name in ("tracks.txt", "tracks.csv", "annotated.mp4", "notes.txt"):
        (folder / name).write_text("old")
    with held_run_folder("clip", folder if with_out else None, True, tmp_path) as held:
        assert held.path == folder
        with own_name(folder / "tracks.txt").open("w") as file:
            file.write("new")
        own_name(folder / "tracks.txt").replace(folder / "tracks.txt")
        assert {name: (folder / name).read_text() for name in names_in(folder) if name != LOCK_FILE} == {
            "tracks.txt": "new",
            "tracks.csv": "old",
            "annotated.mp4": "old",
            "notes.txt": "old",
        }
        assert [file.name for file in held.stale()] == ["tracks.csv", "annotated.mp4"]
        held.remove_stale()
    assert names_in(folder) == ["notes.txt", "tracks.txt"]


def fail_to_start(out: Path | None, overwrite: bool, base: Path) -> None:
    def start() -> None:
        with held_run_folder("clip", out, overwrite, base) as folder:
            own_name(folder.path / "tracks.txt").write_text("begun")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start()


def test_a_run_that_cannot_start_leaves_no_folder(tmp_path: Path) -> None:
    fail_to_start(None, False, tmp_path / "runs")
    fail_to_start(tmp_path / "deep" / "out", False, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_start_leaves_what_was_there(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    full.mkdir()
    for name in ("tracks.txt", ".env", "notes.txt", ".tracks.txt.12-abcdef.partial"):
        (full / name).write_text("mine")
    fail_to_start(empty, False, tmp_path)
    fail_to_start(full, True, tmp_path)
    fail_to_start(None, False, tmp_path)  # makes and removes tmp_path/clip
    assert names_in(tmp_path) == ["empty", "full"]
    assert names_in(full) == [".env", ".tracks.txt.12-abcdef.partial", "notes.txt", "tracks.txt"]


def test_a_folder_takes_one_run_at_a_time(tmp_path: Path) -> None:
    """Whoever comes second is told who is there, and changes nothing; also the one with --overwrite."""
    with held_run_folder("clip", tmp_path / "out", False, tmp_path):
        for overwrite in (False, True):
            with pytest.raises(FolderTakenError, match=r"another run is writing to .*out \(process \d+, begun 20"):
                take(tmp_path / "out", overwrite, tmp_path)
        with pytest.raises(FolderTakenError), held_folder(tmp_path / "out"):
            raise AssertionError("held twice")
        assert names_in(tmp_path / "out") == [LOCK_FILE]
    assert not (tmp_path / "out").exists(), "nothing was written, so the folder is taken back"
    assert take(tmp_path / "out", False, tmp_path) == tmp_path / "out"


def test_the_default_folder_of_a_run_that_goes_on_is_left_to_it(tmp_path: Path) -> None:
    with (
        held_run_folder("clip", None, True, tmp_path) as first,
        held_run_folder("clip", None, False, tmp_path) as second,
    ):
        assert (first.path.name, second.path.name) == ("clip", "clip-2")


def test_what_a_killed_run_left_is_told_each_time_it_is_asked(tmp_path: Path) -> None:
    killed_in(tmp_path / "out", "tracks.txt", "annotated.mp4")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"holds what a run left that was killed") as caught:
            take(tmp_path / "out", False, tmp_path)
        assert "(process 4711, begun 2026-01-02 03:04:05 UTC): 2 unfinished files: use --overwrite" in str(caught.value)


def test_a_killed_training_is_told_how_it_goes_on(tmp_path: Path) -> None:
    killed_in(tmp_path / "out", "last.pt")
    (tmp_path / "out" / "config.json").write_text("{}")
    with (
        pytest.raises(ValueError, match=r"1 unfinished file, config\.json: go on by typing, or use another --out"),
        held_run_folder("clip", tmp_path / "out", None, tmp_path, way_on=lambda folder: "go on by typing"),
    ):
        raise AssertionError("taken")


def test_a_folder_in_which_a_killed_run_left_nothing_but_its_lock_is_free(tmp_path: Path) -> None:
    killed_in(tmp_path / "out")
    assert names_in(take(tmp_path / "out", False, tmp_path)) == ["summary.json"]


def test_unfinished_files_of_a_killed_run_go_when_the_next_one_begins(tmp_path: Path) -> None:
    killed_in(tmp_path / "out", "tracks.txt")
    with held_run_folder("clip", tmp_path / "out", True, tmp_path) as folder:
        own_name(folder.path / "tracks.csv").write_text("of this run")
        folder.remove_unfinished()
        assert names_in(folder.path) == sorted([LOCK_FILE, own_name(folder.path / "tracks.csv").name])


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
        take(tmp_path / out, False, tmp_path)


def test_base_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("x")
    with pytest.raises(ValueError, match="cannot write to"):
        take(None, False, tmp_path / "runs")


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(ValueError, match=r"cannot write to .*Read-only file system.*choose another folder"):
        take(tmp_path, False, tmp_path)


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


def test_what_a_killed_run_left_goes_at_the_end_of_one_that_succeeds(tmp_path: Path) -> None:
    """In the folders below, too, that the command writes to; not where another run holds its own."""
    out, writes = tmp_path / "out", ("figure.png", "data/*.txt", "*/*.csv")
    killed_in(out, "figure.png")
    for name in ("data/a.txt", "other/b.csv", "of-a-run/c.csv", "deep/er/d.csv"):
        (out / name).parent.mkdir(parents=True)
        own_name(out / name).write_text("half")
    (out / "of-a-run" / LOCK_FILE).write_text("{}")
    with (
        pytest.raises(KeyError),
        held_run_folder("clip", out, True, tmp_path, writes=writes),
    ):
        raise KeyError
    assert {path.parent.name for path in out.rglob(".*.partial")} == {"out", "data", "other", "of-a-run", "er"}
    with held_run_folder("clip", out, True, tmp_path, writes=writes):
        pass
    assert {path.parent.name for path in out.rglob(".*.partial")} == {"of-a-run", "er"}
