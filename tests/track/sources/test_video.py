"""Video files: which frame comes when, and what happens to damaged ones."""

from __future__ import annotations

import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.track.media import huge_png, numbered_image, read_number, write_clip
from track.sources import open_source


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        pytest.param("a.mp4", "libx264", id="mp4"),
        pytest.param("a.mkv", "libx264", id="mkv"),
        pytest.param("a.mov", "libx264", id="mov"),
        pytest.param("a.ts", "libx264", id="mpeg-ts, whose time does not start at 0"),
        pytest.param("a.avi", "mpeg4", id="avi, whose frames carry no time stamp of their own"),
    ],
)
def test_every_frame_comes_once_in_order_with_its_time(tmp_path: Path, name: str, codec: str) -> None:
    write_clip(tmp_path / name, 30, codec=codec)
    with open_source(str(tmp_path / name)) as source:
        assert (source.name, source.width, source.height) == ("a", 96, 64)
        assert source.fps == pytest.approx(25, rel=0.05)
        assert (source.has_images, source.is_live, source.sequence) == (True, False, None)
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(30))
    assert [read_number(frame.image) for frame in frames] == list(range(30))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 25 for i in range(30)], abs=2e-3)
    assert (source.report.frames_read, source.report.corrupt, source.report.notes) == (30, 0, [])


def test_frames_reordered_by_the_encoder_come_in_order_of_time(tmp_path: Path) -> None:
    write_clip(tmp_path / "b.mp4", 30, max_b_frames=3)
    frames = list(open_source(str(tmp_path / "b.mp4")))
    assert [read_number(frame.image) for frame in frames] == list(range(30))


def test_images_are_bgr_contiguous_and_independent(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", 3)
    first, second, _ = (frame.image for frame in open_source(str(tmp_path / "a.mp4")))
    assert first.dtype == np.uint8
    assert first.flags.c_contiguous
    assert first.flags.writeable
    np.testing.assert_allclose(first[50, 20].astype(int), (0, 0, 220), atol=12)
    before = second.copy()
    first[:] = 0
    np.testing.assert_array_equal(second, before)


@pytest.mark.parametrize("width", [96, 98, 102, 130], ids=lambda w: f"{w} px")
def test_rows_are_not_skewed_by_padding(tmp_path: Path, width: int) -> None:
    image = numbered_image(5, width, 64)
    write_clip(tmp_path / "a.mp4", [image])
    (frame,) = open_source(str(tmp_path / "a.mp4"))
    assert frame.image.shape == image.shape
    assert np.abs(frame.image.astype(int) - image).mean() < 6


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    times_s = list(np.cumsum([0.0, 0.04, 0.1, 0.02, 0.5, 0.033, 0.25]))
    write_clip(tmp_path / "v.mp4", 7, times_s=times_s)
    frames = list(open_source(str(tmp_path / "v.mp4")))
    assert [frame.time_s for frame in frames] == pytest.approx(times_s, abs=1e-4)
    assert [frame.index for frame in frames] == list(range(7))


def test_ntsc_rate_is_not_rounded(tmp_path: Path) -> None:
    write_clip(tmp_path / "n.mp4", 10, fps=Fraction(30000, 1001))
    source = open_source(str(tmp_path / "n.mp4"))
    assert source.fps == pytest.approx(30000 / 1001, abs=1e-6)
    assert list(source)[9].time_s == pytest.approx(9 * 1001 / 30000, abs=1e-4)


@pytest.mark.parametrize(
    ("start_s", "end_s", "first", "last"),
    [
        pytest.param(0.0, None, 0, 99, id="all"),
        pytest.param(2.0, None, 50, 99, id="from a time on"),
        pytest.param(0.0, 1.0, 0, 24, id="the end is not included"),
        pytest.param(1.0, 2.0, 25, 49, id="a second in the middle"),
        pytest.param(0.2, 0.4, 5, 9, id="too near to the start to seek"),
        pytest.param(1.99, 2.05, 50, 51, id="between frames"),
        pytest.param(1.97, None, 50, 99, id="from between frames on"),
        pytest.param(3.96, None, 99, 99, id="the last frame"),
        pytest.param(3.0, 60.0, 75, 99, id="an end beyond the end"),
    ],
)
@pytest.mark.parametrize(("name", "max_b_frames"), [("a.mp4", 0), ("b.mp4", 2), ("a.mkv", 2), ("a.ts", 2)])
def test_span(
    tmp_path: Path, name: str, max_b_frames: int, start_s: float, end_s: float | None, first: int, last: int
) -> None:
    write_clip(tmp_path / name, 100, max_b_frames=max_b_frames)
    source = open_source(str(tmp_path / name), start_s=start_s, end_s=end_s)
    frames = list(source)
    assert [frame.index for frame in frames] == list(range(first, last + 1))
    assert [read_number(frame.image) for frame in frames] == list(range(first, last + 1))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 25 for i in range(first, last + 1)], abs=2e-3)
    assert source.num_frames == pytest.approx(len(frames), abs=0 if name == "a.mp4" else 1)


