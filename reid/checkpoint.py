"""Self-describing checkpoints: a safetensors file whose metadata says what the weights are and how to feed them."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from reid.backbones.base import Backbone

__all__ = ["Checkpoint", "CheckpointInfo", "check_fits", "load_into", "read_checkpoint", "save_checkpoint"]

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
COLOUR = "RGB"
COUNTER = "num_batches_tracked"  # BatchNorm's step counter: no effect on results, absent from converted weights


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


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory: where it came from, what it says of itself, and the weights by `state_dict` key."""

    path: Path
    info: CheckpointInfo
    tensors: Mapping[str, Tensor]


def save_checkpoint(
    path: Path,
    backbone: Backbone,
    *,
    data: str = "",
    scores: Mapping[str, float] | None = None,
    max_cosine_distance: float | None = None,
    version: str = "",
    commit: str = "",
) -> CheckpointInfo:
    """Write `backbone` with its description; the file appears under its name only when complete."""
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
        version=version,
        commit=commit,
    )
    tensors = {key: value.detach().cpu().contiguous() for key, value in backbone.state_dict().items()}
    unfinished = path.with_name(f"{path.name}.part")
    metadata = {key: json.dumps(value) for key, value in dataclasses.asdict(info).items()}
    unfinished.write_bytes(save(tensors, metadata))
    os.replace(unfinished, path)  # noqa: PTH105
    return info


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at `path`, on the CPU.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: not a safetensors file, cut short, or without (valid) metadata of this project.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"checkpoint {path} does not exist; give --reid-weights a .safetensors file")
    if not path.is_file():
        raise ValueError(f"checkpoint {path} is not a file; give --reid-weights a .safetensors file")
    _refuse_pickle(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise ValueError(
            f"checkpoint {path} is no safetensors file, or is cut short or damaged ({error}); copy or download it again"
        ) from error
    return Checkpoint(path, _parse_info(path, metadata or {}), tensors)


def _refuse_pickle(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04" or start[:1] == b"\x80" or path.suffix in {".pt", ".pth"}:
        raise ValueError(
            f"checkpoint {path} is a PyTorch pickle; only this project's .safetensors checkpoints are read, because"
            " they describe themselves and cannot run code"
        )


def _parse_info(path: Path, metadata: Mapping[str, str]) -> CheckpointInfo:
    required = {row.name for row in dataclasses.fields(CheckpointInfo) if row.default is dataclasses.MISSING}
    absent = sorted(required - {"scores"} - metadata.keys())
    if absent:
        raise ValueError(
            f"checkpoint {path} does not describe itself (no {', '.join(absent)} in its metadata); only checkpoints"
            " that this project wrote are read"
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
    first, second, third = value
    return float(first), float(second), float(third)


def _deviation(value: Any) -> tuple[float, float, float]:
    triple = _triple(value)
    if not all(0 < number < float("inf") for number in triple):
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


def check_fits(checkpoint: Checkpoint, name: str, input_size: tuple[int, int] | None = None) -> None:
    """Raise `ValueError` where the checkpoint is of another backbone, or of another `(H, W)` than asked."""
    info, file = checkpoint.info, checkpoint.path.name
    if info.backbone != name:
        raise ValueError(f"{file} holds {info.backbone}, but --reid {name} was asked; use --reid {info.backbone}")
    if input_size is not None and tuple(input_size) != info.input_size:
        wanted, held = ("x".join(map(str, size)) for size in (input_size, info.input_size))
        raise ValueError(
            f"{file} holds {name} for crops of {held} px (height x width), but {wanted} was asked; use {held}"
        )


def load_into(backbone: Backbone, checkpoint: Checkpoint) -> None:
    """Copy the weights, mean and std of a checkpoint into a backbone of the same name and input size.

    A classifier of another width than the backbone's is left out, and the log says so.

    Raises:
        ValueError: another backbone or size; keys left over, missing, of another shape, or values that are not finite.
    """
    check_fits(checkpoint, backbone.name, backbone.input_size)
    if checkpoint.info.embedding_dim != backbone.embedding_dim:
        raise ValueError(
            f"{checkpoint.path.name} says embedding_dim {checkpoint.info.embedding_dim}, but {backbone.name} gives "
            f"{backbone.embedding_dim}; the file was not written by this project, or was changed"
        )
    tensors, wanted, file = dict(checkpoint.tensors), backbone.state_dict(), checkpoint.path.name
    if checkpoint.info.num_classes != backbone.num_classes:
        dropped = [key for key in tensors if key.startswith(backbone.head_prefixes)]
        tensors = {key: value for key, value in tensors.items() if key not in set(dropped)}
        wanted = {key: value for key, value in wanted.items() if not key.startswith(backbone.head_prefixes)}
        if dropped:
            logger.info(
                "%s: the classifier of %d identities is left out (%s)", file, checkpoint.info.num_classes, _few(dropped)
            )
    _check_tensors(file, tensors, wanted)
    backbone.load_state_dict(tensors, strict=False)
    backbone.mean, backbone.std = checkpoint.info.mean, checkpoint.info.std


def _check_tensors(file: str, tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    both = tensors.keys() & wanted.keys()
    faults = {
        "missing": [key for key in wanted if key not in tensors and not key.endswith(COUNTER)],
        "left over": [key for key in tensors if key not in wanted],
        "of another shape": [key for key in wanted if key in both and tensors[key].shape != wanted[key].shape],
        "not finite": [key for key in tensors if not torch.isfinite(tensors[key]).all()],
    }
    found = [f"{len(keys)} {fault}: {_few(keys)}" for fault, keys in faults.items() if keys]
    if found:
        raise ValueError(f"{file} does not fit the backbone that it names; {'; '.join(found)}")


def _few(keys: Iterable[str], limit: int = 3) -> str:
    """The first keys, and how many more there are."""
    rows = list(keys)
    more = f" and {len(rows) - limit} more" if len(rows) > limit else ""
    return ", ".join(rows[:limit]) + more
