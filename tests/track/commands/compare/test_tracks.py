"""`track compare`: the tracks of `track run`, from detections and embeddings that are computed once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from reid.bundled import bundled_names
from tests.track.commands.compare.clips import compare, rows_of
from tests.track.media import write_images
from tests.track.runs import TWO_WALKERS, Track, Walker, assert_one_line, write_detections, write_sequence
from track.commands.compare import compare as compare_module
from track.sources import open_source


def test_a_preset_that_embeds_on_demand_embeds_everybody_here(track: Track, clip: Path) -> None:
    """`realtime` is then `strong`: every frame, everybody, so that the encoders are compared and not the savings."""
    assert compare(track, "--tracker", "strong,realtime").code == 0
    for encoder in ("none", "small-cnn"):
        first, second = (
            Path("o", f"{encoder}-{preset}", "tracks.txt").read_bytes() for preset in ("strong", "realtime")
        )
        assert first == second


@pytest.mark.parametrize("extra", [(), ("--online", "--start", "0.5", "--end", "1.5")], ids=" ".join)
def test_tracks_are_those_of_track_run(track: Track, clip: Path, extra: tuple[str, ...]) -> None:
    """To the byte, with each encoder and preset; a video in motion, so that the camera's motion counts as well."""
    assert compare(track, "--tracker", "deepsort,strong", *extra).code == 0
    for encoder in ("none", "small-cnn"):
        for preset in ("deepsort", "strong"):
            options = ("--detector", "clip.txt", "--reid", encoder, "--tracker", preset, "--no-video", *extra)
            alone = f"alone/{encoder}-{preset}"
            assert track("run", "clip.mp4", *options, "--out", alone).code == 0
            for name in ("tracks.txt", "tracks.csv"):
                assert Path(alone, name).read_bytes() == Path("o", f"{encoder}-{preset}", name).read_bytes()
            assert Path(alone, "tracks.txt").read_bytes()


@pytest.mark.usefixtures("quick")
def test_the_camera_moves_in_both(track: Track, tmp_path: Path, clip: Path) -> None:
    """The picture shifts by 3 px a frame: `strong` follows it from the cache too."""
    texture = cv2.resize(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8), (480, 320))
    folder = tmp_path / "pan"
    folder.mkdir()
    for frame in range(15):
        cv2.imwrite(str(folder / f"{frame:03}.png"), texture[:240, 3 * frame : 3 * frame + 320])
    walkers = [Walker(100, 60, speed=-3.0, width=20, height=50), Walker(220, 120, speed=-3.0, width=20, height=50)]
    write_sequence(tmp_path / "dets", walkers, 15)
    options = ("--detector", "dets/det/det.txt", "--reid", "none")
    for _ in range(2):  # the second time from the cache
        assert track("compare", "pan", *options, "--out", "o", "--overwrite").code == 0
        assert track("run", "pan", *options, "--out", "r", "--overwrite", "--no-video").code == 0
        assert Path("o/none-strong/tracks.csv").read_bytes() == Path("r/tracks.csv").read_bytes()
    assert json.loads(Path("r/summary.json").read_text())["configuration"]["camera_motion"]["num_moving"] > 5


@pytest.mark.usefixtures("quick")
def test_features_that_came_with_the_detections(track: Track, tmp_path: Path, clip: Path) -> None:
    sequence = write_sequence(tmp_path / "seq", TWO_WALKERS, 12)
    rows = np.loadtxt(sequence / "det" / "det.txt", delimiter=",")
    features = np.eye(4)[(rows[:, 2] > 40).astype(int)]
    np.save(sequence / "det" / "det.npy", np.hstack([rows, features]))
    for _ in range(2):
        assert track("compare", "seq", "--reid", "none,file", "--out", "o", "--overwrite").code == 0
    track("run", "seq", "--reid", "file", "--out", "r")
    assert Path("r/tracks.txt").read_bytes() == Path("o/file-strong/tracks.txt").read_bytes()


@pytest.mark.usefixtures("quick")
def test_by_default_the_bundled_encoders(track: Track, tmp_path: Path, clip: Path) -> None:
    write_sequence(tmp_path / "seq")
    assert [row["encoder"] for row in rows_of(track("compare", "seq", "--csv").out)] == ["none"]
    result = track("compare", "clip.mp4", "--detector", "clip.txt", "--csv")
    assert [row["encoder"] for row in rows_of(result.out)] == ["none", "colour", *bundled_names()]


@pytest.mark.usefixtures("quick", "clip")
def test_ground_truth_of_a_sequence_counts_by_file_names_too(track: Track, tmp_path: Path) -> None:
    """Twenty pictures, numbered up to 110: a truth up to frame 110 is not one of another source."""
    names = [f"{number:06d}.png" for number in (*range(1, 11), *range(101, 111))]
    write_images(write_sequence(tmp_path / "s", (Walker(2, 4, 0.5),), 110) / "img1", names)
    rows = [",".join(map(str, (frame, 1, *Walker(2, 4, 0.5).row(frame - 1)[2:6], 1, 1, 1))) for frame in range(1, 111)]
    (tmp_path / "gt.txt").write_text("\n".join(rows) + "\n")
    result = track("compare", "s", "--detector", "public", "--reid", "none", "--gt", "gt.txt", "--out", "o")
    assert (result.code, result.err) == (0, "")


@pytest.mark.usefixtures("quick", "clip")
@pytest.mark.parametrize("gone", [2, 7], ids=["in the middle", "the last one"])
def test_a_source_that_gives_other_frames_to_the_encoder_is_no_comparison(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: int
) -> None:
    """Crops of one frame would get the boxes of another: told, instead of measured."""
    write_images(tmp_path / "pictures", [f"{number}.png" for number in range(8)])
    write_detections(tmp_path / "d.txt", (Walker(2, 4),), 8)
    opened: list[str] = []

    def opening(path: str, **span: Any) -> Any:
        opened.append(path)
        if len(opened) > 1:
            (tmp_path / "pictures" / f"{gone}.png").write_bytes(b"damaged meanwhile")
        return open_source(path, **span)

    monkeypatch.setattr(compare_module, "open_source", opening)
    result = track("compare", "pictures", "--detector", "d.txt", "--reid", "small-cnn", "--out", "o")
    assert_one_line(result, "pictures gives other frames than before: type the same again with --no-cache")
