"""Every row stands for a picture that is there, and every box is drawn on the picture it was found on.

Each picture shows the number of its frame. A walker's left edge is 8 px further in each frame, so that the place of a
box tells its frame as well: in the files, and in the pictures of `annotated.mp4`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.track.media import Image, numbered_image, read_number, write_clip
from tests.track.runs import FAST, Track, Walker, read_csv, read_summary, write_detections
from track.setup import plan
from track.sources import open_source

WIDTH, HEIGHT, GREY = 512, 256, 110
WALKER = Walker(10, 170, 8.0, width=60, height=70)
NUMBERS = [n for n in range(1, 41) if n not in (8, 9, 20, 33)]
DAMAGED = (15, 16)
LAG = 6
"""px by which a filter may lie beside the walker after a gap: less than a frame's way."""
THERE = [n for n in NUMBERS if n not in DAMAGED]
MODES = pytest.mark.parametrize(
    "mode", [(), ("--online",), ("--smooth",), ("--offline",)], ids=lambda m: "".join(m) or "plain"
)


def _picture(number: int) -> Image:
    image = numbered_image(number, WIDTH, HEIGHT)
    image[HEIGHT // 2 :] = GREY
    return image


def _sequence(folder: Path, numbers: Iterable[int], name: str = "{:06d}.png") -> Path:
    """A sequence folder with the pictures of these frames; two of them are damaged."""
    (folder / "img1").mkdir(parents=True)
    for number in numbers:
        cv2.imwrite(str(folder / "img1" / name.format(number)), _picture(number))
        if number in DAMAGED:
            (folder / "img1" / name.format(number)).write_bytes(b"damaged")
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\n")
    write_detections(folder / "det" / "det.txt", (WALKER,), 40)
    return folder


def _drawn(video: Path) -> Iterator[tuple[int, float]]:
    """The number that each picture shows, and the left edge of the box on it, NaN without one."""
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            image = frame.to_ndarray(format="bgr24").astype(int)
            painted = np.flatnonzero(np.abs(image[205] - GREY).max(axis=1) > 60)
            yield read_number(image.astype(np.uint8)), float(painted.min()) if len(painted) else np.nan


def _check(folder: Path, there: list[int], mode: tuple[str, ...]) -> None:
    """Rows and boxes are of these frames alone, and where the walker was in them."""
    shown = there[2:] if mode == ("--online",) else there  # a track is confirmed by its third sight
    rows = {int(row["frame"]): float(row["x1"]) for row in read_csv(folder)}
    assert list(rows) == shown
    np.testing.assert_allclose(list(rows.values()), [WALKER.row(n - 1)[2] for n in shown], atol=LAG)
    drawn = dict(_drawn(folder / "annotated.mp4"))
    assert list(drawn) == there
    for number in there:
        if number in shown:
            assert drawn[number] == pytest.approx(rows[number], abs=3), f"the box of another frame is on {number}"
        else:
            assert np.isnan(drawn[number])


@MODES
@pytest.mark.parametrize("name", ["{:06d}.png", "img_{:04d}.png"])
def test_a_sequence_with_gaps_and_damaged_pictures(
    track: Track, tmp_path: Path, name: str, mode: tuple[str, ...]
) -> None:
    """It counts by file name, and so its pictures meet the frames of its det.txt."""
    _sequence(tmp_path / "s", NUMBERS, name)
    result = track("run", "s", *FAST, "--detector", "public", *mode, "--out", "o")
    assert (result.code, "after the last one" in result.err) == (0, False)
    _check(tmp_path / "o", THERE, mode)
    frames = read_summary(tmp_path / "o")["source"]["frames"]
    assert frames == {"first": 1, "last": 40, "missing": [[8, 9], [15, 16], [20, 20], [33, 33]]}


@MODES
def test_a_plain_folder_counts_by_position(track: Track, tmp_path: Path, mode: tuple[str, ...]) -> None:
    """Only the damaged pictures are missing: the names tell the order, and no frame."""
    pictures = _sequence(tmp_path / "s", range(1, 41)) / "img1"
    for number in range(1, 41):
        (pictures / f"{number:06d}.png").rename(pictures / f"{3 * number}.png")
    track("run", pictures, *FAST, "--detector", "s/det/det.txt", *mode, "--out", "o")
    _check(tmp_path / "o", [n for n in range(1, 41) if n not in DAMAGED], mode)


@MODES
def test_a_video_that_lost_frames(track: Track, tmp_path: Path, mode: tuple[str, ...]) -> None:
    """Frames count by their time where some were lost: what is left keeps its place."""
    clip = write_clip(tmp_path / "clip.mp4", [_picture(n) for n in range(1, 41)], fps=10, gop=1)
    _spoil(clip, [11])
    with open_source(str(clip)) as source:
        there = [read_number(frame.image) for frame in source if frame.image is not None]
    assert there[:10] == [*range(1, 11)]
    assert 30 < len(there) < 40
    write_detections(tmp_path / "d.txt", (WALKER,), 40)
    result = track("run", clip, *FAST, "--detector", "d.txt", *mode, "--out", "o")
    assert result.code == 0
    _check(tmp_path / "o", there, mode)


def _spoil(clip: Path, frames: Iterable[int]) -> None:
    """Overwrite the packets of these frames (from 1) with bytes that no decoder takes."""
    with av.open(str(clip)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(clip.read_bytes())
    for number in frames:
        start, size = packets[number - 1]
        data[start + 8 : start + 8 + size] = bytes(size)
    clip.write_bytes(data)


@pytest.mark.parametrize("mode", [("--smooth",), ("--offline",)], ids="".join)
def test_a_second_reading_that_gives_other_frames(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: tuple[str, ...]
) -> None:
    """A picture is gone, one is there again that could not be read: boxes stay on their own pictures all the same."""
    _sequence(tmp_path / "s", NUMBERS)

    def other(*arguments: Any, **options: Any) -> Any:
        (tmp_path / "s" / "img1" / "000005.png").unlink()
        cv2.imwrite(str(tmp_path / "s" / "img1" / "000015.png"), _picture(15))
        return open_source(*arguments, **options)

    monkeypatch.setattr(plan, "open_source", other)
    assert track("run", "s", *FAST, "--detector", "public", *mode, "--out", "o").code == 0
    drawn = dict(_drawn(tmp_path / "o" / "annotated.mp4"))
    assert list(drawn) == [n for n in THERE if n != 5]
    np.testing.assert_allclose(list(drawn.values()), [WALKER.row(n - 1)[2] for n in drawn], atol=3)


@pytest.mark.parametrize("with_embeddings", [True, False], ids=["embeddings.npz", "tracks.csv alone"])
def test_what_is_linked_later_has_no_rows_without_pictures(track: Track, tmp_path: Path, with_embeddings: bool) -> None:
    _sequence(tmp_path / "s", NUMBERS)
    track("run", "s", *FAST, "--detector", "public", "--keep-embeddings", "--no-video", "--out", "o")
    if not with_embeddings:
        (tmp_path / "o" / "embeddings.npz").unlink()
    assert track("link", "o", "--out", "linked").code == 0
    assert [int(row["frame"]) for row in read_csv(tmp_path / "linked")] == THERE
