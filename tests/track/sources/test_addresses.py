"""What an address may make FFmpeg do: open that kind of connection, and no file or port here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.track.media import read_number, write_clip
from tests.track.servers import files, greeted_server, plain_server, rtsp_server, web_server
from track.sources import STREAM_SCHEMES, open_source, stream


def test_every_scheme_has_its_protocols() -> None:
    assert {scheme.removesuffix("://") for scheme in STREAM_SCHEMES} == set(stream.PROTOCOLS)
    for allowed in stream.PROTOCOLS.values():
        assert not {"file", "concat", "subfile", "pipe", "fd", "rtp", "unix", "cache", "async"} & set(
            allowed.split(",")
        )


@pytest.mark.parametrize("scheme", ["http", "HTTP", "Http"])
def test_capitals_make_no_difference(tmp_path: Path, scheme: str) -> None:
    data = write_clip(tmp_path / "a.mp4", 3, container_options={"movflags": "faststart"}).read_bytes()
    with web_server(files({"/A.mp4": data})) as url, open_source(url.replace("http", scheme) + "/A.mp4") as source:
        assert [read_number(frame.image) for frame in source] == [0, 1, 2]


@pytest.mark.parametrize(
    ("scheme", "greeting"),
    [("rtsp", b"OPTIONS rtsp://"), ("rtmp", b"\x03"), ("RTSP", b"OPTIONS rtsp://")],
)
def test_the_connection_itself_is_allowed(scheme: str, greeting: bytes) -> None:
    with greeted_server() as (port, heard), pytest.raises(ValueError, match="cannot be opened"):
        open_source(f"{scheme}://127.0.0.1:{port}/live")
    assert heard
    assert heard[0].startswith(greeting)


def test_a_connection_may_be_the_video_itself(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.ts", 20).read_bytes()
    with plain_server(data) as port, open_source(f"tcp://127.0.0.1:{port}", end_s=0.4) as source:
        assert [read_number(frame.image) for frame in source] == list(range(10))


def test_a_camera_on_the_network_is_read(tmp_path: Path) -> None:
    """All that RTSP needs is allowed: pictures come over the connection that asked for them."""
    data = write_clip(tmp_path / "a.ts", 60).read_bytes()
    with rtsp_server(data) as port, open_source(f"rtsp://127.0.0.1:{port}/live", end_s=0.8) as source:
        assert (source.is_live, source.width, source.height) == (True, 96, 64)
        assert [read_number(frame.image) for frame in source] == list(range(20))


M3U8 = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n{}\n#EXT-X-ENDLIST\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 45004 RTP/AVP 33\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("/p.m3u8", M3U8.format("file://{folder}/secret.ts"), id="m3u8: a file"),
        pytest.param("/p.m3u8", M3U8.format("concat:{folder}/secret.ts"), id="m3u8: files"),
        pytest.param(
            "/p.m3u8", M3U8.format("subfile,,start,0,end,0,,:{folder}/secret.ts"), id="m3u8: a part of a file"
        ),
        pytest.param("/p.ffconcat", "ffconcat version 1.0\nfile '{folder}/secret.ts'\n", id="concat: a file"),
        pytest.param("/p.ffconcat", "ffconcat version 1.0\nfile 'file:{folder}/secret.ts'\n", id="concat: file:"),
        pytest.param("/p.sdp", SDP, id="session description: a port"),
    ],
)
def test_what_a_server_sends_opens_nothing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, content: str
) -> None:
    """A port that was opened would be waited at, and the end of that wait be told."""
    monkeypatch.setattr(stream, "OPEN_TIMEOUT_S", 3.0)
    write_clip(tmp_path / "secret.ts", 10)
    data = content.replace("{folder}", str(tmp_path)).encode()
    with web_server(files({path: data})) as url, pytest.raises(ValueError, match=r"cannot be opened") as error:
        list(open_source(url + path))
    assert "exit requested" not in str(error.value)
    assert "timed out" not in str(error.value)


def test_a_playlist_of_a_server_names_files_there(tmp_path: Path) -> None:
    data, asked = write_clip(tmp_path / "a.ts", 10).read_bytes(), []
    contents = {"/live/p.m3u8": M3U8.format("a.ts").encode(), "/live/a.ts": data}
    with web_server(files(contents, asked)) as url, open_source(f"{url}/live/p.m3u8") as source:
        assert [read_number(frame.image) for frame in source] == list(range(10))
        assert source.is_live is False
    assert asked == ["/live/p.m3u8", "/live/a.ts"]
