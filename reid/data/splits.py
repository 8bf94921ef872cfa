"""Images with who they show and where they were taken -> a data set: labels, the part to measure with, its queries."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from registry.words import counted
from reid.data.types import UNKNOWN_CAMERA, Integers, ReidData, Split

__all__ = ["View", "first_views", "labelled", "of_one_camera", "split_by_identity", "split_of", "with_usable_cameras"]

HELD_OUT = 0.25
"""Share of the identities that is kept from training."""
ONE_CAMERA = (
    "all images to measure with are of one camera, so each query looks among all other images of it (leave-one-out)"
)


class View(NamedTuple):
    """One image: its file, a number for who it shows, and its camera (`UNKNOWN_CAMERA` where nothing tells it)."""

    path: Path
    identity: int
    camera: int


def split_of(views: Sequence[View]) -> Split:
    """Those images, with their identities as they are."""
    return Split(
        tuple(view.path for view in views),
        np.array([view.identity for view in views], np.int64),
        np.array([view.camera for view in views], np.int64),
    )


def labelled(train: Split) -> Split:
    """The same with labels from 0 for the identities."""
    labels = np.unique(train.identities)
    return dataclasses.replace(train, identities=np.searchsorted(labels, train.identities))


def split_by_identity(root: Path, images: Split, *, seed: int, notes: Sequence[str] = ()) -> ReidData:
    """A quarter of the identities, by `seed`, is held out to measure with, the others are trained on.

    Where cameras are known, the first image of each held-out identity under each camera is a query. Where they are not,
    or where nobody is seen by two, every held-out image is one, and looks for its own identity among all others
    (leave-one-out). The gallery holds all held-out images; `reid.ranking` takes a query's own image out of it.
    Only identities that a query can find are held out: seen by two cameras, or in two images. Identities with one image
    stay in training, as a class that others must differ from.

    Raises:
        ValueError: fewer than two identities that could be held out.
    """
    images = labelled(images)
    images, about_cameras = with_usable_cameras(images)
    held_out = _held_out(root, images, seed)
    is_test = np.isin(images.identities, held_out)
    people = int(images.identities.max()) + 1
    told = f"split by identity with seed {seed}: {len(held_out)} of {people} identities held out"
    gallery, train = images.take(np.flatnonzero(is_test)), labelled(images.take(np.flatnonzero(~is_test)))
    return ReidData(root.resolve().name, train, first_views(gallery), gallery, (*notes, *about_cameras, told))


def with_usable_cameras(images: Split) -> tuple[Split, list[str]]:
    """The images, with their cameras unknown where they are of no use, and why."""
    known = images.cameras != UNKNOWN_CAMERA
    if not known.any():
        return images, []
    if not known.all():
        why = "some file names tell no camera (c3 in a_c3_17.jpg): all cameras are taken as unknown"
    elif len(_seen_twice(images)) >= 2:
        return images, []
    elif len(np.unique(images.cameras)) == 1:
        why = ONE_CAMERA
    else:
        why = "fewer than 2 identities are seen by two cameras, so cameras are taken as unknown"
    return dataclasses.replace(images, cameras=np.full_like(images.cameras, UNKNOWN_CAMERA)), [why]


def _seen_twice(images: Split) -> Integers:
    """Identities that a query can find: under two cameras, or in two images where cameras are unknown."""
    identities, cameras = images.identities, images.cameras
    if (cameras != UNKNOWN_CAMERA).all():
        identities = np.unique(np.stack([identities, cameras], axis=1), axis=0)[:, 0]
    found: Integers = np.flatnonzero(np.bincount(identities) >= 2)
    return found


def _held_out(root: Path, images: Split, seed: int) -> Integers:
    """Identities to measure with, some of those that can be found again."""
    usable, people = _seen_twice(images), int(images.identities.max()) + 1
    if len(usable) < 2:
        raise ValueError(
            f"{root}: {len(usable)} of {counted(people, 'identity', 'identities')} have two images, which a query with"
            " a match needs; expected 2 identities or more"
        )
    wanted = min(max(2, round(HELD_OUT * people)), len(usable))
    return np.sort(np.random.default_rng(seed).permutation(usable)[:wanted])


def first_views(gallery: Split) -> Split:
    """The first image of each identity under each camera; without cameras all images. Junk and strangers are none."""
    rows: npt.NDArray[np.int64] = np.flatnonzero(gallery.identities >= 0)
    if (gallery.cameras[rows] == UNKNOWN_CAMERA).any():
        return gallery.take(rows)
    keys = np.stack([gallery.identities[rows], gallery.cameras[rows]], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return gallery.take(rows[np.sort(first)])


def of_one_camera(query: Split, gallery: Split) -> tuple[Split, Split, list[str]]:
    """Query and gallery as they are, or, where all is of one camera, with cameras unknown: leave-one-out.

    Some such sets have the queries in the gallery too, under the same names: those copies would be found at once.
    """
    cameras = np.unique(np.concatenate([query.cameras, gallery.cameras]))
    if len(cameras) != 1 or cameras[0] == UNKNOWN_CAMERA:
        return query, gallery, []
    names = {path.name for path in query.paths}
    others = np.array([row for row, path in enumerate(gallery.paths) if path.name not in names], np.int64)
    copies = len(gallery) - len(others)
    notes = [ONE_CAMERA]
    if copies:
        notes.append(f"{counted(copies, 'gallery image')} left out, a query by its name")
    gallery = gallery.take(others)
    unknown = [
        dataclasses.replace(split, cameras=np.full_like(split.cameras, UNKNOWN_CAMERA)) for split in (query, gallery)
    ]
    return unknown[0], unknown[1], notes