@pytest.mark.parametrize(
    ("start_s", "end_s", "message"),
    [
        pytest.param(-1.0, None, "--start must be 0", id="negative start"),
        pytest.param(2.0, 2.0, "--end must be after --start", id="nothing in between"),
        pytest.param(2.0, 1.0, "--end must be after --start", id="end before start"),
        pytest.param(9.0, None, r"beyond the end of .*which lasts 1\.20 s", id="start beyond the end"),
        pytest.param(float("nan"), None, "--start must be 0", id="not a number"),
    ],
)
def test_span_errors(tmp_path: Path, start_s: float, end_s: float | None, message: str) -> None:
    write_clip(tmp_path / "a.mp4", 30)
    with pytest.raises(ValueError, match=message):
        open_source(str(tmp_path / "a.mp4"), start_s=start_s, end_s=end_s)


def test_a_recording_that_starts_late_counts_from_its_first_frame(tmp_path: Path) -> None:
    """A Matroska tells when its last frame ends: an hour and two seconds, of which there are two seconds."""
    path = write_clip(tmp_path / "late.mkv", 50, times_s=[3600 + n / 25 for n in range(50)])
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.num_frames == 50
    assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(50)], abs=2e-3)
    assert source.report.notes == []
    with open_source(str(path), start_s=1.0, end_s=1.4) as source:
        assert [read_number(frame.image) for frame in source] == list(range(25, 35))
    with pytest.raises(ValueError, match=r"no frame from --start 60 s; it lasts 2\.00 s"):
        open_source(str(path), start_s=60.0)


def _rewrite(path: Path, wild: dict[int, float]) -> Path:
    """`path` with other presentation times (s) of some of its packets; those of decoding stay."""
    other = path.with_name(f"wild{path.suffix}")
    with av.open(str(path)) as source, av.open(str(other), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.dts is None:
                continue
            if number in wild:
                packet.pts = round(wild[number] / packet.time_base)
            packet.stream = stream
            target.mux(packet)
    return other


@pytest.mark.parametrize("wild", [{20: 9000.0}, {20: 9000.0, 21: 9000.04}, {20: 9000.0, 30: 4000.0}], ids=str)
@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4"])
def test_time_stamps_far_ahead_do_not_move_the_frames_after_them(
    tmp_path: Path, name: str, wild: dict[int, float]
) -> None:
    path = _rewrite(write_clip(tmp_path / name, 50), wild)
    with open_source(str(path)) as source:
        frames = list(source)
    assert [read_number(frame.image) for frame in frames] == list(range(50))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(50)], abs=2e-3)
    assert [frame.index for frame in frames] == list(range(50))
    assert not any("cut short" in note for note in source.report.notes)


def test_a_gap_in_a_recording_stays(tmp_path: Path) -> None:
    times_s = [n / 25 + (60 if n >= 20 else 0) for n in range(40)]
    path = write_clip(tmp_path / "gap.mkv", 40, times_s=times_s)
    assert [frame.time_s for frame in open_source(str(path))] == pytest.approx(times_s, abs=2e-3)


