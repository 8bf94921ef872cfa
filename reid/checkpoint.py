"""Self-describing checkpoints: a safetensors file whose metadata says what the weights are and how to feed them.

Files of other origin are read too (see `reid.weight_files`); they come without a description.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata as package
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from reid.backbones.base import Backbone
from reid.weight_files import read_weights

__all__ = ["Checkpoint", "CheckpointInfo", "read_checkpoint", "save_checkpoint"]

FORMAT_VERSION = 1
COLOUR = "RGB"
PACKAGE = "track-reid"


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says about itself; every field is one metadata entry, written as JSON.

    Attributes:
        backbone: public name.
        input_size: `(H, W)` px.
        mean: RGB on the scale 0 to 1.
        std: RGB on the same scale.
        embedding_dim: width of the embedding.
        num_classes: identities of the stored classifier, 0 for none.
        max_cosine_distance: suggested gate, between 0 and 2; `None` where it was not measured.
        data: what it was trained on.
        scores: name -> value, such as `{"rank1": 0.93, "mAP": 0.81}`.
        colour: order of the channels that the network takes; always `RGB`.
        version: of the package that wrote it.
        commit: of the source that trained it.
        format_version: of this layout.
    """

    backbone: str
    input_size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    embedding_dim: int
    num_classes: int = 0
    max_cosine_distance: float | None = None
    data: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    colour: str = COLOUR
    version: str = ""
    commit: str = ""
    format_version: int = FORMAT_VERSION


REQUIRED = frozenset({"backbone", "input_size", "mean", "std", "embedding_dim"})
"""Metadata without which a checkpoint of this project does not describe itself, and which mark it as one."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory: where it came from, what it says of itself, and the weights by `state_dict` key.

    `info` is `None` for a file that this project did not write; its keys are then those of the published network.
    """

    path: Path
    info: CheckpointInfo | None
    tensors: Mapping[str, Tensor]


def save_checkpoint(
    path: Path,
    backbone: Backbone,
    *,
    data: str = "",
    scores: Mapping[str, float] | None = None,
    max_cosine_distance: float | None = None,
    version: str | None = None,
    commit: str = "",
    half: bool = False,
) -> CheckpointInfo:
    """Write `backbone` with its description; the file appears under its name only when complete.

    Args:
        path: of the file, which is replaced.
        backbone: the network with its weights.
        data: what it was trained on.
        scores: name -> value.
        max_cosine_distance: suggested gate, between 0 and 2.
        version: of the package; `None` for the installed one.
        commit: of the source that trained it.
        half: matrices and convolutions as float16, half the size; they are loaded as float32. Vectors (norms and
            biases) stay as they are, because running variances can exceed the range of float16.

    Raises:
        ValueError: a value that float16 cannot hold.
    """
    info = CheckpointInfo(
        backbone=backbone.name,
        input_size=backbone.input_size,
        mean=backbone.mean,
        std=backbone.std,
        embedding_dim=backbone.embedding_dim,
        num_classes=backbone.num_classes,
        max_cosine_distance=max_cosine_distance,
        data=data,
        scores=dict(scores or {}),
        version=_installed_version() if version is None else version,
        commit=commit,
    )
    tensors = {key: value.detach().cpu().contiguous() for key, value in backbone.state_dict().items()}
    if half:
        tensors = {key: _halved(key, value) for key, value in tensors.items()}
    unfinished = path.with_name(f"{path.name}.part")
    metadata = {key: json.dumps(value) for key, value in dataclasses.asdict(info).items()}
    unfinished.write_bytes(save(tensors, metadata))
    os.replace(unfinished, path)  # noqa: PTH105
    return info


def _installed_version() -> str:
    try:
        return package.version(PACKAGE)
    except package.PackageNotFoundError:  # run from a source tree that is not installed
        return ""


def _halved(key: str, value: Tensor) -> Tensor:
    if value.ndim < 2 or not value.is_floating_point():
        return value
    halved = value.half()
    if not torch.isfinite(halved).all():
        raise ValueError(f"{key} holds values that float16 cannot (beyond 65504); save without half")
    return halved


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at `path`, on the CPU: one of this project, or weights of any other origin.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: no file of weights, cut short, in need of running code, or with invalid metadata of this project.
    """
    path = Path(path)
    tensors, metadata = read_weights(path)
    return Checkpoint(path, _parse_info(path, metadata) if metadata.keys() & REQUIRED else None, tensors)


def _parse_info(path: Path, metadata: Mapping[str, str]) -> CheckpointInfo:
    absent = sorted(REQUIRED - metadata.keys())
    if absent:
        raise ValueError(
            f"checkpoint {path} does not describe itself (no {', '.join(absent)} in its metadata); write it"
            " again with reid.checkpoint.save_checkpoint"
        )
    try:
        values = {key: PARSERS[key](json.loads(text)) for key, text in metadata.items() if key in PARSERS}
    except (ValueError, TypeError) as error:
        raise ValueError(f"checkpoint {path} has metadata that cannot be understood: {error}") from error
    info = CheckpointInfo(**values)
    if info.format_version > FORMAT_VERSION:
        raise ValueError(
            f"checkpoint {path} has format {info.format_version}, but this version reads up to {FORMAT_VERSION}; update"
            " track-reid"
        )
    if info.colour != COLOUR:
        raise ValueError(f"checkpoint {path} takes {info.colour} crops, but only {COLOUR} is supported")
    return info


def _size(value: Any) -> tuple[int, int]:
    height, width = value
    return int(height), int(width)


def _triple(value: Any) -> tuple[float, float, float]:
    first, second, third = (float(number) for number in value)
    if not all(map(math.isfinite, (first, second, third))):
        raise ValueError(f"three finite numbers were expected, but got {value}")
    return first, second, third


def _deviation(value: Any) -> tuple[float, float, float]:
    triple = _triple(value)
    if min(triple) <= 0:
        raise ValueError(f"std must be three numbers above 0, but is {value}")
    return triple


def _gate(value: Any) -> float | None:
    if value is not None and not 0 <= float(value) <= 2:
        raise ValueError(f"max_cosine_distance must be between 0 and 2, but is {value}")
    return None if value is None else float(value)


PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "backbone": str,
    "input_size": _size,
    "mean": _triple,
    "std": _deviation,
    "embedding_dim": int,
    "num_classes": int,
    "max_cosine_distance": _gate,
    "data": str,
    "scores": lambda value: {str(key): float(score) for key, score in dict(value).items()},
    "colour": str,
    "version": str,
    "commit": str,
    "format_version": int,
}
