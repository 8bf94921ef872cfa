"""When and where the cameras of a town see a person, and the crops that come of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthetic.crops import Shot, render_crops, sample_pose
from synthetic.figure import View
from synthetic.sites import NUM_CAMERAS, NUM_SEQUENCES, site_of
from synthetic.wardrobe import sample_pedestrian

__all__ = ["Crop", "render_identity", "shots_of"]

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Crop:
    """One crop: `image` (H, W, 3) BGR uint8, whose it is, and the camera (1..6) and sequence (1..6) that saw it."""

    image: Image
    identity: int
    camera: int
    sequence: int


def shots_of(index: int, crops: int, seed: int) -> list[Shot]:
    """Return the moments in which cameras see this person: a few steps in each of several places."""
    rng = np.random.default_rng([seed, index, 0x70])
    num_cameras = min(NUM_CAMERAS, max(2, crops // 3), crops)
    cameras = [int(camera) + 1 for camera in rng.permutation(NUM_CAMERAS)[:num_cameras]]
    shots = []
    for number in range(crops):
        if number < num_cameras or rng.random() < 0.5:
            heading, sequence = float(rng.uniform(0, 360)), int(rng.integers(NUM_SEQUENCES)) + 1
            pose_rng = np.random.default_rng([seed, index, number, 0x71])
            camera = cameras[number % num_cameras]
        site = site_of(seed, camera, sequence)
        azimuth = (heading + float(rng.normal(0, 14))) % 360
        view = View(azimuth, float(rng.uniform(*site.elevation_deg)))
        shots.append(Shot(site, sample_pose(pose_rng), view, (seed, index, number)))
    return shots


def render_identity(index: int, crops_per_id: int, seed: int = 0, size: tuple[int, int] = (128, 64)) -> list[Crop]:
    """Return the crops of one person; the same arguments give the same pixels in every process.

    Args:
        index: Who, 0 or more.
        crops_per_id: How many crops, over at least two cameras.
        seed: The town: its people and its cameras.
        size: Height and width of the crops, px.

    Raises:
        ValueError: A negative index, fewer than two crops, or a size below 16 px.
    """
    if index < 0:
        raise ValueError(f"index is {index}: identities count from 0")
    if crops_per_id < 2:
        raise ValueError(f"crops_per_id is {crops_per_id}: an identity needs at least 2 crops, one to find the other")
    if min(size) < 16:
        raise ValueError(f"size is {size[0]}x{size[1]}: height and width must be 16 px or more")
    shots = shots_of(index, crops_per_id, seed)
    images = render_crops(sample_pedestrian(seed, index), shots, size)
    return [Crop(image, index, shot.site.camera, shot.site.sequence) for image, shot in zip(images, shots, strict=True)]
