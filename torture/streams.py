"""Hostile servers on the loopback: every command line ends in bounded time, in one line or with what came."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

from torture.campaign import Effort, Tally, each, fresh
from torture.forks import Call, homes, run
from torture.scene import FAST, make_inputs
from torture.verdict import faults

__all__ = ["SERVERS", "streams"]

HERE = "127.0.0.1"
LIMIT_S = 150.0
"""Bound of a stream that never ends by itself: the source's own patience, times the load of this machine."""
Serve = Callable[[socket.socket, bytes], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"


def _answer(head: bytes, body: bytes = b"") -> Serve:
    def serve(client: socket.socket, clip: bytes) -> None:
        client.recv(4096)
        client.sendall(head.replace(b"{length}", str(len(clip)).encode()) + b"\r\n" + (body or clip))

    return serve


def _slowly(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(clip))
    for place in range(len(clip)):
        client.sendall(clip[place : place + 1])
        time.sleep(0.2)


def _silent(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    time.sleep(3600)


def _endless_headers(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    client.sendall(HEAD)
    while True:
        client.sendall(b"X-Filler: " + b"y" * 1000 + b"\r\n")


def _one_endless_header(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    client.sendall(HEAD + b"X: ")
    while True:
        client.sendall(b"y" * 65536)


def _reset_midway(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(clip) + clip[: len(clip) // 2])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def _reset_at_once(client: socket.socket, clip: bytes) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def _endless_garbage(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    client.sendall(HEAD + b"\r\n")
    while True:
        client.sendall(os.urandom(65536))


def _endless_zeros(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
    while True:
        client.sendall(bytes(65536))


def _endless_picture(client: socket.socket, clip: bytes) -> None:
    import cv2
    import numpy as np

    picture = cv2.imencode(".jpg", np.full((64, 96, 3), 90, np.uint8))[1].tobytes()
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n")
    while True:
        client.sendall(
            b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture) + picture + b"\r\n"
        )
        time.sleep(0.04)


def _redirect(target: str) -> Serve:
    return _answer(b"HTTP/1.1 302 Found\r\nLocation: " + target.encode() + b"\r\nContent-Length: 0\r\n", b" ")


def _redirect_to_itself(client: socket.socket, clip: bytes) -> None:
    client.recv(4096)
    port = client.getsockname()[1]
    client.sendall(f"HTTP/1.1 302 Found\r\nLocation: http://{HERE}:{port}/x\r\nContent-Length: 0\r\n\r\n".encode())


SERVERS: dict[str, Serve] = {
    "a byte every 0.2 s": _slowly,
    "silence": _silent,
    "endless headers": _endless_headers,
    "one endless header": _one_endless_header,
    "reset in the middle": _reset_midway,
    "reset at once": _reset_at_once,
    "closed at once": lambda *_: None,
    "endless garbage": _endless_garbage,
    "endless zeros": _endless_zeros,
    "the same picture for ever": _endless_picture,
    "a length too large": _answer(HEAD + b"Content-Length: 99999999\r\n"),
    "a length too small": _answer(HEAD + b"Content-Length: 100\r\n"),
    "a negative length": _answer(HEAD + b"Content-Length: -5\r\n"),
    "a length of 2^64": _answer(HEAD + b"Content-Length: 18446744073709551616\r\n"),
    "two lengths": _answer(HEAD + b"Content-Length: 10\r\nContent-Length: {length}\r\n"),
    "wrong chunks": _answer(HEAD + b"Transfer-Encoding: chunked\r\n", b"FFFFFFFFFFFFFFFF\r\nxx\r\n"),
    "no head": _answer(b"", b"hello"),
    "code 404": _answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n", b" "),
    "code 500": _answer(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n", b" "),
    "code 206 unasked": _answer(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-1/0\r\n"),
    "code 999999": _answer(b"HTTP/1.1 999999 x\r\n"),
    "a redirect to a file": _redirect("file:///etc/hostname"),
    "a redirect to concat": _redirect("concat:/etc/hostname"),
    "a redirect to a closed port": _redirect(f"http://{HERE}:9/x"),
    "a redirect to rtsp": _redirect(f"rtsp://{HERE}:9/x"),
    "a redirect to nothing": _redirect(""),
    "a redirect to itself": _redirect_to_itself,
    "a playlist of files": _answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    ),
    "a description that opens ports": _answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/sdp\r\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 45678 RTP/AVP 33\n",
    ),
    "an HTML page": _answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", b"<html>login</html>"),
    "a good clip": _answer(HEAD + b"Content-Length: {length}\r\n"),
}
SCHEMES = ("http", "tcp", "rtsp")


def streams(effort: Effort, tally: Tally) -> None:
    """Every server under every protocol; in an order by chance."""
    inputs = make_inputs(effort.folder / "inputs")
    clip = (inputs / "clip.mp4").read_bytes()
    cases = [(kind, scheme) for kind in SERVERS for scheme in SCHEMES]
    effort.choices("streams").shuffle(cases)
    cases.sort(key=lambda case: SCHEMES.index(case[1]))
    slowest = 0.0
    for number in each(effort, cases):
        kind, scheme = cases[number]
        folder = fresh(effort.folder / "case", inputs)
        with _served(SERVERS[kind], clip) as port:
            words = (
                "run",
                f"{scheme}://{HERE}:{port}/x.mp4",
                "--detector",
                "motion",
                *FAST,
                "--end",
                "1",
                "--out",
                "new",
            )
            answer = run(Call(words, folder, homes(folder), limit_s=LIMIT_S, has_network=True))
        slowest = max(slowest, answer.seconds)
        tally.add(f"{kind} over {scheme}", faults(answer))
    tally.remarks.append(
        f"{tally.tried} of {len(cases)} servers and protocols, the slowest answer after {slowest:.0f} s"
    )


@contextlib.contextmanager
def _served(serve: Serve, clip: bytes) -> Iterator[int]:
    """Port of a server in a process of its own: this one stays without threads."""
    with socket.create_server((HERE, 0)) as server:
        port = int(server.getsockname()[1])
        process = os.fork()
        if process == 0:
            with contextlib.suppress(BaseException):
                _accept(server, serve, clip)
            os._exit(0)
    try:
        yield port
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _accept(server: socket.socket, serve: Serve, clip: bytes) -> None:
    while True:
        client, _ = server.accept()
        threading.Thread(target=_one, args=(client, serve, clip), daemon=True).start()


def _one(client: socket.socket, serve: Serve, clip: bytes) -> None:
    with client, contextlib.suppress(OSError):
        serve(client, clip)
