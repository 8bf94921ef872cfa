"""Market-1501 by its folder, and every data set that is laid out like it.

L. Zheng et al., "Scalable Person Re-identification: A Benchmark" (ICCV 2015). A file name such as
`0002_c1s1_000451_03.jpg` tells identity, camera and sequence, frame, box. `-1` is a box that shows nobody in particular
(junk) and `0000` a false box or a stranger (distractor).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from registry.pictures import pictures_in
from registry.words import counted
from reid.data.splits import labelled, of_one_camera
from reid.data.types import DISTRACTOR, JUNK, ReidData, Split, num_identities

__all__ = ["EXPECTED", "FOLDERS", "how_to_get", "is_market_folder", "load_market1501"]

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
EXPECTED = (
    "a folder laid out like Market-1501 (or MSMT17, MARS, CUHK03, VIPeR, Celeb-reID), a folder root/<identity>/*.jpg or"
    " root/train/<identity>/*.jpg, or synthetic:500 for people that are drawn"
)
HOW_TO_GET_IT = (
    "Market-1501 is published with 'Scalable Person Re-identification: A Benchmark' (Zheng et al., ICCV 2015; its"
    " authors' page links Market-1501-v15.09.15.zip) and can't be fetched from here: unpack it, and give the folder"
    f" that holds {', '.join(FOLDERS.values())}. Nothing was changed."
)

_NAME = re.compile(r"(-1|\d+)_c(\d+)")
_PUBLISHED = {"train": (12_936, 751), "query": (3_368, 750), "gallery": (15_913, 750)}
"""Images and identities of the full set, from its paper's page; the gallery with 2,798 distractors, without the 3,819
junk images among the 19,732 files of its folder."""


def how_to_get(root: Path) -> str:
    """For a folder that is not there: where Market-1501 comes from, if that is what its name says."""
    return f". {HOW_TO_GET_IT}" if "market" in root.name.lower() else ""


def is_market_folder(root: Path) -> bool:
    """Whether `root` holds at least one of the three folders by which Market-1501 is known, `query` not alone."""
    return any((root / FOLDERS[part]).is_dir() for part in ("train", "gallery"))


def load_market1501(root: Path) -> ReidData:
    """The data set in `root`; junk is left out, distractors stay in the gallery alone, labels start at 0.

    Raises:
        ValueError: folders that are missing (which), a folder without a usable image, or images that are not named so.
    """
    missing = [name for name in FOLDERS.values() if not (root / name).is_dir()]
    if missing:
        raise ValueError(
            f"{root} looks like Market-1501 but has no folder {', '.join(missing)}; it must hold"
            f" {', '.join(FOLDERS.values())}. Nothing was changed."
        )
    notes: list[str] = []
    splits = {part: _read_folder(root / name, part, notes) for part, name in FOLDERS.items()}
    train = labelled(splits["train"])
    notes += _compare_with_published(root, splits)
    query, gallery, about_cameras = of_one_camera(splits["query"], splits["gallery"])
    return ReidData(root.resolve().name, train, query, gallery, (*notes, *about_cameras))


def _read_folder(folder: Path, part: str, notes: list[str]) -> Split:
    """The images of one folder by name; what is left out is counted in `notes`."""
    files = pictures_in(folder)
    found = [(path, match) for path in files if (match := _NAME.match(path.name))]
    if not found:
        raise ValueError(
            f"{folder} has no image named as in Market-1501 (0002_c1s1_000451_03.jpg), but"
            f" {counted(len(files), 'other')}; expected pictures of that name"
        )
    if len(found) < len(files):
        unnamed = next(path.name for path in files if not _NAME.match(path.name))
        notes.append(
            f"{folder.name}: {counted(len(files) - len(found), 'image')} left out, not named as in Market-1501:"
            f" {unnamed}"
        )
    identities = np.array([_identity(match[1]) for _, match in found], np.int64)
    cameras = np.array([int(match[2]) for _, match in found], np.int64)
    kept = identities != JUNK if part == "gallery" else identities >= 0
    if not kept.all():
        kind = "junk" if part == "gallery" else "junk or distractor"
        notes.append(f"{folder.name}: {counted(int((~kept).sum()), f'{kind} image')} left out")
    paths = tuple(path for (path, _), keep in zip(found, kept, strict=True) if keep)
    if not paths:
        raise ValueError(
            f"{folder} shows no identity: all of its {len(found)} images are junk (-1) or distractors (0000)"
        )
    return Split(paths, identities[kept], cameras[kept])


def _identity(text: str) -> int:
    number = int(text)
    if number < 0:
        return JUNK
    return number if number else DISTRACTOR


def _compare_with_published(root: Path, splits: dict[str, Split]) -> list[str]:
    """For the full set, by its name or its numbers of identities: whether all images are there."""
    found = {part: (len(split), num_identities(split)) for part, split in splits.items()}
    is_full = root.resolve().name.lower().startswith("market-1501") or (
        found["train"][1] == _PUBLISHED["train"][1] and found["gallery"][1] == _PUBLISHED["gallery"][1]
    )
    if not is_full:
        return []
    wrong = [
        f"{FOLDERS[part]} has {found[part][0]} images of {found[part][1]} identities, not {images} of {people}"
        for part, (images, people) in _PUBLISHED.items()
        if found[part] != (images, people)
    ]
    return [f"not the full Market-1501: {'; '.join(wrong)}"] if wrong else ["the full Market-1501, as published"]