def test_of_two_videos_in_a_file_it_is_told_which_was_taken(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        for width in (96, 160):
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        for number in range(5):
            for stream in container.streams.video:
                frame = av.VideoFrame.from_ndarray(numbered_image(number, stream.width), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in container.streams.video:
            container.mux(stream.encode(None))
    with open_source(str(path)) as source:
        assert (source.width, [read_number(frame.image) for frame in source]) == (96, list(range(5)))
    assert source.report.notes == [
        "it holds several videos: stream 0 (h264, 96x64 px) was taken, not stream 1 (h264, 160x64 px)"
    ]


@pytest.mark.parametrize("place", ["header", "pictures"])
def test_a_video_of_absurd_size_is_refused(tmp_path: Path, place: str) -> None:
    """Whether its container tells the size or only its pictures do."""
    path = tmp_path / "huge.avi"
    if place == "header":
        write_clip(path, 1, codec="rawvideo", pixel_format="bgr24")
        data = bytearray(path.read_bytes())
        at = data.index(b"strf") + 12  # four letters, length, and the length once more
        data[at : at + 8] = struct.pack("<ii", 30_000, 30_000)
        path.write_bytes(data)
    else:
        path = tmp_path / "huge.png"
        path.write_bytes(huge_png())
    with pytest.raises(ValueError, match=r"huge\..* more than 100 megapixels, and must be scaled down first"):
        open_source(str(path))


def _truncate(path: Path, part: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])


@pytest.mark.parametrize(
    ("name", "container_options"),
    [
        pytest.param("cut.mkv", {}, id="mkv"),
        pytest.param("cut.mp4", {"movflags": "faststart"}, id="mp4 with its index in front"),
    ],
)
def test_a_video_cut_short_gives_what_is_there(tmp_path: Path, name: str, container_options: dict[str, str]) -> None:
    path = write_clip(tmp_path / name, _noise(60), container_options=container_options)
    _truncate(path, 0.5)
    source = open_source(str(path))
    frames = list(source)
    assert 15 < len(frames) < 50
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert any("cut short" in note for note in source.report.notes)


def _noise(count: int) -> list[np.ndarray]:
    """Pictures that do not compress, so that damage hits frames rather than headers."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["bad.mkv", "bad.mp4", "bad.ts"])
def test_damaged_bytes_are_counted_and_the_rest_is_read(tmp_path: Path, name: str, seed: int) -> None:
    path = write_clip(tmp_path / name, _noise(60), container_options={"movflags": "faststart"} if "4" in name else {})
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    places = rng.integers(int(0.3 * len(data)), int(0.7 * len(data)), 60)
    data[places] ^= rng.integers(1, 255, 60, dtype=np.uint8)
    path.write_bytes(data.tobytes())
    source = open_source(str(path))
    frames = list(source)
    assert source.report.corrupt > 0
    assert any("damaged" in note for note in source.report.notes)
    assert len(frames) >= 30
    indices, times_s = [f.index for f in frames], [f.time_s for f in frames]
    assert all(later > earlier for earlier, later in pairwise(indices))
    assert all(later > earlier for earlier, later in pairwise(times_s))
    assert times_s[-1] < 3.0


def test_frames_after_lost_ones_keep_their_place(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "gap.mkv", 100, gop=10)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(len(whole) // 8) + whole[middle + len(whole) // 8 :])
    frames = list(open_source(str(path)))
    assert len(frames) < 100
    last = frames[-1]
    assert (last.index, read_number(last.image)) == (99, 99)
    assert last.time_s == pytest.approx(99 / 25, abs=2e-3)


def _no_index(path: Path) -> None:
    write_clip(path, 30)  # the index of an MP4 without faststart comes last
    _truncate(path, 0.5)


def _header_only(path: Path) -> None:
    write_clip(path, 30)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])


def _sound_only(path: Path) -> None:
    import wave

    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(16000))


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        pytest.param("empty.mp4", lambda p: p.write_bytes(b""), r"is empty \(0 bytes\)", id="empty file"),
        pytest.param("noise.mp4", lambda p: p.write_bytes(b"no video" * 99), "cannot be read as a video", id="noise"),
        pytest.param("notes.txt", lambda p: p.write_text("hello\n" * 99), "is a file of detections", id="text"),
        pytest.param("index.mp4", _no_index, "cut short before its index", id="mp4 without its index"),
        pytest.param("head.mp4", _header_only, "cannot be read as a video|no frame", id="mp4 header only"),
        pytest.param("sound.wav", _sound_only, "has no video stream", id="sound"),
    ],
)
def test_what_is_no_video_is_one_clear_error(tmp_path: Path, name: str, make, message: str, capfd) -> None:
    make(tmp_path / name)
    with pytest.raises(ValueError, match=message) as error:
        open_source(str(tmp_path / name))
    assert name in str(error.value)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""


def test_missing_file_says_what_a_source_can_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.mp4.*not found.*camera index"):
        open_source(str(tmp_path / "nothing.mp4"))


def test_decoding_a_damaged_file_is_silent(tmp_path: Path, capfd) -> None:
    path = write_clip(tmp_path / "a.mkv", _noise(30))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    list(open_source(str(path)))
    assert capfd.readouterr().err == ""


def test_real_clip(shared: Path) -> None:
    with open_source(str(shared / "data" / "towncentre" / "clip.mp4"), start_s=9.0) as source:
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(270, 302))
    assert (source.width, source.height, source.fps) == (1920, 1080, 30.0)


def test_a_span_between_two_frames_is_told_with_the_true_length(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", [numbered_image(n) for n in range(12)], fps=10)
    with pytest.raises(ValueError, match=r"has no frame from --start 0.51 to --end 0.52 s; it lasts 1.20 s"):
        open_source(str(clip), start_s=0.51, end_s=0.52)
