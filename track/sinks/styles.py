"""How tracks are shown: the styles by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from registry import unknown_name
from track.rows.types import FrameTracks

__all__ = ["DEFAULT_STYLE", "HIDING", "STYLES", "FrameDrawer", "check_style", "create_drawer"]

Image = npt.NDArray[np.uint8]

DEFAULT_STYLE = "boxes"
HIDING = "blur"
"""The style that needs to know what comes."""
STYLES = (DEFAULT_STYLE, "ellipse", "dots", "heat", HIDING, "none")


class FrameDrawer(Protocol):
    """Draws the tracks of one frame after the other."""

    def draw_on(self, image: Image, tracks: FrameTracks) -> Image:
        """The same picture with its tracks."""
        ...


class Plain:
    """Draws nothing."""

    def draw_on(self, image: Image, tracks: FrameTracks) -> Image:
        """The picture as it is."""
        return image


def check_style(name: str) -> None:
    """Raise `ValueError` for a style that is not known, with the known ones."""
    if name not in STYLES:
        raise unknown_name("--style", name, STYLES)


def create_drawer(
    style: str,
    size: tuple[int, int],
    fps: float,
    class_names: Mapping[int, str],
    *,
    names: Mapping[int, str] | None = None,
    trail_s: float | None = None,
    every: int = 1,
) -> FrameDrawer:
    """What draws in a style. `blur` draws nothing: what hides people works before it (`track.sinks.hide`).

    Args:
        style: one of `STYLES`.
        size: width and height of the pictures, px.
        fps: frames drawn per second.
        class_names: by class id.
        names: of identities, by id.
        trail_s: length of trails, s; `None` for the usual one.
        every: see `Drawer`.
    """
    check_style(style)
    if style in (HIDING, "none"):
        return Plain()
    if style == "heat":
        from track.sinks.heat import HeatDrawer

        return HeatDrawer(*size)
    from track.sinks.draw import TRAIL_S, Drawer

    length_s = TRAIL_S if trail_s is None else trail_s
    return Drawer(*size, fps, class_names, names=names, mark=style, trail_s=length_s, every=every)
