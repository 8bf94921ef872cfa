"""`DeepSort(compiled=True)` against the same without: the tracks, and who may ask for it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.tracker.scenes import crowd
from tests.tracker.test_steps import STRONG, assert_equal
from tracker import DeepSort, TrackerConfig


@pytest.fixture(autouse=True)
def numba():
    return pytest.importorskip("numba", reason="numba is not installed, so there is nothing to compare")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(TrackerConfig(), id="deepsort"),
        pytest.param(STRONG, id="strong"),
        pytest.param(TrackerConfig(appearance_momentum=0.9), id="moving average"),
        pytest.param(
            TrackerConfig(replay_gaps=True, direction_penalty=0.1, low_score=0.35, class_vote=True, duplicate_iou=0.8),
            id="all else",
        ),
        pytest.param(TrackerConfig(class_groups="0 1", gallery_size=3, max_age=5), id="groups"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_tracks_are_the_same(seed, config):
    assert_same_tracks(config, crowd(seed, num_people=8 + 20 * seed, num_frames=60), seed)


def test_the_tracks_of_a_great_crowd_are_the_same():
    """So great that candidates are searched for, and the table grows."""
    assert_same_tracks(STRONG, crowd(0, num_people=400, num_frames=20), 0)


def assert_same_tracks(config, frames, seed):
    """Some frames nobody looks at, the camera moves, and some looks are not known."""
    rng, plain, quick = np.random.default_rng(seed), DeepSort(config), DeepSort(config, compiled=True)
    shown = 0
    for number, frame in enumerate(frames):
        count = len(frame.xyxy)
        motion = np.array([[1, 0, rng.normal()], [0, 1, rng.normal()]]) if number % 3 == 0 else None
        looks = {"embeddings": frame.features, "known": rng.random(count) < 0.8} if number % 7 else {}
        classes = rng.integers(0, 3, count)
        both = [
            t.coast(motion=motion)
            if number % 10 == 9
            else t.update(frame.xyxy, frame.scores, classes, frame_size=(640, 360), motion=motion, **looks)
            for t in (plain, quick)
        ]
        assert_equal(*(dataclasses.astuple(tracks) for tracks in both))
        assert_equal(*(dataclasses.astuple(tracker.tentative()) for tracker in (plain, quick)))
        shown += len(both[0])
    assert shown > 100
    assert plain.evidence == quick.evidence


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(np.asfortranarray, id="columns"),
        pytest.param(lambda array: np.repeat(array, 2, axis=1)[:, ::2], id="every other"),
    ],
)
def test_arrays_of_any_layout_are_taken(make):
    frame = crowd(0, num_people=6, num_frames=1)[0]
    xyxy, features = make(frame.xyxy), make(frame.features)
    xyxy.flags.writeable = features.flags.writeable = False
    quick = DeepSort(compiled=True)
    for _ in range(3):
        tracks = quick.update(xyxy, frame.scores, embeddings=features, class_ids=[0] * len(xyxy))
    assert len(tracks) == len(xyxy)


def test_without_numba_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "tracker.steps_compiled", raising=False)
    monkeypatch.delattr("tracker.steps_compiled", raising=False)
    with pytest.raises(ImportError, match=r"compiled=True needs numba .*pip install 'track-reid\[fast\]'"):
        DeepSort(compiled=True)


@pytest.mark.slow
def test_no_loop_reads_beyond_its_arrays(tmp_path):
    """These tests once more, with every index checked: compiled loops do not do that by themselves."""
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    files = [str(Path(__file__).with_name(name)) for name in ("test_steps.py", "test_compiled.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, env=os.environ | checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
