"""Tiny sources whose right answer is known, the `track` command in this process, and readers of what it wrote."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tests.track.media import write_clip
from track.setup.config import RunConfig
from tracker.presets import load_preset

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 96, 64
FAST = ("--reid", "none", "--tracker", "deepsort")


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Track = Callable[..., Result]


@dataclass(frozen=True)
class Walker:
    """A box that moves evenly: left edge `x + speed * frame`, seen in `first <= frame < last` (0-based)."""

    x: float
    y: float
    speed: float = 1.0
    first: int = 0
    last: int = 1000
    score: float = 0.9
    width: float = 12.0
    height: float = 24.0

    def row(self, frame: int) -> tuple[float, ...]:
        """The MOTChallenge row at that 0-based frame."""
        return (frame + 1, -1, self.x + self.speed * frame, self.y, self.width, self.height, self.score)


TWO_WALKERS = (Walker(2, 4), Walker(80, 36, speed=-1.0, score=0.4))


def write_detections(
    path: Path, walkers: Sequence[Walker], num_frames: int, extra: Iterable[Sequence[Any]] = ()
) -> Path:
    """A `det.txt` of walkers, and further rows as they stand."""
    rows: list[Sequence[Any]] = [w.row(f) for f in range(num_frames) for w in walkers if w.first <= f < w.last]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(map(str, row)) + ",-1,-1,-1\n" for row in [*rows, *extra]))
    return path


def write_sequence(
    folder: Path,
    walkers: Sequence[Walker] = TWO_WALKERS,
    num_frames: int = 20,
    *,
    fps: int = 10,
    extra: Iterable[Sequence[Any]] = (),
) -> Path:
    """A MOTChallenge sequence without pictures."""
    write_detections(folder / "det" / "det.txt", walkers, num_frames, extra)
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={folder.name}\nframeRate={fps}\nseqLength={num_frames}\nimWidth={WIDTH}\nimHeight={HEIGHT}\n"
    )
    return folder


def write_video(
    folder: Path, walkers: Sequence[Walker] = TWO_WALKERS, num_frames: int = 12, *, fps: int = 10
) -> tuple[Path, Path]:
    """`clip.mp4`, in which walkers are coloured boxes, and its detections `clip.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [_picture(walkers, frame) for frame in range(num_frames)]
    detections = write_detections(folder / "clip.txt", walkers, num_frames)
    return write_clip(folder / "clip.mp4", images, fps=fps), detections


def _picture(walkers: Sequence[Walker], frame: int) -> npt.NDArray[np.uint8]:
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for number, walker in enumerate(walkers):
        if walker.first <= frame < walker.last:
            _, _, x, y, width, height, _ = (int(value) for value in walker.row(frame))
            image[y : y + height, max(x, 0) : max(x + width, 0)] = (40 + 160 * number, 60, 220 - 160 * number)
    return image


def read_txt(folder: Path) -> npt.NDArray[np.float64]:
    """`tracks.txt`: rows of frame, id, x, y, width, height, score, -1, -1, -1."""
    text = (folder / "tracks.txt").read_text()
    return np.array([[float(field) for field in line.split(",")] for line in text.splitlines()]).reshape(-1, 10)


def ids_in(folder: Path) -> set[float]:
    """The identities in `tracks.txt`."""
    return set(read_txt(folder)[:, 1])


def read_csv(folder: Path) -> list[dict[str, str]]:
    """`tracks.csv`, a dictionary a row."""
    with (folder / "tracks.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def read_summary(folder: Path) -> dict[str, Any]:
    """`summary.json`."""
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return content


def states(folder: Path) -> set[str]:
    """What stands in the column `state` of `tracks.csv`."""
    return {row["state"] for row in read_csv(folder)}


def all_files(folder: Path) -> dict[str, bytes]:
    """Every file and folder below `folder`, with the content of the files."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"folder" for p in folder.rglob("*")}


def run_python(program: str, *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A program in an interpreter of its own, in folder `cwd`, with `words` as its arguments."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def num_pictures(path: Path) -> int:
    """How many pictures of a video decode."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def assert_one_line(result: Result, *fragments: str) -> None:
    """The command refused with one line of error, exit code 2, and nothing on standard output."""
    assert result.code == 2
    assert result.err.startswith("track: error: ")
    assert len(result.err.splitlines()) == 1, result.err
    assert result.out == ""
    for fragment in fragments:
        assert fragment in result.err


def run_config(source: Path, detector: Path | str, out: Path, **more: Any) -> RunConfig:
    """A run without an encoder under the paper's preset, but for `more`."""
    options = {"reid": "none", "tracker": load_preset("deepsort"), **more}
    return RunConfig(str(source), detector=str(detector), out=out, **options)
