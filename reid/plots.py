"""Pictures of what was measured: histograms of distances, and what a query found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from registry.words import printable
from reid.calibration import Calibration

__all__ = ["plot_distances", "ranking_picture"]

Image = npt.NDArray[np.uint8]

SAME, DIFFERENT = "#0072b2", "#d55e00"  # told apart by colour-blind readers too (Okabe and Ito)
RIGHT, WRONG, ASKED = (60, 170, 60), (50, 50, 220), (90, 90, 90)
FRAME = 4


def plot_distances(path: Path, calibration: Calibration, title: str = "") -> None:
    """Histograms of same and different pairs with the gate and the point of equal error, as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes, histogram = figure.add_subplot(), calibration.histogram
    for counts, kind, colour in (
        (histogram.same, "same identity", SAME),
        (histogram.different, "different identities", DIFFERENT),
    ):
        label = f"{kind} ({counts.sum():,} pairs)"
        axes.stairs(100 * counts / counts.sum(), histogram.edges, fill=True, alpha=0.55, color=colour, label=label)
    rates = f"{100 * calibration.false_match_rate:.2g} % false matches"
    axes.axvline(calibration.gate, color="black", label=f"gate {calibration.gate:.3f}: {rates}")
    equal = f"equal error {100 * calibration.eer:.1f} % at {calibration.eer_gate:.3f}"
    axes.axvline(calibration.eer_gate, color="black", linestyle=":", label=equal)
    axes.set_title(printable(title), parse_math=False)  # it holds names of folders, in which a $ is a $
    axes.set(xlabel="cosine distance", ylabel="share of pairs, %", xlim=(0, histogram.edges[-1]))
    axes.legend(frameon=False)
    FigureCanvasAgg(figure).print_png(path)


def ranking_picture(query: Image, found: Sequence[tuple[Image, bool, float]]) -> Image:
    """The query framed grey and, nearest first, what it found: right framed green, wrong red, the distance below.

    Args:
        query: `(H, W, 3)` uint8 BGR.
        found: images of the same size, whether they show the same person, and their distances.
    """
    tiles = [_tile(query, ASKED, "query"), np.full((_tile_height(query), 3 * FRAME, 3), 255, np.uint8)]
    tiles += [_tile(image, RIGHT if right else WRONG, f"{distance:.2f}") for image, right, distance in found]
    return np.concatenate(tiles, axis=1)


def _tile_height(image: Image) -> int:
    return len(image) + 2 * FRAME + 14


def _tile(image: Image, colour: tuple[int, int, int], text: str) -> Image:
    framed = cv2.copyMakeBorder(image, FRAME, FRAME, FRAME, FRAME, cv2.BORDER_CONSTANT, value=colour)
    tile = np.full((_tile_height(image), framed.shape[1] + 2, 3), 255, np.uint8)
    tile[: len(framed), 1:-1] = framed
    place = (FRAME + 2, len(tile) - 4)
    cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 0), 1, cv2.LINE_AA)
    return tile
