"""Every layout of a data set that is known, built in small: who is trained on, who is measured, by which camera."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data import DISTRACTOR, UNKNOWN_CAMERA, ReidData, load_reid_data, read_image
from reid.data.layouts import LAYOUTS
from reid.ranking import Labels, rank


def touch(folder: Path, *names: str) -> None:
    """Empty files: loading a data set reads names, never pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def market(root: Path) -> None:
    touch(root / "bounding_box_train", "0001_c1s1_000001_01.jpg", "0003_c2s1_000001_01.jpg")
    touch(root / "query", "0007_c1s1_000004_00.jpg")
    touch(root / "bounding_box_test", "0007_c3s1_000006_01.jpg", "0009_c3s1_000006_01.jpg")


def cuhk03_np(root: Path) -> None:
    touch(root / "bounding_box_train", "0001_c1_1.png", "0003_c2_2.png")
    touch(root / "query", "0007_c1_1.png")
    touch(root / "bounding_box_test", "0007_c2_1.png", "0009_c2_4.png")


def msmt17(root: Path, train: str = "train", test: str = "test") -> None:
    lists = {
        "train": ["0000/0000_000_01_0303morning_0008_0.jpg 0", "0001/0001_000_02_0303morning_0008_0.jpg 1"],
        "val": ["0000/0000_001_03_0303morning_0008_0.jpg 0"],
        "query": ["0000/0000_000_04_0303noon_0008_0.jpg 0"],
        "gallery": ["0000/0000_001_05_0303noon_0009_0.jpg 0", "0001/0001_000_05_0303noon_0009_0.jpg 1"],
    }
    for part, lines in lists.items():
        (root / f"list_{part}.txt").write_text("\n".join(lines) + "\n")
        for line in lines:
            path = root / (train if part in ("train", "val") else test) / line.split()[0]
            touch(path.parent, path.name)


def msmt17_v2(root: Path) -> None:
    msmt17(root, "mask_train_v2", "mask_test_v2")


def mars(root: Path) -> None:
    touch(root / "bbox_train" / "0001", "0001C1T0001F001.jpg", "0001C2T0001F001.jpg")
    touch(root / "bbox_train" / "0003", "0003C1T0001F001.jpg")
    touch(root / "bbox_test" / "0002", "0002C1T0001F001.jpg", "0002C1T0001F002.jpg", "0002C2T0001F001.jpg")
    touch(root / "bbox_test" / "0000", "0000C1T0001F001.jpg")
    touch(root / "bbox_test" / "00-1", "00-1C1T0001F001.jpg")


def cuhk03(root: Path) -> None:
    for pair in (1, 2):
        for person in (1, 2, 3, 4):
            touch(root / "images_detected", *(f"{pair}_{person:03d}_{view}_01.png" for view in (1, 2)))


def viper(root: Path) -> None:
    for camera, angle in (("cam_a", 45), ("cam_b", 135)):
        touch(root / camera, *(f"{person:03d}_{angle}.bmp" for person in range(8)))


def celeb(root: Path) -> None:
    touch(root / "train", "1_1_0.jpg", "1_2_0.jpg", "2_1_0.jpg")
    touch(root / "query", "5_1_0.jpg")
    touch(root / "gallery", "5_2_0.jpg", "6_1_0.jpg")


def train_alone(root: Path) -> None:
    for person in range(8):
        touch(root / "train" / str(person), "1.jpg", "2.jpg")


def train_and_test(root: Path) -> None:
    for part, people in (("train", "abc"), ("test", "xy")):
        for person in people:
            touch(root / part / person, "c1_1.jpg", "c1_2.jpg", "c2_1.jpg")


def train_and_val_of_the_same_people(root: Path) -> None:
    for part in ("train", "val"):
        for person in range(8):
            touch(root / part / str(person), f"{part}.jpg")


def train_query_gallery(root: Path) -> None:
    touch(root / "train" / "a", "1.jpg", "2.jpg")
    touch(root / "train" / "b", "1.jpg")
    touch(root / "query" / "x", "c1_1.jpg")
    touch(root / "gallery" / "x", "c2_1.jpg")
    touch(root / "gallery" / "y", "c2_1.jpg")


