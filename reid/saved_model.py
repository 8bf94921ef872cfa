"""A folder as roboflow's package `reid` saves a model: `reid_config.json` beside `weights.safetensors`.

The configuration names the network and how its crops are prepared; nothing of it is code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from registry.json_texts import parse_json
from reid.backbones.base import IMAGENET_MEAN, IMAGENET_STD
from reid.description import PARSERS, Triple
from reid.registry import BACKBONES, TIMM
from reid.resizing import NEAREST, SMOOTH_CUBIC, SMOOTH_LINEAR

__all__ = ["CONFIG", "SavedModel", "is_saved_model", "read_saved_model"]

CONFIG, WEIGHTS = "reid_config.json", "weights.safetensors"
LARGEST_CONFIG = 1 << 20
INTERPOLATIONS = {"bilinear": SMOOTH_LINEAR, "bicubic": SMOOTH_CUBIC, "nearest": NEAREST}
DEFAULTS: Mapping[str, Any] = {
    "input_size": (256, 128),
    "mean": IMAGENET_MEAN,
    "std": IMAGENET_STD,
    "interpolation": "bilinear",
    "to_rgb": True,
    "resize_mode": "stretch",
}
"""What that package takes for an entry that is not there."""


@dataclass(frozen=True)
class SavedModel:
    """What the folder says.

    Attributes:
        weights: its file of weights.
        backbone: our name of the network.
        input_size: `(H, W)` px.
        mean: as the file has it, in the order of the network's channels.
        std: likewise.
        resize: one of `reid.resizing.RESIZES`.
        is_rgb: whether the network takes RGB; otherwise BGR.
    """

    weights: Path
    backbone: str
    input_size: tuple[int, int]
    mean: Triple
    std: Triple
    resize: str
    is_rgb: bool

    @property
    def rgb_mean(self) -> Triple:
        """The mean in our order."""
        return self.mean if self.is_rgb else (self.mean[2], self.mean[1], self.mean[0])

    @property
    def rgb_std(self) -> Triple:
        """The standard deviation in our order."""
        return self.std if self.is_rgb else (self.std[2], self.std[1], self.std[0])

    def for_rgb(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights that take RGB: the first convolution's channels change places where it was trained on BGR.

        Raises:
            ValueError: it cannot be told which convolution is the first.
        """
        if self.is_rgb:
            return dict(tensors)
        firsts = [key for key, value in tensors.items() if value.ndim == 4 and value.shape[1] == 3]
        if len(firsts) != 1:
            raise ValueError(
                f"{self.weights.parent / CONFIG} says to_rgb false, but its network has {len(firsts)} layers that take"
                " three channels, expected one; save it with to_rgb true"
            )
        return {**tensors, firsts[0]: tensors[firsts[0]].flip(1)}


def is_saved_model(path: Path) -> bool:
    """Whether that is such a folder."""
    return (path / CONFIG).is_file()


def read_saved_model(folder: Path) -> SavedModel:
    """What the folder says, checked.

    Raises:
        FileNotFoundError: no weights beside the configuration.
        ValueError: a configuration that cannot be understood, of a network that is not known here, or of crops that
            cannot be prepared here.
    """
    path = folder / CONFIG
    if not (folder / WEIGHTS).is_file():
        raise FileNotFoundError(
            f"{folder} has a {CONFIG} but no {WEIGHTS}; copy the whole folder that save_pretrained made"
        )
    held = _read(path)
    entries = {**DEFAULTS, **held.get("preprocessing", {})}
    if entries["resize_mode"] != "stretch":
        raise ValueError(
            f"{path}: resize_mode is {entries['resize_mode']!r}, expected 'stretch': here crops are always stretched"
        )
    if entries["interpolation"] not in INTERPOLATIONS:
        raise ValueError(
            f"{path}: interpolation is {entries['interpolation']!r}, expected one of {', '.join(INTERPOLATIONS)}"
        )
    if not isinstance(entries["to_rgb"], bool):
        raise ValueError(f"{path}: to_rgb is {entries['to_rgb']!r}, expected true or false")
    return SavedModel(
        weights=folder / WEIGHTS,
        backbone=_backbone(path, held.get("architecture")),
        resize=INTERPOLATIONS[entries["interpolation"]],
        is_rgb=entries["to_rgb"],
        **{name: _parsed(path, name, entries[name]) for name in ("input_size", "mean", "std")},
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
        held = parse_json(text) if len(text) <= LARGEST_CONFIG else None
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); copy or download it again") from error
    if not isinstance(held, dict) or not isinstance(held.get("preprocessing", {}), dict):
        raise ValueError(f"{path} holds no object with 'architecture' and 'preprocessing', as save_pretrained writes")
    return held


def _backbone(path: Path, architecture: Any) -> str:
    name = str(architecture)
    ours = name if name.startswith(TIMM) else name.replace("_", "-")
    if not isinstance(architecture, str) or not (name.startswith(TIMM) or ours in BACKBONES):
        raise ValueError(
            f"{path}: architecture is {architecture!r}, expected osnet_x1_0, osnet_x0_75, osnet_x0_5, osnet_x0_25 or"
            " timm:NAME"
        )
    return ours


def _parsed(path: Path, name: str, value: Any) -> Any:
    try:
        return PARSERS[name](value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {name} is {value!r}: {error}") from error
