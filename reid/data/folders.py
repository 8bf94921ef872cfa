"""A folder for each identity, with or without cameras; alone, or below `train/`, `query/`, `gallery/`, `test/`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from registry.pictures import pictures_in
from registry.words import counted
from reid.data.market1501 import how_to_get
from reid.data.splits import (
    View,
    first_views,
    labelled,
    of_one_camera,
    split_by_identity,
    split_of,
    with_usable_cameras,
)
from reid.data.types import UNKNOWN_CAMERA, ReidData

__all__ = ["camera_in_name", "has_identity_folders", "is_train_folder", "load_identity_folders", "load_train_folder"]

TRAIN, QUERY, GALLERY = "train", "query", "gallery"
MEASURED = ("test", "val", "valid", "validation")
"""What the people to measure with are called where there is no query and gallery; the first that is there counts."""

PARTS = frozenset({TRAIN, QUERY, GALLERY, *MEASURED})

_PERSON = re.compile(r"(\d{3,})_c(?:am)?\d", re.IGNORECASE)
"""How a name begins where a person and a camera are told as in Market-1501."""
_CAMERA = re.compile(r"(?:^|[_.-])c(?:am)?(\d+)(?=s\d|[_.-]|$)", re.IGNORECASE)
_CAMERA_FOLDER = re.compile(r"(?:c|cam|camera)[_-]?(\d{1,9})|cam(?:era)?[_-]?([a-z])", re.IGNORECASE)


def camera_in_name(name: str) -> int:
    """The camera that a file name tells: `c3` or `cam3` between `_`, `-`, `.` or the ends, or before a sequence `s1`.

    `0002_c3s1_000451.jpg`, `c3-17.png` and `a_cam3.jpg` are of camera 3, `abc3.jpg` is of none: `UNKNOWN_CAMERA`.
    """
    match = _CAMERA.search(Path(name).stem)
    return int(match[1]) if match else UNKNOWN_CAMERA


def load_identity_folders(root: Path, *, seed: int = 0) -> ReidData:
    """The data set in `root`, a folder for each identity (see `split_by_identity`); images lie in it, or in a folder
    for each camera (`anna/cam0/1.jpg`).

    Raises:
        ValueError: no such folders, or fewer than two identities that could be held out.
    """
    folders = _identities_in(root)
    if len(folders) < 2:
        raise ValueError(
            f"{root} holds {counted(len(folders), 'folder')} with images, expected one for each identity"
            f" ({root.name}/anna/1.jpg, {root.name}/ben/1.jpg, ...), or bounding_box_train, query and bounding_box_test"
            f" as in Market-1501{how_to_get(root)}"
        )
    _check_one_person_each(root, folders)
    return split_by_identity(root, split_of(_views(folders, _numbers(folders))), seed=seed)


def _check_one_person_each(root: Path, folders: Folders) -> None:
    """Parts of a data set are no people, though they are folders with images as well: `train`, `image_query`.

    Raises:
        ValueError: they are parts: by their names, or by the many people whom the images in each are named after.
    """
    people = {name: {found[1] for path, _ in folders[name] if (found := _PERSON.match(path.name))} for name in folders}
    if all(name.lower() in PARTS for name in folders) or all(len(found) > 1 for found in people.values()):
        names = ", ".join(list(folders)[:3])
        raise ValueError(
            f"{root} holds {names}, which are parts of a data set and no people: expected a folder for each identity "
            f"({root.name}/anna/1.jpg, or {root.name}/{TRAIN}/anna/1.jpg), or bounding_box_train, query and "
            "bounding_box_test with names as in Market-1501 (0002_c1s1_000451_03.jpg)"
        )


def has_identity_folders(root: Path) -> bool:
    """Whether `root` holds folders with images, one for each identity."""
    return len(_identities_in(root)) > 1


def is_train_folder(root: Path) -> bool:
    """Whether `root` holds `train/<identity>/`, alone or beside the people to measure with."""
    return bool(_identities_in(root / TRAIN))


def load_train_folder(root: Path, *, seed: int = 0) -> ReidData:
    """The data set in `root`: `train/<identity>/`, and `query/<identity>/` with `gallery/<identity>/`, or `test/` or
    `val/`. Without those, or where they hold the same people as `train/`, a quarter of the people is held out.

    Raises:
        ValueError: a query without a gallery, or the other way round; or people of `train/` among them.
    """
    train = _identities_in(root / TRAIN)
    asked, among = _identities_in(root / QUERY), _identities_in(root / GALLERY)
    if asked or among:
        return _with_queries(root, train, asked, among)
    measured = next((found for name in MEASURED if (found := _identities_in(root / name))), {})
    if not measured:
        return load_identity_folders(root / TRAIN, seed=seed)
    number = _numbers(train, measured)
    if train.keys() & measured.keys():
        everyone = split_of([*_views(train, number), *_views(measured, number)])
        note = "the people to measure with are those to train on, so all are taken together and split anew"
        return split_by_identity(root, everyone, seed=seed, notes=[note])
    gallery, notes = with_usable_cameras(split_of(_views(measured, number)))
    return ReidData(
        root.resolve().name, labelled(split_of(_views(train, number))), first_views(gallery), gallery, tuple(notes)
    )


def _with_queries(root: Path, train: Folders, asked: Folders, among: Folders) -> ReidData:
    if not (asked and among):
        raise ValueError(
            f"{root} has no {GALLERY if asked else QUERY}/<identity>/*.jpg, but a query needs a gallery: add it,"
            " or take the other one away"
        )
    if both := sorted(train.keys() & (asked.keys() | among.keys())):
        raise ValueError(
            f"{root}: {both[0]} is in {TRAIN}/ and in {QUERY}/ or {GALLERY}/, so people would be measured that were"
            " trained on; give other people other names"
        )
    number = _numbers(train, asked, among)
    query, gallery, notes = of_one_camera(split_of(_views(asked, number)), split_of(_views(among, number)))
    trained = labelled(split_of(_views(train, number)))
    return ReidData(root.resolve().name, trained, query, gallery, tuple(notes))


Folders = Mapping[str, Sequence[tuple[Path, int]]]
"""Name of an identity's folder -> its images, each with its camera."""


def _identities_in(root: Path) -> Folders:
    """The folders with images; others do not count."""
    if not root.is_dir():
        return {}
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
    return {folder.name: images for folder in folders if (images := _images_of(folder))}


def _images_of(folder: Path) -> list[tuple[Path, int]]:
    """The images of one identity: in its folder, and in one for each camera."""
    found = [(path, camera_in_name(path.name)) for path in pictures_in(folder)]
    for below in sorted(folder.iterdir()):
        if below.is_dir() and (match := _CAMERA_FOLDER.fullmatch(below.name)):
            camera = int(match[1]) if match[1] else ord(match[2].lower()) - ord("a")
            found += [(path, camera) for path in pictures_in(below)]
    return found


def _numbers(*parts: Folders) -> dict[str, int]:
    """A number for each name, the same in all parts."""
    return {name: number for number, name in enumerate(dict.fromkeys(name for part in parts for name in part))}


def _views(folders: Folders, number: Mapping[str, int]) -> list[View]:
    return [View(path, number[name], camera) for name, images in folders.items() for path, camera in images]
