"""Self-describing checkpoints: a safetensors file whose metadata says what the weights are and how to feed them.

Files of other origin are read too (see `reid.weight_files`); they come without a description.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from registry.own_names import replacing
from reid.backbones.base import Backbone
from reid.description import COLOUR, PARSERS, Parser, package_version, parse_entries
from reid.gates import GateCurve
from reid.resizing import LINEAR
from reid.weight_files import read_weights

__all__ = ["Checkpoint", "CheckpointInfo", "read_checkpoint", "save_checkpoint", "store_gate"]

FORMAT_VERSION = 1


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
        gate_curve: the gate by the number of people about; `None` where it was not measured.
        data: what it was trained on.
        scores: name -> value, such as `{"rank1": 0.93, "mAP": 0.81}`.
        colour: order of the channels that the network takes; always `RGB`.
        resize: how crops are brought to that size, one of `reid.resizing.RESIZES`.
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
    gate_curve: GateCurve | None = None
    data: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    colour: str = COLOUR
    resize: str = LINEAR
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
    gate_curve: GateCurve | None = None,
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
        gate_curve: the same by the number of people about.
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
        resize=backbone.resize,
        embedding_dim=backbone.embedding_dim,
        num_classes=backbone.num_classes,
        max_cosine_distance=max_cosine_distance,
        gate_curve=gate_curve,
        data=data,
        scores=dict(scores or {}),
        version=package_version() if version is None else version,
        commit=commit,
    )
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in backbone.state_dict().items()}
    if half:
        tensors = {key: _halved(key, value) for key, value in tensors.items()}
    _write(path, tensors, {key: json.dumps(value) for key, value in dataclasses.asdict(info).items()})
    return info


def _check_takes_gate(path: Path) -> CheckpointInfo:
    """What the checkpoint says about itself, into which a gate can be written.

    Raises:
        FileNotFoundError, ValueError: as `read_checkpoint`, or a file that this project did not write.
    """
    info = read_checkpoint(path).info
    if info is None:
        raise ValueError(
            f"{path} is no checkpoint that this project wrote, so it has no place for a gate; leave --store-gate out"
            " and pass the gate to track run with --max-cosine"
        )
    return info


def store_gate(
    path: Path, max_cosine_distance: float, scores: Mapping[str, float], gate_curve: GateCurve | None = None
) -> None:
    """Write a gate, its curve and the scores that belong to it into a checkpoint; nothing else in it changes.

    Tensors keep their type, and metadata that this version does not know stays.

    Raises:
        FileNotFoundError, ValueError: as `read_checkpoint`, or a file that this project did not write.
    """
    info = _check_takes_gate(path)
    tensors, metadata = read_weights(path)
    changed = {
        "max_cosine_distance": PARSERS["max_cosine_distance"](max_cosine_distance),
        "gate_curve": None if gate_curve is None else dataclasses.asdict(gate_curve),
        "scores": {**info.scores, **scores},
    }
    _write(path, tensors, {**metadata, **{key: json.dumps(value) for key, value in changed.items()}})


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    with replacing(path) as unfinished:
        unfinished.write_bytes(save(dict(tensors), dict(metadata)))


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
    return CheckpointInfo(**parse_entries(f"checkpoint {path}", metadata, ENTRIES, FORMAT_VERSION))


ENTRIES: Mapping[str, Parser] = {
    **PARSERS,
    "num_classes": int,
    "data": str,
    "scores": lambda value: {str(key): float(score) for key, score in dict(value).items()},
    "commit": str,
}
