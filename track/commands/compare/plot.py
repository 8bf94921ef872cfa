"""The plot of a comparison: accuracy against speed, one point for each encoder and tracker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry.words import printable
from track.commands.compare.repeats import spread_of
from track.commands.compare.result import Comparison, Row

__all__ = ["plot_comparison"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by colour-blind readers too (Okabe and Ito)."""
MARKERS = ("o", "s", "^", "D", "v", "P")
AROUND = ((9, 0), (0, 11), (0, -11), (-9, 0), (9, 11), (9, -11), (-9, 11), (-9, -11), (9, 22), (9, -22), (-9, 22))
"""Where a label may stand, points from its mark; the first place that is free."""
WIDE_RANGE = 4.0
"""Ratio of speeds beyond which a linear axis would crowd the slow ones."""


def plot_comparison(path: Path, comparison: Comparison) -> None:
    """Draw `comparison` as a PNG file: IDF1 (without ground truth: suspected switches, few at the top) over fps."""
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False}):  # in the name of a file, a $ is a $
        _plot(path, comparison)


def _plot(path: Path, comparison: Comparison) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    has_truth = comparison.config.gt is not None
    figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.add_subplot()
    points = [(row.fps, _accuracy(row)) for row in comparison.rows]
    _draw_points(axes, comparison)
    _set_axes(axes, comparison, points)
    axes.set_ylabel(_height_title(comparison))
    if not has_truth:
        axes.invert_yaxis()
    canvas.draw()  # places of points and sizes of texts are known from here on
    _write_labels(axes, canvas.get_renderer(), comparison, points)
    canvas.print_png(path)


def _height_title(comparison: Comparison) -> str:
    if comparison.config.gt is None:
        return "id switches suspected (fewer is better)"
    return "IDF1, %" + ("; bars: mean ± deviation on disturbed detections" if comparison.config.repeats else "")


def _accuracy(row: Row) -> float:
    return row.continuity.suspected_switches if row.report is None else row.report.combined.percentages["IDF1"]


def _draw_points(axes: Any, comparison: Comparison) -> None:
    for number, preset in enumerate(comparison.config.trackers):
        rows = [row for row in comparison.rows if row.tracker == preset.name]
        axes.plot(
            [row.fps for row in rows],
            [_accuracy(row) for row in rows],
            linestyle="none",
            marker=MARKERS[number % len(MARKERS)],
            markersize=8,
            color=COLOURS[number % len(COLOURS)],
            label=printable(preset.name),
            zorder=3,
        )
        for row in rows:
            if row.repeats:  # a bar of one deviation around the mean of the draws
                spread = spread_of(row.repeats, "IDF1")
                axes.errorbar(
                    row.fps, spread.mean, spread.deviation, color=COLOURS[number % len(COLOURS)], capsize=4, zorder=2
                )
    if len(comparison.config.trackers) > 1:  # outside, so that its marks are not taken for results
        axes.figure.legend(title="tracker", frameon=False, loc="outside right upper")


def _set_axes(axes: Any, comparison: Comparison, points: list[tuple[float, float]]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    speeds = [fps for fps, _ in points]
    heights = [height for _, height in points]
    for row in comparison.rows:
        if row.repeats:
            spread = spread_of(row.repeats, "IDF1")
            heights += [spread.mean - spread.deviation, spread.mean + spread.deviation]
    title = f"{comparison.source}: {comparison.seen.num_frames} frames, detector {comparison.seen.detector}"
    axes.set_title(printable(title))
    axes.set_xlabel("frames per second: detection, encoder and tracker")
    if max(speeds) > WIDE_RANGE * min(speeds):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(min(speeds) / 1.4, max(speeds) * 1.7)
    else:
        axes.set_xlim(0, 1.2 * max(speeds))
    room = max(0.2 * (max(heights) - min(heights)), 1.0)
    axes.set_ylim(min(heights) - room, max(heights) + room)
    axes.grid(visible=True, alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _write_labels(axes: Any, renderer: Any, comparison: Comparison, points: list[tuple[float, float]]) -> None:
    """The encoder beside each point, off the points and the other labels where that is possible.

    With one encoder alone, the tracker: what tells the points apart.
    """
    from matplotlib.transforms import Bbox

    pixels = axes.transData.transform(points)
    taken = [Bbox.from_bounds(x - 7, y - 7, 14, 14) for x, y in pixels]
    for row, point in zip(comparison.rows, points, strict=True):
        for x, y in AROUND:
            label = axes.annotate(
                printable(row.encoder if len(comparison.config.encoders) > 1 else row.tracker),
                point,
                xytext=(x, y),
                textcoords="offset points",
                ha="left" if x > 0 else "right" if x < 0 else "center",
                va="center",
                fontsize=9,
            )
            box = label.get_window_extent(renderer)
            is_inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            if is_inside and not any(box.overlaps(other) for other in taken):
                break
            if (x, y) != AROUND[-1]:
                label.remove()
        taken.append(box)
