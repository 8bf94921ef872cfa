"""A folder of identities: Market-1501's names, queries that have a match, the same bytes for any number of workers."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from synthetic import identities
from synthetic.identities import UNFINISHED, Counts, main, render_identity, write_identities
from synthetic.identity_crops import shots_of

_NAME = re.compile(r"(-?\d+)_c([1-6])s([1-6])_(\d{6})_(\d{2})\.jpg")
_FOLDERS = ("bounding_box_train", "query", "bounding_box_test")


def _files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def _named(folder: Path) -> list[tuple[int, int]]:
    """Return identity and camera of each crop."""
    matches = [_NAME.fullmatch(path.name) for path in sorted(folder.iterdir())]
    assert all(matches)
    return [(int(match[1]), int(match[2])) for match in matches if match]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counts]:
    out = tmp_path_factory.mktemp("towns") / "town"
    return out, write_identities(out, 10, 6, seed=4, size=(64, 32), workers=1, test_share=0.4)


def test_the_counts_are_those_of_the_files(town: tuple[Path, Counts]) -> None:
    out, counts = town
    train, query, gallery = (_named(out / folder) for folder in _FOLDERS)
    assert (counts.train_ids, counts.test_ids) == (6, 4)
    assert (len({person for person, _ in train}), len(train)) == (6, counts.train_images) == (6, 36)
    assert (len(query), len(gallery)) == (counts.query_images, counts.gallery_images)
    assert sum(person > 0 for person, _ in query + gallery) == 4 * 6


def test_no_identity_is_on_both_sides(town: tuple[Path, Counts]) -> None:
    train, query, gallery = ({person for person, _ in _named(town[0] / folder)} for folder in _FOLDERS)
    assert not train & (query | gallery)
    assert query == {person for person in gallery if person > 0}
    assert {0, -1} <= gallery


@pytest.mark.parametrize("crops", [2, 3, 5, 6, 20])
def test_every_query_has_a_match_from_another_camera(crops: int) -> None:
    for index in range(30):
        cameras = [shot.site.camera for shot in shots_of(index, crops, 0)]
        asking = identities._queries(cameras)
        gallery = [camera for number, camera in enumerate(cameras) if number not in asking]
        assert asking
        assert all(any(camera != cameras[number] for camera in gallery) for number in asking)
        assert len({cameras[number] for number in asking}) == len(asking)


def test_every_file_is_a_picture_of_the_asked_size(town: tuple[Path, Counts]) -> None:
    for path in town[0].rglob("*.*"):
        assert cv2.imread(str(path)).shape == (64, 32, 3)


def test_the_same_bytes_come_from_any_number_of_workers(town: tuple[Path, Counts], tmp_path: Path) -> None:
    write_identities(tmp_path / "two", 10, 6, seed=4, size=(64, 32), workers=2, test_share=0.4)
    assert _files(tmp_path / "two") == _files(town[0])


def test_a_person_in_memory_is_the_person_on_disk(town: tuple[Path, Counts]) -> None:
    crops = render_identity(1, 6, 4, (64, 32))
    paths = sorted((town[0] / "bounding_box_train").glob("0002_*"), key=lambda path: path.name.split("_")[2])
    assert [(crop.camera, crop.sequence) for crop in crops] == [
        (int(path.name[6]), int(path.name[8])) for path in paths
    ]
    for crop, path in zip(crops, paths, strict=True):
        # JPEG at quality 92 loses a few levels.
        assert np.abs(crop.image.astype(float) - cv2.imread(str(path))).mean() < 8


def test_another_seed_is_another_town() -> None:
    first, second = (np.array([crop.image for crop in render_identity(2, 3, seed)]) for seed in (0, 1))
    assert (first != second).any(axis=(1, 2, 3)).all()


def test_each_person_is_seen_by_several_cameras() -> None:
    seen = defaultdict(set)
    for index in range(2):
        for crop in render_identity(index, 12, 4, (32, 16)):
            seen[index].add(crop.camera)
    assert all(len(cameras) == 4 for cameras in seen.values())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_ids": 1}, "ids is 1"),
        ({"crops_per_id": 1}, "crops is 1"),
        ({"crops_per_id": 101}, "crops is 101"),
        ({"size": (8, 64)}, "size is 8x64"),
        ({"workers": 0}, "workers is 0"),
        ({"test_share": 1.0}, "test share is 1.0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_is_written(
    changed: dict[str, object], message: str, tmp_path: Path
) -> None:
    arguments: dict[str, object] = {"num_ids": 4, "crops_per_id": 4, **changed}
    with pytest.raises(ValueError, match=message):
        write_identities(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_empty_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ValueError, match="not an empty folder"):
        write_identities(tmp_path, 4, 4)
    assert _files(tmp_path) == {"holiday.jpg": b"mine"}


def test_a_full_disk_leaves_no_half_file_and_the_next_run_says_that_the_set_is_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, written = Path.write_bytes, []

    def fills_up(path: Path, data: bytes) -> int:
        if path.suffix == ".part" and len(written) == 3:
            whole(path, data[:50])
            raise OSError(28, "No space left on device")
        written.append(path)
        return whole(path, data)

    out = tmp_path / "out"
    command = ["--ids", "2", "--crops", "4", "--size", "32x16", "--workers", "1", "--out", str(out)]
    monkeypatch.setattr(Path, "write_bytes", fills_up)
    assert main(command) == 2
    assert "No space left on device" in capsys.readouterr().err
    pictures = [path for path in out.rglob("*.*") if path.name != UNFINISHED]
    assert len(pictures) == 3
    assert all(cv2.imread(str(path)) is not None for path in pictures)
    monkeypatch.undo()
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "unfinished set of an interrupted run" in error
    assert error.count("\n") == 1


def test_ctrl_c_says_that_the_folder_is_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(identities, "render_identity", interrupted)
    assert main(["--ids", "2", "--crops", "4", "--workers", "1", "--out", str(tmp_path / "out")]) == 130
    assert "is unfinished" in capsys.readouterr().err
    assert (tmp_path / "out" / UNFINISHED).exists()


def test_the_command_writes_what_it_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    options = ["--ids", "3", "--crops", "2", "--seed", "9", "--size", "48x24", "--workers", "1", "--test-share", "0"]
    assert main([*options, "--out", str(out)]) == 0
    assert "3 identities, 6 crops to train on; 0 held out" in capsys.readouterr().out
    train = sorted((out / "bounding_box_train").iterdir())
    assert len(train) == 6
    assert cv2.imread(str(train[0])).shape == (48, 24, 3)
    assert [*(out / "query").iterdir(), *(out / "bounding_box_test").iterdir()] == []


@pytest.mark.parametrize("text", ["128", "128x", "ax64", "128*64"])
def test_a_size_that_is_none_ends_with_the_usage(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--size", text, "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    assert "HEIGHTxWIDTH" in capsys.readouterr().err
