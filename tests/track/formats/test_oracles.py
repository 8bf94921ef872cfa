"""The files, read back by the programs and libraries that they are for.

datumaro brings an OpenCV of its own and cannot be installed beside this project's. Where it can be imported, as from a
folder at the end of PYTHONPATH, it reads CVAT, MOT and COCO; what it has read is kept in `tests/data/formats`, byte for
byte, so that a change of what is written shows without it.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from tests.track.formats.scene import NUM_FRAMES, SIZE, scene
from track.formats.catalogue import FORMATS, write_files
from track.formats.types import Row

KEPT = Path(__file__).parents[2] / "data" / "formats"


def written(name: str, folder: Path) -> Path:
    form = FORMATS[name]
    out = folder / f"tracks{form.suffix}"
    write_files(form, scene(), out)
    return out


Boxes = list[tuple[float, ...]]
"""Frame, identity and corners of each, in order."""


def boxes_of(rows: Iterable[Row]) -> Boxes:
    return sorted((row.frame, row.id, *row.xyxy) for row in rows)


def assert_same_boxes(found: Boxes, expected: Boxes, atol: float) -> None:
    assert len(found) == len(expected)
    np.testing.assert_allclose(sorted(found), sorted(expected), atol=atol, rtol=0)


@pytest.mark.parametrize("name", ["cvat", "mot", "coco", "label-studio"])
def test_what_is_written_is_what_the_oracles_have_read(name: str, tmp_path: Path) -> None:
    out = written(name, tmp_path)
    files = [out] if out.is_file() else sorted(path for path in out.rglob("*") if path.is_file())
    for path in files:
        assert path.read_bytes() == (KEPT / name / path.name).read_bytes(), path.name


def _datumaro(path: Path, form: str, **options: Any) -> Any:
    datumaro = pytest.importorskip("datumaro", reason="datumaro is not installed: its reading is not repeated")
    with contextlib.redirect_stdout(io.StringIO()):
        return datumaro.Dataset.import_from(os.fspath(path), form, **options)


def _found(dataset: Any, number: str | None) -> Boxes:
    """Every box that is there; the identity is 0 where `number`, the attribute that holds it, is `None`."""
    found = []
    for item in dataset:
        digits = "".join(letter for letter in str(item.attributes.get("frame", item.id)) if letter.isdigit())
        for box in item.annotations:
            if box.type.name == "bbox" and not box.attributes.get("outside"):
                identity = 0 if number is None else int(box.attributes[number])
                found.append((int(digits), identity, box.x, box.y, box.x + box.w, box.y + box.h))
    return found


def _shifted(boxes: Boxes, frames: int) -> Boxes:
    return [(frame + frames, *rest) for frame, *rest in boxes]


def test_datumaro_reads_cvat(tmp_path: Path) -> None:
    found = _found(_datumaro(written("cvat", tmp_path), "cvat"), "identity")
    assert_same_boxes(found, boxes_of(scene().rows()), atol=0.011)  # it rounds to hundredths


def test_datumaro_reads_mot(tmp_path: Path) -> None:
    """With a whole number of frames per second: it knows no others."""
    tracks = dataclasses.replace(scene(), fps=12.0)
    write_files(FORMATS["mot"], tracks, tmp_path / "tracks")
    found = _found(_datumaro(tmp_path / "tracks", "mot_seq"), "track_id")
    assert_same_boxes(_shifted(found, -1), boxes_of(tracks.rows()), atol=0.011)


def test_datumaro_reads_coco(tmp_path: Path) -> None:
    for folder in ("annotations", "images"):
        (tmp_path / folder).mkdir()
    written("coco", tmp_path).rename(tmp_path / "annotations" / "instances_all.json")
    found = _found(_datumaro(tmp_path, "coco_instances"), "track_id")
    assert_same_boxes(_shifted(found, -1), boxes_of(scene().rows()), atol=0.011)


def test_pycocotools_reads_coco(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    with contextlib.redirect_stdout(io.StringIO()):
        content = coco.COCO(os.fspath(written("coco", tmp_path)))
    annotations = content.loadAnns(content.getAnnIds())
    found = []
    for annotation in annotations:
        x, y, w, h = annotation["bbox"]
        found.append((annotation["image_id"] - 1, annotation["track_id"], x, y, x + w, y + h))
    assert_same_boxes(found, boxes_of(scene().rows()), atol=1e-6)
    names = {category["id"]: category["name"] for category in content.loadCats(content.getCatIds())}
    assert {names[annotation["category_id"]] for annotation in annotations} == set(scene().classes)
    assert len(content.imgs) == NUM_FRAMES


def test_supervisions_own_sink_writes_the_same_table(tmp_path: Path) -> None:
    """But for its float32 digits, and for the mark that keeps a spreadsheet from running a name."""
    tracks = scene()
    theirs = tmp_path / "theirs.csv"
    with sv.CSVSink(os.fspath(theirs)) as sink:
        for frame, rows in tracks.by_frame().items():
            detections = sv.Detections(
                xyxy=np.array([row.xyxy for row in rows]),
                confidence=np.array([np.nan if row.score is None else row.score for row in rows]),
                class_id=np.array([tracks.classes.index(row.class_name) for row in rows]),
                tracker_id=np.array([row.id for row in rows]),
            )
            more = {"class_name": [row.class_name for row in rows], "frame_index": frame, "time_s": rows[0].time_s}
            sink.append(detections, custom_data=more)
    ours = list(csv.DictReader(io.StringIO(written("supervision", tmp_path).read_text())))
    expected = list(csv.DictReader(theirs.open(newline="")))
    assert list(ours[0]) == list(expected[0])
    assert len(ours) == len(expected) == len(tracks)
    for one, other in zip(ours, expected, strict=True):
        assert {key: one[key] for key in ("class_id", "tracker_id", "frame_index")} == {
            key: other[key] for key in ("class_id", "tracker_id", "frame_index")
        }
        assert [float(one[key] or "nan") for key in ("x_min", "y_max", "confidence", "time_s")] == pytest.approx(
            [float(other[key]) for key in ("x_min", "y_max", "confidence", "time_s")], nan_ok=True
        )


def test_yolo_boxes_are_the_part_inside_and_know_whose_they_are(tmp_path: Path) -> None:
    import yaml

    tracks, out = scene(), written("yolo", tmp_path)
    names = yaml.safe_load((out / "data.yaml").read_text())["names"]
    ids = {(int(row["frame"]), int(row["line"])): int(row["id"]) for row in csv.DictReader((out / "ids.csv").open())}
    assert len(list((out / "labels").iterdir())) == NUM_FRAMES
    assert len(ids) == len(tracks)
    for frame, rows in tracks.by_frame().items():
        lines = (out / "labels" / f"frame_{frame + 1:06d}.txt").read_text().splitlines()
        for line, row in enumerate(rows, start=1):
            class_id, *shares = lines[line - 1].split()
            assert (names[int(class_id)], ids[frame + 1, line]) == (row.class_name, row.id)
            cx, cy, w, h = (float(v) * side for v, side in zip(shares, SIZE * 2, strict=True))
            inside = np.clip(row.xyxy, 0, np.array(SIZE * 2))
            np.testing.assert_allclose((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), inside, atol=1e-4)


def test_ultralytics_takes_the_labels(tmp_path: Path) -> None:
    """Its own check of a picture with its labels: nothing corrupt, nothing missing."""
    import cv2
    from ultralytics.data.utils import verify_image_label

    out = written("yolo", tmp_path)
    (out / "images").mkdir()
    blank = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for frame, rows in list(scene().by_frame().items())[:12]:
        image = out / "images" / f"frame_{frame + 1:06d}.jpg"
        cv2.imwrite(os.fspath(image), blank)
        label = out / "labels" / f"{image.stem}.txt"
        found = verify_image_label((os.fspath(image), os.fspath(label), "", False, 3, 0, 0, False))
        assert (len(found[1]), found[5:9]) == (len(rows), (0, 1, 0, 0)), found[9]


def test_geojson_has_the_ways_of_foot_points(tmp_path: Path) -> None:
    content = json.loads(written("geojson", tmp_path).read_text())
    assert content["type"] == "FeatureCollection"
    kinds = {feature["id"]: feature["geometry"]["type"] for feature in content["features"]}
    assert kinds == {3: "LineString", 17: "LineString", 21: "Point"}, "a line has two places or more"
    first = next(scene().rows())
    x, y = content["features"][0]["geometry"]["coordinates"][0]
    assert (x, y) == (pytest.approx((first.xyxy[0] + first.xyxy[2]) / 2, abs=1e-3), first.xyxy[3])


def test_pyarrow_reads_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow is not installed: pip install 'track-reid[parquet]'"
    )
    rows = parquet.read_table(written("parquet", tmp_path)).to_pylist()
    tracks = scene()
    assert [
        Row(
            r["frame"] - 1,
            r["id"],
            (r["x1"], r["y1"], r["x2"], r["y2"]),
            r["class"],
            r["score"],
            r["state"],
            r["time_s"],
        )
        for r in rows
    ] == list(tracks.rows())
    assert {(r["id"], r["name"]) for r in rows if r["name"]} == set(tracks.names.items())


def test_rerun_opens_its_file(tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="the Rerun SDK is not installed: pip install 'track-reid[rerun]'")
    assert written("rerun", tmp_path).read_bytes()[:3] == b"RRF"


@pytest.mark.parametrize(("name", "package"), [("parquet", "pyarrow"), ("rerun", "rerun")])
def test_what_is_not_installed_is_named(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"--to {name} needs .*: pip install 'track-reid\[{name}\]'"):
        written(name, tmp_path)
    assert list(tmp_path.iterdir()) == []
