"""What a converted network says about itself, stored inside its file, so that nothing can be fed wrongly."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from reid.description import COLOUR, PARSERS, Parser, Triple, package_version, parse_entries
from reid.gates import GateCurve
from reid.resizing import LINEAR

__all__ = ["FORMAT_VERSION", "KEY_PREFIX", "EncoderFacts"]

FORMAT_VERSION = 1
KEY_PREFIX = "track."
"""Start of the keys where a format has one flat table for everybody's metadata."""

PRECISIONS = ("fp32", "fp16", "int8")


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
        gate_curve: the gate by the number of people about; `None` where it was not measured.
        resize: how crops are brought to that size, one of `reid.resizing.RESIZES`.
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
    resize: str = LINEAR
    gate_curve: GateCurve | None = None
    crops: str = "BGR uint8 (N, H, W, 3)"
    colour: str = COLOUR
    version: str = dataclasses.field(default_factory=package_version)
    format_version: int = FORMAT_VERSION

    def to_strings(self) -> dict[str, str]:
        """One JSON text a field, as every format's metadata can hold."""
        return {key: json.dumps(value) for key, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_strings(cls, file: str, texts: Mapping[str, str]) -> EncoderFacts:
        """The facts in the metadata of `file`; keys that are not ours are passed over.

        Raises:
            ValueError: not written by this project, of a later format, or damaged.
        """
        required = {field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING}
        absent = sorted(required - {"version"} - texts.keys())
        if absent:
            raise ValueError(
                f"{file} does not describe itself (no {', '.join(absent)} in its metadata), expected a network written"
                " by: track export --reid NAME --to onnx"
            )
        return cls(**parse_entries(file, texts, ENTRIES, FORMAT_VERSION))


def _precision(value: object) -> str:
    if value not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, but is {value}")
    return str(value)


ENTRIES: Mapping[str, Parser] = {
    **PARSERS,
    "seed": lambda value: None if value is None else int(value),
    "precision": _precision,
    "crops": str,
}
