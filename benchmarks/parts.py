"""The parts of `make bench`: which script measures what, with which arguments, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import rows
from benchmarks.rows import Row

__all__ = ["PARTS", "Inputs", "MissingError", "Part"]

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT.parent / "shared/data/towncentre/clip.mp4"
YOLO = ROOT.parent / "shared/weights/yolo11n_int8_openvino_model"
"""Too large, and not ours, to be in the project."""


class MissingError(ValueError):
    """Why a part cannot run here."""


@dataclass(frozen=True)
class Inputs:
    """What the parts work on.

    Attributes:
        video, detector: a clip with people, and YOLO weights or an export of them.
        peers: folder into which other trackers were installed.
        turns: of each contender.
        frames: of the memory's video.
    """

    video: Path = CLIP
    detector: Path = YOLO
    peers: Path | None = None
    turns: int = 3
    frames: int = 20_000

    def clip(self) -> list[str]:
        """Arguments for a script that takes a video and a detector.

        Raises:
            MissingError: one of them is not there.
        """
        for option, path in (("--video", self.video), ("--detector", self.detector)):
            if not path.exists():
                raise MissingError(f"{path.name} is not here; name a file with {option}")
        return [str(self.video), "--detector", str(self.detector)]

    def others(self) -> list[str]:
        """Arguments for a script that takes other projects.

        Raises:
            MissingError: no folder with them.
        """
        if self.peers is None or not self.peers.is_dir():
            raise MissingError("no folder with other trackers; name one with --peers")
        return ["--peers", str(self.peers)]


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        name: what `--only` calls it.
        title: heading of its section.
        about: what its table shows, one sentence.
        script: file of `benchmarks/`.
        arguments: for the script; raises `MissingError` where it cannot run.
        rows: what the script found -> rows of the table.
        one_thread: whether libraries are held to one thread.
    """

    name: str
    title: str
    about: str
    script: str
    arguments: Callable[[Inputs], list[str]]
    rows: Callable[[Any], list[Row]]
    one_thread: bool = False

    @property
    def command_shown(self) -> str:
        """How to run it alone."""
        return f"python -m benchmarks --only {self.name}"


def _run(runs: str) -> Callable[[Inputs], list[str]]:
    return lambda given: [*given.clip(), "--runs", runs, "--end", "2", "--turns", str(given.turns)]


_RATIO = "Median of the ratios to detection alone, turn by turn; 2 s of the clip, models loaded before."

PARTS = (
    Part("startup", "Start-up", "Seconds from the start of the process until the step was done, with dogenet50.",
         "startup.py", lambda given: [*given.clip(), "--turns", str(max(given.turns, 5))], rows.startup_rows),
    Part("association", "Association", "One `update`, one thread, embeddings of 128 numbers where it says features.",
         "association.py", lambda given: ["--sizes", "10,50,100,200,500,1000,2000,5000", "--turns", "40"],
         rows.growth_rows, one_thread=True),
    Part("peers", "Association beside other projects", "Turn by turn on the same frames, one thread.",
         "association.py", lambda given: [*given.others(), "--sizes", "10,100,200", "--turns", "20"], rows.peer_rows,
         one_thread=True),
    Part("peers-groups", "Scores beside other projects",
         "Points (mean of HOTA, IDF1 and MOTA) by which ours is ahead on the mean of all groups, with boxes and scores "
         "alone; the spread is the interval of 95 %. What peers did before is kept: see docs/peers.md.",
         "peers_groups.py", lambda given: [*given.others(), "--tune", "30"], rows.group_rows, one_thread=True),
    Part("run-none", "Whole run without an encoder", _RATIO, "end_to_end.py", _run("strong+none"), rows.run_rows),
    Part("run-strong", "Whole run with an encoder", _RATIO, "end_to_end.py", _run("strong+dogenet50"), rows.run_rows),
    Part("run-realtime", "Whole run of the preset `realtime`", _RATIO, "end_to_end.py", _run("realtime+dogenet50"),
         rows.run_rows),
    Part("run-peers", "Whole run beside other projects",
         _RATIO + " No video is written. All detect with the same weights; deep-sort-realtime embeds with its own.",
         "end_to_end.py", lambda given: [*_run("strong+none,strong+dogenet50")(given), "--no-video", *given.others()],
         rows.run_rows),
    Part("encoders", "Encoders in PyTorch", "Batches of 16 crops of 128x64 px, two threads, float32.",
         "encoders.py", lambda given: ["--turns", "9"], rows.encoder_rows),
    Part("runtimes", "Encoders in each runtime", "Batches of 16 crops, float32.",
         "encoders.py", lambda given: ["--runtimes", "dogenet50", "small-cnn", "swin-t"], rows.runtime_rows),
    Part("memory", "Memory", "Resident memory of a run of `realtime` with dogenet50 and video, each frame looked at.",
         "memory.py", lambda given: ["--frames", str(given.frames)], rows.memory_rows),
)  # fmt: skip
