"""ReID weights on this machine: self-describing checkpoints, found by their headers alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.json_texts import parse_json
from registry.user_folders import weights_folder

__all__ = ["WeightsOnDisk", "reid_weights", "weight_folders"]

LARGEST_HEADER = 100_000_000
"""Bytes; the limit of the safetensors format. More is no header."""


@dataclass(frozen=True)
class WeightsOnDisk:
    """What a checkpoint of this project says about itself.

    Attributes:
        path: of the file.
        backbone: public name of the network.
        input_size: `(H, W)` px that it was trained at.
        max_cosine_distance: suggested gate; `None` where it was not measured.
        data: what it was trained on.
    """

    path: Path
    backbone: str
    input_size: tuple[int, int]
    max_cosine_distance: float | None
    data: str


def weight_folders() -> tuple[Path, ...]:
    """Where weights are looked for: those of the installation, then the user's (see `detectors.weights`)."""
    import reid

    return Path(reid.__file__).with_name("weights"), weights_folder()


def reid_weights() -> list[WeightsOnDisk]:
    """All checkpoints of this project in `weight_folders()`, by backbone and name; other files are passed over."""
    found = [weights for folder in weight_folders() for weights in _in_folder(folder)]
    return sorted(found, key=lambda weights: (weights.backbone, weights.path.name))


def _in_folder(folder: Path) -> Iterator[WeightsOnDisk]:
    for path in sorted(folder.glob("*.safetensors")):
        metadata = _metadata(path)
        try:
            height, width = parse_json(metadata["input_size"])
            yield WeightsOnDisk(
                path=path,
                backbone=str(parse_json(metadata["backbone"])),
                input_size=(int(height), int(width)),
                max_cosine_distance=_gate(parse_json(metadata.get("max_cosine_distance", "null"))),
                data=str(parse_json(metadata.get("data", '""'))),
            )
        except (KeyError, TypeError, ValueError):  # weights of another project
            continue


def _gate(value: Any) -> float | None:
    return None if value is None else float(value)


def _metadata(path: Path) -> dict[str, Any]:
    """The texts in the header of a safetensors file; none where it is damaged or cannot be read."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = parse_json(file.read(size)) if 0 < size <= LARGEST_HEADER else {}
        metadata = header.get("__metadata__", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return metadata if isinstance(metadata, dict) else {}
