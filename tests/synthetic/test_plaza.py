"""The demo clip as it lies in videos/: its form, its story, and that the code still makes the same one."""

from __future__ import annotations

import configparser
from pathlib import Path

import av
import numpy as np
import pytest

from synthetic.plaza import FPS, NUM_FRAMES, plaza_scene, truth_rows, write_plaza
from synthetic.scene import Scene, Truth, render

VIDEOS = Path(__file__).resolve().parents[2] / "videos"
CLIP, GROUND_TRUTH = VIDEOS / "plaza.mp4", VIDEOS / "plaza" / "gt" / "gt.txt"
SAMPLED = (0, 137, 299)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return plaza_scene()


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Ground truth rows: frame, id, x, y, w, h, 1, class, visibility."""
    return np.loadtxt(GROUND_TRUTH, delimiter=",")


def test_the_clip_plays_in_a_browser() -> None:
    with av.open(str(CLIP)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate, stream.frames) == (640, 360, FPS, NUM_FRAMES)
        assert sum(1 for _ in container.decode(stream)) == NUM_FRAMES
    content = CLIP.read_bytes()
    assert len(content) < 3_000_000
    assert content.index(b"moov") < content.index(b"mdat")  # the index in front: it starts before it is loaded


def test_seqinfo_describes_the_clip() -> None:
    info = configparser.ConfigParser()
    info.optionxform = str  # type: ignore[assignment, method-assign]
    info.read(VIDEOS / "plaza" / "seqinfo.ini")
    expected = {"name": "plaza", "imDir": "img1", "frameRate": "25", "seqLength": "300", "imExt": ".jpg"}
    assert dict(info["Sequence"]) == {**expected, "imWidth": "640", "imHeight": "360"}


def test_ground_truth_is_valid(rows: np.ndarray) -> None:
    frames, ids, x, y, w, h, considered, classes, visibility = rows.T
    assert set(frames) == set(range(1, NUM_FRAMES + 1))
    assert 8 <= len(set(ids)) <= 12
    assert len({(frame, person) for frame, person in zip(frames, ids, strict=True)}) == len(rows)
    assert (x >= 0).all()
    assert (y >= 0).all()
    assert (x + w <= 640).all()
    assert (y + h <= 360).all()
    assert (np.minimum(w, h) >= 1).all()
    assert (considered == 1).all()
    assert (classes == 1).all()
    assert ((visibility >= 0) & (visibility <= 1)).all()


def test_people_leave_and_come_back(rows: np.ndarray) -> None:
    gaps = {}
    for person in np.unique(rows[:, 1]):
        frames = rows[rows[:, 1] == person, 0]
        gaps[int(person)] = int(np.diff(frames).max())
    assert gaps.pop(1) > 3 * FPS  # longer than DeepSORT remembers by default (30 frames)
    assert FPS / 2 < gaps.pop(2) < 30  # shorter
    assert set(gaps.values()) == {1}


def test_people_hide_one_another(rows: np.ndarray) -> None:
    inside = (rows[:, 2] > 2) & (rows[:, 2] + rows[:, 4] < 638)
    hidden = rows[inside & (rows[:, 8] < 0.9)]
    assert len(np.unique(hidden[:, 1])) >= 5
    assert len(np.unique(rows[inside & (rows[:, 8] < 0.5), 1])) >= 3  # crossings, not only touches
    assert 30 <= len(hidden) <= 0.15 * len(rows)  # apart most of the time


def test_the_scene_is_not_crowded(rows: np.ndarray) -> None:
    people = np.bincount(rows[:, 0].astype(int), minlength=NUM_FRAMES + 1)[1:]
    assert 4 <= people.mean() <= 5
    assert people[:FPS].max() <= 3  # a background learner sees most of the ground in the first second


def test_people_are_large_enough_to_carry_appearance(rows: np.ndarray) -> None:
    heights = rows[rows[:, 8] > 0.9, 5]
    assert np.median(heights) >= 110
    assert heights.max() >= 160


def test_the_code_still_makes_this_ground_truth(scene: Scene, rows: np.ndarray) -> None:
    for index, (_, truth) in zip(SAMPLED, render(scene, SAMPLED), strict=True):
        stored = rows[rows[:, 0] == index + 1]
        np.testing.assert_array_equal(truth.ids, stored[:, 1])
        boxes = np.concatenate([stored[:, 2:4], stored[:, 2:4] + stored[:, 4:6]], axis=1)
        np.testing.assert_allclose(
            truth.xyxy, boxes, atol=1.5
        )  # another machine may round another way: 1 px, and the truth is stored rounded
        np.testing.assert_allclose(truth.visibility, stored[:, 8], atol=0.02)


def test_the_clip_shows_these_frames(scene: Scene) -> None:
    with av.open(str(CLIP)) as container:
        decoded = [
            frame.to_ndarray(format="bgr24")
            for index, frame in enumerate(container.decode(video=0))
            if index in SAMPLED
        ]
    for shown, (drawn, _) in zip(decoded, render(scene, SAMPLED), strict=True):
        error = np.abs(shown.astype(int) - drawn.astype(int)).mean()
        assert error < 4  # compression and noise; a person moved by a few px costs more


def test_a_rerun_writes_the_same_bytes(scene: Scene, tmp_path: Path) -> None:
    short = Scene(**{**vars(scene), "num_frames": 3})
    written = [write_plaza(tmp_path / run, short) for run in ("a", "b")]
    for first, second in zip(*written, strict=True):
        assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "a" / "plaza" / "gt" / "gt.txt").read_text().startswith("1,1,")


def test_rows_are_1_based_integers_with_three_decimals_of_visibility() -> None:
    truth = Truth(np.array([7]), np.array([[10, 20, 40, 100]], np.float32), np.array([0.51234], np.float32))
    empty = Truth(np.empty(0, np.int64), np.empty((0, 4), np.float32), np.empty(0, np.float32))
    assert truth_rows([empty, truth]) == "2,7,10,20,30,80,1,1,0.512\n"
