"""Input that is damaged in part: what is sound is tracked, and the rest is counted and told in few lines."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np
import pytest

from detectors import Detections
from tests.track.media import write_clip, write_images
from tests.track.runs import (
    FAST,
    Track,
    assert_one_line,
    read_summary,
    read_txt,
    write_sequence,
    write_video,
)


def test_features_of_another_width_on_the_way(track: Track, tmp_path: Path) -> None:
    """Known only when the run has begun: what was tracked before stays, and the line says where."""
    write_sequence(tmp_path / "seq", num_frames=4)

    class _Changing:
        name, class_names, needs_images = "changing", MappingProxyType({0: "person"}), False

        def detect(self, image: Any, frame_index: int) -> Detections:
            xyxy = np.array([[10, 10, 20, 40]], np.float32)
            features = np.ones((1, 4 if frame_index < 3 else 5), np.float32)
            return Detections(xyxy, np.ones(1, np.float32), np.zeros(1, np.int64), features)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("track.setup.loading.create_detector", lambda *_: _Changing())
        result = track("run", "seq", "--detector", "public", "--reid", "file", "--no-video")
    assert_one_line(result, "5 features", "what was tracked before is in runs/seq")
    assert read_summary(tmp_path / "runs" / "seq")["counts"]["frames"] == 3


def test_video_cut_short(track: Track, tmp_path: Path) -> None:
    """What decodes is tracked, the rest reported; exit code 0."""
    whole = write_clip(tmp_path / "whole.mp4", 40, gop=10, container_options={"movflags": "faststart"})
    data = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 8 // 10])
    (tmp_path / "d.txt").write_text("".join(f"{frame},-1,10,10,20,30,0.9\n" for frame in range(1, 41)))
    result = track("run", "cut.mp4", "--detector", "d.txt", *FAST, "--out", "o")
    summary = read_summary(Path("o"))
    assert result.code == 0
    assert 0 < summary["counts"]["frames"] < 40
    assert summary["partial"] is False
    assert "cut short" in " ".join(summary["warnings"])
    printed = result.out + result.err
    assert [printed.count(text) for text in summary["warnings"]] == [1] * len(summary["warnings"])
    assert len(set(summary["warnings"])) == len(summary["warnings"])


def test_corrupt_packets_in_the_middle(track: Track, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", 40, gop=10)
    data = bytearray(clip.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 120] = np.random.default_rng(1).bytes(120)
    clip.write_bytes(data)
    (tmp_path / "d.txt").write_text("".join(f"{frame},-1,10,10,20,30,0.9\n" for frame in range(1, 41)))
    result = track("run", "clip.mp4", "--detector", "d.txt", *FAST, "--out", "o")
    summary = read_summary(Path("o"))
    assert result.code == 0
    assert summary["source"]["corrupt"] > 0
    assert summary["counts"]["frames"] > 20
    printed = result.out + result.err
    assert "damaged" in printed
    assert [printed.count(text) for text in summary["warnings"]] == [1]


BAD_BOXES: dict[str, list[tuple[Any, ...]]] = {
    "not finite": [("nan", 1, 5, 5, 0.9), (1, 1, "inf", 5, 0.9), (1, 1, 5, 5, "nan")],
    "no area": [(1, 1, 0, 5, 0.9), (1, 1, 5, -5, 0.9)],
    "far outside the frame": [(1e6, 1, 5, 5, 0.9), (1, -500, 5, 5, 0.9)],
}


def test_boxes_that_cannot_be_tracked(track: Track, tmp_path: Path) -> None:
    """Dropped at the door, counted by reason, and without influence on the others."""
    bad = [(frame, -1, *box) for boxes in BAD_BOXES.values() for box in boxes for frame in (3, 4)]
    clean = write_sequence(tmp_path / "clean")
    dirty = write_sequence(tmp_path / "dirty", extra=bad)
    for sequence in (clean, dirty):
        result = track("run", sequence, "--detector", "public", *FAST, "--out", f"{sequence.name}-run")
        assert result.code == 0
    summary = read_summary(Path("dirty-run"))
    assert summary["counts"]["rejected_detections"] == {reason: 2 * len(boxes) for reason, boxes in BAD_BOXES.items()}
    assert summary["counts"]["detections"] == read_summary(Path("clean-run"))["counts"]["detections"]
    assert "unusable detections dropped: 6 not finite" in result.out
    np.testing.assert_array_equal(read_txt(Path("clean-run")), read_txt(Path("dirty-run")))


@pytest.mark.parametrize("reid", ["none", "small-cnn"])
def test_no_detections_at_all(track: Track, tmp_path: Path, reid: str) -> None:
    """Empty but valid files, and the whole video."""
    clip, detections = write_video(tmp_path, walkers=())
    result = track("run", clip, "--detector", detections, "--reid", reid, "--device", "cpu", "--out", "o")
    summary = read_summary(Path("o"))
    assert result.code == 0
    assert (Path("o") / "tracks.txt").read_text() == ""
    assert (Path("o") / "tracks.csv").read_text().count("\n") == 1
    assert (summary["counts"]["frames"], summary["counts"]["ids"]) == (12, 0)
    with av.open("o/annotated.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


def test_frame_size_that_changes(track: Track, tmp_path: Path) -> None:
    """One warning; the video keeps the first size."""
    sizes = [(96, 64)] * 4 + [(128, 96)] * 4
    write_images(tmp_path / "pictures", [f"{number}.png" for number in range(8)], sizes)
    (tmp_path / "d.txt").write_text("".join(f"{frame},-1,10,10,20,30,0.9\n" for frame in range(1, 9)))
    result = track("run", "pictures", "--detector", "d.txt", *FAST, "--out", "o")
    summary = read_summary(Path("o"))
    assert result.code == 0
    assert (result.out + result.err).count("the frame size changed") == 1
    assert summary["source"]["size_changes"] == 1
    with av.open("o/annotated.mp4") as container:
        assert [(f.width, f.height) for f in container.decode(video=0)] == [(96, 64)] * 8


def test_many_damaged_pictures_are_told_in_few_lines(track: Track, tmp_path: Path) -> None:
    write_images(tmp_path / "pictures", [f"{number}.png" for number in range(12)])
    for number in range(2, 12):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(b"broken")
    (tmp_path / "d.txt").write_text("1,-1,10,10,20,30,0.9\n")
    result = track("run", "pictures", "--detector", "d.txt", *FAST, "--out", "o", "--no-video")
    assert result.code == 0
    assert result.out.count("cannot be decoded") == 5
    assert "5 more warnings, see summary.json" in result.out
    assert len(read_summary(Path("o"))["warnings"]) == 10
