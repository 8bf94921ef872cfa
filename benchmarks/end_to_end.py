"""`track run` as a whole beside detection alone and beside ultralytics' own tracker, by turns in one process.

python benchmarks/end_to_end.py VIDEO --detector yolo11n_int8_openvino_model --turns 5 --end 3
python benchmarks/end_to_end.py --memory --frames 4000

Contenders: decoding and detection alone, as fast as our pipeline can; each preset with and without `annotated.mp4`; and
`model.track(tracker="botsort.yaml")` of ultralytics with the same weights, offline. Models are loaded and warmed before
the clock starts, files are finished before it stops. Ratios are taken turn by turn against detection alone of that
turn, so that what else the machine does falls out. CPU time is that of all threads. ultralytics needs the package lap.

`--memory` tracks a drawn 1080p video of people who come and go, and samples the resident memory.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

import numpy as np

import app.run
from app.ahead import MapAhead
from app.config import RunConfig, load_preset
from app.progress import Silent
from app.setup import load_detector, load_models
from app.sources import open_source
from app.threads import Prefetch
from tracker import DeepSort

ALONE = "detection alone"
SAMPLE_S = 0.25
MIB = 1 << 20


def detection_alone(config: RunConfig) -> Callable[[], int]:
    """Reads and detects, with the threads that a run would use; returns the number of frames."""
    with open_source(config.source, end_s=config.end_s) as source:
        detector = load_detector(config, source)
    workers = getattr(detector, "parallel", 1)

    def look(frame: Any) -> int:
        return len(detector.detect(frame.image, frame.index))

    def run() -> int:
        with (
            open_source(config.source, end_s=config.end_s) as source,
            Prefetch(source) as frames,
            MapAhead(look, frames, workers=workers, size=workers + 1) as counts,
        ):
            return sum(1 for _ in counts)

    return run


def whole_run(config: RunConfig) -> Callable[[], int]:
    """`app.run.run` with models that are loaded once, and a fresh tracker each time."""
    with open_source(config.source, end_s=config.end_s) as source:
        loaded = load_models(config, source)

    def kept(_config: RunConfig, source: Any) -> Any:
        return load_cheaply(config, loaded, source)

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            original, app.run.load_models = app.run.load_models, kept
            try:
                summary = app.run.run(replace(config, out=Path(folder) / "out"), Silent())
            finally:
                app.run.load_models = original
        return int(summary.counts["frames"])

    return run


def load_cheaply(config: RunConfig, loaded: Any, source: Any) -> Any:
    """Models for another run with the networks of `loaded`."""
    from app.setup import create_camera
    from tracker import AppearanceOnDemand

    return replace(
        loaded,
        tracker=DeepSort(loaded.tracker.config),
        camera=create_camera(source, loaded.detector.name) if loaded.camera is not None else None,
        demand=None if loaded.demand is None else AppearanceOnDemand(config.tracker.reid_refresh),
        num_detections=0,
        num_embedded=0,
        rejected=type(loaded.rejected)(),
    )


def ultralytics_track(config: RunConfig) -> Callable[[], int]:
    """BoT-SORT of ultralytics on the frames of the same decoder; it draws and writes nothing."""
    from detectors.yolo import _import_ultralytics

    yolo = _import_ultralytics()
    options = {"conf": 0.25, "iou": 0.7, "imgsz": 640, "device": "cpu", "verbose": False, "classes": [0]}

    def run() -> int:
        model, count = yolo(config.detector, task="detect"), 0
        with open_source(config.source, end_s=config.end_s) as source:
            for frame in source:
                model.track(frame.image, persist=True, tracker="botsort.yaml", **options)
                count += 1
        return count

    return run


def take_turns(contenders: dict[str, Callable[[], int]], turns: int) -> dict[str, list[tuple[float, float, int]]]:
    """Wall s, CPU s and frames of each turn; who begins changes. The first turn warms and does not count."""
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in contenders}
    order = list(contenders)
    for turn in range(turns + 1):
        for name in order[turn % len(order) :] + order[: turn % len(order)]:
            wall, cpu = time.perf_counter(), time.process_time()
            frames = contenders[name]()
            if turn:
                taken[name].append((time.perf_counter() - wall, time.process_time() - cpu, frames))
    return taken


def report(taken: dict[str, list[tuple[float, float, int]]]) -> list[dict[str, Any]]:
    """One row a contender: median and spread, and the ratio to detection alone turn by turn."""
    rows = []
    for name, turns in taken.items():
        wall = [1000 * seconds / frames for seconds, _, frames in turns]
        cpu = [1000 * seconds / frames for _, seconds, frames in turns]
        ratios = [mine[0] / alone[0] for mine, alone in zip(turns, taken[ALONE], strict=True)]
        cpu_ratios = [mine[1] / alone[1] for mine, alone in zip(turns, taken[ALONE], strict=True)]
        rows.append({"name": name, "wall_ms": wall, "cpu_ms": cpu, "ratio": ratios, "cpu_ratio": cpu_ratios})
    return rows


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Medians, with the least and the most in brackets."""
    print(f"{'':28s} {'ms/frame':>20s} {'CPU ms/frame':>20s} {'to detection alone':>20s} {'by CPU time':>18s}")
    for row in rows:
        cells = [
            _spread(row[key], digits) for key, digits in (("wall_ms", 1), ("cpu_ms", 1), ("ratio", 2), ("cpu_ratio", 2))
        ]
        print(f"{row['name']:28s} {cells[0]:>20s} {cells[1]:>20s} {cells[2]:>20s} {cells[3]:>18s}")


