"""What is written in a format is read back from it: all of it, but for what the format has no place for."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.track.formats.scene import FPS, NUM_FRAMES, ODD, SIZE, assert_same, scene
from track.formats.catalogue import FORMATS, read_file, write_files
from track.formats.types import Row, TrackSet, track_set_of

FULL = ("cvat", "coco", "label-studio")


def there_and_back(name: str, tracks: TrackSet, folder: Path, *, as_zip: bool = False) -> TrackSet:
    form = FORMATS[name]
    out = folder / f"tracks{'.zip' if as_zip else form.suffix}"
    write_files(form, tracks, out)
    return read_file(form, out, size=None, fps=None)


@pytest.mark.parametrize("name", FULL)
def test_nothing_is_lost(name: str, tmp_path: Path) -> None:
    assert_same(there_and_back(name, scene(), tmp_path), scene())


@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
def test_mot_keeps_boxes_identities_classes_and_the_rate(tmp_path: Path, as_zip: bool) -> None:
    """It has no place for scores, states and names."""
    tracks = scene()
    plain = [dataclasses.replace(row, score=None, state="detected") for row in tracks.rows()]
    back = there_and_back("mot", tracks, tmp_path, as_zip=as_zip)
    assert list(back.rows()) == plain
    assert (back.size, back.fps, back.num_frames, dict(back.names)) == (SIZE, FPS, NUM_FRAMES, {})


@pytest.mark.parametrize("name", [*FULL, "mot"])
def test_an_empty_run(name: str, tmp_path: Path) -> None:
    empty = track_set_of(Path("empty"), [], size=SIZE, fps=25.0, num_frames=5)
    assert len(there_and_back(name, empty, tmp_path)) == 0


@pytest.mark.parametrize("name", ["cvat", "coco", "label-studio", "yolo"])
def test_a_format_that_needs_the_size_says_so(name: str, tmp_path: Path) -> None:
    without = dataclasses.replace(scene(), size=None)
    with pytest.raises(ValueError, match="needs the size of the pictures, which walk does not tell: add --size"):
        write_files(FORMATS[name], without, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_cvat_is_outside_in_gaps_and_after_the_end(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    write_files(FORMATS["cvat"], scene(), tmp_path / "a.xml")
    tracks = ElementTree.parse(tmp_path / "a.xml").getroot().findall("track")
    outside = {
        track.findtext("box/attribute"): [
            int(box.get("frame", "")) for box in track.iter("box") if box.get("outside") == "1"
        ]
        for track in tracks
    }
    assert outside == {"3": [30], "17": [12, 37], "21": [10]}
    assert all(box.get("keyframe") == "1" for track in tracks for box in track.iter("box"))


OF_CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><size>20</size>
<original_size><width>100</width><height>50</height></original_size></task></meta>
<track id="0" label="person" source="manual">
<box frame="2" outside="0" occluded="0" keyframe="1" xtl="10.00" ytl="5.00" xbr="20.00" ybr="25.00" z_order="0"></box>
<box frame="6" outside="0" occluded="0" keyframe="1" xtl="18.00" ytl="5.00" xbr="28.00" ybr="25.00" z_order="0"></box>
<box frame="7" outside="1" occluded="0" keyframe="1" xtl="18.00" ytl="5.00" xbr="28.00" ybr="25.00" z_order="0"></box>
<box frame="10" outside="0" occluded="0" keyframe="1" xtl="40.00" ytl="5.00" xbr="50.00" ybr="25.00" z_order="0"></box>
</track>
<track id="1" label="car" source="manual">
<box frame="0" outside="0" occluded="0" keyframe="1" xtl="1" ytl="1" xbr="3" ybr="3" z_order="0"></box>
</track></annotations>"""


