"""Counting at lines and zones while tracking, and in a finished run: the same events, in the same files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.track.runs import (
    FAST,
    HEIGHT,
    WIDTH,
    Track,
    Walker,
    all_files,
    assert_one_line,
    read_csv,
    read_summary,
    write_sequence,
)
from track.files.partial import PartialFile
from track.places.file import read_places
from track.places.sinks import EventsCsv
from track.rows.stream import RowStream
from track.rows.types import FrameTracks

RUN = (*FAST, "--detector", "public", "--no-video")
THERE_AND_BACK = (Walker(2, 4, 2.0, last=40), Walker(80, 36, -2.0, last=40))
ZONES = """
lines: {door: {from: [0.5, 1.0], to: [0.5, 0.0]}}
zones: {counter: {polygon: [[0.6, 0.0], [1, 0.0], [1, 1], [0.6, 1]]}}
"""


@pytest.fixture
def crossing(tmp_path: Path) -> Path:
    """A sequence in which one walks to the right over the line and one to the left, and `zones.yaml`."""
    (tmp_path / "zones.yaml").write_text(ZONES)
    return write_sequence(tmp_path / "s", THERE_AND_BACK, 50)


def events_in(folder: Path | str) -> list[dict[str, str]]:
    with (Path(folder) / "events.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def told(folder: Path | str) -> list[tuple[str, str]]:
    return [(row["place"], row["event"]) for row in events_in(folder)]


def test_a_run_writes_what_happened_at_each_place(track: Track, crossing: Path) -> None:
    result = track("run", crossing, *RUN, "--zones", "zones.yaml", "--out", "o")
    assert result.code == 0
    assert "door: 1 in, 1 out" in result.out
    assert "counter: 2 entered" in result.out
    assert sorted(told("o")) == sorted(
        [
            ("counter", "enter"),
            ("counter", "leave"),
            ("door", "out"),
            ("door", "in"),
            ("counter", "enter"),
            ("counter", "leave"),
        ]
    )
    times = [float(row["time_s"]) for row in events_in("o")]
    assert times == sorted(times)
    summary = read_summary(Path("o"))
    assert summary["files"] == ["tracks.txt", "tracks.csv", "identities.csv", "events.csv", "zones.csv", "summary.json"]
    assert [place["place"] for place in summary["zones"]["places"]] == ["door", "counter"]


@pytest.mark.parametrize("options", [(), ("--online",), ("--smooth",), ("--offline",), ("--every", "2")], ids=" ".join)
def test_counted_on_the_way_is_counted_in_the_finished_file(
    track: Track, crossing: Path, options: tuple[str, ...]
) -> None:
    assert track("run", crossing, *RUN, *options, "--zones", "zones.yaml", "--out", "o").code == 0
    before = all_files(Path("o"))
    assert track("zones", "o", "--zones", "zones.yaml").code == 0
    after = all_files(Path("runs/o-zones"))
    assert (after["events.csv"], after["zones.csv"]) == (before["events.csv"], before["zones.csv"])
    assert len(events_in("o")) >= 4
    assert all_files(Path("o")) == before, "the run stays as it is"


def test_tracks_do_not_depend_on_it(track: Track, crossing: Path) -> None:
    track("run", crossing, *RUN, "--out", "without")
    track("run", crossing, *RUN, "--out", "with", "--zones", "zones.yaml")
    without, with_zones = all_files(Path("without")), all_files(Path("with"))
    assert set(with_zones) - set(without) == {"events.csv", "zones.csv"}
    assert all(with_zones[name] == without[name] for name in ("tracks.txt", "tracks.csv"))


def test_a_second_run_replaces_the_tables_or_takes_them_away(track: Track, crossing: Path) -> None:
    track("run", crossing, *RUN, "--out", "o", "--zones", "zones.yaml")
    assert track("run", crossing, *RUN, "--out", "o", "--overwrite").code == 0
    assert not Path("o/events.csv").exists()
    assert_one_line(
        track("run", crossing, *RUN, "--out", ".", "--overwrite", "--zones", "events.csv"),
        "--zones events.csv not found",
    )


def test_of_a_linked_run_the_size_is_that_of_the_run_it_came_from(track: Track, crossing: Path) -> None:
    track("run", crossing, *RUN, "--out", "o")
    track("link", "o", "--out", "linked")
    assert track("zones", "linked", "--zones", "zones.yaml", "--out", "counted").code == 0
    assert ("door", "in") in told("counted")


def test_a_table_alone_needs_the_size_or_px(track: Track, crossing: Path) -> None:
    track("run", crossing, *RUN, "--out", "o")
    Path("o/summary.json").unlink()
    Path("o").rename("moved")
    assert_one_line(track("zones", "moved", "--zones", "zones.yaml"), "size is not known here: add --size 1920x1080")
    assert track("zones", "moved", "--zones", "zones.yaml", "--size", f"{WIDTH}x{HEIGHT}", "--out", "a").code == 0
    Path("px.yaml").write_text(f"lines: {{door: {{from: [{WIDTH // 2}, {HEIGHT}], to: [{WIDTH // 2}, 0]}}}}")
    assert track("zones", "moved/tracks.csv", "--zones", "px.yaml", "--out", "b").code == 0
    assert [row for row in told("a") if row[0] == "door"] == told("b")


def test_names_of_identities_stand_in_the_events(track: Track, crossing: Path) -> None:
    """As in a `tracks.csv` that has a column of names."""
    track("run", crossing, *RUN, "--out", "o")
    rows = read_csv(Path("o"))
    with Path("o/tracks.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "name"])
        writer.writeheader()
        writer.writerows({**row, "name": "'=Anna" if row["id"] == "1" else ""} for row in rows)
    track("zones", "o", "--zones", "zones.yaml", "--out", "c")
    assert {(row["id"], row["name"]) for row in events_in("c")} == {("1", "'=Anna"), ("2", "")}


def test_an_empty_run_has_no_events(track: Track, crossing: Path, tmp_path: Path) -> None:
    track("run", write_sequence(tmp_path / "empty", (), 5), *RUN, "--out", "o", "--zones", "zones.yaml")
    assert Path("o/events.csv").read_text() == "time_s,frame,id,name,class,place,event,dwell_s\n"
    assert track("zones", "o", "--zones", "zones.yaml").code == 0


HEADER = "frame,time_s,id,class,x1,y1,x2,y2,score,state"
GOOD = "1,0.0,1,person,1,2,3,4,0.9,detected"
DAMAGED = {
    "no header": (GOOD, ["line 1", "expected the header"]),
    "a word for a number": (f"{HEADER}\n1,0.0,1,person,a,2,3,4,0.9,detected", ["line 2", "x1 is 'a'"]),
    "half a row": (f"{HEADER}\n{GOOD}\n2,0.1,1,per", ["line 3", "4 columns", "expected 10"]),
    "no id": (f"{HEADER}\n1,0.0,0,person,1,2,3,4,0.9,detected", ["line 2", "id is 0"]),
    "an empty box": (f"{HEADER}\n1,0.0,1,person,3,2,3,4,0.9,detected", ["line 2", "is none", "x1 < x2"]),
    "no time": (f"{HEADER}\n1,nan,1,person,1,2,3,4,0.9,detected", ["line 2", "time_s is nan"]),
    "a state of another kind": (
        f"{HEADER}\n1,0.0,1,person,1,2,3,4,0.9,gone",
        ["line 2", "state is 'gone'", "detected"],
    ),
    "frames out of order": (f"{HEADER}\n3,0.3,1,person,1,2,3,4,0.9,detected\n{GOOD}", ["line 3", "sort them"]),
    "twice in a frame": (f"{HEADER}\n{GOOD}\n{GOOD}", ["second box at frame 1"]),
    "a field out of reason": (f"{HEADER}\n1,0.0,1,{'a' * 200_000},1,2,3,4,0.9,detected", ["line 2 cannot be read"]),
}


@pytest.mark.parametrize(("text", "fragments"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_table_is_one_line(track: Track, crossing: Path, text: str, fragments: list[str]) -> None:
    Path("r").mkdir()
    Path("r/tracks.csv").write_text(text)
    result = track("zones", "r", "--zones", "zones.yaml", "--size", "96x64", "--out", "o")
    assert_one_line(result, *fragments)
    assert not Path("o").exists()


def test_bad_words_are_one_line(track: Track, crossing: Path) -> None:
    track("run", crossing, *RUN, "--out", "o")
    assert_one_line(track("zones", "nowhere", "--zones", "zones.yaml"), "run nowhere not found")
    assert_one_line(track("zones", "s", "--zones", "zones.yaml"), "no tracks.csv in s")
    assert_one_line(track("zones", "o", "--zones", "none.yaml"), "--zones none.yaml not found", "track zones VIDEO")
    assert_one_line(track("zones", "o", "--zones", ""), "--zones is empty")
    assert_one_line(track("zones", "o", "--zones", "zones.yaml", "--out", "o"), "is the run itself")
    assert_one_line(track("zones", "o", "--zones", "zones.yaml", "--size", "12"), "--size is '12'", "1920x1080")
    assert_one_line(track("run", crossing, *RUN, "--zones", "none.yaml"), "--zones none.yaml not found")
    Path("zones.yaml").write_text("lines: {door: {from: [500, 0], to: [500, 5]}}")
    assert_one_line(track("run", crossing, *RUN, "--zones", "zones.yaml"), "outside of the picture of 96x64 px")


def _moving(frame: int) -> FrameTracks:
    box = np.array([[4.0 * frame, 10, 4.0 * frame + 10, 34]])
    return FrameTracks(
        frame, frame / 10, np.array([1]), box, np.ones(1, np.float32), np.zeros(1, np.int64), np.zeros(1, np.uint8)
    )


def test_of_a_camera_events_are_in_sight_as_they_happen(crossing: Path, tmp_path: Path) -> None:
    """And at the end the file is the same as of a video that is over."""
    places = read_places(tmp_path / "zones.yaml", (WIDTH, HEIGHT))
    live = EventsCsv(tmp_path / "live.csv", places, {0: "person"}, as_it_goes=True)
    over = EventsCsv(tmp_path / "over.csv", places, {0: "person"})
    assert not (tmp_path / "live.csv").exists(), "before the first frame an earlier file stays"
    seen = []
    for frame in range(20):
        live.write(_moving(frame))
        over.write(_moving(frame))
        seen.append(len((tmp_path / "live.csv").read_text().splitlines()) - 1)
    assert seen[0] == 0
    assert sorted(seen) == seen
    assert seen[-1] == 2, "in at the door, and the counter is entered"
    assert not (tmp_path / "over.csv").exists()
    live.close()
    over.close()
    assert (tmp_path / "live.csv").read_bytes() == (tmp_path / "over.csv").read_bytes()
    assert len((tmp_path / "live.csv").read_text().splitlines()) == 1 + 3


def test_a_spreadsheet_may_have_saved_the_table(tmp_path: Path) -> None:
    """Columns in another order, blanks around numbers, and a mark at the beginning of the file."""
    path = tmp_path / "tracks.csv"
    path.write_text(
        "\ufeffid,frame,time_s,class,x1,y1,x2,y2,score,state,mine\r\n 7 , 1,0.0,a,1,2,3,4,,detected,x\r\n", newline=""
    )
    (rows,) = RowStream(path)
    assert (rows.ids.tolist(), rows.frame_index, np.isnan(rows.scores).all()) == ([7], 0, True)


def test_a_file_in_sight_has_its_name_at_once(tmp_path: Path) -> None:
    file = PartialFile(tmp_path / "a.csv", in_sight=True)
    file.append(b"one\n")
    assert (tmp_path / "a.csv").read_bytes() == b"one\n"
    file.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
