"""Resident memory of a long run, frame by frame: does it grow with the length of a video?

python benchmarks/memory.py --frames 20000 --json memory.json

A drawn 1080p video of twelve people who come and go is tracked with a real encoder, on demand, and annotated; the
detections are read from a file, since any detector holds the same memory all the time. The video repeats a short piece,
at whose seams all tracks end and others begin. What counts is the memory beyond that of the process once the models are
loaded and have tracked a moment. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from benchmarks.whole_run import load_once, run_once
from registry.defaults import DEFAULT_ENCODER
from track.setup.config import RunConfig
from track.sinks.video import VideoSink
from track.terminal.progress import Silent
from tracker.presets import load_preset

__all__ = ["FrameMemory", "memory"]

MIB = 1 << 20
SIZE, FPS = (1920, 1080), 25
PIECE = 300
"""Frames that are drawn and encoded; the video repeats them."""
NUM_SAMPLES = 400


class FrameMemory(Silent):
    """A progress that notes the resident memory, bytes, each `every` frames.

    Attributes:
        samples: (frames done, bytes) so far.
    """

    def __init__(self, every: int) -> None:
        self.samples: list[tuple[int, int]] = []
        self._every = every
        self._frames = 0

    def task(self, what: str, total: int | None, unit: str = "tracks") -> AbstractContextManager[FrameMemory]:
        """See `track.terminal.progress.Progress.task`."""
        return nullcontext(self)

    def step(self, live_tracks: int) -> None:
        """One more frame is done."""
        self._frames += 1
        if self._frames % self._every == 0:
            self.samples.append((self._frames, resident_bytes()))


def resident_bytes() -> int:
    """Memory of this process, Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def places(frame: int) -> Iterator[tuple[int, int, int]]:
    """Number, left and top (px) of each person in a frame."""
    for person in range(12):
        yield person, (frame % PIECE * (2 + person % 5) + 160 * person) % 2100 - 90, 60 + 70 * person


def draw_piece(path: Path) -> None:
    """Write the piece of video that is repeated."""
    width, height = SIZE
    with VideoSink(path, width, height, FPS) as video:
        for frame in range(PIECE):
            image = np.full((height, width, 3), 90, np.uint8)
            for person, x, y in places(frame):
                image[y : y + 200, max(x, 0) : max(x + 80, 0)] = (20 * person, 200 - 10 * person, 100)
            video.write(image, frame / FPS)


def repeat(piece: Path, path: Path, num_frames: int) -> None:
    """Write `piece` again and again, without encoding it anew, until there are `num_frames` frames."""
    with av.open(str(path), "w") as out:
        stream: Any = None
        written = 0
        while written < num_frames:
            with av.open(str(piece)) as source:
                stream = stream or out.add_stream_from_template(source.streams.video[0])
                offset = round(written / FPS / source.streams.video[0].time_base)
                for packet in source.demux(video=0):
                    if packet.dts is None or written >= num_frames:
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    out.mux(packet)
                    written += packet.size > 0


def detections(num_frames: int) -> npt.NDArray[np.float64]:
    """The rows of `det.txt`."""
    rows = [(frame + 1, -1, x, y, 80, 200, 0.9, -1, -1, -1) for frame in range(num_frames) for _, x, y in places(frame)]
    return np.array(rows, np.float64)


def memory(num_frames: int, reid: str, preset: str = "realtime") -> dict[str, Any]:
    """Track so many frames; MiB of the models, the most beyond them, and growth from the second quarter to the last."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_piece(folder / "piece.mp4")
        repeat(folder / "piece.mp4", folder / "crowd.mp4", num_frames)
        np.savetxt(folder / "det.txt", detections(num_frames), delimiter=",", fmt="%g")
        config = RunConfig(
            str(folder / "crowd.mp4"), detector=str(folder / "det.txt"), reid=reid, tracker=load_preset(preset), every=1
        )
        loaded = load_once(config)
        run_once(
            RunConfig(config.source, detector=config.detector, reid=reid, tracker=config.tracker, every=1, end_s=2.0),
            loaded,
        )
        before = resident_bytes()
        watch = FrameMemory(max(num_frames // NUM_SAMPLES, 1))
        frames = run_once(config, loaded, watch)
    return {"frames": frames, "models_mib": round(before / MIB, 1), **growth(watch.samples, before)}


def growth(samples: list[tuple[int, int]], before: int) -> dict[str, Any]:
    """The most beyond `before`, and how much more the last quarter of the run took than the second, MiB."""
    over = [(frame, (held - before) / MIB) for frame, held in samples]
    quarter = max(len(over) // 4, 1)
    last, second = (max(held for _, held in part) for part in (over[-quarter:], over[quarter : 2 * quarter] or over))
    most = max(held for _, held in over)
    return {
        "most_over_mib": round(most, 1),
        "growth_mib": round(last - second, 1),
        "over_mib_by_frame": [(frame, round(held, 1)) for frame, held in over],
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--reid", default=DEFAULT_ENCODER)
    parser.add_argument("--json", type=Path, help="file for all measurements")
    chosen = parser.parse_args(arguments)
    found = memory(chosen.frames, chosen.reid)
    print({key: value for key, value in found.items() if key != "over_mib_by_frame"})
    for frame, held in found["over_mib_by_frame"][:: max(len(found["over_mib_by_frame"]) // 10, 1)]:
        print(f"frame {frame:6d}: {held:6.1f} MiB beyond the models")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
