"""`--crops N`: which pictures of somebody are kept, and what lies in the folder."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data import load_reid_data
from tests.track.media import write_clip
from tests.track.runs import (
    FAST,
    HEIGHT,
    TWO_WALKERS,
    WIDTH,
    Track,
    Walker,
    assert_one_line,
    read_csv,
    read_summary,
    run_config,
    write_detections,
    write_video,
)
from track.run.crop_choice import Kept, covered_shares, kept_of, sharpness
from track.run.run import run
from track.terminal.progress import Silent


def crops_in(folder: Path) -> dict[int, list[int]]:
    """Frames of the crops of each identity."""
    found: dict[int, list[int]] = {}
    for path in sorted((folder / "crops").glob("*/*.jpg")):
        found.setdefault(int(path.parent.name), []).append(int(path.stem))
    return found


def kept(frame: int, look: float, sharp: float = 1.0, covered: float = 0.0) -> Kept:
    """A crop whose look is an angle."""
    return Kept(frame, 0, sharp, covered, np.array([np.cos(look), np.sin(look)], np.float32))


CHOICES = {
    "fewer than wanted": ([kept(0, 0.0), kept(1, 1.0)], 3, [0, 1]),
    "of the same look, the sharper": ([kept(0, 0.0), kept(1, 0.01, sharp=2.0), kept(2, 1.0)], 2, [1, 2]),
    "of the same look, the one in the open": ([kept(0, 0.0, covered=0.6), kept(1, 0.01), kept(2, 1.0)], 2, [1, 2]),
    "unlike ones, not three of a kind": (
        [kept(0, 0.0), kept(1, 0.01), kept(2, 0.02), kept(3, 1.0), kept(4, 2.0)],
        3,
        [0, 3, 4],
    ),
    "a blurred one is no gain, however unlike": (
        [kept(0, 0.0, sharp=10.0), kept(1, 0.2, sharp=9.0), kept(2, 3.0, sharp=0.1)],
        2,
        [0, 1],
    ),
    "one alone is the best one": ([kept(0, 0.0, sharp=0.5), kept(1, 2.0, sharp=3.0), kept(2, 1.0)], 1, [1]),
}


@pytest.mark.parametrize(("pool", "count", "frames"), CHOICES.values(), ids=CHOICES)
def test_which_crops_are_kept(pool: list[Kept], count: int, frames: list[int]) -> None:
    assert [one.frame for one in kept_of(pool, count)] == frames


def test_sharpness_does_not_depend_on_size() -> None:
    """The same picture at twice the size is about as sharp; blurred it is much less so."""
    picture = np.random.default_rng(2).integers(0, 256, (64, 32, 3), np.uint8)
    large = cv2.resize(picture, (128, 256), interpolation=cv2.INTER_CUBIC)
    larger = cv2.resize(picture, (256, 512), interpolation=cv2.INTER_CUBIC)
    assert sharpness(large) == pytest.approx(sharpness(larger), rel=0.2)
    assert sharpness(cv2.GaussianBlur(large, (0, 0), 5)) < 0.1 * sharpness(large)


def test_what_covers_somebody() -> None:
    """Whoever stands lower in the picture is nearer; what is beyond the border cannot be seen either."""
    xyxy = np.array([[100.0, 100, 140, 200], [120, 120, 160, 220], [-20, 100, 20, 200], [300, 0, 340, 100]])
    assert covered_shares(xyxy, [0, 1, 2, 3], (640, 360)) == pytest.approx([0.4, 0, 0.5, 0])


def test_layout(track: Track, tmp_path: Path) -> None:
    """What `train-reid` reads; at least one of each, at most as many as were asked for, of frames it was seen in."""
    clip, detections = write_video(tmp_path, TWO_WALKERS, 30)
    write_detections(detections, (*TWO_WALKERS, Walker(40, 20, first=6, last=10)), 30)
    result = track("run", clip, *FAST, "--detector", detections, "--out", "o", "--crops", "3")
    assert result.code == 0, result.err
    found, rows = crops_in(Path("o")), read_csv(Path("o"))
    assert set(found) == {1, 2, 3} == {int(row["id"]) for row in rows}
    assert all(1 <= len(frames) <= 3 for frames in found.values())
    assert len(found[1]) == 3
    for track_id, frames in found.items():
        assert set(frames) <= {int(row["frame"]) for row in rows if row["id"] == str(track_id)}
    with (Path("o") / "identities.csv").open(newline="") as file:
        best = {int(row["id"]): row["crop"] for row in csv.DictReader(file)}
    assert {i: Path(name).parent.as_posix() for i, name in best.items()} == {i: f"crops/{i}" for i in found}
    assert all((Path("o") / name).is_file() for name in best.values())
    assert len(load_reid_data([str(Path("o") / "crops")]).train) > 0
    assert "crops" in read_summary(Path("o"))["files"]
    assert not [path.name for path in Path("o").iterdir() if path.name.startswith(".")]


def test_crops_show_the_person(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=20)
    track("run", clip, *FAST, "--detector", detections, "--out", "o", "--crops", "2", "--no-video")
    for path in Path("o/crops/1").iterdir():
        blue, green, red = cv2.imread(str(path)).mean(axis=(0, 1))
        assert (red > 180, green < 110, blue < 90) == (True, True, True), "the first walker is red"


def test_the_sharp_ones_are_kept(track: Track, tmp_path: Path) -> None:
    """Somebody stands still in a video that is out of focus but for a second in the middle."""
    texture = np.random.default_rng(4).integers(0, 256, (24, 12, 3), np.uint8)
    images = []
    for frame in range(60):
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        image[20:44, 30:42] = texture
        images.append(image if 25 <= frame < 35 else cv2.GaussianBlur(image, (0, 0), 3))
    write_detections(tmp_path / "d.txt", (Walker(30, 20, 0.0),), 60)
    clip = write_clip(tmp_path / "clip.mp4", images, fps=10, options={"crf": "10"})
    track("run", clip, *FAST, "--detector", "d.txt", "--out", "o", "--crops", "2", "--no-video")
    assert all(26 <= frame <= 35 for frame in crops_in(Path("o"))[1])


def test_offline_a_person_in_two_pieces_has_one_folder(tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, [Walker(2, 4, 0.3, last=12), Walker(2, 4, 0.3, first=20)], 40)
    run(run_config(clip, detections, tmp_path / "o", offline=True, crops=4), Silent())
    found = crops_in(tmp_path / "o")
    assert set(found) == {1}
    assert len(found[1]) == 4


def test_linked_later_as_well(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, [Walker(2, 4, 0.3, last=12), Walker(2, 4, 0.3, first=20)], 40)
    track("run", clip, *FAST, "--detector", detections, "--out", "r", "--crops", "2")
    assert set(crops_in(Path("r"))) == {1, 2}
    assert track("link", "r", "--out", "o").code == 0
    assert crops_in(Path("o")) == {1: sorted(frame for frames in crops_in(Path("r")).values() for frame in frames)}


def test_crops_of_others_are_never_replaced(track: Track, tmp_path: Path) -> None:
    """A folder of that name that no run wrote: refused, and nothing in it touched."""
    clip, detections = write_video(tmp_path)
    mine = tmp_path / "crops" / "1" / "000001.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    words = ("run", clip, *FAST, "--detector", detections, "--out", ".", "--overwrite")
    assert_one_line(track(*words, "--crops", "2"), "crops is there already and is not of a run", "another --out")
    assert track(*words).code == 0
    assert mine.read_bytes() == b"mine"


def test_crops_of_an_earlier_run_go_with_it(track: Track, tmp_path: Path) -> None:
    """Replaced by the next run's, or removed where it has none; what somebody laid beside them stays."""
    clip, detections = write_video(tmp_path)
    words = ("run", clip, *FAST, "--detector", detections, "--out", "o", "--overwrite")
    track(*words, "--crops", "3")
    (Path("o") / "crops" / "77").mkdir()
    (Path("o") / "crops" / "77" / "000001.jpg").write_bytes(b"stale")
    track(*words, "--crops", "1")
    assert {track_id: len(frames) for track_id, frames in crops_in(Path("o")).items()} == {1: 1, 2: 1}
    (Path("o") / "crops" / "1" / "notes.txt").write_text("mine")
    track(*words)
    assert [path.name for path in Path("o/crops").rglob("*")] == ["1", "notes.txt"]


@pytest.mark.parametrize(("number", "expected"), [("-1", "--crops is -1"), ("100000", "from 1 to 1000")])
def test_absurd_numbers(track: Track, tmp_path: Path, number: str, expected: str) -> None:
    clip, detections = write_video(tmp_path)
    assert_one_line(track("run", clip, *FAST, "--detector", detections, "--crops", number), expected)


def test_without_pictures_there_is_nothing_to_cut_out(track: Track, tmp_path: Path) -> None:
    from tests.track.runs import write_sequence

    write_sequence(tmp_path / "s")
    assert_one_line(track("run", "s", *FAST, "--detector", "public", "--crops", "2"), "--crops 2", "s has none")