def _spread(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def resident_bytes() -> int:
    """Memory of this process, Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def drawn_crowd(path: Path, num_frames: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Write a 1080p video of boxes that come and go; returns their detections as rows of `det.txt`."""
    from app.sinks.video import VideoSink

    rows = []
    with VideoSink(path, 1920, 1080, 25) as video:
        for frame in range(num_frames):
            image = np.full((1080, 1920, 3), 90, np.uint8)
            for person in range(12):
                x, y = (frame * (2 + person % 5) + 160 * person) % 2100 - 90, 60 + 70 * person
                rows.append((frame + 1, -1, x, y, 80, 200, 0.9, -1, -1, -1))
                image[y : y + 200, max(x, 0) : max(x + 80, 0)] = (20 * person, 200 - 10 * person, 100)
            video.write(image, frame / 25)
    return np.array(rows, np.float64)


def memory(num_frames: int, reid: str) -> dict[str, Any]:
    """Resident memory over a long run with video out, beyond what it was once the models were loaded."""
    samples: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_S):
            samples.append(resident_bytes())

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savetxt(folder / "det.txt", drawn_crowd(folder / "crowd.mp4", num_frames), delimiter=",", fmt="%g")
        config = RunConfig(
            str(folder / "crowd.mp4"), detector=str(folder / "det.txt"), reid=reid, out=folder / "out",
            tracker=load_preset("realtime"), every=1,
        )  # fmt: skip
        whole_run(replace(config, end_s=0.2))()  # models loaded and run, code imported
        before = resident_bytes()
        thread = threading.Thread(target=watch)
        thread.start()
        try:
            frames = whole_run(config)()
        finally:
            done.set()
            thread.join()
    quarter = max(len(samples) // 4, 1)
    facts = {"frames": frames, "models_mib": before / MIB, "most_over_mib": (max(samples) - before) / MIB}
    facts["growth_mib"] = (max(samples[-quarter:]) - max(samples[quarter : 2 * quarter])) / MIB
    return {**facts, "samples_mib": [round(sample / MIB, 1) for sample in samples]}


def contenders_of(chosen: argparse.Namespace) -> Iterator[tuple[str, Callable[[], int]]]:
    """What takes part, by name."""
    base = RunConfig(
        str(chosen.video.resolve()), detector=str(chosen.detector), classes=("person",), reid=chosen.reid,
        end_s=chosen.end, device="cpu",
    )  # fmt: skip
    yield ALONE, detection_alone(base)
    for preset in chosen.presets.split(","):
        for every in sorted({1, load_preset(preset).every}):
            for video in (False, True):
                config = replace(base, tracker=load_preset(preset), reid_when=None, every=every, video=video)
                yield f"{preset}{f', every {every}' * (every > 1)}{', video' * video}", whole_run(config)
    if importlib.util.find_spec("lap") is None:
        print("without ultralytics: its tracker needs the package lap", file=sys.stderr)
    else:
        yield "ultralytics track, BoT-SORT", ultralytics_track(base)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path, nargs="?")
    parser.add_argument("--detector", type=Path, default=Path("yolo11n.pt"))
    parser.add_argument("--reid", default="dogenet50")
    parser.add_argument("--presets", default="strong,realtime")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--end", type=float, help="second of the video to stop before")
    parser.add_argument("--memory", action="store_true", help="measure memory instead; needs no video")
    parser.add_argument("--frames", type=int, default=4000, help="of the drawn video of --memory")
    parser.add_argument("--json", type=Path, help="file for all measurements")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `track run` sets it, before an OpenMP library loads
    found: Any
    if chosen.memory:
        found = memory(chosen.frames, chosen.reid)
        print({key: round(value, 1) for key, value in found.items() if key != "samples_mib"})
    elif chosen.video is None:
        parser.error("give a video, or --memory")
    else:
        found = report(take_turns(dict(contenders_of(chosen)), chosen.turns))
        print_rows(found)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
