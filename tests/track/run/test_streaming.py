"""`track.stream` gives, frame by frame, what `track run` writes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import track as door
from tests.track.runs import Track, Walker, read_csv, write_sequence, write_video
from track.rows.types import FrameTracks, RowState
from track.sources import Frame
from tracker import DeepSort

WALKERS = (Walker(2, 4, last=9), Walker(80, 36, speed=-1.0, score=0.8, first=4))
"""One is lost on the way, the other is born there: boxes of all states."""
FIELDS = ("frame", "time_s", "id", "x1", "y1", "x2", "y2", "score", "state")


def rows_of(steps: Iterable[tuple[Frame, FrameTracks]]) -> list[dict[str, str]]:
    """As `tracks.csv` writes them, but for the name of the class."""
    rows = []
    for frame, tracks in steps:
        assert (tracks.frame_index, tracks.time_s) == (frame.index, frame.time_s)
        for row in np.argsort(tracks.ids, kind="stable"):
            score = float(tracks.scores[row])
            values = (
                str(frame.index + 1),
                f"{frame.time_s:.4f}",
                str(tracks.ids[row]),
                *(f"{value:.4f}" for value in np.round(tracks.xyxy[row].astype(np.float64), 4) + 0.0),
                "" if np.isnan(score) else f"{score:.4f}",
                RowState(tracks.states[row]).name.lower(),
            )
            rows.append(dict(zip(FIELDS, values, strict=True)))
    return rows


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        pytest.param(["--reid", "none"], {"reid": "none"}, id="default"),
        pytest.param(["--reid", "none", "--online"], {"reid": "none", "online": True}, id="online"),
        pytest.param(["--reid", "none", "--every", 3], {"reid": "none", "every": 3}, id="every third frame"),
        pytest.param(
            ["--reid", "none", "--every", 2, "--online"],
            {"reid": "none", "every": 2, "online": True},
            id="every second frame, online",
        ),
        pytest.param(
            ["--reid", "none", "--start", 0.3, "--end", 1.1, "--tracker", "deepsort", "--conf", 0.5],
            {"reid": "none", "start": 0.3, "end": 1.1, "tracker": "deepsort", "conf": 0.5},
            id="a part, the paper's preset",
        ),
        pytest.param(
            ["--reid", "small-cnn", "--reid-when", "ambiguous", "--max-cosine", 0.3, "--reid-runtime", "torch"],
            {"reid": "small-cnn", "reid_when": "ambiguous", "max_cosine": 0.3, "reid_runtime": "torch"},
            id="with a network",
        ),
    ],
)
def test_rows_are_those_of_track_run(
    options: list[Any], keywords: dict[str, Any], track: Track, tmp_path: Path
) -> None:
    clip, detections = write_video(tmp_path, WALKERS, num_frames=16)
    assert track("run", clip, "--detector", detections, "--out", "run", *options).code == 0
    expected = [{name: row[name] for name in FIELDS} for row in read_csv(tmp_path / "run")]
    assert expected
    assert rows_of(door.stream(clip, detector=detections, **keywords)) == expected


def test_every_frame_comes_with_its_picture(tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, WALKERS, num_frames=10)
    steps = list(door.stream(clip, detector=detections, reid="none"))
    assert [frame.index for frame, _ in steps] == list(range(10))
    with door.open_source(str(clip)) as frames:
        for (frame, _), original in zip(steps, frames, strict=True):
            assert np.array_equal(frame.image, original.image)


def test_boxes_from_before_confirmation_come_unless_online(tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, WALKERS, num_frames=12)
    for online in (False, True):
        steps = door.stream(clip, detector=detections, reid="none", online=online)
        states = {RowState(state) for _, tracks in steps for state in tracks.states}
        assert (RowState.TENTATIVE in states) is not online


def test_online_no_frame_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first frame comes before its tracks can be known; after back-filling it comes with the third, which can."""
    clip, detections = write_video(tmp_path, WALKERS, num_frames=12)
    looked_at: list[int] = []
    update = DeepSort.update
    monkeypatch.setattr(DeepSort, "update", lambda self, *a, **k: looked_at.append(1) or update(self, *a, **k))
    for online, expected in ((True, 1), (False, 3)):
        looked_at.clear()
        steps = door.stream(clip, detector=detections, reid="none", tracker="deepsort", online=online)
        next(steps)
        steps.close()
        assert len(looked_at) == expected


def test_without_pictures_nobody_needs_to_say_reid_none(tmp_path: Path) -> None:
    folder = write_sequence(tmp_path / "seq", num_frames=5)
    steps = list(door.stream(folder))
    assert [frame.image for frame, _ in steps] == [None] * 5
    assert len(steps[-1][1]) == 2


def test_leaving_early_frees_threads_and_files(tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, WALKERS, num_frames=12)
    before = set(threading.enumerate())
    for detector in (detections, "motion"):
        steps = door.stream(clip, detector=detector, reid="none", online=True)
        next(steps)
        steps.close()
        assert set(threading.enumerate()) <= before
        assert not _open_files(clip)


def test_nothing_is_opened_before_the_first_frame(tmp_path: Path) -> None:
    steps = door.stream(tmp_path / "not-there.mp4", reid="none")
    with pytest.raises(FileNotFoundError, match="not-there"):
        next(steps)


def test_an_error_on_the_way_comes_after_the_frames_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detectors.public import PublicDetector

    clip, detections = write_video(tmp_path, WALKERS, num_frames=12)
    detect = PublicDetector.detect

    def failing(self: PublicDetector, image: Any, frame_index: int) -> Any:
        if frame_index == 7:
            raise ValueError("the seventh is too much")
        return detect(self, image, frame_index)

    monkeypatch.setattr(PublicDetector, "detect", failing)
    steps = door.stream(clip, detector=detections, reid="none")
    assert [frame.index for frame, _ in itertools.islice(steps, 7)] == list(range(7))
    with pytest.raises(ValueError, match="the seventh is too much"):
        next(steps)


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        pytest.param("detectr", "stream takes no 'detectr'. Did you mean detector?", id="misspelt"),
        pytest.param("smooth", "stream takes no 'smooth', which is for finished tracks or for files", id="later"),
        pytest.param("out", "stream takes no 'out', which is for finished tracks or for files", id="files"),
        pytest.param("xyzzy", "stream takes no 'xyzzy'. It takes: detector, classes,", id="nothing like it"),
    ],
)
def test_an_unknown_keyword(keyword: str, message: str) -> None:
    unknown: dict[str, Any] = {keyword: 1}
    with pytest.raises(TypeError, match=message):
        door.stream("clip.mp4", **unknown)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        pytest.param({"conf": 2.0}, "conf is 2, expected a number from 0 to 1", id="out of range"),
        pytest.param({"reid": "none", "reid_weights": "x"}, "reid_weights has no effect with reid none", id="idle"),
        pytest.param({"tracker": "stron"}, "Did you mean 'strong'", id="preset"),
    ],
)
def test_bad_values_are_told_at_once_by_their_keyword(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^(?!.*--).*{message}"):
        door.stream("clip.mp4", **keywords)


def _open_files(path: Path) -> list[str]:
    held = Path("/proc/self/fd")
    links = [link for link in held.iterdir() if link.is_symlink()] if held.is_dir() else []
    return [str(link) for link in links if link.exists() and link.resolve() == path.resolve()]
