"""The life of a track: birth, confirmation, miss, recovery, death."""

from __future__ import annotations

import pytest

from tracker import DeepSort, TrackerConfig

BOX = [100.0, 50.0, 140.0, 150.0]
RED, BLUE = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]


def shifted(dx):
    return [BOX[0] + dx, BOX[1], BOX[2] + dx, BOX[3]]


def play(script, config=None, *, feature=RED):
    """Ids reported at each frame of a script: `x` one detection, `.` none."""
    tracker = DeepSort(config)
    reported = []
    for seen in script:
        boxes = [BOX] if seen == "x" else []
        reported.append(tracker.update(boxes, [0.9] * len(boxes), embeddings=[feature] * len(boxes)).ids.tolist())
    return reported


@pytest.mark.parametrize(
    ("script", "config", "expected"),
    [
        pytest.param("xx", {}, [[], []], id="two hits leave a track tentative"),
        pytest.param("xxx", {}, [[], [], [1]], id="the third hit confirms it"),
        pytest.param("xx.xxx", {}, [[]] * 5 + [[1]], id="a tentative track dies on its first miss"),
        pytest.param("xxx.", {}, [[], [], [1], [1]], id="one miss is bridged by the predicted box"),
        pytest.param("xxx..", {}, [[], [], [1], [1], []], id="a second miss is not shown"),
        pytest.param("xxx....x", {}, [[], [], [1], [1], [], [], [], [1]], id="a lost track comes back by appearance"),
        pytest.param(
            "xxx...xxx", {"max_age": 2}, [[], [], [1], [1], [], [], [], [], [2]], id="after max_age it is new"
        ),
        pytest.param("x", {"n_init": 1}, [[1]], id="n_init 1 confirms at birth"),
        pytest.param("xxxxx", {"n_init": 5}, [[], [], [], [], [1]], id="n_init 5 waits for five"),
        pytest.param("....", {}, [[]] * 4, id="an empty video"),
    ],
)
def test_life_of_a_track(script, config, expected):
    assert play(script, TrackerConfig(**config)) == expected


def test_a_lost_track_without_embeddings_is_new_again_in_the_paper_preset():
    tracker = DeepSort()
    for boxes in ([BOX], [BOX], [BOX], [], [], [BOX], [BOX], [BOX]):
        tracks = tracker.update(boxes, [0.9] * len(boxes))
    assert tracks.ids.tolist() == [2]


@pytest.mark.parametrize(("max_misses", "expected"), [(1, [2]), (3, [1])])
def test_iou_max_misses_lets_overlap_recover_a_track(max_misses, expected):
    tracker = DeepSort(TrackerConfig(iou_max_misses=max_misses))
    for boxes in ([BOX], [BOX], [BOX], [], [], [BOX], [BOX], [BOX]):
        tracks = tracker.update(boxes, [0.9] * len(boxes))
    assert tracks.ids.tolist() == expected


def crossing(features):
    """Two people at one place after both were lost: only appearance can tell who is who."""
    tracker = DeepSort()
    left, right = shifted(0), shifted(45)
    for _ in range(4):
        tracks = tracker.update([left, right], [0.9, 0.9], embeddings=features)
    before = dict(zip(tracks.detection_index.tolist(), tracks.ids.tolist(), strict=True))
    swapped = tracker.update([right, left], [0.9, 0.9], embeddings=features)
    return before, dict(zip(swapped.detection_index.tolist(), swapped.ids.tolist(), strict=True)), tracker.evidence


def test_appearance_overrules_motion_inside_the_gate():
    before, after, evidence = crossing([RED, BLUE])
    # The boxes are 45 px apart, outside the motion gate: each keeps to its place although its colour changed.
    assert after == {0: before[1], 1: before[0]}
    assert evidence.vetoed > 0


def test_of_two_detections_in_the_gate_the_one_that_looks_right_is_taken():
    tracker = DeepSort()
    for _ in range(5):
        tracker.update([BOX], [0.9], embeddings=[RED])
    tracks = tracker.update([BOX, shifted(6)], [0.9, 0.9], embeddings=[BLUE, RED])
    assert tracks.ids.tolist() == [1]
    assert tracks.detection_index.tolist() == [1]
    assert tracker.evidence.appearance_decided == 1


def test_evidence_counts_a_recovered_track():
    tracker = DeepSort()
    for boxes in ([BOX], [BOX], [BOX], [], [], [BOX]):
        tracker.update(boxes, [0.9] * len(boxes), embeddings=[RED] * len(boxes))
    assert tracker.evidence.recovered == 1
    assert tracker.evidence.by_appearance == 1


@pytest.mark.parametrize(
    ("config", "score", "expected"),
    [
        pytest.param({}, 0.1, [1], id="by default any score starts a track"),
        pytest.param({"birth_score": 0.5}, 0.4, [], id="below birth_score none is started"),
        pytest.param({"birth_score": 0.5}, 0.5, [1], id="at birth_score one is"),
        pytest.param({"low_score": 0.5}, 0.4, [], id="nor below low_score"),
    ],
)
def test_scores_that_start_a_track(config, score, expected):
    tracker = DeepSort(TrackerConfig(**config))
    for _ in range(3):
        tracks = tracker.update([BOX], [score])
    assert tracks.ids.tolist() == expected


