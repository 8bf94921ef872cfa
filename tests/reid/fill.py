"""Weights and input from a formula, so that two codes of one network can be compared without sharing weights.

Two fills: `kind`, where a tensor depends on its role and shape only, and `keyed`, salted with the CRC-32 of its
published `state_dict` key, which also notices exchanged tensors. The outputs of the original codes for these are in
`fingerprints.json` (first five values, mean, length of each of two samples, float64).
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def hashed(count: int, salt: int) -> np.ndarray:
    """`count` numbers in [-1, 1) from an integer hash of index and salt, modulo 2^32."""
    state = (np.arange(count, dtype=np.uint64) * 2654435761 + salt) % 2**32
    for factor, shift in ((1, 15), (2246822519, 13), (3266489917, 16)):
        state = (state * factor) % 2**32
        state ^= state >> np.uint64(shift)
    return state / 2**31 - 1


def role(module: nn.Module, name: str) -> str:
    """What a tensor is to its module."""
    norm = isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.InstanceNorm2d))
    if name in {"running_mean", "running_var"}:
        return name
    if name == "weight" and norm:
        return "scale"
    if name == "p":  # the exponent of a power mean
        return "power"
    if name == "weight" and isinstance(module, (nn.Conv2d, nn.Linear)):
        return "weight"
    return "bias" if name == "bias" else "position"


def kind_values(shape: torch.Size, what: str) -> np.ndarray:
    count = shape.numel()
    return {
        "weight": lambda: hashed(count, 0) * np.sqrt(2 * shape[0] / count),
        "bias": lambda: np.full(count, 0.01),
        "scale": lambda: np.ones(count),
        "running_mean": lambda: np.zeros(count),
        "running_var": lambda: np.ones(count),
        "position": lambda: 0.02 * np.sin(np.arange(count)),
        "power": lambda: np.full(count, 3.0),
    }[what]()


def keyed_values(shape: torch.Size, what: str, key: str) -> np.ndarray:
    count = shape.numel()
    u = hashed(count, zlib.crc32(key.encode()))
    return {
        "weight": lambda: u * np.sqrt(3 * shape[0] / count),
        "bias": lambda: 0.1 * u,
        "scale": lambda: 1 + 0.2 * u,
        "running_mean": lambda: 0.1 * u,
        "running_var": lambda: 1 + 0.25 * u,
        "position": lambda: 0.5 * u,
        "power": lambda: 3 + 0.2 * u,
    }[what]()


def fill(model: nn.Module, mode: str) -> nn.Module:
    """The model in float64 and `eval()` mode, every floating tensor filled."""
    model = model.double().eval()
    state = model.state_dict()
    for key, tensor in state.items():
        if tensor.is_floating_point():
            owner, _, name = key.rpartition(".")
            what = role(model.get_submodule(owner), name)
            values = kind_values(tensor.shape, what) if mode == "kind" else keyed_values(tensor.shape, what, key)
            tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))
    return model


def make_input(height: int, width: int) -> Tensor:
    """`(2, 3, H, W)`: `sin(0.1 h + 0.2 w + c + 0.5 n)`."""
    n, c, h, w = np.ogrid[:2, :3, :height, :width]
    return torch.from_numpy(np.sin(0.1 * h + 0.2 * w + c + 0.5 * n))


def error(got: np.ndarray, want: dict[str, list]) -> float:
    """Largest difference to the published numbers, relative to the root mean square of a sample."""
    dim = got.shape[1]
    rms = np.array(want["l2"]) / np.sqrt(dim)
    first = np.abs(got[:, :5] - np.array(want["first5"])).max(axis=1)
    mean = np.abs(got.mean(axis=1) - np.array(want["mean"]))
    length = np.abs(np.linalg.norm(got, axis=1) - np.array(want["l2"])) / np.sqrt(dim)
    return float((np.maximum.reduce([first, mean, length]) / rms).max())


def fingerprints(family: str) -> dict[str, Any]:
    """Case (`name@HxW`) -> the numbers of the original code, from the family's table."""
    table: dict[str, Any] = json.loads((Path(__file__).parent / f"fingerprints_{family}.json").read_text())
    return table


def size_of(case: str) -> tuple[int, int]:
    """`(H, W)` of a case `name@HxW`."""
    height, width = case.split("@")[1].split("x")
    return int(height), int(width)
