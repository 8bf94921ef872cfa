"""Small ground truths whose tracks are known, written as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Row = Sequence[float]
"""frame, id, x, y, w, h."""


def walkers(num_frames: int = 30, *, first: int = 1) -> list[tuple[float, ...]]:
    """Three people, 120 px tall: one walks to the right, one to the left, one comes down."""
    rows = []
    for step in range(num_frames):
        frame = first + step
        rows += [
            (frame, 1, 100 + 6 * step, 200, 50, 120),
            (frame, 2, 900 - 7 * step, 260, 52, 124),
            (frame, 3, 500.5, 100 + 5 * step, 48, 118),
        ]
    return rows


def write(path: Path, rows: Iterable[Row], tail: str = ",1,-1,-1,-1") -> Path:
    """A text file of rows, each with the same further columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(f"{value:g}" for value in row) + tail + "\n" for row in rows))
    return path


def write_gt(folder: Path, rows: Iterable[Row], tail: str = ",1,1,1", *, length: int | None = None) -> Path:
    """A sequence folder with annotations."""
    write(folder / "gt" / "gt.txt", rows, tail)
    if length is not None:
        (folder / "seqinfo.ini").write_text(f"[Sequence]\nname={folder.name}\nseqLength={length}\n")
    return folder


def changed(rows: Iterable[Row], change: Callable[..., Row]) -> list[Row]:
    """Every row as `change(frame, id, x, y, w, h)` makes it."""
    return [change(*row) for row in rows]
