"""The options of `track eval-reid`: type, help and group of each, in the order of `track eval-reid --help`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from track.terminal.options import OWN_NETWORK

__all__ = [
    "Data",
    "Device",
    "FalseMatchRate",
    "Json",
    "Out",
    "Pictures",
    "Reid",
    "ReidRuntime",
    "ReidWeights",
    "Rerank",
    "Rotate",
    "Seed",
    "StoreGate",
]

_WHAT, _MEASURE, _WHERE, _RUNNING = "What", "Measuring", "Output", "Running"

Data = Annotated[
    str | None,
    typer.Option(
        help="Folder laid out like Market-1501, folder root/<identity>/*.jpg, or synthetic:IDS; several: A,B.",
        rich_help_panel=_WHAT,
    ),
]
Reid = Annotated[
    str, typer.Option(help=f"Appearance encoder (see: track models). {OWN_NETWORK}", rich_help_panel=_WHAT)
]
ReidWeights = Annotated[
    Path | None,
    typer.Option(
        help="Checkpoint of that encoder (.safetensors, .pth), what track export wrote, imagenet, or random. Left out: "
        "the weights that come with the package.",
        rich_help_panel=_WHAT,
    ),
]
ReidRuntime = Annotated[
    str,
    typer.Option(help="As for track run: auto, torch, torch-fp16, torch-bf16, onnx, openvino.", rich_help_panel=_WHAT),
]
Rerank = Annotated[
    bool, typer.Option("--rerank", help="Also re-rank by k-reciprocal neighbours.", rich_help_panel=_MEASURE)
]
Rotate = Annotated[
    str | None,
    typer.Option(
        metavar="30,45,...", help="Also rank-1 with the queries turned by these degrees.", rich_help_panel=_MEASURE
    ),
]
FalseMatchRate = Annotated[
    float,
    typer.Option(help="Share of different people that the gate may let through, 0 to 1.", rich_help_panel=_MEASURE),
]
StoreGate = Annotated[
    bool,
    typer.Option(
        "--store-gate", help="Write the gate into the checkpoint (of others: into a copy).", rich_help_panel=_MEASURE
    ),
]
Pictures = Annotated[
    int, typer.Option(metavar="N", help="Draw N queries with their top 10, right green.", rich_help_panel=_WHERE)
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the results.", show_default="runs/eval-<reid>", rich_help_panel=_WHERE),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.", rich_help_panel=_WHERE)]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps.", rich_help_panel=_RUNNING)]
Seed = Annotated[
    int,
    typer.Option(
        help="Of the split of an identity folder, of drawn people, of an encoder with --reid-weights random.",
        rich_help_panel=_RUNNING,
    ),
]
