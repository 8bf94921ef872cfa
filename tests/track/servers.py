"""Servers on the loopback that give what a test wants."""

from __future__ import annotations

import http.server
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

Request = http.server.BaseHTTPRequestHandler
Answer = Callable[[Request, int], None]


@contextmanager
def web_server(answer: Answer) -> Iterator[str]:
    """Address of a server that hands each request, with its number from 0, to `answer`."""
    count = iter(range(10**6))

    class Handler(Request):
        def do_GET(self) -> None:  # noqa: N802 (the library asks for that name)
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


def send(request: Request, data: bytes, *, kind: str = "video/mp2t", has_length: bool = True) -> None:
    """Answer with `data`, whole, whatever part was asked for."""
    request.send_response(200)
    request.send_header("Content-Type", kind)
    if has_length:
        request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)


def live(connections: list[bytes]) -> Answer:
    """A live stream has no length; each connection gets what is sent at its time, the ones after the last an error."""

    def answer(request: Request, number: int) -> None:
        if number < len(connections):
            send(request, connections[number], has_length=False)
        else:
            request.send_error(404)

    return answer


def files(contents: Mapping[str, bytes], asked: list[str] | None = None) -> Answer:
    """A server of files by path; notes in `asked` what was asked for."""

    def answer(request: Request, _number: int) -> None:
        if asked is not None:
            asked.append(request.path)
        if request.path in contents:
            send(request, contents[request.path], kind="application/octet-stream")
        else:
            request.send_error(404)

    return answer


@contextmanager
def greeted_server() -> Iterator[tuple[int, list[bytes]]]:
    """Port of a server that takes the first bytes of one client and hangs up; and those bytes."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def listen() -> None:
            with suppress(OSError):
                client, _ = server.accept()
                with client:
                    heard.append(client.recv(64))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join(10)


@contextmanager
def plain_server(data: bytes) -> Iterator[int]:
    """Port of a server that sends `data` to one client, without any protocol."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            with suppress(OSError):
                client, _ = server.accept()
                with client:
                    client.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


@contextmanager
def rtsp_server(transport_stream: bytes) -> Iterator[int]:
    """Port of a camera that sends a transport stream to one client, over the same connection (RFC 2326, 10.12)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            with suppress(OSError):
                client, _ = server.accept()
                with client:
                    client.settimeout(10)
                    _speak_rtsp(client, transport_stream)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def _speak_rtsp(client: socket.socket, transport_stream: bytes) -> None:
    sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track1\r\n"
    answers = {
        "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""),
        "DESCRIBE": ("Content-Type: application/sdp\r\n", sdp),
        "SETUP": ("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n", ""),
        "PLAY": ("Session: 1\r\n", ""),
    }
    lines = client.makefile("rb")
    method = ""
    while method != "PLAY":
        method, number = lines.readline().decode().partition(" ")[0], ""
        while (line := lines.readline().decode().strip()) != "":
            if line.lower().startswith("cseq:"):
                number = line
        head, body = answers[method]
        client.sendall(f"RTSP/1.0 200 OK\r\n{number}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    for packet, start in enumerate(range(0, len(transport_stream), 7 * 188)):
        payload = transport_stream[start : start + 7 * 188]
        rtp = struct.pack(">BBHII", 0x80, 33, packet, 3600 * packet, 1) + payload
        client.sendall(struct.pack(">cBH", b"$", 0, len(rtp)) + rtp)
