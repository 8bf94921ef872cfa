"""The page on which lines and zones are drawn: what it saves, whom it answers, and how it looks in a browser."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser import Browser, find_browser
from tests.track.runs import FAST, HEIGHT, WIDTH, Track, assert_one_line, write_sequence, write_video
from track.commands.zones.draw import Drawing, open_drawing
from track.commands.zones.server import MOST_BYTES, PageServer
from track.places.file import read_places
from track.places.types import Line

DOOR = {"kind": "line", "name": "door", "points": [[0.5, 1], [0.5, 0]]}
ROOM = {"kind": "zone", "name": "room", "points": [[0, 0], [0.5, 0], [0.5, 1]]}


@pytest.fixture
def drawing(tmp_path: Path) -> Drawing:
    clip, _ = write_video(tmp_path, num_frames=3)
    return open_drawing(str(clip), tmp_path / "zones.yaml", 0.0)


@pytest.fixture
def server(drawing: Drawing) -> Iterator[PageServer]:
    with PageServer(drawing.state, drawing.jpeg, drawing.save) as running:
        yield running


def ask(server: PageServer, path: str = "", body: Any = None, *, host: str | None = None) -> tuple[int, str]:
    """Status and text of an answer; a path from / is taken as it is."""
    parts = urlsplit(server.address)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {} if host is None else {"Host": host}
    content = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    line.request(
        "GET" if body is None else "POST", path if path.startswith("/") else parts.path + path, content, headers
    )
    answer = line.getresponse()
    return answer.status, answer.read().decode("utf-8", "replace")


def test_what_is_saved_is_what_was_drawn(drawing: Drawing, server: PageServer) -> None:
    assert ask(server, "save", {"places": [DOOR, ROOM]}) == (200, json.dumps({"saved": str(drawing.path)}))
    places = read_places(drawing.path, (WIDTH, HEIGHT))
    assert places.lines == (Line("door", (WIDTH / 2, HEIGHT), (WIDTH / 2, 0)),)
    assert places.zones[0].polygon == ((0, 0), (WIDTH / 2, 0), (WIDTH / 2, HEIGHT))
    server.wait()


def test_a_file_that_is_there_is_gone_on_with(drawing: Drawing, tmp_path: Path) -> None:
    drawing.path.write_text(f"lines: {{door: {{from: [{WIDTH // 2}, {HEIGHT}], to: [{WIDTH // 2}, 0]}}}}\n")
    again = open_drawing(str(tmp_path / "clip.mp4"), drawing.path, 0.0)
    assert again.state()["places"] == [{"kind": "line", "name": "door", "points": [(0.5, 1.0), (0.5, 0.0)]}]


REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": ({"places": []}, "nothing to save yet"),
    "no list": ({"places": 3}, "nothing to save yet"),
    "not of the page": ([1, 2], "nothing to save yet"),
    "no JSON": (b"{", "Expecting"),
    "a line of one point": ({"places": [{**DOOR, "points": [[0.5, 1]]}]}, "line door is"),
    "a line without a length": ({"places": [{**DOOR, "points": [[0.5, 1], [0.5, 1]]}]}, "has no length"),
    "a name twice": ({"places": [DOOR, {**ROOM, "name": " door"}]}, "two places are named 'door'"),
    "no name": ({"places": [{**ROOM, "name": " "}]}, "expected a name"),
    "a zone across itself": ({"places": [{**ROOM, "points": [[0, 0], [1, 1], [1, 0], [0, 1]]}]}, "crosses itself"),
    "a word for a point": ({"places": [{**ROOM, "points": ["a", [1, 1], [1, 0]]}]}, "corner 1 is 'a'"),
    "no kind": ({"places": [{"name": "x"}]}, "is no line and no zone"),
}


@pytest.mark.parametrize(("sent", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_told_and_not_saved(drawing: Drawing, server: PageServer, sent: Any, sentence: str) -> None:
    status, text = ask(server, "save", sent)
    assert (status, sentence in json.loads(text)["error"]) == (400, True), text
    assert not drawing.path.exists()


def test_others_get_nothing(drawing: Drawing, server: PageServer) -> None:
    """Neither whoever does not know the address, nor a page of another site that has its own name led here."""
    content = {"places": [DOOR]}
    assert ask(server, "/")[0] == ask(server, "/frame.jpg")[0] == 404
    assert ask(server, "/wrong/save", content)[0] == ask(server, "../../etc/passwd")[0] == 404
    for host in ("evil.example", f"evil.example:{urlsplit(server.address).port}", "127.0.0.1"):
        assert ask(server, host=host)[0] == ask(server, "save", content, host=host)[0] == 403
    assert ask(server, "save", b" " * (MOST_BYTES + 1))[0] == 413
    assert not drawing.path.exists()
    assert server.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "\u00b2"], ids=["of 5,000 digits", "below 0", "no digit"])
def test_a_length_that_is_none_is_answered(server: PageServer, length: str, capfd: pytest.CaptureFixture[str]) -> None:
    parts = urlsplit(server.address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as line:
        head = f"POST {parts.path}save HTTP/1.0\r\nHost: {parts.netloc}\r\nContent-Length: {length}\r\n\r\n"
        line.sendall(head.encode("latin-1"))
        assert line.recv(100).startswith(b"HTTP/1.0 413")
    assert capfd.readouterr().err == ""


def test_a_browser_that_has_left_has_saved_and_says_nothing(
    drawing: Drawing, server: PageServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("track.commands.zones.server._Handler._answer", gone)
    places = [{"kind": "line", "name": "door", "points": [[0.5, 1.0], [0.5, 0.0]]}]
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(server, "save", {"places": places})
    server.wait()
    assert drawing.path.is_file()
    assert capfd.readouterr().err == ""


def test_a_name_cannot_end_the_script(drawing: Drawing) -> None:
    hostile = "</script><b>&"
    drawing.save({"places": [{**DOOR, "name": hostile}]})
    drawing.name = hostile
    with PageServer(drawing.state, drawing.jpeg, drawing.save) as server:
        text = ask(server)[1]
    assert text.count("</script>") == 1
    assert "<b>&" not in text


def test_the_command_ends_when_the_page_has_saved(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part of the browser is played by a thread that asks for the page and saves."""
    clip, _ = write_video(tmp_path, num_frames=3)

    def browse(address: str) -> bool:
        parts = urlsplit(address)

        def act() -> None:
            line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
            line.request("POST", f"{parts.path}save", json.dumps({"places": [DOOR, ROOM]}))
            line.getresponse().read()

        threading.Thread(target=act).start()
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    result = track("zones", clip, "--save", "my.yaml", "--at", "0.1")
    assert (result.code, "1 line and 1 zone in my.yaml" in result.out) == (0, True)
    assert read_places(Path("my.yaml"), (WIDTH, HEIGHT)).names == ("door", "room")


