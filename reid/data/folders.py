"""Any folder `root/<identity>/*.jpg`, split by identity into images to train on and images to measure with."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from registry.words import counted
from reid.data.market1501 import IMAGE_SUFFIXES, how_to_get
from reid.data.types import UNKNOWN_CAMERA, Integers, ReidData, Split

__all__ = ["camera_in_name", "load_identity_folders"]

HELD_OUT = 0.25
"""Share of the identities that is kept from training."""

_CAMERA = re.compile(r"(?:^|[_.-])c(?:am)?(\d+)(?=s\d|[_.-]|$)", re.IGNORECASE)


def camera_in_name(name: str) -> int:
    """The camera that a file name tells: `c3` or `cam3` between `_`, `-`, `.` or the ends, or before a sequence `s1`.

    `0002_c3s1_000451.jpg`, `c3-17.png` and `a_cam3.jpg` are of camera 3, `abc3.jpg` is of none: `UNKNOWN_CAMERA`.
    """
    match = _CAMERA.search(Path(name).stem)
    return int(match[1]) if match else UNKNOWN_CAMERA


def load_identity_folders(root: Path, *, seed: int = 0) -> ReidData:
    """The data set in `root`, a folder for each identity; a quarter of the identities, by `seed`, is held out.

    Where every file name tells its camera (see `camera_in_name`), the first image of each held-out identity under each
    camera is a query. Otherwise every held-out image is one, and looks for its own identity among all others
    (leave-one-out). The gallery holds all held-out images; `reid.ranking` takes a query's own image out of it.
    Only identities that a query can find are held out: seen by two cameras, or in two images. Identities with one image
    stay in training, as a class that others must differ from.

    Raises:
        ValueError: no such folders, or fewer than two identities that could be held out.
    """
    paths, identities = _find_images(root)
    cameras = np.array([camera_in_name(path.name) for path in paths], np.int64)
    notes = []
    if (cameras == UNKNOWN_CAMERA).any():
        if (cameras != UNKNOWN_CAMERA).any():
            notes.append("some file names tell no camera (c3 in a_c3_17.jpg): all cameras are taken as unknown")
        cameras = np.full_like(cameras, UNKNOWN_CAMERA)
    held_out = _held_out(root, identities, cameras, seed)
    is_test = np.isin(identities, held_out)
    notes.append(f"split by identity with seed {seed}: {len(held_out)} of {identities.max() + 1} identities held out")
    gallery = _take(paths, identities, cameras, is_test)
    train = _take(paths, identities, cameras, ~is_test)
    labels = np.unique(train.identities)
    train = Split(train.paths, np.searchsorted(labels, train.identities), train.cameras)
    return ReidData(root.resolve().name, train, _queries(gallery), gallery, tuple(notes))


def _find_images(root: Path) -> tuple[list[Path], Integers]:
    """Image files, and the number of the folder that each lies in; folders without an image do not count."""
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
    images = [files for folder in folders if (files := _images_in(folder))]
    if len(images) < 2:
        raise ValueError(
            f"{root} holds {counted(len(images), 'folder')} with images, expected one for each identity"
            f" ({root.name}/anna/1.jpg, {root.name}/ben/1.jpg, ...), or bounding_box_train, query and bounding_box_test"
            f" as in Market-1501{how_to_get(root)}"
        )
    return [path for files in images for path in files], np.repeat(np.arange(len(images)), [len(f) for f in images])


def _images_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())


def _held_out(root: Path, identities: Integers, cameras: Integers, seed: int) -> Integers:
    """Identities to measure with, some of those that can be found again."""
    has_cameras = bool((cameras != UNKNOWN_CAMERA).all())
    views = np.unique(np.stack([identities, cameras], axis=1), axis=0)[:, 0] if has_cameras else identities
    usable = np.flatnonzero(np.bincount(views) >= 2)
    if len(usable) < 2:
        need = "two cameras" if has_cameras else "two images"
        raise ValueError(
            f"{root}: {len(usable)} of {identities.max() + 1} identities have {need}, which a query with a match needs;"
            " expected 2 identities or more"
        )
    wanted = min(max(2, round(HELD_OUT * (int(identities.max()) + 1))), len(usable))
    return np.sort(np.random.default_rng(seed).permutation(usable)[:wanted])


def _take(paths: list[Path], identities: Integers, cameras: Integers, rows: npt.NDArray[np.bool_]) -> Split:
    kept = tuple(path for path, keep in zip(paths, rows, strict=True) if keep)
    return Split(kept, identities[rows], cameras[rows])


def _queries(gallery: Split) -> Split:
    """The first image of each identity under each camera; without cameras all images."""
    if (gallery.cameras == UNKNOWN_CAMERA).any():
        return gallery
    _, first = np.unique(np.stack([gallery.identities, gallery.cameras], axis=1), axis=0, return_index=True)
    return gallery.take(np.sort(first))
