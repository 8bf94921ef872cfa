"""`annotated.mp4`: what a player would see of it, and what a full disk leaves."""

from __future__ import annotations

import contextlib
import errno
import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from registry.own_names import own_name
from tests.track.media import numbered_image, read_number, write_clip
from track.sinks import FrameTracks, OutputError, reserve
from track.sinks.video import AnnotatedVideo, VideoSink, fit
from track.sources import open_source


def _write(path: Path, images: list[np.ndarray], times_s: list[float], fps: float = 25.0) -> Path:
    height, width = images[0].shape[:2]
    with VideoSink(path, width, height, fps) as sink:
        for image, time_s in zip(images, times_s, strict=True):
            sink.write(image, time_s)
    return path


def _stream_facts(path: Path) -> tuple[str, str, int, float]:
    """Codec, pixel format, number of frames and duration in s, as FFmpeg tells them."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        duration_s = float(stream.duration * stream.time_base)
        frames = sum(1 for _ in container.decode(stream))
        assert frames == stream.frames
        return stream.codec_context.name, stream.codec_context.pix_fmt, frames, duration_s


@pytest.mark.parametrize("fps", [25.0, 30.0, 30000 / 1001, 12.5, 14.0], ids=lambda fps: f"{fps:.5g} fps")
def test_a_browser_can_play_it_and_it_lasts_as_long_as_the_source(tmp_path: Path, fps: float) -> None:
    images = [numbered_image(i) for i in range(20)]
    path = _write(tmp_path / "annotated.mp4", images, [i / fps for i in range(20)], fps)
    codec, pixel_format, frames, duration_s = _stream_facts(path)
    assert (codec, pixel_format, frames) == ("h264", "yuv420p", 20)
    assert duration_s == pytest.approx(20 / fps, abs=1e-3)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # faststart
    source = open_source(str(path))
    assert source.fps == pytest.approx(fps, rel=1e-4)
    assert [read_number(frame.image) for frame in source] == list(range(20))


def test_variable_frame_rate_is_kept(tmp_path: Path) -> None:
    times_s = [0.0, 0.04, 0.5, 0.52, 1.3]
    path = _write(tmp_path / "v.mp4", [numbered_image(i) for i in range(5)], times_s)
    assert [frame.time_s for frame in open_source(str(path))] == pytest.approx(times_s, abs=1e-4)
    assert _stream_facts(path)[3] == pytest.approx(1.3 + 1 / 25, abs=1e-3)


def test_a_run_that_starts_later_gives_a_video_that_starts_at_zero(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.mp4", [numbered_image(i) for i in range(3)], [8.0, 8.04, 8.08])
    assert _stream_facts(path)[3] == pytest.approx(0.12, abs=1e-3)


def test_times_that_do_not_rise_are_spread(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.mp4", [numbered_image(i) for i in range(4)], [0.0, 0.04, 0.04, 0.02])
    assert [read_number(frame.image) for frame in open_source(str(path))] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("size", "expected"),
    [((96, 64), (96, 64)), ((97, 64), (98, 64)), ((96, 65), (96, 66)), ((97, 65), (98, 66))],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
def test_odd_sizes_grow_by_one_pixel(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    path = _write(tmp_path / "v.mp4", [numbered_image(5, *size)], [0.0])
    source = open_source(str(path))
    assert (source.width, source.height) == expected


def _striped(width: int, height: int) -> np.ndarray:
    """A picture whose rows, and whose left and right parts, all differ in brightness and in both colours."""
    down = np.linspace(0, 1, height)[:, None] * np.ones(width)
    is_left = np.ones(height)[:, None] * (np.arange(width) < width // 4 * 2)
    blue, green, red = 40 + 160 * down, 200 - 120 * down + 30 * is_left, 60 + 100 * is_left + 60 * down
    return np.stack([blue, green, red], axis=2).astype(np.uint8)


SIZES_OF_VIDEOS = [
    *[(480, 270), (640, 362), (480, 854), (1280, 534)],  # of issue 15
    *[(width, 48) for width in range(62, 70)],
    *[(64, height) for height in range(44, 60)],
    *[(97, height) for height in range(51, 55)],
    *[(270, 480), (202, 360), (320, 182), (500, 334), (1, 1)],
]


@pytest.mark.parametrize("size", SIZES_OF_VIDEOS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_row_of_every_plane_is_where_it_was(tmp_path: Path, size: tuple[int, int]) -> None:
    """Brightness and both colour differences, row by row, as the decoder has them: no conversion in between."""
    width, height = size
    image = _striped(width, height)
    path = _write(tmp_path / "v.mp4", [image] * 2, [0.0, 0.04])
    even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    expected = av.VideoFrame.from_ndarray(even, format="bgr24").reformat(format="yuv420p", dst_colorspace="ITU601")
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            for name, plane, other in zip("YUV", _planes(frame), _planes(expected), strict=True):
                assert plane.shape == other.shape
                off = np.abs(plane.astype(int) - other)
                assert off.mean(axis=1).max() < 4, f"rows of {name}: {np.flatnonzero(off.mean(axis=1) >= 4)}"
                assert off.mean(axis=0).max() < 4, f"columns of {name}: {np.flatnonzero(off.mean(axis=0) >= 4)}"


def _planes(frame: av.VideoFrame) -> list[np.ndarray]:
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


def test_colours_come_back(tmp_path: Path) -> None:
    colours = [(0, 0, 220), (0, 200, 0), (220, 0, 0), (40, 200, 230), (128, 128, 128)]
    images = [np.full((64, 96, 3), colour, np.uint8) for colour in colours]
    path = _write(tmp_path / "v.mp4", images, [i / 25 for i in range(5)])
    for frame, colour in zip(open_source(str(path)), colours, strict=True):
        np.testing.assert_allclose(frame.image.reshape(-1, 3).mean(axis=0), colour, atol=5)


def test_colours_follow_the_tag_of_the_source(tmp_path: Path) -> None:
    """BT.709 green read as BT.601 would be off by more than 10 levels."""
    path = tmp_path / "hd.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"x264-params": "colormatrix=bt709"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        green = av.VideoFrame.from_ndarray(np.full((64, 96, 3), (0, 200, 0), np.uint8), format="bgr24")
        for packet in [*stream.encode(green.reformat(format="yuv420p", dst_colorspace="ITU709")), *stream.encode(None)]:
            container.mux(packet)
    (frame,) = open_source(str(path))
    np.testing.assert_allclose(frame.image.reshape(-1, 3).mean(axis=0), (0, 200, 0), atol=5)


def test_a_frame_of_another_size_is_fitted_into_the_first(tmp_path: Path) -> None:
    images = [numbered_image(1), numbered_image(2, 192, 64), numbered_image(3, 48, 32)]
    path = _write(tmp_path / "v.mp4", images, [0.0, 0.04, 0.08])
    frames = [frame.image for frame in open_source(str(path))]
    assert {frame.shape for frame in frames} == {(64, 96, 3)}
    assert read_number(frames[2]) == 3
    assert frames[1][:14].max() < 30  # black above and below the wide picture


def test_fit_keeps_the_proportions() -> None:
    canvas = fit(np.full((10, 40, 3), 255, np.uint8), 100, 100)
    rows, columns = np.nonzero(canvas[:, :, 0])
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (37, 62, 0, 100)


def test_the_file_appears_only_when_closed(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "v.mp4", 96, 64, 25)
    sink.write(numbered_image(0), 0.0)
    assert not (tmp_path / "v.mp4").exists()
    sink.close()
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]
    with pytest.raises(ValueError, match="closed"):
        sink.write(numbered_image(0), 0.0)


@pytest.mark.parametrize("frames", [0, 3])
def test_a_discarded_video_leaves_nothing(tmp_path: Path, frames: int) -> None:
    sink = VideoSink(tmp_path / "v.mp4", 96, 64, 25)
    for number in range(frames):
        sink.write(numbered_image(number), number / 25)
    sink.discard()
    sink.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_frames_is_no_file(tmp_path: Path) -> None:
    VideoSink(tmp_path / "v.mp4", 96, 64, 25).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(17_000, 4)], ids=["over-wide"])
def test_a_size_that_h264_refuses_is_one_clear_error_and_no_file(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    sink = VideoSink(tmp_path / "v.mp4", width, height, 25.0)
    try:
        with pytest.raises(OutputError, match=f"H.264 refuses pictures of {width}x{height} px.*--no-video"):
            sink.write(np.zeros((height, width, 3), np.uint8), 0.0)
    finally:
        with contextlib.suppress(OutputError):
            sink.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not write"):
        VideoSink(tmp_path / "gone" / "v.mp4", 96, 64, 25)


def test_the_source_and_the_video_agree(tmp_path: Path) -> None:
    """Through both ends: every frame of a clip with odd times is at its place in the copy."""
    clip = write_clip(tmp_path / "in.mkv", 40, fps=Fraction(24000, 1001))
    source = open_source(str(clip))
    with VideoSink(tmp_path / "out.mp4", source.width, source.height, source.fps) as sink:
        for frame in source:
            sink.write(frame.image, frame.time_s)
    before, after = list(open_source(str(clip))), list(open_source(str(tmp_path / "out.mp4")))
    assert [read_number(f.image) for f in after] == [read_number(f.image) for f in before]
    assert [f.time_s for f in after] == pytest.approx([f.time_s for f in before], abs=1e-3)


class _Disk:
    """A disk with little room, shared by its files; a removed file gives its room back."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sizes: dict[Path, int] = {}

    def open(self, path: Path) -> io.FileIO:
        disk = self

        class File(io.FileIO):
            def write(self, data: memoryview | bytes) -> int:
                disk.sizes = {p: size for p, size in disk.sizes.items() if p.exists()}
                free = disk.room - sum(disk.sizes.values())
                end = self.tell()
                grows = max(0, end + len(data) - disk.sizes.get(path, 0))
                if grows > free:
                    data = memoryview(data)[: len(data) - grows + free]
                if not len(data):
                    raise OSError(errno.ENOSPC, "No space left on device")
                taken = super().write(data)
                disk.sizes[path] = max(disk.sizes.get(path, 0), end + taken)
                return taken

        return File(path, "w+")


