"""A name that exists is that file and nothing else; what a file names is read beside or below it or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.track.media import read_number, write_clip, write_images
from tests.track.servers import Request, send, web_server
from track.sources import open_source

ODD_NAMES = [
    pytest.param("tcp:127.0.0.1:9", id="an address of a port"),
    pytest.param("concat:a.ts|b.ts", id="a list of files"),
    pytest.param("subfile,,start,0,end,9,,:a.ts", id="a part of a file"),
    pytest.param("12:30.ts", id="a time"),
    pytest.param("2024-01-01T10:30:00.mp4", id="a date and time"),
    pytest.param("file:a.mp4", id="file:"),
    pytest.param("rtsp:", id="a scheme"),
    pytest.param("HTTP:a.mkv", id="a scheme in capitals"),
    pytest.param("frame%03d.mp4", id="a pattern of numbers"),
    pytest.param("*.mp4", id="a pattern of names"),
    pytest.param("-y.mp4", id="an option"),
    pytest.param("a\nb.mp4", id="a line break"),
    pytest.param("a\x1b[31mb.mp4", id="an escape sequence"),
    pytest.param("  a b .mp4", id="spaces"),
    pytest.param("🎬 雪 Straße.mp4", id="emoji"),
    pytest.param("a?b#c.mp4", id="marks of an address"),
    pytest.param("a" * 251 + ".mp4", id="as long as can be"),
    pytest.param(os.fsdecode(b"caf\xe9.mp4"), id="bytes that are no UTF-8"),
    pytest.param("a.tar.gz.mp4.ǅ", id="an ending of other letters"),
    pytest.param("no ending", id="no ending"),
]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("is_whole", [False, True], ids=["beside", "whole path"])
def test_a_name_that_exists_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_whole: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = write_clip(tmp_path / "clip.mp4", 5)
    try:
        clip.rename(tmp_path / name)
    except OSError:
        pytest.skip("no such names on this system")
    with open_source(str(tmp_path / name) if is_whole else name) as source:
        assert [read_number(frame.image) for frame in source] == [0, 1, 2, 3, 4]
        assert source.is_live is False


def test_a_path_through_a_folder_called_as_a_scheme_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:" / "host").mkdir(parents=True)
    write_clip(tmp_path / "http:" / "host" / "a.mp4", 3)
    with open_source("http://host/a.mp4") as source:
        assert len(list(source)) == 3


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000, "a\0b", "tcp:127.0.0.1:9"])
def test_a_name_that_does_not_exist_is_not_found_whatever_it_looks_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="not found: expected a video file"):
        open_source(name)


@pytest.mark.parametrize("name", ["walk%03d.png", "-1.jpg", "12:30.png"])
def test_a_picture_with_an_odd_name_is_a_video_of_one_frame(tmp_path: Path, name: str) -> None:
    write_images(tmp_path, [name])
    with open_source(str(tmp_path / name)) as source:
        assert len(list(source)) == 1


def test_a_folder_with_an_odd_name_and_odd_names_in_it(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "rtsp:%d\n🎬", ["-1.png", "a\n%d.png", "tcp:2.png"])
    with open_source(str(folder)) as source:
        assert len(list(source)) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(ValueError, match=r"pipe\.mp4 is a device or a pipe: expected a video file"):
        open_source(str(tmp_path / "pipe.mp4"))


def _m3u8(*names: str) -> str:
    """A finished playlist of clips of 0.4 s."""
    entries = "".join(f"#EXTINF:0.4,\n{name}\n" for name in names)
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n"
    return f"{head}{entries}#EXT-X-ENDLIST\n"


def _concat(*names: str) -> str:
    return "ffconcat version 1.0\n" + "".join(f"file '{name}'\n" for name in names)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with clips of ten frames, and one outside of it."""
    folder = tmp_path / "shelf"
    (folder / "below").mkdir(parents=True)
    for clip in (folder / "a.ts", folder / "below" / "b.ts", tmp_path / "secret.ts"):
        write_clip(clip, 10)
    (folder / "link.ts").symlink_to(tmp_path / "secret.ts")
    return folder


