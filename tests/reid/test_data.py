"""Data sets as they lie on disk, each made by the test: names, counts, splits, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.data import (
    DISTRACTOR,
    Split,
    counts_table,
    load_reid_data,
    num_identities,
    read_crops,
    read_image,
)
from reid.data.folders import camera_in_name
from reid.ranking import Labels


def touch(folder: Path, names: Iterable[str]) -> None:
    """Empty files: loading a data set reads names, never pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def market(root: Path, *, first: int = 1) -> Path:
    """Persons `first` and later: 2 to train on, 2 to measure with, as Market-1501 names them."""
    one, two, three, four = (f"{number:04d}" for number in (first, first + 4, first + 6, first + 8))
    touch(
        root / "bounding_box_train",
        [f"{one}_c1s1_000001_01.jpg", f"{one}_c2s1_000002_01.jpg", f"{two}_c3s1_000003_01.jpg", "Thumbs.db"],
    )
    touch(root / "query", [f"{three}_c1s1_000004_00.jpg", f"{four}_c2s1_000005_00.jpg"])
    touch(
        root / "bounding_box_test",
        [
            f"{three}_c3s1_000006_01.jpg",
            f"{four}_c1s1_000007_01.jpg",
            "-1_c1s1_000008_01.jpg",
            "0000_c1s1_000009_01.jpg",
        ],
    )
    return root


def test_market_1501_is_known_by_its_folders_and_names(tmp_path: Path) -> None:
    data = load_reid_data([str(market(tmp_path / "set"))])
    assert data.name == "set"
    assert (data.train.identities.tolist(), data.num_classes) == ([0, 0, 1], 2)
    assert data.train.cameras.tolist() == [1, 2, 3]
    assert (data.query.identities.tolist(), data.query.cameras.tolist()) == ([7, 9], [1, 2])
    assert data.gallery.identities.tolist() == [DISTRACTOR, 7, 9], "junk is dropped, the distractor stays"
    assert any("1 junk image left out" in note for note in data.notes)
    assert any("1 identity of the training split has one image" in note for note in data.notes)


def test_counts_are_given_by_split(tmp_path: Path) -> None:
    data = load_reid_data([str(market(tmp_path / "set"))])
    assert counts_table(data) == [("train", 3, 2, 3), ("query", 2, 2, 2), ("gallery", 3, 2, 2)]


def test_the_full_set_is_compared_with_what_was_published(tmp_path: Path) -> None:
    data = load_reid_data([str(market(tmp_path / "Market-1501-v15.09.15"))])
    assert any("bounding_box_train has 3 images of 2 identities, not 12936 of 751" in note for note in data.notes)


@pytest.mark.slow
def test_the_full_set_is_recognised_by_its_numbers(tmp_path: Path) -> None:
    """12,936 images of 751 people, 3,368 queries of 750, 15,913 gallery images with 2,798 distractors, 3,819 junk."""

    def spread(total: int, people: int, start: int, camera: int) -> list[str]:
        return [f"{start + n % people:04d}_c{camera}s1_{n:06d}_00.jpg" for n in range(total)]

    touch(tmp_path / "bounding_box_train", spread(12_936, 751, 1, 1))
    touch(tmp_path / "query", spread(3_368, 750, 752, 1))
    strangers = [f"0000_c1s1_{n:06d}_00.jpg" for n in range(2_798)]
    junk = [f"-1_c1s1_{n:06d}_00.jpg" for n in range(3_819)]
    touch(tmp_path / "bounding_box_test", [*spread(13_115, 750, 752, 2), *strangers, *junk])
    data = load_reid_data([str(tmp_path)])
    assert "the full Market-1501, as published" in data.notes
    assert [row[1:3] for row in counts_table(data)] == [(12_936, 751), (3_368, 750), (15_913, 750)]


