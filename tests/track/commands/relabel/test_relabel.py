"""`track relabel`: the right people afterwards, all files, and one line for what cannot be."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from tests.track.patterned import pattern_in, write_patterned
from tests.track.runs import (
    FAST,
    TWO_WALKERS,
    Track,
    Walker,
    all_files,
    assert_one_line,
    num_pictures,
    read_csv,
    read_summary,
    read_txt,
    write_sequence,
    write_video,
)
from track.rows.detections_file import load_detections

PEOPLE = (
    Walker(2, 4, 0.5, last=20),
    Walker(2, 4, 0.5, first=26, last=60),  # the first again, under a new id
    Walker(80, 36, -1.0, last=50),
)


def read_identities(folder: Path) -> dict[int, dict[str, str]]:
    with (folder / "identities.csv").open(newline="") as file:
        return {int(row["id"]): row for row in csv.DictReader(file)}


def frames_of(folder: Path, track_id: int) -> set[int]:
    return {int(row["frame"]) for row in read_csv(folder) if row["id"] == str(track_id)}


@pytest.fixture
def run(track: Track, tmp_path: Path) -> Path:
    """Three ids, in order of confirmation: 1 (frames 1 to 20), 2 (frames 1 to 50), 3 (frames 27 to 60)."""
    write_sequence(tmp_path / "s", PEOPLE, 60)
    tracker = tmp_path / "short.yaml"
    tracker.write_text("base: deepsort\ntracker: {max_age: 2}\n")
    options = ("--reid", "none", "--detector", "public", "--tracker", tracker, "--keep-embeddings")
    assert track("run", "s", *options, "--out", "r").code == 0
    return tmp_path / "r"


def test_the_run_is_what_the_tests_say(run: Path) -> None:
    lives = {i: (min(frames_of(run, i)), max(frames_of(run, i))) for i in read_identities(run)}
    assert {i: first for i, (first, _) in lives.items()} == {1: 1, 2: 1, 3: 27}
    assert lives[1][1] < 27
    assert lives[2][1] > 30


def test_merge(track: Track, run: Path) -> None:
    before, was = all_files(run), {i: frames_of(run, i) for i in (1, 2, 3)}
    result = track("relabel", "r", "--merge", "1,3", "--out", "o")
    assert result.code == 0, result.err
    assert frames_of(Path("o"), 1) == was[1] | was[3]
    assert frames_of(Path("o"), 2) == was[2]
    assert set(read_txt(Path("o"))[:, 1]) == {1, 2}, "tracks.txt too"
    assert all_files(run) == before, "the run stays as it is"
    assert "3 became 1" in result.out
    assert "2 people" in result.out


def test_the_first_id_of_a_merge_stays(track: Track, run: Path) -> None:
    track("relabel", "r", "--merge", "3,1", "--out", "o")
    assert set(read_identities(Path("o"))) == {2, 3}


def test_split(track: Track, run: Path) -> None:
    """From frame 11 on somebody else, under the next free id."""
    was = frames_of(run, 1)
    track("relabel", "r", "--split", "1@11", "--out", "o")
    assert frames_of(Path("o"), 1) == {frame for frame in was if frame < 11}
    assert frames_of(Path("o"), 4) == {frame for frame in was if frame >= 11}


def test_ids_that_were_swapped(track: Track, run: Path) -> None:
    """1 and 2 changed places at frame 11: both are split there, and each is joined to the other's rest."""
    was = {i: frames_of(run, i) for i in (1, 2)}
    result = track(
        *("relabel", "r", "--split", "1@11", "--split", "2@11", "--merge", "1,2@11", "--merge", "2,1@11", "--out", "o")
    )
    assert result.code == 0, result.err
    assert set(read_identities(Path("o"))) == {1, 2, 3}
    assert frames_of(Path("o"), 1) == {f for f in was[1] if f < 11} | {f for f in was[2] if f >= 11}


def test_a_middle_part_can_be_dropped(track: Track, run: Path) -> None:
    was = frames_of(run, 2)
    track("relabel", "r", "--split", "2@11,2@21", "--drop", "2@11", "--merge", "2,2@21", "--out", "o")
    assert frames_of(Path("o"), 2) == {frame for frame in was if not 11 <= frame < 21}
    assert set(read_identities(Path("o"))) == {1, 2, 3}


def test_drop_and_name_and_class(track: Track, run: Path) -> None:
    result = track("relabel", "r", "--drop", "3", "--name", "2==SUM(A1)", "--name", "1=Zoë 🦊 <b>", "--class", "1=car")
    out = Path("runs/r-relabelled")
    assert result.code == 0, result.err
    found = read_identities(out)
    assert set(found) == {1, 2}
    assert (found[1]["name"], found[1]["class"]) == ("Zoë 🦊 <b>", "car")
    assert found[2]["name"] == "'=SUM(A1)", "no formula in a spreadsheet"
    rows = read_csv(out)
    assert {row["class"] for row in rows if row["id"] == "1"} == {"car"}
    assert {row["name"] for row in rows if row["id"] == "1"} == {"Zoë 🦊 <b>"}
    assert "1 car, 1 person" in result.out


