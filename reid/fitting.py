"""Weights of any origin into a backbone: exactly its keys and shapes, or an error that names what differs."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from reid.backbones.base import Backbone
from reid.registry import BACKBONES, backbone_factory

__all__ = ["load_state", "lookalikes"]

logger = logging.getLogger(__name__)

COUNTER = "num_batches_tracked"  # BatchNorm's step counter: no effect on results, absent from converted weights
HALVES = (torch.float16, torch.bfloat16)
MISFITS = {"missing", "left over", "of another shape"}  # of `_faults`: those that another network explains
LISTED = 20
ALIKE = 0.9  # share of equal keys and shapes from which weights "look like" those of a backbone


def load_state(backbone: Backbone, tensors: Mapping[str, Tensor], file: str) -> None:
    """Copy weights into `backbone`, in its number type.

    The backbone renames keys and resizes tables (`Backbone.adapt_state`). A classifier of another width than its own is
    left out. The log tells of both.

    Args:
        backbone: changed in place; untouched where an error is raised.
        tensors: by the keys of this project or of the published network.
        file: how messages name the source.

    Raises:
        ValueError: keys left over, missing, of another shape or type, or values that are not finite.
    """
    adapted = backbone.adapt_state(
        {key: value.float() if value.dtype in HALVES else value for key, value in tensors.items()}
    )
    own = {key: value for key, value in backbone.state_dict().items() if not key.endswith(COUNTER) or key in adapted}
    heads = {key for key in own.keys() | adapted.keys() if key.startswith(backbone.head_prefixes)}
    if all(key in own and key in adapted and own[key].shape == adapted[key].shape for key in heads):
        heads = set()
    fitting, own = ({key: value for key, value in part.items() if key not in heads} for part in (adapted, own))
    faults = _faults(fitting, own)
    if faults:
        names = lookalikes(tensors) if faults.keys() & MISFITS else []
        hint = f" (it looks like a checkpoint of {' or '.join(names)})" if names and backbone.name not in names else ""
        listed = "; ".join(f"{len(keys)} {fault}: {_few(keys)}" for fault, keys in faults.items())
        raise ValueError(f"{file} does not fit {backbone.name}{hint}: {listed}")
    _log_resized(backbone, tensors, fitting, file)
    if heads:
        _log_dropped(backbone, {key: value for key, value in adapted.items() if key in heads}, file)
    backbone.load_state_dict(fitting, strict=False)


def _log_resized(backbone: Backbone, tensors: Mapping[str, Tensor], adapted: Mapping[str, Tensor], file: str) -> None:
    before = {key.split(".", 1)[-1] if key.startswith("net.") else key: value.shape for key, value in tensors.items()}
    resized = [
        key for key, value in adapted.items() if before.get(key.removeprefix("net."), value.shape) != value.shape
    ]
    if resized:
        size = "x".join(map(str, backbone.input_size))
        logger.warning("%s: %d position tables interpolated for crops of %s px", file, len(resized), size)


def _log_dropped(backbone: Backbone, head: Mapping[str, Tensor], file: str) -> None:
    classes = [len(value) for value in head.values() if value.ndim >= 2]
    width = f" of {classes[-1]} identities" if classes else ""
    dropped = f"the classifier{width} is left out ({_few(sorted(head))})"
    new = f"the one of {backbone.num_classes} is untrained" if backbone.num_classes else ""
    logger.warning("%s: %s", file, "; ".join(part for part in (dropped if head else "", new) if part))


def _faults(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, list[str]]:
    both = [key for key in own if key in tensors]
    faults = {
        "missing": [key for key in own if key not in tensors],
        "left over": [key for key in tensors if key not in own],
        "of another shape": [
            f"{key} ({_shape(tensors[key])}, expected {_shape(own[key])})"
            for key in both
            if tensors[key].shape != own[key].shape
        ],
        "without floating-point numbers": [
            key for key in both if own[key].is_floating_point() and not tensors[key].is_floating_point()
        ],
        "not finite": [key for key, value in tensors.items() if not torch.isfinite(value).all()],
    }
    return {fault: keys for fault, keys in faults.items() if keys}


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _few(keys: Iterable[str]) -> str:
    """The first keys, and how many more there are."""
    rows = list(keys)
    more = f" and {len(rows) - LISTED} more" if len(rows) > LISTED else ""
    return ", ".join(rows[:LISTED]) + more


def lookalikes(tensors: Mapping[str, Tensor]) -> list[str]:
    """The backbones of this project that share most keys and shapes with these weights; none below nine tenths.

    They are built without storage: two seconds for all of them, once.
    """
    shapes = {key: torch.empty_like(value, device="meta") for key, value in tensors.items()}
    shares = {name: _share(shapes, name) for name in BACKBONES.names()}
    best = max(shares.values())
    return [name for name, share in shares.items() if share == best >= ALIKE]


@functools.cache
def _without_storage(name: str) -> Backbone:
    with torch.device("meta"):
        return backbone_factory(name)()


def _share(shapes: Mapping[str, Tensor], name: str) -> float:
    backbone = _without_storage(name)
    adapted = backbone.adapt_state(shapes)
    theirs, ours = (
        {
            (key, value.shape)
            for key, value in state.items()
            if not key.endswith(COUNTER) and not key.startswith(backbone.head_prefixes)
        }
        for state in (adapted, backbone.state_dict())
    )
    return len(theirs & ours) / len(theirs | ours)
