"""Whatever the folder of a run is called, its files get their names there and hold what they should."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.track.media import numbered_image, read_number
from track.rows.types import FrameTracks
from track.sinks.draw import Drawer
from track.sinks.text import TracksCsv, TracksTxt
from track.sinks.video import AnnotatedVideo, VideoSink
from track.sources import open_source


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tcp:127.0.0.1:9", id="an address"),
        pytest.param("2024-01-01T10:30:00", id="a date and time"),
        pytest.param("run-%03d", id="a pattern"),
        pytest.param("-y", id="an option"),
        pytest.param("a\nb", id="a line break"),
        pytest.param("a\x1b[31mb", id="an escape sequence"),
        pytest.param("  a b ", id="spaces"),
        pytest.param("🎬 雪 Straße", id="emoji"),
        pytest.param("a?b#c|d", id="marks"),
        pytest.param("a" * 255, id="as long as can be"),
        pytest.param(os.fsdecode(b"caf\xe9"), id="bytes that are no UTF-8"),
    ],
)
def test_files_in_a_folder_with_an_odd_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path(name)
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("no such names on this system")
    tracks = [FrameTracks.empty(index, index / 25) for index in range(3)]
    with (
        AnnotatedVideo(VideoSink(folder / "annotated.mp4", 96, 64, 25), Drawer(96, 64, 25, {})) as video,
        TracksTxt(folder / "tracks.txt") as text,
        TracksCsv(folder / "tracks.csv", {}) as table,
    ):
        for of_frame in tracks:
            video.write(numbered_image(of_frame.frame_index), of_frame)
            text.write(of_frame)
            table.write(of_frame)
    assert sorted(path.name for path in folder.iterdir()) == ["annotated.mp4", "tracks.csv", "tracks.txt"]
    assert [read_number(np.asarray(frame.image)) for frame in open_source(str(folder / "annotated.mp4"))] == [0, 1, 2]


@pytest.mark.parametrize("name", ["person\x1b[31m", "a\nb", "人", "", "x" * 500, "%d {} \\"])
def test_a_class_may_be_called_anything(tmp_path: Path, name: str) -> None:
    """In a picture: it is drawn as far as the font has it, and nothing breaks."""
    image = numbered_image(0, 320, 180)
    one = FrameTracks(
        frame_index=0,
        time_s=0.0,
        ids=np.array([1]),
        xyxy=np.array([[10.0, 60, 60, 120]], np.float32),
        scores=np.array([0.9], np.float32),
        class_ids=np.array([0]),
        states=np.array([0], np.uint8),
    )
    drawn = Drawer(320, 180, 25, {0: name}).draw(image, one)
    assert drawn.shape == image.shape
    assert (drawn != image).any()
