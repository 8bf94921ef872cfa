"""Cameras and streams: a camera is stood in for, streams come from a server on this machine."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.track.media import numbered_image, read_number, write_clip
from track.sources import open_source, stream
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


@contextmanager
def _server(answer: Callable[[http.server.BaseHTTPRequestHandler, int], None]) -> Iterator[str]:
    """Address of a server that hands each request, with its number from 0, to `answer`."""
    count = iter(range(10**6))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # the client has what it wants
                answer(self, next(count))

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _live_answer(data: bytes, connections: int) -> Callable[[http.server.BaseHTTPRequestHandler, int], None]:
    """A live stream has no length; after that many connections the server knows it no more."""

    def answer(request: http.server.BaseHTTPRequestHandler, number: int) -> None:
        request.send_response(200 if number < connections else 404)
        request.send_header("Content-Type", "video/mp2t")
        request.end_headers()
        if number < connections:
            request.wfile.write(data)

    return answer


def test_stream_is_opened_again_a_bounded_number_of_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "RETRY_DELAYS_S", (0.05, 0.05))
    data = write_clip(tmp_path / "a.ts", 20).read_bytes()
    with _server(_live_answer(data, 3)) as url, open_source(f"{url}/live.ts?key=secret") as source:
        assert (source.name, source.is_live, source.num_frames) == ("stream-127.0.0.1", True, None)
        assert (source.width, source.height) == (96, 64)
        frames = list(source)
    assert [read_number(frame.image) for frame in frames] == list(range(20)) * 3
    assert [frame.index for frame in frames] == list(range(60))
    steps_s = np.diff([frame.time_s for frame in frames])
    assert (steps_s > 0).all()
    assert source.report.reconnects == 2
    assert "the stream ended: 2 tries to reconnect failed" in source.report.notes
    assert not any("secret" in note for note in source.report.notes)


def test_span_of_a_stream(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.ts", 50).read_bytes()
    with _server(_live_answer(data, 1)) as url, open_source(f"{url}/live.ts", start_s=0.4, end_s=0.8) as source:
        assert [frame.index for frame in source] == list(range(10, 20))


def test_a_stream_left_early_is_closed(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.ts", 50).read_bytes()
    with _server(_live_answer(data, 1)) as url:
        source = open_source(f"{url}/live.ts")
        for frame in source:
            if frame.index == 3:
                source.close()
        assert source.report.frames_read <= 5
        assert source.report.reconnects == 0


def test_a_finite_file_behind_an_address_is_read_once(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", 20, container_options={"movflags": "faststart"}).read_bytes()

    def answer(request: http.server.BaseHTTPRequestHandler, _: int) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    with _server(answer) as url, open_source(f"{url}/a.mp4") as source:
        assert (source.is_live, source.num_frames) == (False, 20)
        assert [read_number(frame.image) for frame in source] == list(range(20))


def test_a_stream_that_is_not_there(tmp_path: Path) -> None:
    with (
        _server(_live_answer(b"", 0)) as url,
        pytest.raises(ValueError, match=r"cannot be opened.*within 10 s") as error,
    ):
        open_source(f"{url.replace('//', '//user:password@')}/x.ts")
    assert "password" not in str(error.value)


def test_waits_for_a_stream_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def refuse(url: str, **options: object) -> None:
        asked.update(options)
        raise av.error.TimeoutError(110, "timed out", url)

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(ValueError, match="rtsp://camera/live cannot be opened"):
        open_source("rtsp://admin:1234@camera/live")
    assert asked["timeout"] == (10.0, 10.0)
    assert asked["options"] == {"rtsp_transport": "tcp"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://user:pw@10.0.0.1:554/ch1?token=1", "rtsp://10.0.0.1:554/ch1"),
        ("https://example.org/a/b.m3u8#x", "https://example.org/a/b.m3u8"),
    ],
)
def test_public_address_hides_what_is_secret(url: str, shown: str) -> None:
    assert public_address(url) == shown
