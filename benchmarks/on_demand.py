"""What embedding on demand, and looking at each second frame only, cost in accuracy: one row for each way to run.

    python benchmarks/on_demand.py VIDEO GT --detector yolo11n_int8_openvino_model [--last 150] [--disturbed 5]

Each row is `track run` of the preset `strong` with one change, with the boxes that it fills in for confirmed tracks.
The detector looks at the video once, into a file that all rows read. GT is a ground truth of the video's first frames;
frames after --last are not tracked. With --disturbed, detections are drawn anew so many times (boxes shaken, some left
out), and a row is the mean over the draws with its standard deviation: one video alone tells luck from cost badly.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from evaluation import EvalOptions, evaluate, find_pairs
from registry.defaults import DEFAULT_ENCODER
from track.run.run import run
from track.setup.config import RunConfig
from track.setup.loading import load_detector
from track.sources import open_source
from track.terminal.progress import Silent
from tracker.presets import TrackerPreset, load_preset

FORMAT = "%d,%d," + ",".join(["%.3f"] * 4) + ",%.6f,%d,%d,%d"
"""A row of MOTChallenge's detections."""
JITTER, LEFT_OUT = 0.015, 0.02
COLUMNS = ("HOTA", "IDF1", "MOTA", "IDSW")


def disturb(found: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """Detections `(N, 10)` shifted and scaled by 1.5 % of their sides, 2 % left out: another draw of the luck."""
    random = np.random.default_rng(seed)
    found = found[random.random(len(found)) >= LEFT_OUT]
    sides = np.tile(found[:, 4:6], 2)
    return np.column_stack((found[:, :2], found[:, 2:6] + random.normal(0, JITTER, sides.shape) * sides, found[:, 6:]))


def ways() -> dict[str, TrackerPreset]:
    """The presets to compare, by the row's name."""
    strong = replace(load_preset("strong"), reid_when="always")
    demand = {
        f"on demand, `refresh: {refresh}`": replace(strong, reid_when="ambiguous", reid_refresh=refresh)
        for refresh in (10, 20, 30)
    }
    return {"`strong`": strong, **demand, "`every: 2`": replace(strong, every=2), "`realtime`": load_preset("realtime")}


def write_detections(config: RunConfig, path: Path) -> None:
    """All detections of the video, as MOTChallenge's `det.txt`."""
    rows = [np.empty((0, 10))]
    with open_source(config.source, end_s=config.end_s) as source:
        detector = load_detector(config, source)
        for frame in source:
            found = detector.detect(frame.image, frame.index)
            left, top, right, bottom = found.xyxy.T
            number, none = np.full(len(found.scores), frame.index + 1), np.full((3, len(found.scores)), -1)
            rows.append(np.column_stack((number, none[0], left, top, right - left, bottom - top, found.scores, *none)))
    np.savetxt(path, np.concatenate(rows), fmt=FORMAT)


def measure(config: RunConfig, preset: TrackerPreset, truth: Path, folder: Path, last: int | None) -> list[float]:
    """How many crops were embedded, and the scores of the run in `COLUMNS`, up to frame `last` (1-based)."""
    out = folder / "run"
    asked = replace(config, tracker=preset, every=None, reid_when=None, out=out, overwrite=True, video=False)
    summary = run(asked, Silent())
    scores = evaluate(find_pairs(truth, out / "tracks.txt"), EvalOptions(force=True, last=last)).combined
    return [summary.counts["crops_embedded"], *(scores[key] for key in COLUMNS)]


def draws(detections: Path, count: int) -> list[Path]:
    """The file itself, or `count` disturbed ones beside it."""
    if not count:
        return [detections]
    known = np.loadtxt(detections, delimiter=",", ndmin=2)
    paths = [detections.with_name(f"det-{seed}.txt") for seed in range(count)]
    for seed, path in enumerate(paths):
        np.savetxt(path, disturb(known, seed), fmt=FORMAT)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video")
    parser.add_argument("truth", type=Path)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--classes", default="", help="keep these alone, such as person")
    parser.add_argument("--reid", default=DEFAULT_ENCODER)
    parser.add_argument("--last", type=int, help="frame to stop after")
    parser.add_argument("--disturbed", type=int, default=0, metavar="N", help="mean over N disturbed draws")
    given = parser.parse_args()
    classes = tuple(filter(None, given.classes.split(",")))
    config = RunConfig(given.video, detector=given.detector, classes=classes, reid=given.reid)
    if given.last is not None:
        with open_source(given.video) as source:
            config = replace(config, end_s=given.last / source.fps)
    with tempfile.TemporaryDirectory() as folder:
        detections = Path(folder) / "det.txt"
        write_detections(config, detections)
        paths = draws(detections, given.disturbed)
        print(f"| | crops | {' | '.join(COLUMNS)} |\n|---|--:|{'--:|' * len(COLUMNS)}")
        for name, preset in ways().items():
            rows = [
                measure(replace(config, detector=str(path), classes=()), preset, given.truth, Path(folder), given.last)
                for path in paths
            ]
            print(f"| {name} | {' | '.join(_figure(column) for column in zip(*rows, strict=True))} |", flush=True)


def _figure(values: tuple[float, ...]) -> str:
    """The mean of all draws with its standard deviation; a single value alone."""
    spread = f" +- {np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    whole = len(values) == 1 and float(values[0]).is_integer()
    return f"{values[0]:.0f}" if whole else f"{np.mean(values):.1f}{spread}"


if __name__ == "__main__":
    main()
