"""The options of every command that tracks: type, help and group of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.defaults import DEFAULT_ENCODER
from track.terminal.options import DEBUG, OWN_NETWORK

_WHAT, _WHO, _WHERE, _WHEN, _HOW = "Detection", "Identity", "Output", "Frames", "Running"
Detector = Annotated[
    str,
    typer.Option(
        help="auto, yolo, motion, public, or a path to weights (.pt, .onnx, OpenVINO folder, engine) or to detections "
        "(det.txt, .npy). auto: YOLO if its weights can be had, else motion; public for a sequence without images. "
        "Your own: my_det.py:MyDetector, which has detect(image, frame_index=...).",
        rich_help_panel=_WHAT,
    ),
]
Classes = Annotated[
    str | None, typer.Option(help="Keep these classes only, by name: person,car.", rich_help_panel=_WHAT)
]
Conf = Annotated[float | None, typer.Option(help="Lowest score of a detection to keep, 0 to 1.", rich_help_panel=_WHAT)]
Iou = Annotated[
    float | None,
    typer.Option(help="YOLO: overlap above which the weaker of two boxes goes, 0 to 1.", rich_help_panel=_WHAT),
]
Imgsz = Annotated[int | None, typer.Option(help="YOLO: longer side of the network's input, px.", rich_help_panel=_WHAT)]
Reid = Annotated[
    str | None,
    typer.Option(
        help=f"Appearance encoder (see: track models); none for motion alone. {OWN_NETWORK}",
        show_default=f"{DEFAULT_ENCODER}, or none where pictures are missing",
        rich_help_panel=_WHO,
    ),
]
ReidWeights = Annotated[
    Path | None,
    typer.Option(
        help="Checkpoint of that encoder (.safetensors, .pth), what track export wrote, imagenet, or random. Left out: "
        "the weights that come with the package; your own network as its constructor builds it.",
        rich_help_panel=_WHO,
    ),
]
ReidRuntime = Annotated[
    str,
    typer.Option(
        help="auto, torch, torch-fp16, torch-bf16, onnx, openvino. auto: the fastest that is installed, with PyTorch's "
        "numbers (within 1e-4).",
        rich_help_panel=_WHO,
    ),
]
ReidWhen = Annotated[
    str | None,
    typer.Option(
        help="always, or ambiguous: embed only detections that motion alone cannot place.",
        show_default="the preset's",
        rich_help_panel=_WHO,
    ),
]
MaxCosine = Annotated[
    float | None,
    typer.Option(
        help="Appearance gate: largest cosine distance of a match, 0 to 2.",
        show_default="the checkpoint's, else the preset's",
        rich_help_panel=_WHO,
    ),
]
Tracker = Annotated[str, typer.Option(help="Preset (see: track models) or your own YAML file.", rich_help_panel=_WHO)]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier run in that folder.", rich_help_panel=_WHERE)
]
Zones = Annotated[
    Path | None,
    typer.Option(
        help="Lines and zones (YAML; draw them with: track zones VIDEO) to count at: writes events.csv and zones.csv.",
        rich_help_panel=_WHERE,
    ),
]
Start = Annotated[float, typer.Option(help="First second to track.", rich_help_panel=_WHEN)]
End = Annotated[float | None, typer.Option(help="Second to stop before.", rich_help_panel=_WHEN)]
Every = Annotated[
    int | None,
    typer.Option(
        help="Detect at each N-th frame, predict in between.", show_default="the preset's", rich_help_panel=_WHEN
    ),
]
Online = Annotated[
    bool,
    typer.Option(
        "--online",
        help="Write only what was known at each frame: no boxes from before a track was confirmed.",
        rich_help_panel=_WHEN,
    ),
]
Smooth = Annotated[
    bool, typer.Option("--smooth", help="Smooth finished tracks (Rauch-Tung-Striebel).", rich_help_panel=_WHEN)
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Link finished tracks over gaps, drop those that were never sure, fill gaps, smooth.",
        rich_help_panel=_WHEN,
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps.", rich_help_panel=_HOW)]
Seed = Annotated[int, typer.Option(help="Of the encoder with --reid-weights random.", rich_help_panel=_HOW)]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Open weights that may run code of whoever made them: TorchScript, TensorRT, unknown .pt.",
        rich_help_panel=_HOW,
    ),
]
Debug = Annotated[bool, typer.Option(DEBUG, help="Show tracebacks and what the libraries log.", rich_help_panel=_HOW)]