@pytest.mark.parametrize(("low_score", "state"), [(0.0, [0]), (0.5, [0]), (0.95, [])])
def test_low_scores_extend_a_track_that_is_left_over(low_score, state):
    tracker = DeepSort(TrackerConfig(low_score=low_score))
    for _ in range(3):
        tracker.update([BOX], [0.9])
    assert tracker.update([BOX], [0.3]).detection_index.tolist() == state


def test_low_scores_do_not_take_a_track_from_a_sure_detection():
    tracker = DeepSort(TrackerConfig(low_score=0.5))
    for _ in range(3):
        tracker.update([BOX], [0.9])
    assert tracker.update([BOX, shifted(5)], [0.3, 0.9]).detection_index.tolist() == [1]


def test_gallery_size_bounds_what_a_track_remembers():
    """Seen red, then two frames green, then lost: a gallery of two has forgotten red."""
    green = [0.0, 1.0, 0.0]
    found = {}
    for size in (2, 100):
        tracker = DeepSort(TrackerConfig(gallery_size=size))
        for feature in (RED, RED, RED, green, green):
            tracker.update([BOX], [0.9], embeddings=[feature])
        tracker.update([], [])
        tracker.update([], [])
        found[size] = tracker.update([BOX], [0.9], embeddings=[RED]).ids.tolist()
    assert found == {2: [], 100: [1]}


def test_aspect_std_lets_a_box_follow_its_detections():
    """A car enters over the border: what is seen of it grows from flat to tall."""
    width_errors = []
    for aspect_std in (0.01, 0.1):
        tracker = DeepSort(TrackerConfig(aspect_std=aspect_std))
        for height in range(40, 240, 20):
            tracks = tracker.update([[100.0, 300.0 - height, 200.0, 300.0]], [0.9])
        width_errors.append(abs(float(tracks.xyxy[0, 2] - tracks.xyxy[0, 0]) - 100))
    assert width_errors[1] < 0.5 * width_errors[0]


def test_classes_and_scores_are_those_of_the_last_detection():
    tracker = DeepSort()
    for class_id, score in ((2, 0.5), (2, 0.6), (7, 0.7)):
        tracks = tracker.update([BOX], [score], [class_id])
    assert tracks.class_ids.tolist() == [7]
    assert tracks.scores.tolist() == [pytest.approx(0.7)]


def test_ids_are_dense_and_in_order_of_birth():
    tracker = DeepSort()
    far = [400.0, 50.0, 440.0, 150.0]
    tracker.update([far], [0.9])
    tracker.update([], [])  # the first one dies tentative and takes no id with it
    for _ in range(3):
        tracks = tracker.update([far, BOX], [0.9, 0.9])
    assert dict(zip(tracks.ids.tolist(), tracks.detection_index.tolist(), strict=True)) == {1: 0, 2: 1}


def test_tentative_tracks_can_be_asked_for_and_keep_their_birth_number():
    tracker = DeepSort()
    tracker.update([BOX], [0.9])
    waiting = tracker.tentative()
    assert waiting.ids.tolist() == [0]
    tracker.update([BOX], [0.9])
    assert tracker.update([BOX], [0.9]).births.tolist() == waiting.births.tolist()
    assert len(tracker.tentative()) == 0


def test_coasting_moves_tracks_on_and_is_no_miss():
    tracker = DeepSort()
    for step in range(10):
        tracker.update([shifted(4 * step)], [0.9])
    for _ in range(3):
        tracks = tracker.coast()
    assert tracks.ids.tolist() == [1]
    assert tracks.detection_index.tolist() == [-1]
    assert tracks.xyxy[0, 0] == pytest.approx(BOX[0] + 4 * 12, abs=2)
    assert tracker.update([shifted(4 * 13)], [0.9]).ids.tolist() == [1]


def test_max_age_counts_frames_also_when_coasting():
    tracker = DeepSort(TrackerConfig(max_age=4))
    for _ in range(3):
        tracker.update([BOX], [0.9], embeddings=[RED])
    for _ in range(3):
        tracker.coast()
        tracker.update([], [])
    assert len(tracker) == 0


def test_a_confirmed_track_that_coasts_survives_a_long_pause_of_the_detector():
    tracker = DeepSort(TrackerConfig(max_age=4))
    for _ in range(3):
        tracker.update([BOX], [0.9])
    for _ in range(3):
        tracker.coast()
    assert len(tracker) == 1


def test_reset_starts_again_from_one():
    tracker = DeepSort()
    first = [tracker.update([BOX], [0.9]).ids.tolist() for _ in range(3)]
    tracker.reset()
    assert [tracker.update([BOX], [0.9]).ids.tolist() for _ in range(3)] == first


def test_two_trackers_share_nothing():
    one, two = DeepSort(), DeepSort()
    for _ in range(3):
        one.update([BOX], [0.9])
    for _ in range(3):
        tracks = two.update([BOX], [0.9])
    assert tracks.ids.tolist() == [1]
