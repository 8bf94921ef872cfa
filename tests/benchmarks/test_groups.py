"""Groups: the same sequence at other frame rates, qualities and backwards; on a data set of two people."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from benchmarks import groups
from benchmarks.group_scenes import mirrored, people, thinned
from benchmarks.groups import RATES, REAL, SOURCES, Group, Source, all_groups, members, tracked_pieces
from evaluation.pieces import scores
from evaluation.reading import read_rows
from synthetic.detections import QUALITIES
from tests.track.runs import HEIGHT, WIDTH, Walker, write_sequence
from track.scenes.scene import Embedded
from track.setup.config import RunConfig
from tracker.presets import load_preset

WALKERS = (Walker(2, 4, speed=1.0), Walker(80, 36, speed=-1.0))
NUM_FRAMES = 40
CONFIG = RunConfig("group", reid="none", tracker=load_preset("deepsort"), video=False)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source `walk` of one sequence whose detections are its ground truth; the cache is the test's own."""
    monkeypatch.setattr("track.scenes.cache.cache_folder", lambda kind: tmp_path / "cache" / kind)
    monkeypatch.setitem(groups.SOURCES, "walk", Source(("walk/one",), "mot15"))
    folder = write_sequence(tmp_path / "walk" / "one", WALKERS, NUM_FRAMES)
    rows = [
        (f + 1, number, *walker.row(f)[2:6], 1, -1, -1, -1)
        for number, walker in enumerate(WALKERS, 1)
        for f in range(40)
    ]
    (folder / "gt").mkdir()
    (folder / "gt" / "gt.txt").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    groups._whole.cache_clear()
    return tmp_path


def test_every_combination_is_a_group_of_its_own() -> None:
    found = all_groups()
    assert (
        len(found) == len(set(found)) == len(set(map(str, found))) == len(SOURCES) * (1 + len(QUALITIES)) * len(RATES)
    )
    assert len(all_groups(directions=(False, True))) == 2 * len(found)
    assert str(Group("mot17", "weak", 3, mirrored=True)) == "mot17 weak 1/3 mirrored"


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_person_is_where_the_truth_is_at_every_rate_and_in_both_directions(
    data: Path, rate: int, backwards: bool
) -> None:
    (member,) = members(Group("walk", REAL, rate, backwards), data)
    assert member.num_frames == -(-NUM_FRAMES // rate)
    assert member.fps == pytest.approx(10 / rate)
    assert member.num_pieces == 4
    for number, (xyxy, _) in enumerate(member.frames(), start=1):
        here = member.truth[member.truth.frames == number].tlwh
        assert sorted(xyxy[:, 0].tolist()) == pytest.approx(sorted(here[:, 0].tolist()))
    assert (np.diff(member.scene.times_s) > 0).all()
    assert member.scene.times_s[0] == 0


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_is_easy_is_tracked_in_every_group(data: Path, rate: int, backwards: bool) -> None:
    (pieces,) = tracked_pieces(members(Group("walk", REAL, rate, backwards), data), CONFIG)
    assert scores([pieces])[1] > 95  # IDF1


def test_forwards_and_backwards_are_mirror_images(data: Path) -> None:
    (there,), (back,) = (members(Group("walk", REAL, 1, way), data) for way in (False, True))
    assert there.frames()[0][0].tolist() == back.frames()[-1][0].tolist()


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_drawn_quality_is_the_same_each_time_and_of_the_sequence(data: Path, quality: str) -> None:
    (once,) = members(Group("walk", quality), data)
    groups._whole.cache_clear()
    (again,) = members(Group("walk", quality), data)
    assert once.scene.xyxy.tolist() == again.scene.xyxy.tolist()
    assert len(once.scene) == NUM_FRAMES


def test_at_another_rate_it_is_the_same_detector(data: Path) -> None:
    """Each third frame shows what the full rate shows there: a quality is drawn once."""
    (full,), (third,) = (members(Group("walk", "weak", rate), data) for rate in (1, 3))
    assert [xyxy.tolist() for xyxy, _ in full.frames()][::3] == [xyxy.tolist() for xyxy, _ in third.frames()]


def test_camera_motion_is_that_of_all_frames_between_and_turns_round_backwards(data: Path) -> None:
    (member,) = members(Group("walk"), data)
    steps = np.tile(np.eye(2, 3), (NUM_FRAMES, 1, 1))
    steps[1:, 0, 2] = np.arange(1, NUM_FRAMES)  # px to the right, each frame more
    scene = dataclasses.replace(member.scene, motions=steps)
    third, _ = thinned(scene, None, 3)
    assert third.motions[1:4, 0, 2].tolist() == [1 + 2 + 3, 4 + 5 + 6, 7 + 8 + 9]
    back, _ = mirrored(scene, None)
    assert back.motions[:3, 0, 2].tolist() == [0, -39, -38]
    twice, _ = mirrored(back, None)
    assert twice.motions[1:] == pytest.approx(steps[1:])


def test_embeddings_go_with_their_boxes(data: Path) -> None:
    (member,) = members(Group("walk"), data)
    rows = np.arange(member.scene.num_boxes, dtype=np.float32)[:, None]
    for change in (lambda scene, rows: thinned(scene, rows, 2), mirrored):
        scene, embedded = change(member.scene, Embedded(rows, {}))
        assert embedded is not None
        assert scene.xyxy.tolist() == member.scene.xyxy[embedded.rows[:, 0].astype(int)].tolist()


VISIBLE = {
    "told": ("1,1,10,5,20,40,1,1,0.4", [0.4]),
    "cut by the edge, which the file does not tell": ("1,1,-10,5,20,40,1,1,1", [0.5]),
    "behind another, whom the file does not tell": ("1,1,10,5,20,40,1,1,1\n1,2,10,25,20,30,1,1,1", [0.5, 1.0]),
    "a car is nobody": ("1,1,10,5,20,40,1,1,1\n1,2,60,5,20,40,1,3,1", [1.0]),
    "nobody in 2015: flag 0": ("1,1,10,5,20,40,1,-1,-1,-1\n1,2,60,5,20,40,0,-1,-1,-1", [1.0]),
}


@pytest.mark.parametrize(("text", "expected"), VISIBLE.values(), ids=VISIBLE.keys())
def test_whom_a_detector_could_see(tmp_path: Path, text: str, expected: list[float]) -> None:
    (tmp_path / "gt.txt").write_text(text + "\n")
    assert people(read_rows(tmp_path / "gt.txt"), (WIDTH, HEIGHT)).visible == pytest.approx(expected)
