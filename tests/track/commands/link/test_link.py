"""`--offline` and `track link`: what they write, and what they say of bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.track.runs import (
    FAST,
    WIDTH,
    Track,
    Walker,
    all_files,
    read_csv,
    read_summary,
    read_txt,
    states,
    write_detections,
    write_sequence,
)

RUN = (*FAST, "--detector", "public")
STRONG = ("--reid", "none", "--detector", "public", "--tracker", "strong-1")
TWO_HALVES = (Walker(2, 4, 0.3, last=12), Walker(2, 4, 0.3, first=20))


@pytest.fixture
def halves(track: Track, tmp_path: Path) -> Path:
    """One person who is not seen for 0.8 s; without appearance the tracker takes them for two. The run is `halves`."""
    sequence = write_sequence(tmp_path / "s", TWO_HALVES, 40)
    assert track("run", sequence, *RUN, "--out", "halves", "--keep-embeddings").code == 0
    return tmp_path / "halves"


def test_link_joins_what_the_run_left_apart(track: Track, halves: Path) -> None:
    before = all_files(halves)
    result = track("link", "halves", "--out", "o")
    assert result.code == 0
    assert "linking: 2 tracks became 1 (links: 1" in result.out
    assert set(read_txt(halves)[:, 1]) == {1, 2}
    assert set(read_txt(Path("o"))[:, 1]) == {1}
    assert all_files(halves) == before, "the run stays as it is"


def test_files_and_states(track: Track, halves: Path) -> None:
    track("link", "halves")
    out = Path("runs/halves-linked")
    assert sorted(path.name for path in out.iterdir()) == ["identities.csv", "summary.json", "tracks.csv", "tracks.txt"]
    rows = read_csv(out)
    assert [int(row["frame"]) for row in rows] == list(range(1, 41))
    assert {row["state"] for row in rows if 13 <= int(row["frame"]) <= 20} == {"interpolated"}
    assert {row["state"] for row in rows if not 13 <= int(row["frame"]) <= 20} == {"detected"}
    assert [row["score"] == "" for row in rows] == [row["state"] == "interpolated" for row in rows]
    assert read_summary(out)["linking"]["filled"] == 8
    assert float(rows[14]["time_s"]) == pytest.approx(1.4), "also where the run had no row"


def test_offline_is_a_run_linked_with_its_embeddings(track: Track, halves: Path) -> None:
    track("link", "halves", "--out", "linked")
    assert track("run", "s", *RUN, "--out", "offline", "--offline").code == 0
    assert read_csv(Path("linked")) == read_csv(Path("offline"))


def test_it_works_from_the_table_alone(track: Track, halves: Path) -> None:
    (halves / "embeddings.npz").unlink()
    track("link", "halves", "--out", "o")
    rows = read_txt(Path("o"))
    np.testing.assert_array_equal(rows[:, :2], np.column_stack((np.arange(1, 41), np.ones(40))))
    np.testing.assert_allclose(rows[:, 2], 2 + 0.3 * np.arange(40), atol=1)


@pytest.fixture
def leaving(track: Track, tmp_path: Path) -> Path:
    """One person who walks out over the right border, which cuts its box off; the run is `leaving`, of `strong`."""
    whole = Walker(20, 20, 1.5, last=36, width=22)
    cut = [(frame + 1, -1, 20 + 1.5 * frame, 20, WIDTH - (20 + 1.5 * frame), 24, 0.9) for frame in range(36, 46)]
    folder = write_sequence(tmp_path / "leaving-s", (whole,), 60)
    write_detections(folder / "det" / "det.txt", (whole,), 60, cut)
    assert track("run", folder, *STRONG, "--out", "leaving", "--keep-embeddings").code == 0
    return tmp_path / "leaving"


def test_offline_does_not_take_back_what_the_border_cuts_off(track: Track, leaving: Path) -> None:
    assert track("run", "leaving-s", *STRONG, "--out", "offline", "--offline").code == 0
    assert read_txt(Path("offline"))[:, 0].max() <= read_txt(leaving)[:, 0].max()
    track("link", "leaving", "--out", "linked")
    assert read_csv(Path("linked")) == read_csv(Path("offline"))


def test_where_the_tracker_is_not_to_mind_the_border_linking_is_not_either(track: Track, leaving: Path) -> None:
    Path("any.yaml").write_text("base: strong-1\ntracker: {border_wait_s: 0, border_share: 0}\n")
    options = (*STRONG[:-1], "any.yaml", "--offline")
    assert track("run", "leaving-s", *options, "--out", "offline").code == 0
    assert read_txt(Path("offline"))[:, 0].max() > read_txt(leaving)[:, 0].max()


def test_an_older_file_that_does_not_know_the_border_is_linked_with_a_warning(track: Track, leaving: Path) -> None:
    with np.load(leaving / "embeddings.npz") as content:
        older = {name: column for name, column in content.items() if name != "cut_off"}
    np.savez(leaving / "embeddings.npz", **older)
    result = track("link", "leaving", "--out", "o")
    assert result.code == 0
    assert "does not tell what the border of the picture cuts off" in result.err
    assert len(read_summary(Path("o"))["warnings"]) == 1


def test_linking_again_changes_no_identity(track: Track, halves: Path) -> None:
    track("run", "s", *RUN, "--out", "one", "--offline", "--keep-embeddings")
    result = track("link", "one", "--out", "two")
    assert result.code == 0
    np.testing.assert_array_equal(read_txt(Path("one"))[:, :2], read_txt(Path("two"))[:, :2])


def test_what_is_linked_is_not_smoothed_a_second_time(track: Track, halves: Path) -> None:
    assert track("link", "halves", "--out", "once").code == 0
    twice = track("link", "once", "--out", "twice")
    assert twice.code == 2
    assert twice.err == "track: error: run once is linked already: give the run it was linked from, halves\n"
    assert track("run", "s", *RUN, "--out", "offline", "--offline").code == 0
    twice = track("link", "offline", "--out", "twice")
    assert (twice.code, "is linked already: track run again without --offline" in twice.err) == (2, True)
    assert not Path("twice").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"linking": 1, "source": null}'], ids=["empty", "a list", "no source"])
def test_a_damaged_summary_does_not_keep_a_run_from_being_linked(track: Track, halves: Path, text: str) -> None:
    (halves / "embeddings.npz").unlink()
    (halves / "summary.json").write_text(text)
    assert track("link", "halves", "--out", "o").code == 0


def test_max_gap(track: Track, halves: Path) -> None:
    result = track("link", "halves", "--out", "o", "--max-gap", "0.5")
    assert set(read_txt(Path("o"))[:, 1]) == {1, 2}
    assert "nothing to link: the tracks (2) stay" in result.out
    assert result.code == 0
    assert track("link", "halves", "--out", "o").code == 2, "the folder is taken"
    assert track("link", "halves", "--out", "o", "--overwrite").code == 0


def test_an_empty_run_is_no_error(track: Track, tmp_path: Path) -> None:
    write_sequence(tmp_path / "s", (), 5)
    track("run", "s", *RUN, "--out", "r")
    (tmp_path / "r" / "tracks.csv").write_text("frame,time_s,id,class,x1,y1,x2,y2,score,state\n")
    result = track("link", "r", "--out", "o")
    assert (result.code, "nothing to link" in result.out) == (0, True)


HEADER = "frame,time_s,id,class,x1,y1,x2,y2,score,state"
DAMAGED = {
    "no header": ("1,0.0,1,person,1,2,3,4,0.9,detected", ["line 1", "expected the header"]),
    "a word for a number": (f"{HEADER}\n1,0.0,1,person,a,2,3,4,0.9,detected", ["line 2", "x1 is 'a'", "a number"]),
    "half a row": (
        f"{HEADER}\n1,0.0,1,person,1,2,3,4,0.9,detected\n2,0.1,1,per",
        ["line 3", "4 columns", "the header has 10"],
    ),
    "no id": (f"{HEADER}\n1,0.0,0,person,1,2,3,4,0.9,detected", ["line 2", "id is 0", "from 1"]),
    "empty box": (f"{HEADER}\n1,0.0,1,person,3,2,3,4,0.9,detected", ["line 2", "is empty", "x1 < x2"]),
    "not finite": (f"{HEADER}\n1,0.0,1,person,1,2,inf,4,0.9,detected", ["line 2", "x2 is inf"]),
    "frame 1e9": (f"{HEADER}\n1000000000,0.0,1,person,1,2,3,4,0.9,x", ["line 2", "frame is 1e+09", "1 to 100,000,000"]),
    "frame 1e18": (f"{HEADER}\n{10**18},0.0,1,person,1,2,3,4,0.9,x", ["line 2", "frame is 1e+18"]),
    "an id of 30 digits": (f"{HEADER}\n1,0.0,{'9' * 30},person,1,2,3,4,0.9,x", ["line 2", "id is 1e+30"]),
    "a gap that would fill the memory": (
        f"{HEADER}\n1,0.0,1,person,1,2,3,4,0.9,x\n99999999,9,1,person,1,2,3,4,0.9,x",
        ["id 1 has no box from frame 1 to 99999999", "too many to fill"],
    ),
    "a field out of reason": (
        f"{HEADER}\n1,0.0,1,{'a' * 10_000_000},1,2,3,4,0.9,x",
        ["line 2 has more than 1,000,000"],
    ),
    "twice": (f"{HEADER}\n" + "1,0.0,1,person,1,2,3,4,0.9,detected\n" * 2, ["line 3", "second box at frame 1"]),
}


@pytest.mark.parametrize(("text", "fragments"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_table_is_one_line(track: Track, tmp_path: Path, text: str, fragments: list[str]) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "tracks.csv").write_text(text)
    result = track("link", "r", "--out", "o")
    assert result.code == 2
    assert len(result.err.strip().splitlines()) == 1
    assert [fragment for fragment in fragments if fragment not in result.err] == []
    assert not (tmp_path / "o").exists()


def test_no_run_there(track: Track, tmp_path: Path, halves: Path) -> None:
    assert "run nowhere not found" in track("link", "nowhere").err
    error = track("link", halves / "tracks.csv").err
    assert f"tracks.csv is a file, expected the folder it is in: type {halves}\n" in error
    assert "no tracks.csv in s" in track("link", "s").err
    assert "--max-gap is -1" in track("link", "halves", "--max-gap", "-1").err
    assert "is the run itself" in track("link", "halves", "--out", "halves", "--overwrite").err
    (halves / "embeddings.npz").write_bytes(b"nothing of the kind")
    assert "embeddings.npz is damaged" in track("link", "halves", "--out", "o").err


def test_embeddings_of_another_run_are_refused(track: Track, halves: Path) -> None:
    lines = (halves / "tracks.csv").read_text().splitlines()
    (halves / "tracks.csv").write_text("\n".join(lines[:-1]) + "\n")
    result = track("link", "halves", "--out", "o")
    assert (result.code, "does not belong to the tracks.csv beside it" in result.err) == (2, True)


def test_the_summary_counts_what_was_written(track: Track, halves: Path) -> None:
    track("run", "s", *RUN, "--out", "o", "--offline")
    summary = read_summary(Path("o"))
    assert (summary["counts"]["ids"], summary["counts"]["rows"]) == (1, 40)
    assert summary["linking"]["links"] == 1
    assert states(Path("o")) == {"detected", "interpolated"}
