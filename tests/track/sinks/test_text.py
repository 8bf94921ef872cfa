"""`tracks.txt` and `tracks.csv`: what stands in them, when they appear, and what a full disk leaves."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.own_names import own_name
from track.files import partial
from track.rows.types import CSV_HEADER
from track.sinks import FrameTracks, OutputError, RowState
from track.sinks.text import TracksCsv, TracksTxt

CLASS_NAMES = {0: "person", 2: 'car, "small"'}


def frame_tracks(frame_index: int = 0, time_s: float = 0.0, ids: tuple[int, ...] = (7, 3)) -> FrameTracks:
    """One detected person and one predicted car, repeated over `ids`."""
    count = len(ids)
    boxes = np.array([[10.123456, 20.5, 30.25, 60.0], [-5.00001, 0.0, 15.0, 33.3333]])
    return FrameTracks(
        frame_index=frame_index,
        time_s=time_s,
        ids=np.array(ids, np.int64),
        xyxy=boxes[np.arange(count) % 2],
        scores=np.array([0.75, np.nan], np.float32)[np.arange(count) % 2],
        class_ids=np.array([0, 2], np.int64)[np.arange(count) % 2],
        states=np.array([RowState.DETECTED, RowState.PREDICTED], np.uint8)[np.arange(count) % 2],
    )


def test_tracks_txt_is_motchallenge(tmp_path: Path) -> None:
    with TracksTxt(tmp_path / "tracks.txt") as sink:
        sink.write(frame_tracks(0))
        sink.write(FrameTracks.empty(1, 0.04))
        sink.write(frame_tracks(2, ids=(9,)))
    assert (tmp_path / "tracks.txt").read_bytes().decode().split("\n") == [
        "1,3,-5.0000,0.0000,20.0000,33.3333,-1.0000,-1,-1,-1",
        "1,7,10.1235,20.5000,20.1265,39.5000,0.7500,-1,-1,-1",
        "3,9,10.1235,20.5000,20.1265,39.5000,0.7500,-1,-1,-1",
        "",
    ]


def test_tracks_csv_is_read_back_by_the_csv_module(tmp_path: Path) -> None:
    with TracksCsv(tmp_path / "tracks.csv", CLASS_NAMES) as sink:
        sink.write(frame_tracks(24, 0.96))
    with (tmp_path / "tracks.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        list(CSV_HEADER),
        ["25", "0.9600", "3", 'car, "small"', "-5.0000", "0.0000", "15.0000", "33.3333", "", "predicted"],
        ["25", "0.9600", "7", "person", "10.1235", "20.5000", "30.2500", "60.0000", "0.7500", "detected"],
    ]


@given(
    boxes=st.lists(
        st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.floats(1e-3, 1e4)), min_size=1
    )
)
def test_boxes_are_right_to_a_thousandth_of_a_pixel(tmp_path_factory: pytest.TempPathFactory, boxes) -> None:
    path = tmp_path_factory.mktemp("t") / "tracks.txt"
    tlwh = np.array(boxes)
    count = len(tlwh)
    xyxy = np.concatenate([tlwh[:, :2], tlwh[:, :2] + tlwh[:, 2:]], axis=1)
    zeros = np.zeros(count, np.int64)
    tracks = FrameTracks(
        4, 0.2, np.arange(1, count + 1), xyxy, np.ones(count, np.float32), zeros, zeros.astype(np.uint8)
    )
    with TracksTxt(path) as sink:
        sink.write(tracks)
    read = np.loadtxt(path, delimiter=",", ndmin=2)
    np.testing.assert_allclose(read[:, 2:6], tlwh, atol=1e-3)
    assert "-0.0000" not in path.read_text()


@pytest.mark.parametrize("make", [TracksTxt, lambda path: TracksCsv(path, CLASS_NAMES)], ids=["txt", "csv"])
class TestBothFiles:
    def test_two_runs_are_the_same_byte_for_byte(self, tmp_path: Path, make: Callable) -> None:
        for name in ("a", "b"):
            with make(tmp_path / name) as sink:
                for index in range(5):
                    sink.write(frame_tracks(index, index / 25))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_the_file_appears_only_when_closed(self, tmp_path: Path, make: Callable) -> None:
        path = tmp_path / "tracks"
        sink = make(path)
        sink.write(frame_tracks())
        assert [p.name for p in tmp_path.iterdir()] == [own_name(tmp_path / "tracks").name]
        sink.close()
        sink.close()
        assert [p.name for p in tmp_path.iterdir()] == ["tracks"]

    def test_a_discarded_file_leaves_nothing(self, tmp_path: Path, make: Callable) -> None:
        sink = make(tmp_path / "tracks")
        sink.write(frame_tracks())
        sink.discard()
        sink.discard()
        assert list(tmp_path.iterdir()) == []

    def test_a_run_without_tracks_gives_a_file(self, tmp_path: Path, make: Callable) -> None:
        make(tmp_path / "tracks").close()
        assert (tmp_path / "tracks").is_file()

    def test_a_closed_file_takes_nothing(self, tmp_path: Path, make: Callable) -> None:
        sink = make(tmp_path / "tracks")
        sink.close()
        with pytest.raises(ValueError, match="closed"):
            sink.write(frame_tracks())

    def test_a_folder_that_is_not_there(self, tmp_path: Path, make: Callable) -> None:
        with pytest.raises(OutputError, match=r"gone.tracks.*No such file"):
            make(tmp_path / "gone" / "tracks")

    def test_a_full_disk_keeps_whole_lines(self, tmp_path: Path, make: Callable, monkeypatch) -> None:
        monkeypatch.setattr(partial, "open_raw", lambda path: _SmallDisk(path, room=1000))
        sink = make(tmp_path / "tracks")
        with pytest.raises(OutputError, match="No space left on device") as error:
            _write_frames(sink, 100)
        assert error.value.path == tmp_path / "tracks"
        sink.close()
        lines = (tmp_path / "tracks").read_text().splitlines()
        assert (tmp_path / "tracks").read_text().endswith("\n")
        assert len(lines) >= 10
        assert len({line.count(",") for line in lines if '"' not in line}) == 1
        frames = [line.split(",")[0] for line in lines if line[0].isdigit()]
        assert frames == [str(1 + i // 2) for i in range(len(frames))]


def _write_frames(sink: TracksTxt | TracksCsv, count: int) -> None:
    for index in range(count):
        sink.write(frame_tracks(index))


class _SmallDisk(io.FileIO):
    """A file on a disk with little room: takes what fits, then raises ENOSPC as Linux does."""

    def __init__(self, path: Path, room: int) -> None:
        super().__init__(path, "w+")
        self._room = room

    def write(self, data: memoryview | bytes) -> int:
        if self._room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = super().write(memoryview(data)[: self._room])
        self._room -= taken
        return taken


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"xyxy": np.zeros((2, 3))}, "xyxy must have shape"),
        ({"scores": np.zeros(3, np.float32)}, "scores must have one row an id"),
        ({"states": np.zeros(1, np.uint8)}, "states must have one row an id"),
    ],
)
def test_rows_that_do_not_fit_together(change: dict[str, np.ndarray], message: str) -> None:
    good = frame_tracks()
    fields = {name: getattr(good, name) for name in ("ids", "xyxy", "scores", "class_ids", "states")}
    with pytest.raises(ValueError, match=message):
        FrameTracks(0, 0.0, **{**fields, **change})


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="colours of a terminal"),
        pytest.param("\x1b]0;title\x07", "\\x1b]0;title\\x07", id="its title"),
        pytest.param("a\nb", "a\\nb", id="a line end"),
        pytest.param("\u202egnp.exe", "\\u202egnp.exe", id="another direction of writing"),
        pytest.param("\t=1+1", "\\t=1+1", id="a formula after a tab"),
        pytest.param("=1+1", "'=1+1", id="a formula"),
        pytest.param("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600", id="letters"),
    ],
)
def test_no_class_name_steers_the_terminal_that_shows_tracks_csv(tmp_path: Path, name: str, cell: str) -> None:
    with TracksCsv(tmp_path / "tracks.csv", {0: name}) as sink:
        sink.write(frame_tracks(ids=(1,)))
    rows = list(csv.reader(io.StringIO((tmp_path / "tracks.csv").read_text(encoding="utf-8"))))
    assert rows[1][CSV_HEADER.index("class")] == cell
