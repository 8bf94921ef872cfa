"""Published data sets that are laid out otherwise than Market-1501, each by the names that its authors gave.

- MSMT17 (Wei et al., CVPR 2018): `list_train.txt`, `list_query.txt`, ...; `train/` and `test/`, in its second version
  `mask_train_v2/` and `mask_test_v2/`. The lists tell the identity, the third number of a name such as
  `0001_000_02_0303morning_0008_0.jpg` the camera.
- MARS (Zheng et al., ECCV 2016): `bbox_train/<identity>/`, `bbox_test/<identity>/`; `0001C1T0001F001.jpg` is identity,
  camera, tracklet, frame.
- CUHK03 (Li et al., CVPR 2014): `images_labeled/`, `images_detected/`, as torchreid takes them out of its .mat file;
  `1_001_1_01.png` is pair of cameras, person, view, image.
- VIPeR (Gray et al., PETS 2007) and PRID: `cam_a/` and `cam_b/`; the first number of `001_45.bmp` is the identity.
- Celeb-reID (Huang et al., IJCNN 2019): `train/`, `query/`, `gallery/`; the first number of `1_12_0.jpg` is
  the identity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from registry.pictures import pictures_in
from reid.data.splits import View, first_views, labelled, of_one_camera, split_by_identity, split_of
from reid.data.types import DISTRACTOR, JUNK, UNKNOWN_CAMERA, ReidData, Split

__all__ = ["load_celeb_reid", "load_cuhk03", "load_mars", "load_msmt17", "load_viper"]

_MSMT17_FOLDERS = {"train": ("train", "mask_train_v2"), "test": ("test", "mask_test_v2")}
_MARS = re.compile(r"(00-1|\d{4})C(\d+)T\d+F\d+")
_CUHK03 = re.compile(r"(\d+)_(\d+)_(\d+)_\d+")
_CAMERAS_OF_VIPER = ("cam_a", "cam_b")
_CELEB = re.compile(r"(\d+)_\d+(_\d+)?")

Reader = Callable[[Path], "tuple[int, int] | None"]
"""Identity and camera by the name of an image; `None` where it is not named so."""


def load_msmt17(root: Path, *, seed: int = 0) -> ReidData:
    """MSMT17 by its lists; those of training and validation are trained on, as its authors do."""
    folders = {
        part: next(root / name for name in names if (root / name).is_dir()) for part, names in _MSMT17_FOLDERS.items()
    }
    train = _listed(root, ("list_train.txt", "list_val.txt"), folders["train"])
    query, gallery = (_listed(root, (f"list_{part}.txt",), folders["test"]) for part in ("query", "gallery"))
    query, gallery, notes = of_one_camera(query, gallery)
    return ReidData(root.resolve().name, labelled(train), query, gallery, tuple(notes))


def _listed(root: Path, names: Iterable[str], folder: Path) -> Split:
    """The images of some lists of MSMT17: lines of `0001/0001_000_02_0303morning_0008_0.jpg 1`."""
    views = []
    for file in (root / name for name in names if (root / name).is_file()):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            match = re.fullmatch(r"(\S*?\d+_\d+_(\d{1,9})_\S*)\s+(\d{1,9})", line.strip())
            if match is None:
                raise ValueError(
                    f"{file} line {number} is {line[:80]!r}, expected a line of MSMT17 such as"
                    " 0001/0001_000_02_0303morning_0008_0.jpg 1"
                )
            views.append(View(folder / match[1], int(match[3]), int(match[2])))
    return split_of(views)


def load_mars(root: Path, *, seed: int = 0) -> ReidData:
    """MARS by its images; `00-1` is junk, `0000` a stranger. The first image under each camera is a query."""
    train, gallery = (
        _named((folder for folder in (root / name).iterdir() if folder.is_dir()), _mars, root / name)
        for name in ("bbox_train", "bbox_test")
    )
    train = train.take((train.identities >= 0).nonzero()[0])
    gallery = gallery.take((gallery.identities != JUNK).nonzero()[0])
    note = "the first image of each person under each camera is a query, not the tracklets that MARS lists"
    return ReidData(root.resolve().name, labelled(train), first_views(gallery), gallery, (note,))


def _mars(path: Path) -> tuple[int, int] | None:
    match = _MARS.match(path.name)
    if match is None:
        return None
    identity = JUNK if match[1] == "00-1" else int(match[1]) or DISTRACTOR
    return identity, int(match[2])


def load_cuhk03(root: Path, *, seed: int = 0) -> ReidData:
    """CUHK03 as its images lie when they were taken out of its .mat file; boxes drawn by hand where they are there."""
    folder = next(root / name for name in ("images_labeled", "images_detected") if (root / name).is_dir())
    note = f"{folder.name} split anew by identity, not by the 20 lists of CUHK03"
    return split_by_identity(root, _named([folder], _cuhk03, folder), seed=seed, notes=[note])


def _cuhk03(path: Path) -> tuple[int, int] | None:
    """Five pairs of cameras number their people each for itself."""
    match = _CUHK03.fullmatch(path.stem)
    if match is None:
        return None
    pair, person, view = (int(number) for number in match.groups())
    return 10_000 * pair + person, 2 * pair + view


def load_viper(root: Path, *, seed: int = 0) -> ReidData:
    """VIPeR: one image of each person under each of two cameras, split anew by identity."""
    parts = [_named([root / name], _first_number(camera), root) for camera, name in enumerate(_CAMERAS_OF_VIPER)]
    views = [
        View(*row)
        for part in parts
        for row in zip(part.paths, part.identities.tolist(), part.cameras.tolist(), strict=True)
    ]
    return split_by_identity(root, split_of(views), seed=seed, notes=["split anew by identity, not by a list of VIPeR"])


def load_celeb_reid(root: Path, *, seed: int = 0) -> ReidData:
    """Celeb-reID: its cameras are unknown, so a query looks among all images of the gallery."""
    train, query, gallery = (_named([root / name], _celeb, root / name) for name in ("train", "query", "gallery"))
    return ReidData(root.resolve().name, labelled(train), query, gallery)


def _celeb(path: Path) -> tuple[int, int] | None:
    match = _CELEB.fullmatch(path.stem)
    return None if match is None else (int(match[1]), UNKNOWN_CAMERA)


def _first_number(camera: int) -> Reader:
    def read(path: Path) -> tuple[int, int] | None:
        match = re.search(r"\d{1,9}", path.stem)
        return None if match is None else (int(match[0]), camera)

    return read


def _named(folders: Iterable[Path], read: Reader, where: Path) -> Split:
    """The images of some folders whose names can be read.

    Raises:
        ValueError: none of them can.
    """
    files = [path for folder in sorted(folders) for path in pictures_in(folder)]
    views = [View(path, *found) for path in files if (found := read(path)) is not None]
    if not views:
        such = f", such as {files[0].name}" if files else ""
        raise ValueError(
            f"{where} holds {len(files)} pictures{such}, but none is named as in that data set (see the table in"
            " reid/data/published.py); rename them, or use a folder for each identity"
        )
    return split_of(views)
