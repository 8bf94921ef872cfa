"""What a caller hands to the tracker, also what cannot be tracked or does not fit; and what it gets back."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.tracker.scenes import crowd
from tracker import DeepSort, TrackerConfig

BOX = [100.0, 50.0, 140.0, 150.0]
RED, BLUE = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([np.nan, 0, 10, 10], id="NaN"),
        pytest.param([0, 0, np.inf, 10], id="infinite"),
        pytest.param([10, 10, 10, 50], id="no width"),
        pytest.param([10, 50, 40, 10], id="negative height"),
        pytest.param([9000, 9000, 9040, 9100], id="far outside"),
        pytest.param([-1e300, 0, 1e300, 1], id="too large for its own area"),
    ],
)
def test_unusable_boxes_are_turned_away_and_counted(box):
    tracker = DeepSort()
    for _ in range(3):
        tracks = tracker.update([box, BOX], [0.9, 0.8], frame_size=(640, 360))
    assert tracks.detection_index.tolist() == [1]
    assert tracker.evidence.rejected == 3
    assert len(tracker) == 1


def test_a_score_that_is_not_a_number_is_unusable_too():
    tracker = DeepSort()
    tracker.update([BOX], [np.nan])
    assert len(tracker) == 0


def test_embeddings_that_are_not_finite_only_lose_their_say():
    tracker = DeepSort()
    for feature in (RED, RED, RED, [np.nan, 0, 0], RED):
        tracks = tracker.update([BOX], [0.9], embeddings=[feature])
    assert tracks.ids.tolist() == [1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(([[1, 2, 3]], [0.9]), r"xyxy must have shape \(N, 4\)", id="three coordinates"),
        pytest.param(([BOX], None), "scores must be 1 numbers, but got None", id="no scores"),
        pytest.param(([BOX], [0.9, 0.8]), r"scores must have one row a box \(1\), but got 2", id="a score too many"),
        pytest.param(([BOX], [0.9], [1, 2]), "class_ids must have one row", id="a class too many"),
        pytest.param(([BOX], [0.9], None, [RED, BLUE]), "embeddings must have one row", id="an embedding too many"),
        pytest.param(([BOX], [0.9], None, [1.0]), r"embeddings must have shape \(N, D\)", id="flat embeddings"),
    ],
)
def test_shapes_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        DeepSort().update(*arguments)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        pytest.param({"frame_size": (360, 640, 3)}, r"frame_size is \(360, 640, 3\), .*shape\[1::-1\]", id="shape"),
        pytest.param({"frame_size": (0, 0)}, r"frame_size is \(0, 0\), expected \(width, height\)", id="no size"),
        pytest.param({"time_s": np.nan}, "time_s is nan, expected seconds", id="no time"),
    ],
)
def test_sizes_and_times_that_are_none(what, message):
    with pytest.raises(ValueError, match=message):
        DeepSort().update([BOX], [0.9], **what)


def test_the_name_of_a_preset_is_no_configuration():
    with pytest.raises(TypeError, match=r"config is 'strong', expected a TrackerConfig; .*load_preset\(name\).config"):
        DeepSort("strong")


def test_embeddings_of_another_length_are_refused_and_change_nothing():
    tracker = DeepSort()
    for _ in range(3):
        before = tracker.update([BOX], [0.9], embeddings=[RED])
    for _ in range(5):
        with pytest.raises(ValueError, match="length 2, but this tracker has seen length 3"):
            tracker.update([BOX], [0.9], embeddings=[[1.0, 0.0]])
    assert tracker.confirmed().xyxy.tolist() == before.xyxy.tolist()


@pytest.mark.parametrize("embeddings", [None, [], np.empty((0, 0)), np.empty((0, 4), np.float32)])
def test_empty_frames_take_empty_embeddings_of_any_form(embeddings):
    """On a tracker that is new, and on one that has seen embeddings of another length and goes on with them."""
    tracker = DeepSort()
    assert len(tracker.update(np.empty((0, 4)), [], embeddings=embeddings)) == 0
    for _ in range(4):
        tracker.update([BOX], [0.9], embeddings=[RED])
    tracker.update(np.empty((0, 4)), [], embeddings=embeddings)
    tracker.update([[np.nan] * 4], [0.9], embeddings=[[0.0, 1.0, 0.0, 0.0]])  # turned away, and its length with it
    assert tracker.update([BOX], [0.9], embeddings=[RED]).ids.tolist() == [1]
    assert tracker.evidence.by_appearance == 2


def test_output_has_the_promised_types():
    tracks = DeepSort(TrackerConfig(n_init=1)).update([BOX], [0.9])
    kinds = {name: getattr(tracks, name).dtype.name for name in ("ids", "xyxy", "scores", "class_ids")}
    assert kinds == {"ids": "int64", "xyxy": "float32", "scores": "float32", "class_ids": "int64"}
    assert tracks[:0].xyxy.shape == (0, 4)


def test_converts_to_supervision():
    tracks = DeepSort(TrackerConfig(n_init=1)).update([BOX, [300.0, 50.0, 340.0, 150.0]], [0.9, 0.8], [0, 2])
    detections = tracks.to_supervision()
    assert detections.tracker_id.tolist() == [1, 2]
    assert detections.class_id.tolist() == [0, 2]
    np.testing.assert_allclose(detections.xyxy, tracks.xyxy)


def test_needs_neither_torch_nor_opencv_nor_a_video():
    code = (
        "import sys\n"
        "for name in ('torch', 'cv2', 'av', 'ultralytics', 'supervision', 'pydantic', 'yaml', 'filterpy'):\n"
        "    sys.modules[name] = None\n"
        "from tracker import DeepSort\n"
        "tracker = DeepSort()\n"
        "for _ in range(3): tracks = tracker.update([[0, 0, 10, 20]], [0.9], embeddings=[[1.0, 0.0]])\n"
        "print(tracks.ids.tolist())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1]"


def test_neither_torch_nor_filterpy_is_loaded_for_it():
    """filterpy is of the reference tracker, and loaded when that starts a track."""
    code = (
        "import sys\n"
        "from tracker import DeepSort, create_tracker\n"
        "DeepSort().update([[0, 0, 10, 20]], [0.9])\n"
        "paper = create_tracker(DeepSort().config, 'reference')\n"
        "print([name for name in ('torch', 'filterpy') if name in sys.modules])\n"
        "paper.update([[0, 0, 10, 20]], [0.9])\n"
        "print([name for name in ('torch', 'filterpy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['filterpy']"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(np.asfortranarray, id="columns"),
        pytest.param(lambda array: np.repeat(array, 2, axis=1)[:, ::2], id="every other"),
        pytest.param(np.ndarray.tolist, id="lists"),
    ],
)
def test_arrays_of_any_layout_are_taken_and_left_as_they_are(make):
    plain, frame = DeepSort(), crowd(0, num_people=6, num_frames=1)[0]
    xyxy, features = make(frame.xyxy), make(frame.features)
    for array in (xyxy, features):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    other = DeepSort()
    for _ in range(3):
        expected = plain.update(frame.xyxy, frame.scores, embeddings=frame.features)
        tracks = other.update(xyxy, frame.scores, embeddings=features, class_ids=[0] * len(xyxy))
    assert len(tracks) == len(frame.xyxy)
    np.testing.assert_array_equal(tracks.xyxy, expected.xyxy)


def test_embeddings_may_come_late_and_go_again():
    tracker, appearance = DeepSort(), np.eye(30, 8, dtype=np.float32) + 0.1
    ids = []
    for step, embeddings in enumerate([None] * 4 + [appearance] * 4 + [None] * 4 + [appearance] * 4):
        low = np.column_stack((np.arange(30) * 60.0 + step, np.full(30, 40.0)))
        boxes = np.concatenate((low, low + (40, 100)), axis=1)
        ids.append(tracker.update(boxes, np.ones(30), embeddings=embeddings).ids.tolist())
    assert ids[4] == ids[-1] == list(range(1, 31))
    assert tracker.evidence.by_appearance > 0
