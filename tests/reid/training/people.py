"""Little people for tests: three coloured bars each, in other light, place and noise on every crop."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reid.data import ReidData, load_reid_data

SIZE = (32, 16)
NUM_CAMERAS = 2


def draw_person(identity: int, rng: np.random.Generator, size: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """One crop, `(H, W, 3)` uint8; the colours belong to the identity, all else is drawn anew."""
    height, width = size
    colours = np.random.default_rng(identity + 1).uniform(0, 255, (3, 3))
    crop = np.full((height, width, 3), rng.uniform(0, 255, 3))
    left = int(rng.integers(1, width // 3))
    for part, colour in enumerate(colours):
        crop[part * height // 3 : (part + 1) * height // 3, left : left + width // 2] = colour
    noisy = crop * rng.uniform(0.8, 1.2) + rng.normal(0, 10, crop.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def write_people(root: Path, *, num_train: int, num_test: int, crops: int, size: tuple[int, int] = SIZE) -> Path:
    """A folder laid out like Market-1501, with two cameras; the first crop of each camera is the query."""
    rng = np.random.default_rng(7)
    folders = [root / name for name in ("bounding_box_train", "query", "bounding_box_test")]
    for folder in folders:
        folder.mkdir(parents=True)
    for identity in range(1, num_train + num_test + 1):
        for number in range(crops):
            camera = number % NUM_CAMERAS + 1
            name = f"{identity:04d}_c{camera}s1_{number:06d}_00.png"
            kind = 0 if identity <= num_train else 1 if number < NUM_CAMERAS else 2
            cv2.imwrite(str(folders[kind] / name), draw_person(identity, rng, size))
    return root


def load_people(root: Path) -> ReidData:
    """As `load_reid_data` gives them."""
    return load_reid_data([str(root)])
