"""What is drawn where, and that drawing for hours needs no more memory."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from track.sinks import FrameTracks, RowState
from track.sinks.draw import NUM_COLORS, Drawer, palette
from track.sinks.labels import Label, Labels
from track.sinks.video import AnnotatedVideo, VideoSink

GREY = 120


def _tracks(
    boxes: list[tuple[float, float, float, float]],
    ids: list[int] | None = None,
    *,
    state: RowState = RowState.DETECTED,
    frame_index: int = 0,
    class_id: int = 0,
) -> FrameTracks:
    count = len(boxes)
    return FrameTracks(
        frame_index,
        frame_index / 25,
        np.array(ids if ids is not None else range(1, count + 1), np.int64),
        np.array(boxes, np.float64).reshape(count, 4),
        np.ones(count, np.float32),
        np.full(count, class_id, np.int64),
        np.full(count, state, np.uint8),
    )


def _scene(width: int = 640, height: int = 360) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def _drawn(drawer: Drawer, tracks: FrameTracks, width: int = 640, height: int = 360) -> np.ndarray:
    """Mask of the pixels that drawing changed."""
    return (drawer.draw(_scene(width, height), tracks) != GREY).any(axis=2)


def _drawer(width: int = 640, height: int = 360, fps: float = 25.0) -> Drawer:
    return Drawer(width, height, fps, {0: "person", 2: "car"})


def test_the_picture_that_was_given_stays_as_it_is() -> None:
    scene = _scene()
    drawn = _drawer().draw(scene, _tracks([(100, 100, 150, 250)]))
    assert (scene == GREY).all()
    assert (drawn != GREY).any()


def test_no_tracks_no_drawing() -> None:
    assert not _drawn(_drawer(), FrameTracks.empty(0, 0.0)).any()


def test_a_box_is_drawn_on_its_edges_and_not_inside() -> None:
    drawn = _drawn(_drawer(), _tracks([(100, 100, 150, 250)]))
    assert drawn[100:250, 100].all()
    assert drawn[100:250, 150].all()
    assert drawn[250, 100:150].all()
    assert not drawn[110:240, 105:145].any()


@pytest.mark.parametrize(
    ("state", "has_whole_edge"),
    [
        (RowState.DETECTED, True),
        (RowState.TENTATIVE, True),
        (RowState.SMOOTHED, True),
        (RowState.PREDICTED, False),
        (RowState.INTERPOLATED, False),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_boxes_without_a_detection_show_their_corners_only(state: RowState, has_whole_edge: bool) -> None:
    drawn = _drawn(_drawer(), _tracks([(100, 100, 150, 250)], state=state))
    assert drawn[101, 100]
    assert drawn[249, 150]
    assert drawn[175, 100] == has_whole_edge


def test_boxes_do_not_flicker_where_the_detector_did_not_look() -> None:
    """With `--every 2`: one is found, one is not; in the frame between, where nobody looks, both stay as they are."""
    drawer = Drawer(640, 360, 25.0, {0: "person"}, every=2)
    found, lost = (100, 100, 150, 250), (300, 100, 350, 250)
    states = np.array([RowState.DETECTED, RowState.PREDICTED], np.uint8)
    tracks = _tracks([found, lost], [1, 2])
    looked = _drawn(drawer, replace(tracks, states=states))
    between = _drawn(drawer, replace(tracks, states=np.full(2, RowState.PREDICTED, np.uint8)))
    again = _drawn(drawer, replace(tracks, states=states[::-1].copy()))
    assert [(drawn[175, 100], drawn[175, 300]) for drawn in (looked, between, again)] == [
        (True, False),
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    ("track_id", "class_id", "name"),
    [
        pytest.param(7, 0, "person", id="by name"),
        pytest.param(8, 2, "car", id="another class"),
        pytest.param(8, 44, "44", id="a class without a name"),
    ],
)
def test_labels_tell_class_and_id(monkeypatch: pytest.MonkeyPatch, track_id: int, class_id: int, name: str) -> None:
    seen: list[Label] = []
    monkeypatch.setattr(Labels, "draw", lambda _self, _image, labels: seen.extend(labels))
    _drawer().draw(_scene(), _tracks([(0, 0, 9, 9)], [track_id], class_id=class_id))
    assert [(label.track_id, label.name) for label in seen] == [(track_id, name)]


def test_an_id_keeps_its_colour_whatever_else_is_there() -> None:
    drawer, box = _drawer(), (300, 200, 340, 300)
    alone = drawer.draw(_scene(), _tracks([box], [5]))[250, 300]
    in_company = drawer.draw(_scene(), _tracks([(20, 200, 60, 300), box, (500, 200, 560, 300)], [4, 5, 6]))[250, 300]
    np.testing.assert_array_equal(alone, in_company)


def test_neighbouring_ids_have_clearly_different_colours() -> None:
    fills = np.array([fill for fill, _ in palette()], np.float64)
    assert len(fills) == NUM_COLORS
    for step in (1, 2):
        distances = np.linalg.norm(fills - np.roll(fills, step, axis=0), axis=1)
        assert distances[step:].min() > 80
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(fills, 2)) > 5


def test_ink_is_legible_on_every_colour() -> None:
    """Contrast of 3:1 or more (WCAG 2 for large text)."""
    for fill, ink in palette():
        bright, dark = sorted((_luminance(fill[::-1]), _luminance(ink[::-1])), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 3.0


def _luminance(rgb: tuple[int, ...]) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_trails_show_the_last_seconds_only() -> None:
    drawer = _drawer(fps=10)
    for index in range(60):
        drawn = _drawn(drawer, _tracks([(5 * index, 100, 5 * index + 20, 200)], frame_index=index))
    trail = np.nonzero(drawn[200])[0]
    assert trail.min() == pytest.approx(5 * 40 + 10, abs=6)  # 2 s at 10 frames/s ago
    assert trail.max() == pytest.approx(5 * 59 + 20, abs=3)  # the box itself


def test_drawing_touches_nothing_but_its_strokes() -> None:
    """In place: the same picture comes back, and far from the box it is as it was."""
    scene = _scene()
    assert _drawer().draw_on(scene, _tracks([(100, 100, 150, 250)])) is scene
    assert (scene[270:] == GREY).all()
    assert (scene[:, 250:] == GREY).all()


@pytest.mark.parametrize("state", [RowState.DETECTED, RowState.PREDICTED])
def test_boxes_look_as_supervision_draws_them(state: RowState) -> None:
    """The oracle: the annotators of the package `supervision`, box by box."""
    sv = pytest.importorskip("supervision")
    box, fill = (100, 100, 150, 250), palette()[1][0]
    annotator = sv.BoxAnnotator if state is RowState.DETECTED else sv.BoxCornerAnnotator
    more = {} if state is RowState.DETECTED else {"corner_length": 5}
    expected = annotator(color=sv.Color(*fill[::-1]), thickness=2, color_lookup=sv.ColorLookup.INDEX, **more).annotate(
        _scene(), sv.Detections(np.array([box], np.float32))
    )
    drawn = _drawer().draw(_scene(), _tracks([box], state=state))
    np.testing.assert_array_equal(drawn[105:], expected[105:])  # below the label


def test_memory_stays_flat() -> None:
    drawer = Drawer(64, 36, 25.0, {0: "person"})
    scene = _scene(64, 36)
    sizes = []
    for index in range(1500):
        boxes = [(index % 50, 5, index % 50 + 8, 20)] * 3 if index % 7 else []
        tracks = _tracks(boxes, [3 * index + 1, 3 * index + 2, 3 * index + 3][: len(boxes)], frame_index=index)
        drawer.draw(scene, tracks)
        sizes.append(sum(map(len, drawer._feet)))
    assert max(sizes[1000:]) <= max(sizes[:200]) <= 3 * 50


@pytest.mark.slow
def test_twenty_thousand_frames_with_ever_new_ids_need_no_more_memory(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    drawer, scene = _drawer(320, 180), _scene(320, 180)
    peaks_kib = []
    with AnnotatedVideo(VideoSink(tmp_path / "v.mp4", 320, 180, 25), drawer) as sink:
        for index in range(20_000):
            left = index % 250
            boxes = [(left + 3 * k, 40 + 2 * k, left + 3 * k + 20, 100 + 2 * k) for k in range(10)]
            ids = [1 + k + 10 * (index // 50) for k in range(10)]
            sink.write(scene, _tracks(boxes, ids, frame_index=index))
            if index % 5000 == 4999:
                peaks_kib.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert peaks_kib[-1] - peaks_kib[0] < 8 * 1024, peaks_kib
