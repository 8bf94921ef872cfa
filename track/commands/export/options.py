"""The options of `track export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from track.terminal.options import OWN_NETWORK

__all__ = ["Calibrate", "Detector", "Half", "InputSize", "Int8", "Out", "Overwrite", "Reid", "ReidWeights", "To"]

_ENCODER, _FORMAT, _WHERE = "Encoder", "Format", "Output"


Reid = Annotated[
    str,
    typer.Option("--reid", help=f"The encoder to export (see: track models). {OWN_NETWORK}", rich_help_panel=_ENCODER),
]


To = Annotated[
    Literal["onnx", "openvino", "torchscript"],
    typer.Option(metavar="FORMAT", help="onnx, openvino or torchscript.", rich_help_panel=_FORMAT),
]


Half = Annotated[
    bool,
    typer.Option(
        "--half", help="Store float16: half the size. Cosine to PyTorch 0.999 or more.", rich_help_panel=_FORMAT
    ),
]


Int8 = Annotated[
    bool,
    typer.Option(
        "--int8",
        help="OpenVINO: eight bits, with ranges from --calibrate. Cosine to PyTorch 0.98 or more.",
        rich_help_panel=_FORMAT,
    ),
]


Calibrate = Annotated[
    str | None,
    typer.Option(
        metavar="VIDEO",
        help="Video whose people calibrate --int8 and check the result; drawn people check without.",
        rich_help_panel=_FORMAT,
    ),
]


Detector = Annotated[
    str,
    typer.Option("--detector", help="Finds the people of that video; as in track run.", rich_help_panel=_FORMAT),
]


ReidWeights = Annotated[
    Path | None,
    typer.Option(
        "--reid-weights",
        help="Checkpoint of the encoder, imagenet, or random. Left out: the bundled ones.",
        rich_help_panel=_ENCODER,
    ),
]


InputSize = Annotated[
    str | None,
    typer.Option(
        help="Size of the crops, HEIGHTxWIDTH px; the checkpoint's or network's own if left out.",
        rich_help_panel=_ENCODER,
    ),
]


Out = Annotated[
    Path | None, typer.Option("--out", help="File to write; for OpenVINO a folder.", rich_help_panel=_WHERE)
]


Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier export there.", rich_help_panel=_WHERE)
]
