"""The options of every command that scores tracks."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Rules", "Sequences"]

Sequences = Annotated[
    str | None, typer.Option(help="Take these sequences only: TUD-Campus,KITTI-17.", rich_help_panel="Files")
]
Rules = Annotated[
    str,
    typer.Option(
        help="auto, mot15, mot16, mot17, mot20 (pedestrians, distractors, flags), or own (class by class). auto goes "
        "by what the ground truth holds, and says so.",
        rich_help_panel="What is scored",
    ),
]
