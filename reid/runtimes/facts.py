"""What a converted network says about itself, stored inside its file, so that nothing can be fed wrongly."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

__all__ = ["FORMAT_VERSION", "KEY_PREFIX", "EncoderFacts", "package_version"]

FORMAT_VERSION = 1
KEY_PREFIX = "track."
"""Start of the keys where a format has one flat table for everybody's metadata."""

Triple = tuple[float, float, float]


def package_version() -> str:
    """Version of this project, empty where it runs without being installed."""
    try:
        return metadata.version("track-reid")
    except metadata.PackageNotFoundError:
        return ""


@dataclass(frozen=True)
class EncoderFacts:
    """Facts of a network that turns `(N, H, W, 3)` uint8 BGR crops into `(N, D)` float32 embeddings.

    Attributes:
        backbone: public name.
        input_size: `(H, W)` px of the crops.
        mean: RGB on the scale 0 to 1; applied inside the network, told for the colour of blank crops.
        std: RGB on the same scale; applied inside.
        embedding_dim: width D.
        max_cosine_distance: suggested gate; `None` where it was not measured.
        seed: of the random weights of an untrained network, `None` for a trained one.
        precision: of the stored weights: `fp32`, `fp16` or `int8`.
        crops: what the network is fed.
        colour: order of the channels behind the first layer.
        version: of the package that wrote it.
        format_version: of this layout.
    """

    backbone: str
    input_size: tuple[int, int]
    mean: Triple
    std: Triple
    embedding_dim: int
    max_cosine_distance: float | None = None
    seed: int | None = None
    precision: str = "fp32"
    crops: str = "BGR uint8 (N, H, W, 3)"
    colour: str = "RGB"
    version: str = dataclasses.field(default_factory=package_version)
    format_version: int = FORMAT_VERSION

    def to_strings(self) -> dict[str, str]:
        """One JSON text a field, as every format's metadata can hold."""
        return {key: json.dumps(value) for key, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_strings(cls, file: str, texts: Mapping[str, str]) -> EncoderFacts:
        """The facts in the metadata of `file`; keys that are not ours are passed over.

        Raises:
            ValueError: not written by this project, by a later format, or changed.
        """
        required = {field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING}
        absent = sorted(required - {"version"} - texts.keys())
        if absent:
            raise ValueError(
                f"{file} does not describe itself (no {', '.join(absent)} in its metadata), expected a network written"
                " by: track export --reid NAME --to onnx"
            )
        try:
            values = {key: parse(json.loads(texts[key])) for key, parse in PARSERS.items() if key in texts}
        except (ValueError, TypeError) as error:
            raise ValueError(f"{file} has metadata that cannot be understood: {error}; export it again") from error
        facts = cls(**values)
        if facts.format_version > FORMAT_VERSION:
            raise ValueError(
                f"{file} has format {facts.format_version}, but this version reads up to {FORMAT_VERSION}; update"
                " track-reid"
            )
        return facts


def _optional(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else parse(value)


def _numbers(parse: Callable[[Any], Any], count: int) -> Callable[[Any], tuple[Any, ...]]:
    def parse_all(value: Any) -> tuple[Any, ...]:
        numbers = tuple(parse(number) for number in value)
        if len(numbers) != count:
            raise ValueError(f"expected {count} numbers, but got {value}")
        return numbers

    return parse_all


PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "backbone": str,
    "input_size": _numbers(int, 2),
    "mean": _numbers(float, 3),
    "std": _numbers(float, 3),
    "embedding_dim": int,
    "max_cosine_distance": _optional(float),
    "seed": _optional(int),
    "precision": str,
    "crops": str,
    "colour": str,
    "version": str,
    "format_version": int,
}
