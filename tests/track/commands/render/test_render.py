"""`track render`: any finished run on its video again; who is to be hidden is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from tests.track.patterned import pattern_in, write_patterned
from tests.track.runs import (
    FAST,
    Track,
    Walker,
    all_files,
    assert_one_line,
    num_pictures,
    read_csv,
    write_sequence,
    write_video,
)

NUM_FRAMES = 24
TWO = (Walker(2, 4, 1.0), Walker(70, 36, -1.0))


@pytest.fixture
def run(track: Track, tmp_path: Path) -> Path:
    """Two people; the run is `r`, of `clip.mp4`."""
    clip, detections = write_video(tmp_path, TWO, NUM_FRAMES)
    assert track("run", clip, *FAST, "--detector", detections, "--out", "r").code == 0
    return tmp_path / "r"


def pictures(folder: str | Path) -> list[np.ndarray]:
    with av.open(str(Path(folder) / "annotated.mp4")) as video:
        return [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]


def colour_at(image: np.ndarray, walker: Walker, frame: int) -> np.ndarray:
    """In the middle of somebody."""
    _, _, x, y, width, height, _ = (int(value) for value in walker.row(frame))
    return image[y + height // 2 - 3 : y + height // 2 + 3, x + width // 2 - 2 : x + width // 2 + 2].mean(axis=(0, 1))


def test_it_writes_a_video_and_nothing_else(track: Track, run: Path) -> None:
    before = all_files(run)
    result = track("render", "r", "--style", "ellipse")
    assert result.code == 0, result.err
    assert result.out.splitlines()[-1] == "runs/r-ellipse/annotated.mp4"
    assert [path.name for path in Path("runs/r-ellipse").iterdir()] == ["annotated.mp4"]
    assert num_pictures(Path("runs/r-ellipse/annotated.mp4")) == NUM_FRAMES
    assert all_files(run) == before


def test_boxes_are_those_of_the_run(track: Track, run: Path) -> None:
    track("render", "r", "--out", "o")
    for again, first in zip(pictures("o"), pictures("r"), strict=True):
        np.testing.assert_array_equal(again, first)


def test_none_is_the_video_itself_encoded_anew(track: Track, run: Path) -> None:
    track("render", "r", "--style", "none", "--out", "o")
    with av.open("clip.mp4") as video:
        source = [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(pictures("o"), source, strict=True)) < 3


@pytest.mark.parametrize(
    ("options", "is_hidden"),
    [
        pytest.param(["--style", "blur"], (True, True), id="everybody"),
        pytest.param(["--style", "blur", "--only", "1"], (True, False), id="one"),
        pytest.param(["--style", "none", "--only", "1", "--blur-others"], (False, True), id="the others"),
        pytest.param(["--style", "none"], (False, False), id="nobody"),
    ],
)
def test_who_is_hidden(track: Track, tmp_path: Path, options: list[str], is_hidden: tuple[bool, bool]) -> None:
    """People of a fine pattern: whoever is hidden has none any more."""
    clip = write_patterned(tmp_path, TWO, NUM_FRAMES)
    assert track("run", clip, *FAST, "--detector", tmp_path / "clip.txt", "--out", "r").code == 0
    assert track("render", "r", *options, "--out", "o").code == 0
    for frame, image in enumerate(pictures("o")):
        contrast = [pattern_in(image, walker, frame) for walker in TWO]
        assert [value < 20 for value in contrast] == list(is_hidden), (frame, contrast)


def test_somebody_is_hidden_before_the_first_row_and_after_the_last(track: Track, tmp_path: Path) -> None:
    """The rows of frames 7 to 12 alone are left; half a second (5 frames) before and after, they still hide."""
    clip = write_patterned(tmp_path, TWO, NUM_FRAMES)
    track("run", clip, *FAST, "--detector", tmp_path / "clip.txt", "--out", "r", "--no-video")
    lines = (tmp_path / "r" / "tracks.csv").read_text().splitlines()
    kept = [line for line in lines[1:] if 7 <= int(line.split(",")[0]) <= 12 and line.split(",")[2] == "1"]
    (tmp_path / "r" / "tracks.csv").write_text("\n".join([lines[0], *kept, ""]))
    assert track("render", "r", "--style", "blur", "--out", "o").code == 0
    hidden = [frame + 1 for frame, image in enumerate(pictures("o")) if pattern_in(image, TWO[0], frame) < 20]
    assert hidden == list(range(2, 18))


def test_where_no_row_is_left_everybody_who_was_seen_is_hidden(track: Track, tmp_path: Path) -> None:
    clip = write_patterned(tmp_path, TWO, NUM_FRAMES)
    options = ("--reid", "small-cnn", "--tracker", "deepsort", "--keep-embeddings", "--no-video")
    track("run", clip, *options, "--detector", tmp_path / "clip.txt", "--out", "r")
    assert track("relabel", "r", "--drop", "1,2", "--out", "none").code == 0
    assert track("render", "none", "--style", "blur", "--out", "o").code == 0
    for frame, image in enumerate(pictures("o")):
        assert max(pattern_in(image, walker, frame) for walker in TWO) < 20, frame


def test_a_video_that_has_moved(track: Track, run: Path, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").rename(tmp_path / "elsewhere.mp4")
    assert_one_line(track("render", "r", "--out", "o"), "clip.mp4, the video of run r, is not there", "after --video")
    assert not Path("o").exists()
    assert track("render", "r", "--out", "o", "--video", "elsewhere.mp4").code == 0
    assert track("render", "r", "--out", "p", "--video", "nowhere.mp4").code == 2


def test_from_another_folder_the_video_is_found_where_the_run_was_made(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(tmp_path, TWO, NUM_FRAMES)
    assert track("run", "clip.mp4", *FAST, "--detector", "clip.txt", "--no-video").code == 0
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    result = track("render", "../runs/clip", "--out", "o")
    assert result.code == 0, result.err


def test_made_of_other_runs(track: Track, run: Path) -> None:
    """A linked run, a relabelled one, and an edited one of an older version: each knows its video by the one before."""
    assert track("link", "r", "--out", "linked").code == 0
    assert track("relabel", "linked", "--name", "1=Anna", "--out", "named").code == 0
    assert track("render", "named", "--out", "o").code == 0
    summary = json.loads((Path("linked") / "summary.json").read_text())
    older = {"source": {"run": summary["source"]["run"], "with_embeddings": False}}
    (Path("linked") / "summary.json").write_text(json.dumps(older))
    assert track("render", "linked", "--out", "p").code == 0
    assert num_pictures(Path("p/annotated.mp4")) == NUM_FRAMES


def test_a_part_of_a_video_is_paired_by_frame(track: Track, tmp_path: Path) -> None:
    """A run from the second second on: the same frames, and the rows on them."""
    clip, detections = write_video(tmp_path, TWO, NUM_FRAMES)
    track("run", clip, *FAST, "--detector", detections, "--out", "r", "--start", "1", "--end", "2")
    assert {int(row["frame"]) for row in read_csv(Path("r"))} <= set(range(11, 21))
    track("render", "r", "--out", "o")
    for again, first in zip(pictures("o"), pictures("r"), strict=True):
        np.testing.assert_array_equal(again, first)


def test_overwrite_replaces_the_video_alone(track: Track, run: Path) -> None:
    Path("o").mkdir()
    (Path("o") / "tracks.csv").write_text("of another run")
    assert_one_line(track("render", "r", "--out", "o"), "exists and is not empty: use --overwrite")
    assert track("render", "r", "--out", "o", "--overwrite").code == 0
    assert (Path("o") / "tracks.csv").read_text() == "of another run"


BAD = {
    "an id that is not there": (["--only", "1,9"], ["there is no id 9 in r", "nearest are 1, 2"]),
    "no ids": (["--only", "Anna"], ["--only is 'Anna'", "such as 3,4"]),
    "an unknown style": (["--style", "box"], ["--style", "boxes"]),
    "a negative trail": (["--trail", "-1"], ["--trail is -1"]),
    "a trail of nothing": (["--style", "heat", "--trail", "1"], ["--trail has no effect with --style heat"]),
    "others of nobody": (["--blur-others"], ["--only 3,4"]),
    "both ways to hide": (["--style", "blur", "--only", "1", "--blur-others"], ["no effect with --style blur"]),
    "faces of nobody": (["--faces"], ["needs --style blur or --blur-others"]),
    "into the run": (["--out", "r", "--overwrite"], ["is the run itself"]),
}


@pytest.mark.parametrize(("words", "fragments"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line(track: Track, run: Path, words: list[str], fragments: list[str]) -> None:
    before = all_files(run)
    out = [] if "--out" in words else ["--out", "o"]
    assert_one_line(track("render", "r", *words, *out), *fragments)
    assert not Path("o").exists()
    assert all_files(run) == before


def test_a_video_that_is_not_of_the_run(track: Track, run: Path, tmp_path: Path) -> None:
    from tests.track.media import write_clip

    write_clip(tmp_path / "other.mp4", 12, fps=10)
    result = track("render", "r", "--out", "o", "--video", "other.mp4")
    assert result.code == 0
    assert "rows go on to frame 24, but the video ends with frame 12" in result.err
    images = [np.full((80, 100, 3), 9, np.uint8)] * 3
    write_clip(tmp_path / "small.mp4", images)
    expected = ["small.mp4 is 100x80 px, but run r was of 96x64 px"]
    assert_one_line(track("render", "r", "--out", "p", "--video", "small.mp4"), *expected)


def test_runs_without_pictures_and_of_cameras(track: Track, run: Path, tmp_path: Path) -> None:
    write_sequence(tmp_path / "s")
    track("run", "s", *FAST, "--detector", "public", "--out", "blind")
    assert_one_line(track("render", "blind", "--out", "o"), "s has no pictures to draw on")
    summary = json.loads((run / "summary.json").read_text())
    summary["source"]["path"] = "0"
    (run / "summary.json").write_text(json.dumps(summary))
    assert_one_line(track("render", "r", "--out", "o"), "run r is of 0, which cannot be read again", "--video")
    (run / "summary.json").unlink()
    assert_one_line(track("render", "r", "--out", "o"), "r does not tell which video it is of", "--video")
    shutil.rmtree(run)
    assert_one_line(track("render", "r", "--out", "o"), "run r not found")
