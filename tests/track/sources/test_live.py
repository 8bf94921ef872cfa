"""Cameras and streams: a camera is stood in for, streams come from a server on this machine."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.track.media import numbered_image, read_number, write_clip
from tests.track.servers import Request, files, live, send, web_server
from track.sources import open_source, stream, webcam
from track.sources.stream import public_address


class _Camera:
    """Stands in for `cv2.VideoCapture`: five pictures, then unplugged."""

    def __init__(self, index: int, num_images: int = 5) -> None:
        self._images = [numbered_image(i) for i in range(num_images)] if index == 0 else []
        self.is_released = False

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        return bool(self._images)

    def get(self, _: int) -> float:
        return 0.0  # many drivers do not know their rate

    def read(self) -> tuple[bool, np.ndarray | None]:
        return (True, self._images.pop(0)) if self._images else (False, None)

    def release(self) -> None:
        self.is_released = True


def test_webcam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", _Camera)
    with open_source("0") as source:
        assert (source.name, source.is_live, source.num_frames, source.fps) == ("webcam-0", True, None, 30.0)
        frames = list(source)
    assert [read_number(frame.image) for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[0].time_s == 0.0
    assert all(b.time_s > a.time_s for a, b in pairwise(frames))
    assert source.report.notes == ["the camera gave no more pictures"]


def test_webcam_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", _Camera)
    with pytest.raises(ValueError, match="camera 7 cannot be opened"):
        open_source("7")


class _Time:
    """A clock of which a test says how it goes; waiting takes no time but on it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Time:
    time = _Time()
    monkeypatch.setattr(stream, "time", time)
    monkeypatch.setattr(webcam, "time", time)
    return time


def _broadcast(folder: Path, parts: int, frames: int = 20) -> list[bytes]:
    """What a live stream sends in each of so many connections: pictures numbered on, time stamps from 0."""
    return [
        write_clip(folder / f"{part}.ts", [numbered_image(part * frames + n) for n in range(frames)]).read_bytes()
        for part in range(parts)
    ]


def test_stream_is_opened_again_a_bounded_number_of_times(tmp_path: Path, clock: _Time) -> None:
    with (
        web_server(live(_broadcast(tmp_path, 3))) as url,
        open_source(f"{url}/live.ts?key=secret") as source,
    ):
        assert (source.name, source.is_live, source.num_frames) == ("stream-127.0.0.1", True, None)
        assert (source.width, source.height) == (96, 64)
        frames = list(source)
    assert [read_number(frame.image) for frame in frames] == list(range(60))
    assert [frame.index for frame in frames] == list(range(60))
    steps_s = np.diff([frame.time_s for frame in frames])
    assert (steps_s > 0).all()
    assert source.report.reconnects == 2
    assert "the stream ended: 5 tries to reconnect failed" in source.report.notes
    assert not any("secret" in note for note in source.report.notes)
    assert clock.now_s == 0.5 + 0.5 + sum(stream.RETRY_DELAYS_S)


@pytest.mark.parametrize(
    ("limit", "value", "note", "num_frames"),
    [
        pytest.param("MAX_RECONNECTS", 3, "the stream ended: it broke off more than 3 times", 4 * 20, id="times"),
        pytest.param(
            "MAX_OUTAGE_S", 1.2, "the stream ended: it was away for more than 1.2 s in all", 4 * 20, id="time"
        ),
    ],
)
def test_reconnections_are_bounded_in_all(
    tmp_path: Path,
    clock: _Time,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: float,
    note: str,
    num_frames: int,
) -> None:
    """Although each of them works, after half a second."""
    monkeypatch.setattr(stream, limit, value)
    with web_server(live(_broadcast(tmp_path, 6))) as url, open_source(f"{url}/live.ts") as source:
        assert len(list(source)) == num_frames
    assert note in source.report.notes
    assert clock.now_s < 2.0


def test_connections_without_a_picture_are_tries_that_failed(tmp_path: Path, clock: _Time) -> None:
    """A server that is there but has no camera would keep the run going for ever."""
    parts = [*_broadcast(tmp_path, 1), *[b"no picture" * 99] * 50]
    with web_server(live(parts)) as url, open_source(f"{url}/live.ts") as source:
        assert len(list(source)) == 20
    assert source.report.reconnects == 0
    assert "the stream ended: 5 tries to reconnect failed" in source.report.notes