def test_a_missing_set_is_told_where_to_get_and_how_it_must_look(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        load_reid_data([str(tmp_path / "Market-1501-v15.09.15")])
    for part in ("Zheng et al., ICCV 2015", "bounding_box_train, query, bounding_box_test", "Nothing was changed"):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param("nowhere", "data set nowhere not found: expected a folder .* or synthetic:500", id="no folder"),
        pytest.param("note.txt", "data set note.txt is a file, expected a folder", id="a file"),
        pytest.param("empty", r"empty holds 0 folders with images, expected .*empty/anna/1\.jpg", id="no images"),
        pytest.param("synthetic", "says nothing of how many people: write synthetic:500", id="people without a number"),
        pytest.param("synthetc:40", r"not found: .*Did you mean synthetic:40\?", id="misspelt people"),
    ],
)
def test_what_is_no_data_set_is_told_without_a_word_on_where_to_get_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("")
    (tmp_path / "synthetic" / "__pycache__").mkdir(parents=True)  # a folder of that name with other things in it
    with pytest.raises((FileNotFoundError, ValueError), match=says) as error:
        load_reid_data([source])
    assert "Zheng" not in str(error.value)


def test_a_folder_of_that_name_with_people_in_it_is_data(tmp_path: Path) -> None:
    for name in ("anna", "ben", "carl", "dora"):
        touch(tmp_path / "synthetic" / name, ["1.jpg", "2.jpg", "3.jpg"])
    assert load_reid_data([str(tmp_path / "synthetic")]).name == "synthetic"


def test_missing_folders_are_named(tmp_path: Path) -> None:
    touch(tmp_path / "bounding_box_train", ["0001_c1s1_000001_01.jpg"])
    with pytest.raises(ValueError, match="has no folder query, bounding_box_test"):
        load_reid_data([str(tmp_path)])


def test_images_of_another_name_are_told(tmp_path: Path) -> None:
    root = market(tmp_path / "set")
    touch(root / "query", ["somebody.jpg"])
    notes = load_reid_data([str(root)]).notes
    assert "query: 1 image left out, not named as in Market-1501: somebody.jpg" in notes
    for path in (root / "query").iterdir():
        path.unlink()
    touch(root / "query", ["somebody.jpg"])
    with pytest.raises(ValueError, match="no image named as in Market-1501"):
        load_reid_data([str(root)])


def test_queries_without_any_match_are_an_error_in_words(tmp_path: Path) -> None:
    root = market(tmp_path / "set")
    for path in (root / "bounding_box_test").glob("000[79]*"):
        path.rename(path.with_name(path.name.replace("c3", "c1").replace("c1s1_000007", "c2s1_000007")))
    with pytest.raises(ValueError, match="none of 2 queries has a match in the gallery of 3 images"):
        load_reid_data([str(root)])


def test_some_queries_without_match_are_a_note(tmp_path: Path) -> None:
    root = market(tmp_path / "set")
    touch(root / "query", ["0042_c1s1_000001_00.jpg"])
    assert any("1 of 3 queries have no match" in note for note in load_reid_data([str(root)]).notes)


def people(root: Path, images: int, *, num: int = 8, name: str = "{}.jpg") -> Path:
    for person in range(num):
        touch(root / f"person{person}", [name.format(image) for image in range(images)])
    return root


def test_identity_folders_are_split_by_identity(tmp_path: Path) -> None:
    data = load_reid_data([str(people(tmp_path, 3))])
    train = {path.parent.name for path in data.train.paths}
    held_out = {path.parent.name for path in data.gallery.paths}
    assert not train & held_out
    assert (len(train), len(held_out)) == (6, 2)
    assert data.num_classes == 6
    assert data.query.paths == data.gallery.paths, "leave-one-out"
    assert Labels.of(data.query, data.gallery).own_rows.tolist() == list(range(6))  # type: ignore[union-attr]


def test_the_split_follows_the_seed(tmp_path: Path) -> None:
    root = str(people(tmp_path, 2, num=20))
    one, again, other = (load_reid_data([root], seed=seed).query.paths for seed in (0, 0, 1))
    assert one == again
    assert one != other


def test_with_cameras_each_view_gives_one_query(tmp_path: Path) -> None:
    for person in range(8):
        touch(tmp_path / f"p{person}", [f"c{camera}_{image}.jpg" for camera in (1, 2) for image in range(3)])
    data = load_reid_data([str(tmp_path)])
    assert (len(data.query), len(data.gallery)) == (4, 12)
    assert sorted(data.query.cameras) == [1, 1, 2, 2]


def test_identities_with_one_image_are_trained_on_and_never_asked_for(tmp_path: Path) -> None:
    people(tmp_path, 2, num=3)
    for person in range(5):
        touch(tmp_path / f"lonely{person}", ["1.jpg"])
    data = load_reid_data([str(tmp_path)])
    assert all("lonely" not in str(path) for path in data.query.paths)
    assert any("5 identities of the training split have one image" in note for note in data.notes)


