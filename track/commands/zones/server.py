"""A page of this machine, for this machine: one frame, and one file that it may save."""

from __future__ import annotations

import html
import json
import logging
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from registry.json_texts import parse_json

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PageServer"]

_logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
MOST_BYTES = 1 << 18
"""Of what the page sends; a hundred zones have 50 kB."""
_PAGE = Path(__file__).with_name("page.html")
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
}


class PageServer:
    """Serves the page at a secret address until it has saved.

    Other users and pages of this machine can reach the port, but do not know the address; a page of another site that
    sends a request under a name of its own is refused by the name.

    Args:
        state: what the page shows.
        picture: JPEG of the frame.
        save: called with what the page sends; its answer is the path of the file, its `ValueError` or `OSError` is
            shown on the page.
        port: 0 for a free one.

    Attributes:
        address: of the page.
    """

    def __init__(
        self, state: Callable[[], dict[str, Any]], picture: bytes, save: Callable[[Any], str], port: int = 0
    ) -> None:
        if not 0 <= port < 1 << 16:
            raise ValueError(f"--port is {port}, expected a number from 1 to 65535")
        self._token = secrets.token_urlsafe(16)
        self._state, self._picture, self._save = state, picture, save
        self._saved = threading.Event()
        self._lock = threading.Lock()
        owner = self

        class Handler(_Handler):
            page = owner

        try:
            self._server = _Server((HOST, port), Handler)
        except OSError as error:
            raise ValueError(f"--port {port} cannot be used ({error.strerror}): leave it out for a free one") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)
        number = self._server.server_address[1]
        self.hosts = {f"{HOST}:{number}", f"localhost:{number}"}
        self.address = f"http://{HOST}:{number}/{self._token}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Until the page has saved."""
        while not self._saved.wait(0.5):  # a wait without an end would not let Ctrl-C through everywhere
            pass

    def get(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, type and content of what lies at an address."""
        if path == f"/{self._token}/":
            return HTTPStatus.OK, "text/html; charset=utf-8", self._html()
        if path == f"/{self._token}/frame.jpg":
            return HTTPStatus.OK, "image/jpeg", self._picture
        return HTTPStatus.NOT_FOUND, "text/plain", b"not found"

    def _html(self) -> bytes:
        state = self._state()
        text = json.dumps(state).replace("<", "\\u003c")  # so that no name ends the script
        page = _PAGE.read_text(encoding="utf-8").replace("__TITLE__", html.escape(str(state["source"])))
        return page.replace("__STATE__", text).encode("utf-8", "backslashreplace")

    def post(self, path: str, body: bytes) -> tuple[HTTPStatus, dict[str, str]]:
        """Save; the answer for the page."""
        if path != f"/{self._token}/save":
            return HTTPStatus.NOT_FOUND, {"error": "not found"}
        try:
            with self._lock:
                return HTTPStatus.OK, {"saved": self._save(parse_json(body))}
        except (ValueError, OSError) as error:  # among them JSON that is none
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}

    def done(self) -> None:
        """The answer to a save is on its way: nothing more is waited for."""
        self._saved.set()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that has left, or what is no browser: the others go on, and nothing is said on the terminal."""
        _logger.debug("a request of %s failed", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    page: PageServer
    timeout = 30.0

    def do_GET(self) -> None:
        """The page and its picture."""
        if self._is_ours():
            self._answer(*self.page.get(self.path))

    def do_POST(self) -> None:
        """A save."""
        if not self._is_ours():
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= MOST_BYTES):
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "text/plain", b"too long")
            return
        status, answer = self.page.post(self.path, self.rfile.read(int(length)))
        try:
            self._answer(status, "application/json", json.dumps(answer).encode())
        finally:  # saved is saved, also where the browser has left before the answer
            if status == HTTPStatus.OK:
                self.page.done()

    def _is_ours(self) -> bool:
        """Whether it was asked for under the name of this machine, not under one that somebody has led here."""
        if self.headers.get("Host") in self.page.hosts:
            return True
        self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"forbidden")
        return False

    def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: the terminal is the user's."""
