"""`track run` as a whole beside detection alone and beside other projects, by turns in one process.

python benchmarks/end_to_end.py VIDEO --detector yolo11n_int8_openvino_model --turns 5 --end 2

Contenders: decoding and detection alone, as fast as our pipeline can; the networks alone, which is that and the
embedding of all detections; each preset and encoder, with and without `annotated.mp4`; and, where `--peers` names a
folder with what `peers_runs.py` asks for, ultralytics' `model.track(tracker="botsort.yaml")` with the same weights, and
deep-sort-realtime with its own embedder. Models are loaded and warmed before the clock starts, files are finished
before it stops. Ratios are taken turn by turn against detection alone of that turn, so that what else the machine does
falls out. CPU time is that of all threads.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from benchmarks.peers_runs import PACKAGES, peer_runs
from benchmarks.whole_run import load_once, run_once
from track.setup.config import RunConfig
from track.setup.loading import load_detector, load_encoder
from track.sources import open_source
from track.threads.ahead import Ahead, read_ahead
from tracker.presets import load_preset

ALONE = "detection alone"
RUNS = "strong+none,strong+dogenet50,realtime+dogenet50"


def detection_alone(config: RunConfig) -> Callable[[], int]:
    """Reads and detects, with the threads that a run would use; returns the number of frames."""
    with open_source(config.source, end_s=config.end_s) as source:
        detector = load_detector(config, source)
    workers = detector.parallel

    def look(frame: Any) -> int:
        return len(detector.detect(frame.image, frame.index))

    def run() -> int:
        with (
            open_source(config.source, end_s=config.end_s) as source,
            read_ahead(source) as frames,
            Ahead(look, frames, workers=workers, size=workers + 1) as counts,
        ):
            return sum(1 for _ in counts)

    return run


def networks_alone(config: RunConfig) -> Callable[[], int]:
    """Detection alone, and every detection embedded: what no pipeline can undercut that embeds them all."""
    with open_source(config.source, end_s=config.end_s) as source:
        detector = load_detector(config, source)
    encoder, workers = load_encoder(config), detector.parallel

    def run() -> int:
        count = 0
        with (
            open_source(config.source, end_s=config.end_s) as source,
            read_ahead(source) as frames,
            Ahead(lambda f: (f, detector.detect(f.image, f.index)), frames, workers=workers, size=workers + 1) as seen,
        ):
            for frame, found in seen:
                encoder.encode(frame.image, found.xyxy, found.features)
                count += 1
        return count

    return run


def whole_run(config: RunConfig) -> Callable[[], int]:
    """`track.run.run.run` with models that are loaded once, and a fresh tracker each time."""
    loaded = load_once(config)
    return lambda: run_once(config, loaded)


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


def contenders_of(chosen: argparse.Namespace) -> Iterator[tuple[str, Callable[[], int]]]:
    """What takes part, by name.

    Raises:
        ValueError: a run that is not PRESET+ENCODER.
    """
    base = RunConfig(
        str(chosen.video.resolve()), detector=str(chosen.detector), classes=("person",), end_s=chosen.end, device="cpu"
    )
    yield ALONE, detection_alone(base)
    runs = [run.partition("+")[::2] for run in chosen.runs.split(",")]
    for reid in dict.fromkeys(reid for _, reid in runs if reid != "none"):
        yield f"networks alone, {reid}", networks_alone(replace(base, reid=reid))
    for preset, reid in runs:
        if not reid:
            raise ValueError(f"--runs has {preset!r}, expected PRESET+ENCODER such as strong+dogenet50")
        settings = load_preset(preset)
        for every in sorted({1, settings.every}):
            for video in (False,) if chosen.no_video else (False, True):
                config = replace(base, reid=reid, tracker=settings, reid_when=None, every=every, video=video)
                yield f"{preset}, {reid}{f', every {every}' * (every > 1)}{', video' * video}", whole_run(config)
    if chosen.peers:
        yield from peer_runs(base)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--detector", type=Path, default=Path("yolo11n.pt"))
    parser.add_argument("--runs", default=RUNS, help="PRESET+ENCODER, separated by commas")
    parser.add_argument("--no-video", action="store_true", help="leave out the runs with annotated.mp4")
    parser.add_argument("--peers", type=Path, help="folder with other projects, which take part (see peers_runs.py)")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--end", type=float, help="second of the video to stop before")
    parser.add_argument("--json", type=Path, help="file for all measurements")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `track run` sets it, before an OpenMP library loads
    if chosen.peers:
        sys.path.append(str(chosen.peers))
        if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
            names = " ".join(missing).replace("_", "-")
            parser.error(
                f"--peers {chosen.peers} lacks {names}: python -m pip install --no-deps --target {chosen.peers} {names}"
            )
    try:
        found = report(take_turns(dict(contenders_of(chosen)), chosen.turns))
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print_rows(found)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
