"""Folders of pictures and MOTChallenge sequences."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.track.media import numbered_image, read_number, write_images
from track.sources import open_source
from track.sources.images import natural_key


def _write_seqinfo(folder: Path, **values: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key}={value}" for key, value in values.items()]
    (folder / "seqinfo.ini").write_text("\n".join(["[Sequence]", *lines]))
    return folder


def test_pictures_come_in_natural_order_at_25_frames_a_second(tmp_path: Path) -> None:
    write_images(tmp_path / "walk", ["1.png", "2.png", "10.jpg", "11.jpeg"])
    with open_source(str(tmp_path / "walk")) as source:
        frames = list(source)
    assert [read_number(frame.image) for frame in frames] == [0, 1, 2, 3]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12])
    assert (source.name, source.width, source.height, source.fps, source.num_frames) == ("walk", 96, 64, 25.0, 4)


def test_other_files_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    write_images(tmp_path, ["a.PNG", "._b.png"])
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.png").mkdir()
    assert len(list(open_source(str(tmp_path)))) == 1


def test_names_beyond_ascii_are_read(tmp_path: Path) -> None:
    data = cv2.imencode(".png", numbered_image(3))[1].tobytes()
    (tmp_path / "Straße_雪.png").write_bytes(data)
    (frame,) = open_source(str(tmp_path))
    assert read_number(frame.image) == 3


def test_changing_sizes_are_handed_on_and_counted(tmp_path: Path) -> None:
    write_images(tmp_path, ["0.png", "1.png", "2.png"], sizes=[(96, 64), (96, 64), (48, 32)])
    source = open_source(str(tmp_path))
    assert [frame.image.shape for frame in source] == [(64, 96, 3), (64, 96, 3), (32, 48, 3)]
    assert source.report.size_changes == 1
    assert (source.width, source.height) == (96, 64)


def test_a_grey_picture_becomes_bgr(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((20, 30), 77, np.uint8))
    (frame,) = open_source(str(tmp_path))
    assert frame.image.shape == (20, 30, 3)


def test_a_damaged_picture_is_left_out_and_counted(tmp_path: Path) -> None:
    write_images(tmp_path, ["0.png", "1.png", "2.png"])
    (tmp_path / "1.png").write_bytes(b"no picture")
    source = open_source(str(tmp_path))
    assert [frame.index for frame in source] == [0, 2]
    assert source.report.corrupt == 1
    assert any("1.png" in note for note in source.report.notes)


def test_span_of_a_folder(tmp_path: Path) -> None:
    write_images(tmp_path, [f"{i}.png" for i in range(10)])
    source = open_source(str(tmp_path), start_s=0.08, end_s=0.2)
    assert source.num_frames == 3
    assert [frame.index for frame in source] == [2, 3, 4]
    with pytest.raises(ValueError, match=r"beyond the end.*0\.40 s"):
        open_source(str(tmp_path), start_s=0.4)


def test_sequence_with_pictures(tmp_path: Path) -> None:
    folder = _write_seqinfo(tmp_path / "MOT-1", name="other", imDir="pics", frameRate=14, seqLength=3)
    write_images(folder / "pics", ["000001.jpg", "000002.jpg", "000004.jpg"])
    source = open_source(str(folder))
    assert (source.name, source.fps, source.has_images, source.sequence) == ("MOT-1", 14.0, True, folder)
    frames = list(source)
    assert [frame.index for frame in frames] == [0, 1, 3]  # numbered by name: 3 is missing
    assert frames[2].time_s == pytest.approx(3 / 14)
    assert source.report.frames_read == 3


@pytest.mark.parametrize(
    ("names", "indices"),
    [
        pytest.param(["000001", "000002", "000005"], [0, 1, 4], id="as MOTChallenge names them, with a gap"),
        pytest.param(["000000", "000001", "000004"], [0, 1, 4], id="counted from 0"),
        pytest.param(["000003", "000004", "000006"], [2, 3, 5], id="the first ones are missing"),
        pytest.param(["img_0001", "img_0002", "img_0004"], [0, 1, 3], id="after a word"),
        pytest.param(["cam2_frame7", "cam2_frame9", "cam2_frame12"], [6, 8, 11], id="after a word with a number"),
        pytest.param(["a_1", "b_3", "b_5"], [0, 1, 2], id="after several words: by place"),
        pytest.param(["1", "3", "last"], [0, 1, 2], id="one has no number: by place"),
        pytest.param(["1", "01", "3"], [0, 1, 2], id="one number twice: by place"),
        pytest.param(["1700000000", "1700000040", "1700090000"], [0, 1, 2], id="time stamps: by place"),
    ],
)
def test_pictures_of_a_sequence_count_by_their_names(tmp_path: Path, names: list[str], indices: list[int]) -> None:
    folder = _write_seqinfo(tmp_path / "s", frameRate=10)
    write_images(folder / "img1", [f"{name}.png" for name in names])
    with open_source(str(folder)) as source:
        assert [frame.index for frame in source] == indices
        assert (source.num_frames, source.last_index) == (3, indices[-1])


def test_sequence_without_pictures(tmp_path: Path) -> None:
    folder = _write_seqinfo(tmp_path / "MOT-2", frameRate=25, seqLength=4, imWidth=640, imHeight=480)
    source = open_source(str(folder), start_s=0.04)
    assert (source.width, source.height, source.num_frames, source.has_images) == (640, 480, 3, False)
    assert [(frame.index, frame.image) for frame in source] == [(1, None), (2, None), (3, None)]
    assert source.sequence == folder


def test_a_sequence_of_any_length_takes_no_memory_for_its_frames(tmp_path: Path) -> None:
    """As many as there may be, 46 days: a list of their numbers would take gigabytes."""
    folder = _write_seqinfo(tmp_path / "MOT-2", frameRate=25, seqLength=100_000_000)
    tracemalloc.start()
    source = open_source(str(folder), start_s=3_999_999.9, end_s=None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (source.num_frames, [frame.index for frame in source]) == (2, [99_999_998, 99_999_999])
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"frameRate": 25, "seqLength": 10**9}, "seqLength is '1000000000'.*100,000,000", id="endless"),
        pytest.param({"frameRate": 25, "imDir": "../x"}, "imDir='../x' leads out", id="pictures elsewhere"),
        pytest.param({"frameRate": 25}, "must give seqLength", id="no length"),
        pytest.param({"frameRate": "fast", "seqLength": 3}, "frameRate='fast' must be a positive number", id="word"),
        pytest.param({"frameRate": 0, "seqLength": 3}, "frameRate='0' must be a positive number", id="zero"),
        pytest.param({"frameRate": 25, "seqLength": -3}, "seqLength='-3' must be a positive number", id="negative"),
    ],
)
def test_seqinfo_errors(tmp_path: Path, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        open_source(str(_write_seqinfo(tmp_path / "s", **values)))


def test_seqinfo_without_its_section(tmp_path: Path) -> None:
    (tmp_path / "seqinfo.ini").write_text("frameRate=25\n")
    with pytest.raises(ValueError, match=r"expected a \[Sequence\] section"):
        open_source(str(tmp_path))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param([], "holds no pictures", id="empty folder"),
        pytest.param(["notes.txt"], "holds no pictures", id="other files only"),
        pytest.param(["det/det.txt"], "no seqinfo.ini: write one", id="detections without seqinfo"),
        pytest.param(["a.png"], "none of the 1 pictures", id="no picture decodes"),
    ],
)
def test_folder_errors(tmp_path: Path, files: list[str], message: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(ValueError, match=message):
        open_source(str(tmp_path))


@given(st.lists(st.integers(0, 10**9), unique=True, min_size=2))
def test_natural_order_is_the_order_of_the_numbers(numbers: list[int]) -> None:
    names = [f"img_{number}.jpg" for number in numbers]
    assert sorted(names, key=natural_key) == [f"img_{number}.jpg" for number in sorted(numbers)]


def test_real_sequence_without_pictures(shared: Path) -> None:
    source = open_source(str(shared / "data" / "mot15" / "TUD-Campus"))
    assert (source.name, source.width, source.height, source.num_frames) == ("TUD-Campus", 640, 480, 71)
    assert len(list(source)) == 71
