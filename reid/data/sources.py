"""What a person names as data -> one data set: folders recognised by what they hold, several sets joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from registry import close_names
from registry.pictures import pictures_in
from registry.user_folders import expanded
from registry.words import counted
from reid.data.layouts import load_folder
from reid.data.market1501 import EXPECTED, how_to_get, load_market1501
from reid.data.synthetic_cache import PREFIX, synthetic_folder
from reid.data.types import DISTRACTOR, Integers, ReidData, Split, num_identities

__all__ = ["counts_table", "load_reid_data"]


def load_reid_data(sources: Sequence[str], *, seed: int = 0) -> ReidData:
    """One data set of one or several sources.

    Several are joined without merging identities or cameras: who is in one set is a stranger in the next.

    Args:
        sources: folders laid out like Market-1501, folders `root/<identity>/*.jpg`, `synthetic:IDS` (people that are
            drawn; see `reid.data.synthetic_cache`).
        seed: of the split of an identity folder and of what is drawn.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: nothing named, a folder that is no data set, one named twice, or queries without any match.
    """
    if not sources:
        raise ValueError("no data set was named; expected a folder, such as Market-1501-v15.09.15, or synthetic:500")
    places = [source if source.startswith(PREFIX) else str(expanded(source).resolve()) for source in sources]
    if twice := next((source for source, place in zip(sources, places, strict=True) if places.count(place) > 1), None):
        raise ValueError(f"data set {twice} is named twice, so its people would be strangers to themselves; drop one")
    data = _join([_load_one(source, seed) for source in sources])
    return replace(data, notes=(*data.notes, *_one_image_note(data.train), *_check_matches(data)))


def counts_table(data: ReidData) -> list[tuple[str, int, int, int]]:
    """Rows of `(split, images, identities, cameras)`; unknown cameras count 0."""
    splits = {"train": data.train, "query": data.query, "gallery": data.gallery}
    return [
        (name, len(split), num_identities(split), len(np.unique(split.cameras[split.cameras >= 0])))
        for name, split in splits.items()
    ]


def _load_one(source: str, seed: int) -> ReidData:
    if source.startswith(PREFIX):
        return replace(load_market1501(synthetic_folder(source, seed=seed)), name=source)
    root = expanded(source)
    if root.name == PREFIX[:-1] and not any(pictures_in(folder) for folder in root.glob("*")):
        raise ValueError(f"--data {PREFIX[:-1]} says nothing of how many people: write {PREFIX}500 for 500 of them")
    if not root.exists():
        name, colon, size = root.name.partition(":")
        guess = f". Did you mean {PREFIX}{size}?" if colon and close_names(name, [PREFIX[:-1]]) else ""
        raise FileNotFoundError(f"data set {source} not found: expected {EXPECTED}{guess or how_to_get(root)}")
    if not root.is_dir():
        raise ValueError(f"data set {source} is a file, expected {EXPECTED}")
    return load_folder(root, seed=seed)


def _join(sets: Sequence[ReidData]) -> ReidData:
    """All images as one data set."""
    if len(sets) == 1:
        return sets[0]
    people, places = _Shift(), _Shift()
    splits: dict[str, list[Split]] = {"train": [], "query": [], "gallery": []}
    notes = []
    for data in sets:
        for part, rows in splits.items():
            split: Split = getattr(data, part)
            identities = split.identities if part == "train" else people(split.identities)
            rows.append(Split(split.paths, identities, places(split.cameras)))
        people.go_on()
        places.go_on()
        notes += [f"{data.name}: {note}" for note in data.notes]
    offsets = np.cumsum([0, *(data.num_classes for data in sets)])
    splits["train"] = [replace(s, identities=s.identities + o) for s, o in zip(splits["train"], offsets, strict=False)]
    joined = {part: _concatenate(rows) for part, rows in splits.items()}
    return ReidData("+".join(data.name for data in sets), **joined, notes=tuple(notes))


class _Shift:
    """Moves the numbers of each set beyond those of the sets before; negative ones have a meaning and stay."""

    def __init__(self) -> None:
        self._offset = self._next = 0

    def __call__(self, numbers: Integers) -> Integers:
        moved: Integers = np.where(numbers >= 0, numbers + self._offset, numbers)
        self._next = max(self._next, int(moved.max(initial=-1)) + 1)
        return moved

    def go_on(self) -> None:
        self._offset = self._next


def _concatenate(splits: Sequence[Split]) -> Split:
    return Split(
        tuple(path for split in splits for path in split.paths),
        np.concatenate([split.identities for split in splits]),
        np.concatenate([split.cameras for split in splits]),
    )


def _one_image_note(train: Split) -> list[str]:
    alone = int((np.bincount(train.identities) == 1).sum())
    who = counted(alone, "identity of the training split has", "identities of the training split have")
    return [f"{who} one image: nothing to pull together"] if alone else []


def _check_matches(data: ReidData) -> list[str]:
    """A note where some queries have no match in the gallery, an error where none has."""
    query, gallery = data.query, data.gallery
    seen, in_gallery = _views(gallery), set(gallery.paths)
    rows = zip(query.paths, query.identities.tolist(), query.cameras.tolist(), strict=True)
    matched = sum(
        _has_match(seen.get(identity, []), camera, is_in_gallery=path in in_gallery) for path, identity, camera in rows
    )
    if not matched:
        raise ValueError(
            f"{data.name}: none of {len(query)} queries has a match in the gallery of {len(gallery)} images (the same"
            " identity under another camera, or in another image where cameras are unknown): nothing can be measured;"
            " check that query and gallery are of the same people"
        )
    without = len(query) - matched
    return [f"{without} of {len(query)} queries have no match in the gallery and are not counted"] if without else []


def _views(gallery: Split) -> dict[int, list[int]]:
    """Cameras of the images of each identity."""
    seen: dict[int, list[int]] = {}
    for identity, camera in zip(gallery.identities.tolist(), gallery.cameras.tolist(), strict=True):
        if identity != DISTRACTOR:
            seen.setdefault(identity, []).append(camera)
    return seen


def _has_match(cameras: Sequence[int], camera: int, *, is_in_gallery: bool) -> bool:
    """Whether a query has a match among images of its identity, given by their cameras; one may be the query itself."""
    if camera < 0:
        return len(cameras) > is_in_gallery
    return any(other != camera for other in cameras)
