"""What several commands' options need: the text after them, read."""

from __future__ import annotations

import re
from typing import Annotated

import typer

__all__ = [
    "DEBUG",
    "OWN_NETWORK",
    "STYLE_HELP",
    "VIDEO_HELP",
    "Latex",
    "Markdown",
    "comma_separated",
    "parse_ids",
    "parse_picture_size",
    "parse_size",
]


DEBUG = "--debug"
OWN_NETWORK = (
    "Your own: my_net.py:MyNet, a torch module (or a function that makes one) with the attributes input_size = "
    "(height, width) and, if they are not ImageNet's, mean and std (RGB, 0 to 1)."
)
"""Of every option that names an encoder."""
STYLE_HELP = (
    "boxes, ellipse (at the feet), dots, heat (where people were), blur (hides people, draws nothing), or none."
)
VIDEO_HELP = "The video of the run, where it is not where it was."


Markdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown instead of tables.", rich_help_panel="Output")
]
Latex = Annotated[
    bool, typer.Option("--latex", help="Print LaTeX (booktabs) instead of tables.", rich_help_panel="Output")
]
"""Of every command that prints a table of scores."""


def comma_separated(text: str | None, option: str = "--classes", example: str = "person,car") -> tuple[str, ...]:
    """Comma-separated names; an empty one is an error, since it is a typing mistake."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError(f"{option} is {text!r}, expected names separated by commas, such as {example}")
    return names


def parse_ids(option: str, text: str | None) -> frozenset[int]:
    """The ids in a text such as 3,4; none without a text.

    Raises:
        ValueError: another form.
    """
    found = comma_separated(text, option, "3,4")
    for piece in found:
        if not (piece.isascii() and piece.isdigit() and len(piece) <= 15 and int(piece)):
            raise ValueError(
                f"{option} is {text!r}, expected ids from identities.csv, separated by commas, such as 3,4"
            )
    return frozenset(map(int, found))


def parse_size(text: str | None) -> tuple[int, int] | None:
    """`(height, width)` px of a text such as 128x64.

    Raises:
        ValueError: another form.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})[xX]([0-9]{1,9})", text.strip())
    if match is None or not int(match[1]) * int(match[2]):
        raise ValueError(f"--input-size is {text!r}, expected HEIGHTxWIDTH in px, such as 128x64")
    return int(match[1]), int(match[2])


def parse_picture_size(text: str | None) -> tuple[int, int] | None:
    """`(width, height)` px of a text such as 1920x1080.

    Raises:
        ValueError: another form.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})[xX]([0-9]{1,6})", text.strip())
    if match is None or not int(match[1]) * int(match[2]):
        raise ValueError(f"--size is {text!r}, expected WIDTHxHEIGHT in px, such as 1920x1080")
    return int(match[1]), int(match[2])