@pytest.mark.parametrize(
    ("has_length", "num_frames", "is_live", "num_asked"),
    [
        pytest.param(True, 20, False, 1, id="whose size is told"),
        pytest.param(False, 20, True, 2, id="without any sign of it: asked once more"),
        pytest.param(False, 4, True, 2, id="of less than a fingerprint"),
    ],
)
def test_a_recording_that_is_sent_from_its_start_each_time_is_tracked_once(
    tmp_path: Path, clock: _Time, has_length: bool, num_frames: int, is_live: bool, num_asked: int
) -> None:
    """A `.ts` tells no length, and a server without ranges not where it ends."""
    data, asked = write_clip(tmp_path / "a.ts", num_frames).read_bytes(), []

    def answer(request: Request, number: int) -> None:
        asked.append(number)
        send(request, data, has_length=has_length)

    with web_server(answer) as url, open_source(f"{url}/a.ts") as source:
        assert source.is_live is is_live
        assert [read_number(frame.image) for frame in source] == list(range(num_frames))
    assert len(asked) == num_asked
    assert source.report.reconnects == 0
    assert any("it is a recording" in note for note in source.report.notes) is is_live


def test_a_recording_is_skipped_through_where_the_server_cannot_seek(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.ts", 50).read_bytes()
    with web_server(files({"/a.ts": data})) as url, open_source(f"{url}/a.ts", start_s=1.0) as source:
        assert [read_number(frame.image) for frame in source] == list(range(25, 50))


@pytest.mark.parametrize("delay_s", [0.0, 1.0], ids=["in time", "late"])
def test_a_stream_tells_when_tracking_falls_behind(
    tmp_path: Path, clock: _Time, caplog: pytest.LogCaptureFixture, delay_s: float
) -> None:
    """Twenty frames of 0.04 s, at a second each: the last one is taken 19 s after the first, and is of second 0.76."""
    with web_server(live(_broadcast(tmp_path, 1))) as url, open_source(f"{url}/live.ts") as source:
        for _ in source:
            clock.now_s += delay_s
    told = [note for note in source.report.notes if "behind" in note]
    if delay_s:
        assert [note.partition(":")[0] for note in told] == ["tracking fell up to 18 s behind the stream"]
        assert "--every" in told[0]
        assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
            "tracking is 6 s behind the stream"
        ]
    else:
        assert (told, caplog.records) == ([], [])


def test_the_time_before_the_first_frame_was_asked_for_is_nobody_s_delay(tmp_path: Path, clock: _Time) -> None:
    """Networks are loaded meanwhile, and what has come in is caught up with."""
    with web_server(live(_broadcast(tmp_path, 1))) as url, open_source(f"{url}/live.ts") as source:
        clock.now_s += 30.0
        list(source)
    assert not any("behind" in note for note in source.report.notes)


def test_a_camera_tells_for_how_long_it_was_not_read(
    clock: _Time, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", _Camera)
    with open_source("0") as source:
        for _ in source:
            clock.now_s += 3.0
    assert any("tracking fell up to 15 s behind the camera" in note for note in source.report.notes)
    assert len(caplog.records) == 1


def test_span_of_a_stream(tmp_path: Path) -> None:
    with (
        web_server(live(_broadcast(tmp_path, 1, 50))) as url,
        open_source(f"{url}/live.ts", start_s=0.4, end_s=0.8) as source,
    ):
        assert [frame.index for frame in source] == list(range(10, 20))


def test_a_stream_left_early_is_closed(tmp_path: Path) -> None:
    with web_server(live(_broadcast(tmp_path, 1, 50))) as url:
        source = open_source(f"{url}/live.ts")
        for frame in source:
            if frame.index == 3:
                source.close()
        assert source.report.frames_read <= 5
        assert source.report.reconnects == 0


def test_a_finite_file_behind_an_address_is_read_once(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", 20, container_options={"movflags": "faststart"}).read_bytes()
    with web_server(files({"/a.mp4": data})) as url, open_source(f"{url}/a.mp4") as source:
        assert (source.is_live, source.num_frames) == (False, 20)
        assert [read_number(frame.image) for frame in source] == list(range(20))


def test_a_stream_that_is_not_there(tmp_path: Path) -> None:
    with (
        web_server(live([])) as url,
        pytest.raises(ValueError, match=r"cannot be opened.*within 10 s") as error,
    ):
        open_source(f"{url.replace('//', '//user:password@')}/x.ts")
    assert "password" not in str(error.value)


def test_waits_for_a_stream_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def refuse(url: str, **options: object) -> None:
        asked.update(options)
        raise av.error.TimeoutError(110, "timed out", url)

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(ValueError, match="rtsp://camera/live cannot be opened"):
        open_source("rtsp://admin:1234@camera/live")
    assert asked["timeout"] == (10.0, 10.0)
    assert asked["options"].items() >= {"rtsp_transport": "tcp"}.items()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://user:pw@10.0.0.1:554/ch1?token=1", "rtsp://10.0.0.1:554/ch1"),
        ("https://example.org/a/b.m3u8#x", "https://example.org/a/b.m3u8"),
    ],
)
def test_public_address_hides_what_is_secret(url: str, shown: str) -> None:
    assert public_address(url) == shown