def test_a_full_disk_leaves_a_video_that_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "open_raw", _Disk(room=800_000).open)
    monkeypatch.setattr(reserve.ReservedFile.__init__, "__defaults__", (500_000,))
    rng = np.random.default_rng(0)
    sink = VideoSink(tmp_path / "v.mp4", 96, 64, 25)
    written: list[int] = []

    def write_until_full() -> None:
        for number in range(1000):
            sink.write(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8), number / 25)
            written.append(number)

    with pytest.raises(OutputError, match="No space left on device") as error:
        write_until_full()
    assert error.value.path == tmp_path / "v.mp4"
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]
    assert len(list(open_source(str(tmp_path / "v.mp4")))) == len(written) > 10


def test_a_disk_that_is_full_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "open_raw", _Disk(room=1000).open)
    with pytest.raises(OutputError, match="No space left"):
        VideoSink(tmp_path / "v.mp4", 96, 64, 25)
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_cannot_be_finished_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = _Disk(room=10_000_000)
    monkeypatch.setattr(reserve, "open_raw", disk.open)
    sink = VideoSink(tmp_path / "v.mp4", 96, 64, 25)
    for number in range(10):
        sink.write(numbered_image(number), number / 25)
    disk.room = 0
    own_name(tmp_path / "v.mp4", "reserve").write_bytes(b"")  # somebody else took even the reserve
    with pytest.raises(OutputError, match=r"v\.mp4"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


def test_annotated_video_draws_and_writes(tmp_path: Path) -> None:
    class Whiten:
        def draw_on(self, image: np.ndarray, tracks: FrameTracks) -> np.ndarray:
            return np.full_like(image, 255 if tracks.frame_index else 0)

    with AnnotatedVideo(VideoSink(tmp_path / "v.mp4", 96, 64, 25), Whiten()) as sink:
        for index in range(2):
            sink.write(numbered_image(index), FrameTracks.empty(index, index / 25))
    assert [round(frame.image.mean() / 255) for frame in open_source(str(tmp_path / "v.mp4"))] == [0, 1]
