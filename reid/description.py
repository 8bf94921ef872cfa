"""What stored weights say about themselves: the reading and checking of the entries that all our files share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

from reid.backbones.sizes import LARGEST_SIDE
from reid.gates import parse_curve
from reid.resizing import RESIZES

__all__ = ["COLOUR", "PACKAGE", "PARSERS", "Parser", "Triple", "package_version", "parse_entries"]

COLOUR = "RGB"
"""Order of the channels that every network of this project takes."""
PACKAGE = "track-reid"

Triple = tuple[float, float, float]
Parser = Callable[[Any], Any]


def package_version() -> str:
    """Version of this project, empty where it runs without being installed."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


def parse_entries(file: str, texts: Mapping[str, str], parsers: Mapping[str, Parser], version: int) -> dict[str, Any]:
    """The values of those entries of `texts` that a parser stands for.

    Args:
        file: what errors call it.
        texts: metadata, one JSON text an entry; entries that are not ours are passed over.
        parsers: entry -> what turns its JSON value into ours.
        version: the latest `format_version` that can be read.

    Raises:
        ValueError: damaged entries, a later format, or crops of another colour order.
    """
    try:
        values = {key: parse(json.loads(texts[key])) for key, parse in parsers.items() if key in texts}
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{file} has metadata that cannot be understood: {error}; write it again") from error
    if values.get("format_version", version) > version:
        raise ValueError(
            f"{file} has format {values['format_version']}, but this version reads up to {version}; update {PACKAGE}"
        )
    if values.get("colour", COLOUR) != COLOUR:
        raise ValueError(f"{file} takes {values['colour']} crops, but only {COLOUR} is supported")
    return values


def _size(value: Any) -> tuple[int, int]:
    if len(value) != 2 or not all(_is_whole(side) and 0 < side <= LARGEST_SIDE for side in value):
        raise ValueError(f"input_size must be two whole numbers from 1 to {LARGEST_SIDE}, but is {value}")
    return value[0], value[1]


def _triple(value: Any) -> Triple:
    numbers = [float(number) for number in value]
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"three finite numbers were expected, but got {value}")
    return numbers[0], numbers[1], numbers[2]


def _deviation(value: Any) -> Triple:
    triple = _triple(value)
    if min(triple) <= 0:
        raise ValueError(f"std must be three numbers above 0, but is {value}")
    return triple


def _width(value: Any) -> int:
    if not _is_whole(value) or value < 1:
        raise ValueError(f"embedding_dim must be a whole number above 0, but is {value}")
    return int(value)


def _gate(value: Any) -> float | None:
    if value is not None and not 0 <= float(value) <= 2:
        raise ValueError(f"max_cosine_distance must be between 0 and 2, but is {value}")
    return None if value is None else float(value)


def _resize(value: Any) -> str:
    if value not in RESIZES:
        raise ValueError(f"resize must be one of {', '.join(RESIZES)}, but is {value}")
    return str(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


PARSERS: Mapping[str, Parser] = {
    "backbone": str,
    "input_size": _size,
    "mean": _triple,
    "std": _deviation,
    "embedding_dim": _width,
    "max_cosine_distance": _gate,
    "gate_curve": parse_curve,
    "colour": str,
    "resize": _resize,
    "version": str,
    "format_version": int,
}
"""Of the entries that checkpoints and exported networks have in common."""
