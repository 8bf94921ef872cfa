"""How data sets lie on the disk: one table, asked from its top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from registry.pictures import pictures_in
from reid.data.folders import has_identity_folders, is_train_folder, load_identity_folders, load_train_folder
from reid.data.market1501 import EXPECTED, is_market_folder, load_market1501
from reid.data.published import load_celeb_reid, load_cuhk03, load_mars, load_msmt17, load_viper
from reid.data.types import ReidData

__all__ = ["LAYOUTS", "Layout", "load_folder"]


class Loader(Protocol):
    """Reads a folder of one layout."""

    def __call__(self, root: Path, *, seed: int = 0) -> ReidData:
        """The data set in `root`; `seed` is of a split, where the data set brings none."""
        ...


@dataclass(frozen=True)
class Layout:
    """One way in which a data set may lie on the disk.

    Attributes:
        name: of the data set, or of the kind of folder.
        fits: whether a folder is laid out so, by the names in it.
        load: reads it.
    """

    name: str
    fits: Callable[[Path], bool]
    load: Loader


def _has(*folders: str) -> Callable[[Path], bool]:
    return lambda root: all((root / name).is_dir() for name in folders)


def _is_msmt17(root: Path) -> bool:
    lists = all((root / f"list_{part}.txt").is_file() for part in ("train", "query", "gallery"))
    return lists and (_has("train", "test")(root) or _has("mask_train_v2", "mask_test_v2")(root))


def _is_cuhk03(root: Path) -> bool:
    return (root / "images_labeled").is_dir() or (root / "images_detected").is_dir()


def _is_celeb_reid(root: Path) -> bool:
    parts = [root / name for name in ("train", "query", "gallery")]
    return all(part.is_dir() for part in parts) and bool(pictures_in(parts[0]))


def _market(root: Path, *, seed: int = 0) -> ReidData:
    return load_market1501(root)


LAYOUTS = (
    Layout("Market-1501, DukeMTMC-reID, CUHK03-NP", is_market_folder, _market),
    Layout("MSMT17", _is_msmt17, load_msmt17),
    Layout("MARS", _has("bbox_train", "bbox_test"), load_mars),
    Layout("CUHK03", _is_cuhk03, load_cuhk03),
    Layout("VIPeR", _has("cam_a", "cam_b"), load_viper),
    Layout("Celeb-reID", _is_celeb_reid, load_celeb_reid),
    Layout("train/<identity>/*.jpg", is_train_folder, load_train_folder),
)
"""Asked from the top; what fits none of them is taken as a folder for each identity."""


def load_folder(root: Path, *, seed: int = 0) -> ReidData:
    """The data set in `root`, whatever its layout.

    Raises:
        ValueError: none that is known; says what to do.
    """
    layout = _layout_of(root)
    if layout is not None:
        return layout.load(root, seed=seed)
    if has_identity_folders(root):
        return load_identity_folders(root, seed=seed)
    _refuse_what_is_packed(root)
    inner = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and _layout_of(folder) is not None]
    if inner:
        kinds = " or ".join(f"--data {folder}" for folder in inner[:3])
        raise ValueError(f"{root} holds a data set in a folder of its own: type {kinds}")
    return load_identity_folders(root, seed=seed)


def _layout_of(root: Path) -> Layout | None:
    return next((layout for layout in LAYOUTS if layout.fits(root)), None)


def _refuse_what_is_packed(root: Path) -> None:
    """CUHK03 comes as one MATLAB file, others as archives."""
    packed = sorted([*root.glob("cuhk-03.mat"), *root.glob("*/cuhk-03.mat"), *root.glob("*.zip"), *root.glob("*.tar*")])
    if not packed:
        return
    if packed[0].suffix == ".mat":
        raise ValueError(
            f"{packed[0]} holds the images of CUHK03 in MATLAB's form, which is not read here: take them out"
            " as images_labeled/1_001_1_01.png (pair of cameras, person, view, image), as torchreid does, or give"
            " CUHK03-NP"
        )
    raise ValueError(f"{packed[0]} is packed: unpack it, and give the folder that is then there, expected {EXPECTED}")