def camera_folders(root: Path) -> None:
    for person in range(8):
        touch(root / str(person) / "cam0", "1.jpg", "2.JPEG")
        touch(root / str(person) / "cam1", "1.webp")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        pytest.param(market, ((2, 2), [(7, 1)], 2), id="Market-1501"),
        pytest.param(cuhk03_np, ((2, 2), [(7, 1)], 2), id="CUHK03-NP"),
        pytest.param(msmt17, ((3, 2), [(0, 4)], 2), id="MSMT17"),
        pytest.param(msmt17_v2, ((3, 2), [(0, 4)], 2), id="MSMT17 V2"),
        pytest.param(mars, ((3, 2), [(2, 1), (2, 2)], 4), id="MARS: the stranger stays, junk goes"),
        pytest.param(cuhk03, ((12, 6), None, 4), id="CUHK03: pairs of cameras have other people"),
        pytest.param(viper, ((12, 6), None, 4), id="VIPeR"),
        pytest.param(celeb, ((3, 2), [(5, UNKNOWN_CAMERA)], 2), id="Celeb-reID: a match in the gallery is enough"),
        pytest.param(train_alone, ((12, 6), None, 4), id="train/<id>/"),
        pytest.param(train_and_test, ((9, 3), None, 6), id="train/<id>/ and test/<id>/"),
        pytest.param(train_and_val_of_the_same_people, ((12, 6), None, 4), id="train/ and val/ of the same people"),
        pytest.param(train_query_gallery, ((3, 2), [(2, 1)], 2), id="train/, query/ and gallery/ of <id>/"),
        pytest.param(camera_folders, ((18, 6), None, 6), id="<id>/cam0/"),
    ],
)
def test_a_data_set_is_known_by_how_it_lies(
    tmp_path: Path,
    build: Callable[[Path], None],
    expected: tuple[tuple[int, int], list[tuple[int, int]] | None, int],
) -> None:
    """Images and people to train on; identity and camera of each query, where the data set says; gallery images."""
    build(tmp_path)
    data = load_reid_data([str(tmp_path)])
    (images, people), queries, num_gallery = expected
    assert (len(data.train), data.num_classes) == (images, people)
    assert len(data.gallery) == num_gallery
    if queries is not None:
        assert list(zip(data.query.identities.tolist(), data.query.cameras.tolist(), strict=True)) == queries
    trained = set(data.train.paths)
    assert not trained & {*data.query.paths, *data.gallery.paths}
    assert all(path.is_file() for path in (*trained, *data.query.paths, *data.gallery.paths))


def test_every_row_of_the_table_is_tried(tmp_path: Path) -> None:
    """A folder fits the row it is built for, and none above it."""
    built = (market, msmt17, mars, cuhk03, viper, celeb, train_alone)
    for build, layout in zip(built, LAYOUTS, strict=True):
        root = tmp_path / build.__name__
        root.mkdir()
        build(root)
        assert next(row for row in LAYOUTS if row.fits(root)) is layout


def test_cameras_of_folders_are_known(tmp_path: Path) -> None:
    camera_folders(tmp_path)
    data = load_reid_data([str(tmp_path)])
    assert sorted(set(data.gallery.cameras.tolist())) == [0, 1]
    assert len(data.query) == 4, "the first image of both people under both cameras"


