"""Servers on the loopback that give what a test wants."""

from __future__ import annotations

import http.server
import socket
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
