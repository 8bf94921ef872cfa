"""Files of others that say what cannot be, or mean two things: told in one sentence, and never a wrong run."""

from __future__ import annotations

import json
import logging
import zipfile
from pathlib import Path
from typing import Any

import pytest

from track.files.run_folder import RunFolder
from track.formats import types
from track.formats.catalogue import FORMATS, read_file
from track.formats.run_folder import read_track_set, write_ground_truth, write_run
from track.formats.types import TrackSet
from track.formats.yolo import files as yolo_files

ANNOTATION: dict[str, Any] = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "track_id": 1}
IMAGE: dict[str, Any] = {"id": 1, "file_name": "img1/000001.jpg", "width": 100, "height": 80}
GT = "1,1,1,1,5,5,1,1,1\n"
HEAD = "<meta><task><original_size><width>100</width><height>80</height></original_size></task></meta>"


def _coco(folder: Path, **changed: Any) -> Path:
    content = {
        "info": {"fps": 25},
        "categories": [{"id": 1, "name": "person"}],
        "images": [IMAGE],
        "annotations": [ANNOTATION],
    }
    path = folder / "tracks.json"
    path.write_text(json.dumps({**content, **changed}))
    return path


def _cvat(folder: Path, body: str, before: str = "", encoding: str = "utf-8") -> Path:
    path = folder / "tracks.xml"
    path.write_bytes(f"{before}<annotations>{HEAD}{body}</annotations>".encode(encoding))
    return path


def _box(frame: int | str, inner: str = "", outside: int = 0) -> str:
    return f'<box frame="{frame}" outside="{outside}" xtl="1" ytl="1" xbr="6" ybr="9">{inner}</box>'


def _read(form: str, path: Path) -> TrackSet:
    return read_file(FORMATS[form], path, size=None, fps=None)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"annotations": [{**ANNOTATION, "score": float("inf")}]}, "has the score inf"),
        ({"annotations": [{**ANNOTATION, "score": 1e300}]}, "has the score 1e\\+300"),
        ({"images": [{**IMAGE, "time_s": float("nan")}]}, "has the time nan s"),
        ({"images": [{**IMAGE, "time_s": -5}]}, "has the time -5 s"),
        ({"images": [{**IMAGE, "width": -5}]}, "pictures of -5x80 px"),
        ({"info": {"fps": 1e-300}}, "tells of 1e-300 frames per second"),
        ({"info": {"fps": float("inf")}}, "tells of inf frames per second"),
        ({"images": [{**IMAGE, "frame_index": 10**18}], "annotations": []}, "tells of 1e\\+18 frames"),
        ({"categories": [{"id": 1, "name": "x" * 201}]}, "has a class of 201 letters"),
        ({"annotations": [{**ANNOTATION, "name": "x" * 201}]}, "name of id 1 has 201 letters"),
        ({"images": [IMAGE, {**IMAGE, "file_name": "img1/000002.jpg"}]}, "has two images 1"),
        ({"categories": [{"id": 1, "name": "person"}, {"id": 1, "name": "car"}]}, "has two categories 1"),
        ({"images": [{**IMAGE, "frame_index": 3}, {**IMAGE, "id": 2, "frame_index": 3}]}, "two images of the frame 3"),
        ({"images": [{**IMAGE, "video_id": 1}, {**IMAGE, "id": 2, "video_id": 2}]}, "pictures of 2 videos"),
        ({"images": [IMAGE, {**IMAGE, "id": 2, "file_name": "other/000001.jpg"}]}, "pictures of 2 videos"),
    ],
)
def test_coco_that_cannot_be_or_means_two_things_is_refused(tmp_path: Path, changed: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        _read("coco", _coco(tmp_path, **changed))


@pytest.mark.parametrize("form", ["coco", "cvat"])
def test_a_file_without_a_box_is_a_run_of_nobody(tmp_path: Path, form: str) -> None:
    path = _coco(tmp_path, annotations=[]) if form == "coco" else _cvat(tmp_path, "")
    (tmp_path / "run").mkdir()
    write_run(RunFolder(tmp_path / "run"), _read(form, path), path)
    assert len(read_track_set(tmp_path / "run")) == 0
    write_ground_truth(tmp_path / "gt", _read(form, path))
    assert (tmp_path / "gt" / "gt" / "gt.txt").read_text() == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    before = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "hello">]>'
    path = _cvat(tmp_path, f'<track id="0" label="&a;">{_box(0)}</track>', before, encoding)
    with pytest.raises(ValueError, match=r"as CVAT writes it|declares entities"):
        _read("cvat", path)


def test_an_encoding_that_is_none_is_told(tmp_path: Path) -> None:
    path = _cvat(tmp_path, "", '<?xml version="1.0" encoding="nosuch"?>')
    with pytest.raises(ValueError, match="unknown encoding: nosuch"):
        _read("cvat", path)


def test_many_gaps_that_are_short_enough_each_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(types, "MOST_FILLED", 100)
    body = "".join(f'<track id="{number}" label="a">{_box(0)}{_box(60)}</track>' for number in range(2))
    with pytest.raises(ValueError, match="too many to fill"):
        _read("cvat", _cvat(tmp_path, body))


def test_a_track_split_in_cvat_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    identity = '<attribute name="identity">7</attribute>'
    body = "".join(f'<track id="{n}" label="a">{_box(n, identity)}</track>' for n in range(2))
    with caplog.at_level(logging.WARNING):
        assert _read("cvat", _cvat(tmp_path, body)).ids.tolist() == [7, 7]
    assert "several tracks have the identity 7" in caplog.text


def test_tracks_inside_of_tracks_take_no_time(tmp_path: Path) -> None:
    body = '<track id="0" label="a">' * 3000 + _box(0) + "</track>" * 3000
    assert len(_read("cvat", _cvat(tmp_path, body))) == 0


def test_a_zip_of_two_sequences_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a/gt/gt.txt", GT)
        archive.writestr("b/gt/gt.txt", GT)
    with pytest.raises(ValueError, match=r"has several gt/gt\.txt"):
        _read("mot", tmp_path / "two.zip")


@pytest.mark.parametrize(("place", "byte"), [(6, 1), (8, 99)], ids=["with a password", "of a method that is none"])
def test_a_zip_that_cannot_be_unpacked_is_told(tmp_path: Path, place: int, byte: int) -> None:
    path = tmp_path / "gt.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("gt/gt.txt", GT)
    content = bytearray(path.read_bytes())
    content[place] = content[content.find(b"PK\1\2") + place + 2] = byte
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        _read("mot", path)


def test_the_name_of_a_zip_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with zipfile.ZipFile(tmp_path / "...zip", "w") as archive:
        archive.writestr("gt/gt.txt", GT)
    assert len(_read("mot", tmp_path / "...zip")) == 1
    assert not list((tmp_path / "temporary").iterdir())


def test_a_run_of_a_frame_without_end_is_no_file_for_each_frame(tmp_path: Path) -> None:
    path = _coco(tmp_path, images=[{**IMAGE, "frame_index": 90_000_000}])
    with pytest.raises(ValueError, match="entry for every frame"):
        yolo_files(_read("coco", path))