def test_folders_in_which_nobody_can_be_found_again_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 of 8 identities have two images"):
        load_reid_data([str(people(tmp_path, 1))])


def test_a_folder_named_like_an_image_is_none(tmp_path: Path) -> None:
    people(tmp_path, 2)
    (tmp_path / "person0" / "more.jpg").mkdir()
    data = load_reid_data([str(tmp_path)])
    assert len(data.train) + len(data.gallery) == 16


def test_in_market_1501_neither(tmp_path: Path) -> None:
    expected = load_reid_data([str(market(tmp_path / "set"))])
    (tmp_path / "set" / "query" / "0007_c2s1_000010_00.jpg").mkdir()
    assert load_reid_data([str(tmp_path / "set")]).query.paths == expected.query.paths


def test_two_people_can_be_measured_though_none_is_left_to_train_on(tmp_path: Path) -> None:
    data = load_reid_data([str(people(tmp_path, 2, num=2))])
    assert (data.num_classes, len(data.query)) == (0, 4)


def test_a_folder_without_identities_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, ["1.jpg"])
    with pytest.raises(ValueError, match="holds 0 folders with images"):
        load_reid_data([str(tmp_path)])


@pytest.mark.parametrize(
    ("name", "camera"),
    [("0002_c3s1_000451_03.jpg", 3), ("c12-17.png", 12), ("a_cam4.jpg", 4), ("abc3.jpg", -1), ("a_cat5.jpg", -1)],
)
def test_cameras_are_read_from_names(name: str, camera: int) -> None:
    assert camera_in_name(name) == camera


def test_several_sets_stay_strangers_to_one_another(tmp_path: Path) -> None:
    sources = [str(market(tmp_path / "a")), str(people(tmp_path / "b", 3)), str(market(tmp_path / "c"))]
    one, two, three = (load_reid_data([source]) for source in sources)
    data = load_reid_data(sources)
    assert data.name == "a+b+c"
    assert data.num_classes == one.num_classes + two.num_classes + three.num_classes
    assert np.array_equal(np.unique(data.train.identities), np.arange(data.num_classes))
    assert num_identities(data.gallery) == sum(num_identities(d.gallery) for d in (one, two, three))
    assert (data.gallery.identities == DISTRACTOR).sum() == 2
    first, last = data.gallery.cameras[: len(one.gallery)], data.gallery.cameras[-len(three.gallery) :]
    assert not set(first) & set(last)
    assert (data.gallery.cameras == -1).sum() == len(two.gallery), "unknown stays unknown"
    shared_people = set(data.query.identities[:2]) & set(data.query.identities[-2:])
    assert not shared_people


def test_one_set_twice_is_refused(tmp_path: Path) -> None:
    root = market(tmp_path / "a")
    with pytest.raises(ValueError, match="named twice"):
        load_reid_data([str(root), f"{root}/../a"])


def test_a_split_has_a_row_for_each_path() -> None:
    with pytest.raises(ValueError, match="a split of 1 paths"):
        Split((Path("a.jpg"),), np.array([1, 2]), np.array([1]))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 4]))
def test_any_image_is_read_as_bgr(height: int, width: int, channels: int) -> None:
    import tempfile

    rng = np.random.default_rng(height * 100 + width)
    image = rng.integers(0, 256, (height, width, channels), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        assert cv2.imwrite(str(path), image)
        read = read_image(path)
    wanted = np.repeat(image, 3, axis=2) if channels == 1 else image[:, :, :3]
    assert np.array_equal(read, wanted)


def test_damaged_images_are_left_out_and_named(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((20, 10, 3), 40 * number, np.uint8))
    paths[1].write_bytes(paths[0].read_bytes()[:40])
    paths[3].write_bytes(b"")
    paths[4].unlink()
    crops = read_crops(paths, (8, 4))
    assert crops.damaged == (paths[1], paths[3], paths[4])
    assert crops.rows.tolist() == [0, 2]
    assert crops.images.shape == (2, 8, 4, 3)
    assert crops.images[:, 0, 0, 0].tolist() == [0, 80]
    with pytest.raises(ValueError, match="does not decode"):
        read_image(paths[3])