def test_a_run_without_names_has_no_column_for_them(track: Track, run: Path) -> None:
    track("relabel", "r", "--drop", "3", "--out", "o")
    assert "name" not in read_csv(Path("o"))[0]


def test_rows_that_are_not_meant_stay_to_the_letter(track: Track, run: Path) -> None:
    track("relabel", "r", "--name", "1=Anna", "--name", "1=Anna", "--out", "named")
    track("relabel", "named", "--name", "1=", "--out", "o")
    assert (Path("o") / "tracks.csv").read_bytes() == (run / "tracks.csv").read_bytes()


def test_again_and_again_with_a_history(track: Track, run: Path) -> None:
    """Names stay, ids go on, and the summary tells all steps."""
    track("relabel", "r", "--name", "3=Anna", "--split", "2@30", "--out", "one")
    track("relabel", "one", "--merge", "1,3", "--split", "2@20", "--out", "two")
    found = read_identities(Path("two"))
    assert {i: row["name"] for i, row in found.items()} == {1: "Anna", 2: "", 4: "", 5: ""}
    history = read_summary(Path("two"))["history"]
    assert [(step["run"], step["merge"], step["split"]) for step in history] == [
        ("r", [], ["2@30"]),
        ("one", [["1", "3"]], ["2@20"]),
    ]


def test_embeddings_follow(track: Track, run: Path) -> None:
    """What is dropped belongs to nobody; the run can be linked as before."""
    track("relabel", "r", "--drop", "2", "--class", "1=car", "--merge", "1,3", "--out", "o")
    seen = load_detections(Path("o/embeddings.npz")).seen
    assert set(seen.ids.tolist()) == {0, 1}
    names = load_detections(Path("o/embeddings.npz")).class_names or {}
    assert {names[i] for i in seen.class_ids[seen.ids == 1].tolist()} == {"car"}
    result = track("link", "o", "--out", "linked")
    assert result.code == 0, result.err


def test_link_keeps_names(track: Track, run: Path) -> None:
    (run / "embeddings.npz").unlink()
    track("relabel", "r", "--name", "3=Anna", "--out", "o")
    assert track("link", "o", "--out", "linked").code == 0
    assert [row["name"] for row in read_identities(Path("linked")).values()] == ["Anna", ""], (
        "joined to the first piece"
    )
    assert {row["name"] for row in read_csv(Path("linked"))} == {"Anna", ""}


def test_an_edited_table(track: Track, run: Path) -> None:
    """Sorted by id in a spreadsheet, with semicolons and decimal commas, some rows gone: read all the same."""
    rows = [row for row in read_csv(run) if row["frame"] != "7"]
    rows.sort(key=lambda row: (int(row["id"]), int(row["frame"])))
    with (run / "tracks.csv").open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(rows[0])
        table.writerows([[cell.replace(".", ",") for cell in row.values()] for row in rows])
    result = track("relabel", "r", "--merge", "1,3", "--out", "o")
    assert result.code == 0, result.err
    assert "embeddings.npz does not belong to the tracks.csv beside it, which was edited: left out" in result.err
    assert 7 not in frames_of(Path("o"), 1)
    assert [int(row["frame"]) for row in read_csv(Path("o"))] == sorted(int(row["frame"]) for row in rows)
    assert not (Path("o") / "embeddings.npz").exists()


@pytest.mark.parametrize("text", [None, "", "[]", '{"source": 3, "counts": [], "history": 1}', '{"linking": 1}'])
def test_runs_of_older_versions_and_without_a_summary(track: Track, run: Path, text: str | None) -> None:
    (run / "summary.json").unlink()
    (run / "identities.csv").unlink()
    if text is not None:
        (run / "summary.json").write_text(text)
    assert track("relabel", "r", "--merge", "1,3", "--out", "o").code == 0
    assert set(read_identities(Path("o"))) == {1, 2}


def test_a_partial_run_stays_partial(track: Track, run: Path) -> None:
    summary = read_summary(run)
    (run / "summary.json").write_text(json.dumps({**summary, "partial": True, "reason": "stopped by Ctrl-C"}))
    track("relabel", "r", "--merge", "1,3", "--out", "o")
    assert (read_summary(Path("o"))["partial"], read_summary(Path("o"))["reason"]) == (True, "stopped by Ctrl-C")


