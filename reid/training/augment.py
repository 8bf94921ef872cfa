"""Augmentation of a whole batch at once, drawn from (seed, epoch, batch) and from nothing else.

The operations and their parameters are those of `torchvision.transforms.v2`, which the tests hold them against. They
are written anew because v2 draws one set of parameters per call: crop by crop it takes several times as long as one
pass over the batch, and its random state lives in a worker, where a resumed run could not find it again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid.training.recipe import Recipe

__all__ = ["Changes", "apply_colours", "apply_geometry", "draw_changes"]

Crops = npt.NDArray[np.uint8]
Triple = tuple[float, float, float]

ERASED_AREA = (0.02, 0.4)
"""Least and largest share of the crop (Zhong et al. 2020)."""
ERASED_ASPECT = (0.3, 1 / 0.3)
"""Least and largest height by width of the rectangle (same)."""
ERASE_TRIES = 10
GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey (ITU-R BT.601), as torchvision has them."""


@dataclass(frozen=True)
class Changes:
    """What happens to each crop of a batch.

    Attributes:
        shifts: `(B, 2)` int, down and right, px.
        flips: `(B,)` bool.
        erased: `(B, 4)` int, top, left, height, width px; height 0 for none.
        gains: `(B, 3)` float32 factors of red, green and blue.
        contrast: `(B,)` float32, 1 leaves it.
        saturation: `(B,)` float32, 1 leaves it.
    """

    shifts: npt.NDArray[np.int64]
    flips: npt.NDArray[np.bool_]
    erased: npt.NDArray[np.int64]
    gains: npt.NDArray[np.float32]
    contrast: npt.NDArray[np.float32]
    saturation: npt.NDArray[np.float32]

    def __getitem__(self, rows: slice) -> Changes:
        return Changes(
            self.shifts[rows],
            self.flips[rows],
            self.erased[rows],
            self.gains[rows],
            self.contrast[rows],
            self.saturation[rows],
        )


def draw_changes(recipe: Recipe, count: int, size: tuple[int, int], key: tuple[int, int, int]) -> Changes:
    """The changes of a batch of `count` crops of `size = (H, W)` px; the same for the same `key`."""
    rng = np.random.default_rng(key)

    def factors(spread: float, columns: int = 1) -> npt.NDArray[np.float32]:
        return rng.uniform(1 - spread, 1 + spread, (count, columns)).astype(np.float32)

    shifts = rng.integers(-recipe.pad, recipe.pad + 1, (count, 2))
    flips = rng.random(count) < recipe.flip
    gains = factors(recipe.brightness) * factors(recipe.white_balance, 3)
    contrast, saturation = factors(recipe.image_contrast)[:, 0], factors(recipe.saturation)[:, 0]
    erased = np.array([_rectangle(size, rng) if hit else (0, 0, 0, 0) for hit in rng.random(count) < recipe.erase])
    return Changes(shifts, flips, erased.reshape(count, 4), gains, contrast, saturation)


def _rectangle(size: tuple[int, int], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, left, height and width of a rectangle to erase; height 0 where none was found that fits."""
    for _ in range(ERASE_TRIES):
        area = rng.uniform(*ERASED_AREA) * size[0] * size[1]
        aspect = math.exp(rng.uniform(*np.log(ERASED_ASPECT)))
        height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < height < size[0] and 0 < width < size[1]:
            top, left = rng.integers(size[0] - height + 1), rng.integers(size[1] - width + 1)
            return int(top), int(left), height, width
    return 0, 0, 0, 0


def apply_geometry(crops: Crops, changes: Changes, fill: Triple) -> Crops:
    """Shifted, then mirrored copies of `(B, H, W, 3)` uint8 BGR crops; what comes in is of the RGB colour `fill`."""
    height, width = crops.shape[1:3]
    colour = np.rint(255 * np.asarray(fill[::-1])).astype(np.uint8)
    moved = np.empty_like(crops)
    shifts = np.clip(changes.shifts, (-height, -width), (height, width)).tolist()
    for target, crop, (down, right), flip in zip(moved, crops, shifts, changes.flips, strict=True):
        target[:] = colour
        rows, columns = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
        part = crop[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
        target[rows, columns] = part
        if flip:
            target[:] = target[:, ::-1].copy()
    return moved


def apply_colours(crops: Tensor, changes: Changes, *, mean: Triple, std: Triple) -> Tensor:
    """`(B, 3, H, W)` float32 RGB, changed in colour, normalised and erased, from `(B, H, W, 3)` uint8 BGR crops.

    Brightness with white balance, contrast, saturation, in this order, are affine in the colour of a pixel: one matrix
    and one offset per crop, applied in one pass. What leaves 0 to 255 is cut off once, at the end; an erased
    rectangle becomes zero, which is the mean.
    """
    matrix, offset = _colour_maps(crops, changes)
    pixels = crops.flatten(1, 2).flip(-1).to(torch.float32)  # (B, H * W, 3) RGB
    changed = torch.baddbmm(offset[:, None], pixels, matrix.transpose(1, 2)).clamp_(0, 255)
    deviation = 255 * torch.tensor(std, device=crops.device)
    centre = 255 * torch.tensor(mean, device=crops.device)
    result = ((changed - centre) / deviation).view(*crops.shape).permute(0, 3, 1, 2)
    for picture, (top, left, height, width) in zip(result, changes.erased.tolist(), strict=True):
        if height:
            picture[:, top : top + height, left : left + width] = 0
    return result


def _colour_maps(crops: Tensor, changes: Changes) -> tuple[Tensor, Tensor]:
    """`(B, 3, 3)` matrices and `(B, 3)` offsets that take RGB 0 to 255 to RGB 0 to 255."""
    device = crops.device
    gains = torch.from_numpy(changes.gains).to(device)
    contrast = torch.from_numpy(changes.contrast).to(device)[:, None]
    saturation = torch.from_numpy(changes.saturation).to(device)[:, None, None]
    grey = torch.tensor(GREY, device=device)
    mean_rgb = crops.flatten(1, 2).to(torch.float32).mean(1).flip(-1)
    mean_grey = ((gains * mean_rgb) @ grey)[:, None]  # of the crop after its change of brightness
    to_grey = grey.expand(3, 3)  # each row: every channel becomes grey
    saturate = saturation * torch.eye(3, device=device) + (1 - saturation) * to_grey
    matrix = saturate * (contrast * gains)[:, None, :]
    offset = ((1 - contrast) * mean_grey).expand(-1, 3)  # grey already, so saturation leaves it
    return matrix, offset