def test_a_run_is_drawn_on_its_video(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=6)
    assert track("run", clip, *FAST, "--detector", detections, "--no-video", "--out", "r").code == 0
    assert open_drawing("r", tmp_path / "z.yaml", 0.0).size == (WIDTH, HEIGHT)
    clip.unlink()
    assert_one_line(track("zones", "r"), "is not there any more", "give the video itself: track zones VIDEO")


def test_bad_words_are_one_line(track: Track, tmp_path: Path) -> None:
    write_sequence(tmp_path / "s")
    clip, _ = write_video(tmp_path, num_frames=2)
    (tmp_path / "broken.yaml").write_text("lines: [")
    assert_one_line(track("zones", "nowhere.mp4"), "nowhere.mp4")
    assert_one_line(track("zones", "s"), "has no picture to draw on")
    assert_one_line(track("zones", clip, "--at", "-1"), "--at is -1, expected seconds from 0")
    assert_one_line(track("zones", clip, "--at", "100"), "beyond the end")
    assert_one_line(track("zones", clip, "--save", "."), "is a folder")
    assert_one_line(track("zones", clip, "--save", "none/z.yaml"), "the folder none is not there")
    assert_one_line(track("zones", clip, "--save", "broken.yaml"), "broken.yaml is not valid YAML")
    assert_one_line(track("zones", clip, "--port", "70000"), "--port is 70000")
    assert_one_line(track("zones", clip, "--out", "o"), "--out has no effect without --zones")
    assert_one_line(track("zones", "s", "--zones", "z.yaml", "--no-open"), "--no-open has no effect with --zones")


@pytest.mark.parametrize("width", [380, 1280, 1600])
def test_in_a_browser(drawing: Drawing, tmp_path: Path, width: int) -> None:
    """Draw a line and a zone with the mouse, name them, drag a corner, and save."""
    find_browser()
    with (
        PageServer(drawing.state, drawing.jpeg, drawing.save) as server,
        Browser(tmp_path / "profile", width) as browser,
    ):
        browser.open(server.address)
        assert browser.run("document.documentElement.scrollWidth") <= width, "nothing sticks out"
        box = browser.run(
            "(b => [b.left, b.top, b.width, b.height])(document.getElementById('view').getBoundingClientRect())"
        )

        def point(x: float, y: float) -> tuple[float, float]:
            return box[0] + x * box[2], box[1] + y * box[3]

        browser.run("document.getElementById('new-line').click()")
        browser.click(*point(0.25, 0.75))
        browser.click(*point(0.25, 0.25))
        browser.type("door <b>")
        browser.run("document.getElementById('new-zone').click()")
        for corner in ((0.5, 0.25), (0.75, 0.25), (0.75, 0.75), (0.5, 0.75)):
            browser.click(*point(*corner))
        browser.key("Enter")
        browser.type("counter")
        browser.press(*point(0.75, 0.75))
        browser.drag_to(*point(0.9, 0.9))
        browser.release(*point(0.9, 0.9))
        browser.run("document.getElementById('save').click()")
        browser.wait_for("document.getElementById('said').className === 'good'")
        assert browser.complaints == []
    places = read_places(drawing.path, (100, 100))
    assert places.names == ("door <b>", "counter")
    near = pytest.approx([25, 75, 25, 25], abs=1.0)
    assert [*places.lines[0].start, *places.lines[0].end] == near
    assert [v for p in places.zones[0].polygon for v in p] == pytest.approx([50, 25, 75, 25, 90, 90, 50, 75], abs=1.0)


def test_the_page_tells_what_the_file_would_not_take(drawing: Drawing, tmp_path: Path) -> None:
    find_browser()
    with PageServer(drawing.state, drawing.jpeg, drawing.save) as server, Browser(tmp_path / "profile") as browser:
        browser.open(server.address)
        browser.run("document.getElementById('save').click()")
        browser.wait_for("document.getElementById('said').textContent.includes('nothing to save yet')")
        assert browser.run("document.getElementById('said').className") == "bad"
        assert browser.run(
            "[...document.querySelectorAll('button, input')].every(e => e.getAttribute('aria-label') || e.textContent)"
        )