IMPOSSIBLE = {
    "nothing": ([], ["nothing to do", "--merge 3,17"]),
    "two at once": (["--merge", "1,2"], ["both are there in frames 1-", "--drop 2", "--split 2@"]),
    "an id that is not there": (["--merge", "1,33"], ["there is no id 33 in r", "nearest are 1, 2, 3"]),
    "a name for nobody": (["--name", "9=Anna"], ["--name 9: there is no id 9"]),
    "one alone": (["--merge", "1"], ["names one identity", "3,17"]),
    "the same twice": (["--merge", "1,1"], ["names one identity"]),
    "no number": (["--merge", "1,Anna"], ["--merge is '1,Anna'", "ids from identities.csv"]),
    "id 0": (["--drop", "0"], ["--drop is '0'", "from 1 on"]),
    "a split without a frame": (["--split", "1"], ["names no frame", "1@120"]),
    "a split at the first frame": (["--split", "1@1"], ["has boxes from frame 1 to", "expected a frame from 2 to"]),
    "a split after the last one": (["--split", "1@500"], ["expected a frame from 2 to"]),
    "a part that nobody split": (["--drop", "2@11"], ["nothing is split there: add --split 2@11, or write 2"]),
    "dropped and merged": (["--drop", "3", "--merge", "1,3"], ["--drop 3 and --merge 3 contradict"]),
    "dropped and named": (["--drop", "3", "--name", "3=Anna"], ["--drop 3 and --name 3 contradict"]),
    "two names for one": (
        ["--merge", "1,3", "--name", "1=Anna", "--name", "3=Ben"],
        ["--name 3=Ben", "'Anna' as well"],
    ),
    "no name": (["--name", "3"], ["--name is '3'", "4=Anna"]),
    "no class": (["--class", "3="], ["--class is '3='", "6=car"]),
    "a name of two lines": (["--name", "3=a\nb"], ["one line of 200 letters"]),
    "a name that is a book": (["--name", f"3={'a' * 201}"], ["201 letters", "one line of 200 letters"]),
    "into the run itself": (["--drop", "3", "--out", "r", "--overwrite"], ["is the run itself"]),
}


@pytest.mark.parametrize(("words", "fragments"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_is_one_line(track: Track, run: Path, words: list[str], fragments: list[str]) -> None:
    before = all_files(run)
    out = [] if "--out" in words else ["--out", "o"]
    assert_one_line(track("relabel", "r", *words, *out), *fragments)
    assert not Path("o").exists()
    assert all_files(run) == before


def test_frames_with_two_at_once_are_named(track: Track, run: Path) -> None:
    """1 and 2 share all frames of 1; after that nothing of 1 is left, so that only dropping is of help."""
    shared = sorted(frames_of(run, 1) & frames_of(run, 2))
    result = track("relabel", "r", "--merge", "2,1", "--out", "o")
    assert f"frames {shared[0]}-{shared[-1]}," in result.err
    assert "--split" not in result.err


def test_the_video_and_the_crops_are_made_anew(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=30)
    assert track("run", clip, *FAST, "--detector", detections, "--out", "r", "--crops", "2").code == 0
    result = track("relabel", "r", "--split", "1@15", "--name", "2=Anna", "--drop", "2", "--out", "bad")
    assert result.code == 2
    result = track("relabel", "r", "--split", "1@15", "--name", "1=Anna", "--out", "o")
    assert result.code == 0, result.err
    assert num_pictures(Path("o/annotated.mp4")) == 30
    crops = {int(path.parent.name): int(path.stem) for path in sorted(Path("o/crops").glob("*/*.jpg"))}
    assert crops[1] < 15 <= crops[3], "each part has the crops of its own frames"
    assert (Path("o") / read_identities(Path("o"))[3]["crop"]).is_file()
    assert read_summary(Path("o"))["files"][-1] == "summary.json"
    clip.unlink()
    result = track("relabel", "r", "--name", "1=Anna", "--out", "p")
    assert result.code == 0
    assert "clip.mp4, the video of run r, is not there any more: type where it is after --video" in result.err
    assert not Path("p/annotated.mp4").exists()


def test_a_run_that_hides_people_goes_on_hiding_them(track: Track, tmp_path: Path) -> None:
    """Also the one that is dropped; and the run knows what it does not know."""
    clip = write_patterned(tmp_path, TWO_WALKERS, 20)
    track("run", clip, *FAST, "--detector", "clip.txt", "--style", "blur", "--out", "r")
    result = track("relabel", "r", "--drop", "2", "--out", "o")
    assert result.code == 0
    assert "detections that belong to nobody: these are not hidden" in result.err
    with av.open("o/annotated.mp4") as video:
        for frame, picture in enumerate(video.decode(video=0)):
            image = picture.to_ndarray(format="bgr24")
            assert max(pattern_in(image, walker, frame) for walker in TWO_WALKERS) < 20


def test_a_relabelled_run_is_scored_as_any_other(track: Track, run: Path, tmp_path: Path) -> None:
    rows = [f"{int(r[0])},{1 if r[1] in (1, 3) else 2},{r[2]},{r[3]},{r[4]},{r[5]},1,1,1\n" for r in read_txt(run)]
    (tmp_path / "gt.txt").write_text("".join(rows))
    track("relabel", "r", "--merge", "1,3", "--out", "o")
    shutil.rmtree(run)
    report = json.loads(track("eval", "--gt", "gt.txt", "--pred", "o", "--json").out)
    assert np.isclose(report["combined"]["IDF1"], 100)
