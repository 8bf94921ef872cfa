"""A comparison on a clip of two people who meet, and readers of what it printed."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np

from tests.track.runs import Result, Track, Walker

CROSSING = (Walker(2, 20, speed=4.0), Walker(80, 22, speed=-4.0, score=0.8))
RANDOM_CNN = ("--reid-weights", "small-cnn=random")


def annotate(path: Path, *, shift: int = 0, offset: float = 0.0) -> None:
    rows = [
        (f + 1 + shift, number, *(np.add(walker.row(f)[2:6], (offset, 0, 0, 0))))
        for f in range(20)
        for number, walker in enumerate(CROSSING, start=1)
    ]
    path.write_text("".join(",".join(map(str, row)) + ",1,1,1\n" for row in rows))


def compare(track: Track, *arguments: object, out: str = "o", encoders: str = "none,small-cnn") -> Result:
    return track("compare", "clip.mp4", "--detector", "clip.txt", "--reid", encoders, "--out", out, *arguments)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def table_of(result: Result) -> list[str]:
    return [line for line in result.out.splitlines() if re.match(r"encoder|none|small-cnn|file", line)]