def test_strangers_of_mars_match_nobody(tmp_path: Path) -> None:
    mars(tmp_path)
    data = load_reid_data([str(tmp_path)])
    assert data.gallery.identities.tolist() == [DISTRACTOR, 2, 2, 2]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        pytest.param(["cuhk03_release/cuhk-03.mat"], "in MATLAB's form, .*images_labeled/1_001_1_01.png", id="CUHK03"),
        pytest.param(["MSMT17_V1.tar.gz"], "is packed: unpack it", id="an archive"),
        pytest.param(
            ["labeled/bounding_box_train/0001_c1_1.png", "detected/bounding_box_train/0001_c1_1.png"],
            "holds a data set in a folder of its own: type --data .*detected or --data .*labeled",
            id="one folder too high",
        ),
        pytest.param(
            ["images_labeled/anna.png", "images_labeled/ben.png"],
            "2 pictures, such as anna.png, but none is named",
            id="names",
        ),
        pytest.param(["train/a/1.jpg", "query/x/1.jpg"], "has no gallery/<identity>", id="no gallery"),
        pytest.param(
            ["train/a/1.jpg", "query/a/1.jpg", "gallery/a/2.jpg"], "a is in train/ and in query/", id="trained on"
        ),
        pytest.param(
            [f"image_{part}/000{person}_c001_1.jpg" for part in ("train", "query", "test") for person in range(4)],
            "holds image_query, image_test, image_train, which are parts of a data set and no people",
            id="VeRi-776",
        ),
        pytest.param(["train/1.jpg", "val/2.jpg"], "holds train, val, which are parts", id="pictures in train and val"),
        pytest.param(["anna/walk1/1.jpg", "ben/walk1/1.jpg"], "holds 0 folders with images, expected one", id="deeper"),
    ],
)
def test_what_is_laid_out_otherwise_is_told_what_to_do(tmp_path: Path, names: Iterable[str], says: str) -> None:
    for name in names:
        touch((tmp_path / name).parent, Path(name).name)
    with pytest.raises(ValueError, match=says):
        load_reid_data([str(tmp_path)])


def test_a_list_of_msmt17_that_is_damaged_is_told_by_its_line(tmp_path: Path) -> None:
    msmt17(tmp_path)
    (tmp_path / "list_query.txt").write_text("0000/0000_000_04_0303noon_0008_0.jpg 0\nanna.jpg\n")
    with pytest.raises(ValueError, match=r"list_query.txt line 2 is 'anna.jpg', expected a line of MSMT17"):
        load_reid_data([str(tmp_path)])


def one_camera_folders(root: Path) -> None:
    for person in range(8):
        touch(root / str(person), *(f"{person:04d}_c1_{image:06d}.jpg" for image in range(4)))


def one_camera_market(root: Path) -> None:
    touch(root / "bounding_box_train", "0001_c1s1_000001_01.jpg", "0003_c1s1_000001_01.jpg")
    touch(root / "query", "0007_c1s1_000001_00.jpg", "0009_c1s1_000001_00.jpg")
    touch(
        root / "bounding_box_test",
        *(f"{person}_c1s1_{image:06d}_00.jpg" for person in ("0007", "0009") for image in (1, 2, 3)),
    )


@pytest.mark.parametrize(("build", "queries"), [(one_camera_folders, 8), (one_camera_market, 2)])
def test_one_camera_is_measured_leave_one_out(tmp_path: Path, build: Callable[[Path], None], queries: int) -> None:
    """As folders without cameras are, and it says so; a copy of the query in the gallery is no match."""
    build(tmp_path)
    data = load_reid_data([str(tmp_path)])
    assert len(data.query) == queries
    assert any("of one camera, so each query looks among all other images" in note for note in data.notes)
    found = _scores(data)
    assert (found.leave_one_out, found.num_queries, found.num_without_match) == (True, queries, 0)
    if build is one_camera_market:
        assert len(data.gallery) == 4
        assert "2 gallery images left out, a query by its name" in data.notes


def _scores(data: ReidData):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    query, gallery = (rng.normal(size=(len(split), 8)) for split in (data.query, data.gallery))
    query, gallery = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery))
    return rank(query, gallery, Labels.of(data.query, data.gallery))


@pytest.mark.parametrize("suffix", [".webp", ".tif", ".tiff", ".jpeg", ".PNG", ".Jpg", ".bmp"])
def test_pictures_of_every_usual_kind_are_read(tmp_path: Path, suffix: str) -> None:
    for person in range(4):
        for number in range(2):
            path = tmp_path / str(person) / f"{number}{suffix}"
            path.parent.mkdir(exist_ok=True)
            assert cv2.imwrite(str(path), np.full((16, 8, 3), 60 * person, np.uint8))
            (path.parent / f"._{number}{suffix}").write_bytes(b"of a Mac")
    data = load_reid_data([str(tmp_path)])
    assert len(data.train) + len(data.gallery) == 8
    assert all(abs(int(read_image(path).mean()) - 60 * int(path.parent.name)) <= 2 for path in data.gallery.paths)
