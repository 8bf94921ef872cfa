"""The options of `track train-reid`: type, help and group of each, in the order of `track train-reid --help`.

`None` stands for "not given": the recipe decides, or with `--resume` the interrupted training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.defaults import DEFAULT_ENCODER
from track.terminal.options import OWN_NETWORK

__all__ = [
    "Amp",
    "Batch",
    "Data",
    "Device",
    "Epochs",
    "EvalEvery",
    "FalseMatchRate",
    "InputSize",
    "LearningRate",
    "Out",
    "Pretrained",
    "RecipeName",
    "Reid",
    "Resume",
    "Seed",
    "Smoke",
    "Workers",
]

_WHAT, _HOW, _WHERE, _RUNNING = "What", "Recipe", "Output", "Running"

Data = Annotated[
    str | None,
    typer.Option(
        help="Folder laid out like Market-1501, folder root/<identity>/*.jpg, or synthetic:IDS; several: A,B.",
        rich_help_panel=_WHAT,
    ),
]
Reid = Annotated[
    str | None,
    typer.Option(
        help=f"Backbone (see: track models). {OWN_NETWORK}", show_default=DEFAULT_ENCODER, rich_help_panel=_WHAT
    ),
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help="Recipe of configs/reid, or your own YAML file.",
        show_default="that of the backbone's family",
        rich_help_panel=_WHAT,
    ),
]
Pretrained = Annotated[
    Path | None,
    typer.Option(
        help="Weights of the same backbone to start from: a checkpoint (.safetensors, .pth) of this project, of its"
        " authors, of torchvision or timm; or imagenet.",
        rich_help_panel=_WHAT,
    ),
]
Smoke = Annotated[
    bool,
    typer.Option(
        "--smoke", help="Try it out: minutes on a CPU, on people that are drawn, or on --data.", rich_help_panel=_WHAT
    ),
]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training images.", rich_help_panel=_HOW)]
Batch = Annotated[
    str | None,
    typer.Option(metavar="PxK", help="Identities x crops of each, over all processes: 16x4.", rich_help_panel=_HOW),
]
LearningRate = Annotated[float | None, typer.Option("--lr", help="Highest learning rate.", rich_help_panel=_HOW)]
InputSize = Annotated[
    str | None, typer.Option(metavar="HxW", help="Crops, height x width, px: 256x128.", rich_help_panel=_HOW)
]
EvalEvery = Annotated[int | None, typer.Option(help="Epochs between two evaluations.", rich_help_panel=_HOW)]
FalseMatchRate = Annotated[
    float | None,
    typer.Option(
        help="Share of different people that the gate may let through, 0 to 1.",
        show_default="0.01",
        rich_help_panel=_HOW,
    ),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the results.", show_default="runs/train-<reid>", rich_help_panel=_WHERE)
]
Resume = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Go on with the interrupted training in that folder.", rich_help_panel=_WHERE),
]
Amp = Annotated[
    str | None,
    typer.Option(
        help="Numbers of the network's pass: no (float32), bf16, or fp16 (CUDA).",
        show_default="no",
        rich_help_panel=_RUNNING,
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps.", rich_help_panel=_RUNNING)]
Workers = Annotated[int, typer.Option(help="Threads that decode images.", rich_help_panel=_RUNNING)]
Seed = Annotated[
    int | None,
    typer.Option(help="Of weights, batches and augmentation.", show_default="0", rich_help_panel=_RUNNING),
]
