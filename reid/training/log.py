"""What a training leaves to look at: metrics.csv, curves.png, TensorBoard."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from reid.training.state import replacing

__all__ = ["COLUMNS", "Row", "RunLog", "draw_curves", "write_metrics"]

COLUMNS = (
    "epoch",
    "step",
    "lr",
    "loss",
    "identity_loss",
    "triplet_loss",
    "contrastive_loss",
    "imitation_loss",
    "accuracy",
    "distance",
    "images_per_s",
    "rank1",
    "mAP",
)
Row: TypeAlias = Mapping[str, float | None]
"""One epoch: a value for some of `COLUMNS`. Epoch 0 is the state before training."""

PANELS = (
    ("loss", ("loss", "identity_loss", "triplet_loss", "contrastive_loss", "imitation_loss")),
    ("training accuracy", ("accuracy",)),
    ("held-out people", ("rank1", "mAP")),
    ("learning rate", ("lr",)),
)


def write_metrics(path: Path, rows: Sequence[Row]) -> None:
    """Write all epochs as CSV; a value that was not measured is an empty field."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows({key: _short(value) for key, value in row.items()} for row in rows)
    with replacing(path) as unfinished:
        unfinished.write_text(text.getvalue(), encoding="utf-8", newline="")


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def draw_curves(path: Path, rows: Sequence[Row], title: str) -> None:
    """Draw the epochs: losses, accuracy, held-out scores, learning rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6.5), layout="constrained")
    figure.suptitle(title)
    for panel, (name, columns) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        for column in columns:
            points = [(row["epoch"], row[column]) for row in rows if row.get(column) is not None]
            if points and (name != "loss" or any(value for _, value in points)):  # a loss that is left out stands as 0
                panel.plot(*zip(*points, strict=True), marker="." if len(points) < 40 else None, label=column)
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("epoch")
        panel.grid(alpha=0.3)
        if panel.lines and len(columns) > 1:
            panel.legend(fontsize=8)
        if columns[0] in ("accuracy", "rank1"):
            panel.set_ylim(0, 1.02)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=110, format="png")  # the name does not say it yet


class RunLog:
    """The log of one training in a folder; the rows of a resumed training come from its state.

    Args:
        folder: where the files go.
        title: of the curves.
        rows: epochs so far; earlier TensorBoard events after the last of them do not count.
    """

    def __init__(self, folder: Path, title: str, rows: Sequence[Row]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._folder, self._title = folder, title
        self.rows = list(rows)
        purge_step = int(rows[-1]["step"] or 0) + 1 if rows else 0  # events of that step and later are hidden
        self._board: Any = SummaryWriter(folder / "tensorboard", purge_step=purge_step)

    def add(self, row: Row) -> None:
        """One more epoch; the files are brought up to date."""
        self.rows.append(row)
        for column in COLUMNS[2:]:
            value = row.get(column)
            if value is not None:
                self._board.add_scalar(column, value, row["step"])
        self._board.flush()
        write_metrics(self._folder / "metrics.csv", self.rows)
        if row.get("mAP") is not None:  # a picture takes longer than a short epoch
            draw_curves(self._folder / "curves.png", self.rows, self._title)

    def close(self) -> None:
        """Close the TensorBoard file."""
        self._board.close()