def test_what_a_person_drew_in_cvat_moves_evenly_between_key_frames(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(OF_CVAT)
    tracks = read_file(FORMATS["cvat"], tmp_path / "a.xml", size=None, fps=10.0)
    found = {(row.id, row.frame): (row.xyxy[0], row.state) for row in tracks.rows()}
    assert found == {
        (1, 2): (10.0, "detected"),
        (1, 3): (12.0, "interpolated"),
        (1, 4): (14.0, "interpolated"),
        (1, 5): (16.0, "interpolated"),
        (1, 6): (18.0, "detected"),
        (1, 10): (40.0, "detected"),
        (2, 0): (1.0, "detected"),
    }
    assert (tracks.size, tracks.num_frames, tracks.tells_fps) == ((100, 50), 20, True)


OF_LABEL_STUDIO = {
    "data": {"video": "/data/upload/walk.mp4"},
    "annotations": [
        {
            "result": [
                {
                    "id": "xYz12",
                    "type": "videorectangle",
                    "value": {
                        "framesCount": 8,
                        "duration": 0.8,
                        "labels": ["person"],
                        "sequence": [
                            {"frame": 1, "enabled": True, "rotation": 0, "x": 10, "y": 10, "width": 5, "height": 50},
                            {"frame": 3, "enabled": False, "rotation": 0, "x": 20, "y": 10, "width": 5, "height": 50},
                            {"frame": 7, "enabled": True, "rotation": 0, "x": 50, "y": 10, "width": 5, "height": 50},
                        ],
                    },
                },
                {"id": "other", "type": "choices", "value": {}},
            ]
        }
    ],
}


def test_what_a_person_drew_in_label_studio(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([OF_LABEL_STUDIO]))
    tracks = read_file(FORMATS["label-studio"], path, size=(1000, 200), fps=None)
    assert [(row.id, row.frame, row.xyxy[0], row.state) for row in tracks.rows()] == [
        (1, 0, 100.0, "detected"),
        (1, 1, 150.0, "interpolated"),
        (1, 2, 200.0, "detected"),
        (1, 6, 500.0, "detected"),
        (1, 7, 500.0, "interpolated"),
    ]
    assert tracks.fps == pytest.approx(10.0)
    with pytest.raises(ValueError, match="in percent and does not tell the size of the pictures: add --size"):
        read_file(FORMATS["label-studio"], path, size=None, fps=None)


BAD: dict[str, tuple[str, str, str]] = {
    "cvat, no XML": ("cvat", "frame,id", "is no XML"),
    "cvat, another XML": ("cvat", "<kml/>", "begins with <kml>"),
    "cvat of images": ("cvat", "<annotations><image/></annotations>", "has no identities"),
    "cvat with entities": ("cvat", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotations/>", "declares entities"),
    "cvat, no number": ("cvat", OF_CVAT.replace('xtl="1"', 'xtl="a"'), "'a' where a number is expected"),
    "cvat, a box turned round": ("cvat", OF_CVAT.replace('xbr="3"', 'xbr="1"'), "id 2 at frame 1 is 1,1,1,3"),
    "coco, no JSON": ("coco", "{", "is no JSON"),
    "coco, another JSON": ("coco", "[]", "has no annotations"),
    "coco without tracks": (
        "coco",
        json.dumps(
            {"images": [{"id": 1}], "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}]}
        ),
        "annotation 5 has no track_id",
    ),
    "coco, no image of that number": (
        "coco",
        json.dumps({"images": [], "annotations": [{"id": 5, "track_id": 1, "image_id": 1, "bbox": [0, 0, 1, 1]}]}),
        "1 is missing or of another kind",
    ),
    "coco, a bbox of three": (
        "coco",
        json.dumps(
            {"images": [{"id": 1}], "annotations": [{"id": 5, "track_id": 1, "image_id": 1, "bbox": [0, 0, 1]}]}
        ),
        "not enough values",
    ),
    "label studio, two tasks": ("label-studio", "[{}, {}]", "has 2 tasks"),
    "label studio, no sequence": (
        "label-studio",
        json.dumps(
            [{"predictions": [{"result": [{"type": "videorectangle", "original_width": 5, "original_height": 5}]}]}]
        ),
        "'value' is missing",
    ),
    "label studio, frames without end": (
        "label-studio",
        json.dumps([{**OF_LABEL_STUDIO, "meta": {"width": 9, "height": 9}}]).replace('"frame": 7', '"frame": 7e12'),
        "expected frames from 1",
    ),
    "cvat, frames without end": ("cvat", OF_CVAT.replace('frame="6"', 'frame="60000000"'), "too many to fill"),
    "mot, not a zip": ("mot", "nothing", "zip"),
}


@pytest.mark.parametrize(("name", "text", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_one_sentence(name: str, text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / ("a.zip" if name == "mot" else "a.txt")
    path.write_text(text)
    with pytest.raises(ValueError) as error:
        read_file(FORMATS[name], path, size=None, fps=None)
    assert sentence in str(error.value)
    assert str(path) in str(error.value)


def test_one_identity_has_one_box_in_a_frame(tmp_path: Path) -> None:
    row = Row(0, 1, (0, 0, 1, 1), "a")
    with pytest.raises(ValueError, match="id 1 has two boxes at frame 1"):
        track_set_of(tmp_path, [row, row], size=None, fps=None)


def test_a_zip_reaches_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../evil.txt", "x")
        archive.writestr("inner/gt/gt.txt", "1,1,1,1,5,5,1,1,1\n")
    tracks = read_file(FORMATS["mot"], tmp_path / "a.zip", size=None, fps=None)
    assert [row.xyxy for row in tracks.rows()] == [(1, 1, 6, 6)]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_odd_names_come_through(tmp_path: Path) -> None:
    for name in FULL:
        back = there_and_back(name, scene(), tmp_path)
        assert ODD in back.classes