@pytest.mark.parametrize(
    ("name", "text", "num_frames"),
    [
        pytest.param("p.m3u8", _m3u8("a.ts"), 10, id="m3u8: beside"),
        pytest.param("p.m3u8", _m3u8("a.ts", "below/b.ts"), 20, id="m3u8: beside and below"),
        pytest.param("p.m3u8", _m3u8("below/../a.ts"), 10, id="m3u8: down and up again"),
        pytest.param("12:30.m3u8", _m3u8("a.ts"), 10, id="m3u8: with an odd name of its own"),
        pytest.param("p.m3u8", _m3u8("a.ts").replace("#EXT-X-ENDLIST\n", ""), 10, id="m3u8: never finished"),
        pytest.param("p.ffconcat", _concat("a.ts", "below/b.ts"), 20, id="concat: beside and below"),
        pytest.param("p.mp4", _concat("a.ts"), 10, id="concat: under another name"),
    ],
)
def test_a_playlist_names_files_beside_or_below_it(shelf: Path, name: str, text: str, num_frames: int) -> None:
    (shelf / name).write_text(text)
    with open_source(str(shelf / name)) as source:
        assert len(list(source)) == num_frames


def test_a_playlist_of_playlists(shelf: Path) -> None:
    (shelf / "below" / "inner.m3u8").write_text(_m3u8("b.ts"))
    (shelf / "p.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nbelow/inner.m3u8\n")
    with open_source(str(shelf / "p.m3u8")) as source:
        assert len(list(source)) == 10


OUTSIDE = [
    pytest.param(lambda shelf: "../secret.ts", id="up"),
    pytest.param(lambda shelf: str(shelf.parent / "secret.ts"), id="whole path"),
    pytest.param(lambda shelf: f"file://{shelf.parent}/secret.ts", id="file:"),
    pytest.param(lambda shelf: "below/../../secret.ts", id="down and up"),
    pytest.param(lambda shelf: "concat:../secret.ts", id="concat:"),
    pytest.param(lambda shelf: "subfile,,start,0,end,0,,:../secret.ts", id="subfile"),
]


@pytest.mark.parametrize(
    "name_of",
    [*OUTSIDE, pytest.param(lambda shelf: "link.ts", id="link"), pytest.param(lambda shelf: "/dev/zero", id="device")],
)
def test_an_m3u8_reaches_nothing_else(shelf: Path, name_of: Callable[[Path], str]) -> None:
    (shelf / "p.m3u8").write_text(_m3u8(name_of(shelf)))
    with pytest.raises(ValueError, match=r"p\.m3u8 (is a playlist, and may name only files beside|cannot be read)"):
        open_source(str(shelf / "p.m3u8"))


@pytest.mark.parametrize("name_of", OUTSIDE)
def test_a_concat_list_reaches_nothing_else(shelf: Path, name_of: Callable[[Path], str]) -> None:
    (shelf / "p.ffconcat").write_text(_concat(name_of(shelf)))
    with pytest.raises(ValueError, match=r"p\.ffconcat (is a playlist, and may name only files beside|cannot be read)"):
        open_source(str(shelf / "p.ffconcat"))


@pytest.mark.parametrize("name", ["p.m3u8", "p.ffconcat"])
def test_a_playlist_in_a_concat_list_is_no_way_out(shelf: Path, name: str) -> None:
    (shelf / "inner.m3u8").write_text(_m3u8("../secret.ts"))
    (shelf / "inner.ffconcat").write_text(_concat("a.ts").replace("version 1.0", "version 1.0\noption safe 0"))
    (shelf / "p.ffconcat").write_text(_concat("inner.m3u8"))
    (shelf / "p.m3u8").write_text(_m3u8("inner.m3u8"))
    with pytest.raises(ValueError, match=r"cannot be read|may name only|no frame"):
        list(open_source(str(shelf / name)))


def test_one_name_outside_is_left_out_and_told(shelf: Path) -> None:
    """Far behind the others, where it is asked for after others were read."""
    write_clip(shelf / "long.ts", 250)
    (shelf / "p.m3u8").write_text(_m3u8("long.ts", "../secret.ts"))
    with open_source(str(shelf / "p.m3u8")) as source:
        assert len(list(source)) >= 249
    assert "the playlist names ../secret.ts, which is not beside or below it: left out" in source.report.notes


@pytest.mark.parametrize("make", [_m3u8, _concat], ids=["m3u8", "concat"])
def test_a_playlist_here_asks_no_server(shelf: Path, make: Callable[[str], str]) -> None:
    asked: list[str] = []

    def answer(request: Request, _number: int) -> None:
        asked.append(request.path)
        send(request, (shelf / "a.ts").read_bytes())

    with web_server(answer) as url:
        (shelf / "p.m3u8").write_text(make(f"{url}/x.ts"))
        with pytest.raises(ValueError, match=r"p\.m3u8 (is a playlist|cannot be read)"):
            open_source(str(shelf / "p.m3u8"))
    assert asked == []


def test_a_session_description_opens_no_ports(tmp_path: Path) -> None:
    path = tmp_path / "camera.sdp"
    path.write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n")
    with pytest.raises(ValueError, match=r"camera\.sdp describes a stream \(SDP\).*give the address"):
        open_source(str(path))
