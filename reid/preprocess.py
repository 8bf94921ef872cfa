"""Crops -> one normalised batch; the one place where BGR becomes RGB and bytes become floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid.cropping import crop_batch

__all__ = ["crop_batch", "normalisation", "normalise", "normalised", "preprocess"]

Floats = npt.NDArray[np.floating[Any]]
Triple = tuple[float, float, float]


def preprocess(
    image: npt.NDArray[np.uint8], xyxy: Floats, *, input_size: tuple[int, int], mean: Triple, std: Triple
) -> Tensor:
    """`(N, 3, H, W)` float32 crops, RGB and normalised, of a BGR frame (see `crop_batch` and `normalise`)."""
    return normalise(crop_batch(image, xyxy, input_size=input_size, fill=mean), mean=mean, std=std)


def normalise(crops: npt.NDArray[np.uint8], *, mean: Triple, std: Triple, device: torch.device | str = "cpu") -> Tensor:
    """`(N, 3, H, W)` float32 RGB on `device`, channels-last in memory, from `(N, H, W, 3)` uint8 BGR crops.

    Bytes travel to the device and become floats there: `(value / 255 - mean) / std`.
    """
    scale, shift = (row.to(device) for row in normalisation(mean, std))
    return normalised(torch.from_numpy(crops).to(device), scale, shift)


def normalisation(mean: Triple, std: Triple) -> tuple[Tensor, Tensor]:
    """Factor and subtrahend `(3,)` float32 RGB that take bytes to `(value / 255 - mean) / std`."""
    deviation = torch.tensor(std, dtype=torch.float64)
    shift = torch.tensor(mean, dtype=torch.float64) / deviation
    return (1 / (255 * deviation)).to(torch.float32), shift.to(torch.float32)


def normalised(crops: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """`(N, 3, H, W)` float32 RGB of `(N, H, W, 3)` uint8 BGR crops; also the first step of every exported network."""
    return (crops.flip(-1).to(torch.float32) * scale - shift).permute(0, 3, 1, 2)
