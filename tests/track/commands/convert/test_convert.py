"""`track convert`: a run for other programs, their files as a run or a ground truth, and what it says of bad input."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from tests.track.runs import FAST, HEIGHT, WIDTH, Track, Walker, all_files, assert_one_line, read_csv, write_sequence
from track.formats.catalogue import FORMATS

RUN = (*FAST, "--detector", "public")
PEOPLE = (Walker(2, 4, 0.5, last=30), Walker(80, 36, -0.5, first=5, last=25, score=0.4))


@pytest.fixture
def run(track: Track, tmp_path: Path) -> Path:
    """The run `shop` of two people, 10 fps."""
    assert track("run", write_sequence(tmp_path / "s", PEOPLE, 40), *RUN, "--out", "shop").code == 0
    return Path("shop")


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "rerun"])
def test_each_format_is_written_beside_the_run(track: Track, run: Path, name: str) -> None:
    before = all_files(run)
    if name == "parquet":
        pytest.importorskip("pyarrow")
    result = track("convert", "shop", "--to", name)
    assert (result.code, result.out.splitlines()[0]) == (0, "results:")
    (made,) = Path("runs").iterdir()
    assert made.name == f"shop-{name}{FORMATS[name].suffix}"
    assert made.is_file() == bool(FORMATS[name].suffix)
    assert all_files(run) == before, "the run stays as it is"


@pytest.mark.parametrize("name", ["cvat", "coco", "label-studio"])
def test_there_and_back_is_the_same_table(track: Track, run: Path, name: str) -> None:
    out = f"a{FORMATS[name].suffix}"
    assert track("convert", "shop", "--to", name, "--out", out).code == 0
    assert track("convert", out, "--from", name, "--out", "back").code == 0
    for file in ("tracks.csv", "tracks.txt"):
        assert (Path("back") / file).read_bytes() == (run / file).read_bytes()


def test_what_came_back_is_a_run_like_others(track: Track, run: Path) -> None:
    """It can be counted, linked, converted on, and its source has the size and the rate of the first one."""
    track("convert", "shop", "--to", "cvat", "--out", "a.xml")
    track("convert", "a.xml", "--from", "cvat", "--out", "back")
    assert track("link", "back", "--out", "linked").code == 0
    Path("zones.yaml").write_text("lines: {door: {from: [0.2, 1], to: [0.2, 0]}}")
    assert track("zones", "back", "--zones", "zones.yaml", "--out", "z").code == 0
    assert track("convert", "back", "--to", "coco", "--out", "b.json").code == 0
    content = json.loads(Path("b.json").read_text())
    assert {(image["width"], image["height"]) for image in content["images"]} == {(WIDTH, HEIGHT)}
    assert content["info"]["fps"] == 10
    assert len(content["images"]) == 40


def test_as_a_ground_truth_it_is_scored(track: Track, run: Path) -> None:
    track("convert", "shop", "--to", "cvat", "--out", "a.xml")
    assert track("convert", "a.xml", "--from", "cvat", "--as", "gt", "--out", "truth").code == 0
    assert sorted(p.name for p in Path("truth").rglob("*") if p.is_file()) == ["gt.txt", "labels.txt", "seqinfo.ini"]
    result = track("eval", "--gt", "truth", "--pred", "shop", "--json")
    assert result.code == 0
    scores = json.loads(result.out)["combined"]
    assert (scores["HOTA"], scores["IDF1"], scores["MOTA"]) == (
        pytest.approx(100),
        pytest.approx(100),
        pytest.approx(100),
    )


def test_mot_as_a_zip_for_cvat(track: Track, run: Path) -> None:
    assert track("convert", "shop", "--to", "mot", "--out", "up.zip").code == 0
    with zipfile.ZipFile("up.zip") as archive:
        assert sorted(archive.namelist()) == ["gt/gt.txt", "gt/labels.txt", "seqinfo.ini"]
    assert track("convert", "up.zip", "--from", "mot", "--out", "back").code == 0
    columns = ("frame", "id", "x1", "y1", "x2", "y2", "time_s")
    assert [[row[c] for c in columns] for row in read_csv(Path("back"))] == [
        [row[c] for c in columns] for row in read_csv(run)
    ]


def test_size_and_rate_where_nothing_tells_them(track: Track, run: Path) -> None:
    (run / "summary.json").unlink()
    assert_one_line(track("convert", "shop", "--to", "cvat"), "needs the size of the pictures", "--size 1920x1080")
    assert track("convert", "shop", "--to", "cvat", "--size", "200x100", "--out", "a.xml").code == 0
    assert "<width>200</width><height>100</height>" in Path("a.xml").read_text()
    Path("plain").mkdir()
    Path("plain/gt.txt").write_text("1,1,1,1,5,5,1,1,1\n6,1,1,1,5,5,1,1,1\n")
    guessed = track("convert", "plain/gt.txt", "--from", "mot", "--out", "g")
    assert "does not tell its rate: 25 frames per second are taken; --fps sets it" in guessed.err
    told = track("convert", "plain/gt.txt", "--from", "mot", "--fps", "10", "--out", "t")
    assert told.err == ""
    assert [row["time_s"] for row in read_csv(Path("g"))] == ["0.0000", "0.2000"]
    assert [row["time_s"] for row in read_csv(Path("t"))] == ["0.0000", "0.5000"]


def test_nothing_is_replaced_unasked(track: Track, run: Path) -> None:
    track("convert", "shop", "--to", "cvat", "--out", "a.xml")
    assert_one_line(track("convert", "shop", "--to", "cvat", "--out", "a.xml"), "a.xml is there already", "--overwrite")
    assert track("convert", "shop", "--to", "cvat", "--out", "a.xml", "--overwrite").code == 0
    assert_one_line(track("convert", "shop", "--to", "yolo", "--out", "shop"), "is the run itself")
    assert_one_line(
        track("convert", "shop/tracks.csv", "--to", "supervision", "--out", "shop/tracks.csv", "--overwrite"),
        "would be replaced",
    )
    track("convert", "a.xml", "--from", "cvat", "--out", "back")
    assert_one_line(track("convert", "a.xml", "--from", "cvat", "--out", "back"), "not empty", "--overwrite")
    assert track("convert", "a.xml", "--from", "cvat", "--out", "back", "--overwrite").code == 0


def test_yolo_of_a_shorter_run_leaves_no_label_of_a_longer_one(track: Track, run: Path, tmp_path: Path) -> None:
    track("convert", "shop", "--to", "yolo", "--out", "y")
    track("run", write_sequence(tmp_path / "short", PEOPLE, 10), *RUN, "--out", "less")
    assert track("convert", "less", "--to", "yolo", "--out", "y", "--overwrite").code == 0
    assert len(list(Path("y/labels").iterdir())) == 10
    assert {int(row["frame"]) for row in csv.DictReader(Path("y/ids.csv").read_text().splitlines())} <= set(
        range(1, 11)
    )


def test_yolo_of_a_damaged_run_leaves_what_was_there(track: Track, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "yolo"
    track("convert", run, "--to", "yolo", "--out", out)
    (out / "labels" / "mine.txt").write_text("of another program")
    before = sorted(file.name for file in (out / "labels").iterdir())
    table = run / "tracks.csv"
    text = table.read_text()
    table.write_text(text + "1,nonsense\n")
    assert_one_line(track("convert", run, "--to", "yolo", "--out", out, "--overwrite"), "line")
    assert sorted(file.name for file in (out / "labels").iterdir()) == before
    table.write_text(text)
    track("convert", run, "--to", "yolo", "--out", out, "--overwrite")
    assert (out / "labels" / "mine.txt").is_file()


def test_bad_words_are_one_line(track: Track, run: Path) -> None:
    assert_one_line(track("convert", "shop"), "nothing to do", "--to cvat")
    assert_one_line(track("convert", "shop", "--to", "cvat", "--from", "cvat"), "exclude each other")
    assert_one_line(track("convert", "shop", "--to", "cvta"), "unknown --to 'cvta'", "cvat")
    assert_one_line(track("convert", "a", "--from", "yolo"), "unknown --from 'yolo'", "cvat")
    assert_one_line(track("convert", "nowhere", "--to", "cvat"), "run nowhere not found")
    assert_one_line(track("convert", "nowhere.xml", "--from", "cvat"), "nowhere.xml not found", "CVAT for video 1.1")
    assert_one_line(track("convert", "shop", "--from", "cvat"), "shop is a folder, expected a file")
    assert_one_line(track("convert", "shop/tracks.txt", "--from", "cvat"), "is no XML")
    assert_one_line(track("convert", "shop", "--to", "cvat", "--as", "gt"), "--as gt has no effect with --to")
    assert_one_line(track("convert", "shop/tracks.txt", "--from", "mot", "--as", "truth"), "unknown --as 'truth'")
    assert_one_line(track("convert", "shop", "--to", "cvat", "--fps", "0"), "--fps is 0")
    assert_one_line(track("convert", "shop", "--to", "cvat", "--size", "big"), "--size is 'big'")
    assert_one_line(track("convert", "shop", "--to", "coco", "--out", "."), "is a folder, expected a file")
    into_a_file = track("convert", "shop", "--to", "coco", "--out", "shop/tracks.csv/a.json")
    assert_one_line(into_a_file, "cannot write to shop/tracks.csv/a.json", "choose another --out")
