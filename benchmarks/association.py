"""Milliseconds a tracker's `update` takes, against the number of objects; ours and others turn by turn in one run.

python benchmarks/association.py --sizes 10,100,1000 --json growth.json --plot growth.png
python -m pip install --no-deps --target peers norfair deep-sort-realtime trackers supervision
python benchmarks/association.py --peers peers

Objects move in a 3840x2160 picture (`association_scene`); embeddings have 128 numbers. Each tracker sees the same
frames; the first ones, in which galleries fill up, are not counted. Wall time says what a user waits for; CPU time is
what to compare on a machine that does other things too. With OMP_NUM_THREADS=1 both are of one thread.

A core that is shared, with the other half of its hardware or with strangers on the same host, is up to twice as slow,
and no load of this machine tells. So a yardstick, one addition of two small arrays, is timed after each frame: figures
of two runs compare where their yardsticks agree. Caches are warm here; after a detector they are not, and an update of
ten objects then takes about twice as long.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from benchmarks.association_scene import FRAME_SIZE, crowd
from benchmarks.peers_association import PEERS, Step, available
from tracker import DeepSort
from tracker.presets import load_preset

PACKAGES = ("numpy", "scipy", "norfair", "deep-sort-realtime", "trackers", "supervision", "boxmot")
_SMALL = 500
"""Scenes of fewer objects have more frames, as many times as they are smaller: a slow moment of the machine, which
lasts seconds, is then not all that is seen."""
SLOW_MS = 2000.0
"""A tracker that takes longer than this for a frame leaves the run at that size."""


@dataclass(frozen=True)
class Timing:
    """One tracker at one size: median and quartiles of the wall time, median of the CPU time; ms a frame.

    Attributes:
        yardstick_us: CPU time of one addition of two arrays of 12x4 numbers meanwhile, median.
    """

    tracker: str
    size: int
    wall_ms: float
    low_ms: float
    high_ms: float
    cpu_ms: float
    yardstick_us: float = float("nan")


def ours(preset: str, *, features: bool) -> Callable[[], Step]:
    """Our tracker with a preset."""

    def build() -> Step:
        tracker = DeepSort(load_preset(preset).config)
        if features:
            return lambda sight: tracker.update(
                sight.xyxy, sight.scores, embeddings=sight.embeddings, frame_size=FRAME_SIZE
            )
        return lambda sight: tracker.update(sight.xyxy, sight.scores, frame_size=FRAME_SIZE)

    return build


OURS: dict[str, Callable[[], Step]] = {
    "strong, features": ours("strong", features=True),
    "deepsort, features": ours("deepsort", features=True),
    "strong": ours("strong", features=False),
}


def time_all(builders: dict[str, Callable[[], Step]], size: int, warm_up: int, turns: int) -> list[Timing]:
    """All trackers on the same frames, one after the other in each frame."""
    steps = {name: build() for name, build in builders.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    yardsticks: list[float] = []
    turns *= max(1, _SMALL // size)
    for number, sight in enumerate(crowd(size, warm_up + turns)):
        # In turn each is the first, who finds the caches full of the making of the scene: a tenth slower at N = 10.
        order = deque(steps.items())
        order.rotate(number)
        for name, step in order:
            wall, cpu = time.perf_counter(), time.process_time()
            step(sight)
            spent = ((time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3)
            if number >= warm_up:
                times[name].append(spent)
            if spent[0] > SLOW_MS:
                print(f"{name} takes {spent[0]:.0f} ms a frame at {size} objects and leaves the run")
                del steps[name]
        yardsticks.append(_yardstick_us())
    meanwhile = float(np.median(yardsticks[warm_up:]))
    return [_timing(name, size, np.array(spent), meanwhile) for name, spent in times.items() if spent]


def _yardstick_us(times: int = 200) -> float:
    first, second = np.zeros((12, 4)), np.ones((12, 4))
    start = time.process_time()
    for _ in range(times):
        first + second
    return (time.process_time() - start) * 1e6 / times


def _timing(name: str, size: int, spent: np.ndarray, yardstick_us: float) -> Timing:  # type: ignore[type-arg]
    low, middle, high = np.percentile(spent[:, 0], [25, 50, 75]).tolist()
    return Timing(name, size, middle, low, high, float(np.median(spent[:, 1])), yardstick_us)


def exponent(timings: list[Timing], least: int = 100) -> float:
    """b in ms = a N^b, by least squares on logarithms, from `least` objects on; NaN with fewer than two sizes."""
    chosen = [timing for timing in timings if timing.size >= least]
    if len(chosen) < 2:
        return float("nan")
    return float(np.polyfit(np.log([t.size for t in chosen]), np.log([t.cpu_ms for t in chosen]), 1)[0])


def print_table(timings: list[Timing]) -> None:
    """A line a tracker and size; ratios are of wall times to `strong, features` at the same size."""
    first = {t.size: t.wall_ms for t in timings if t.tracker == next(iter(OURS))}
    print(f"{'tracker':30s} {'N':>5s} {'wall ms':>9s} {'(quartiles)':>19s} {'CPU ms':>9s} {'ratio':>7s}")
    for t in timings:
        spread = f"({t.low_ms:.2f} to {t.high_ms:.2f})"
        ratio = t.wall_ms / first.get(t.size, float("nan"))
        print(f"{t.tracker:30s} {t.size:5d} {t.wall_ms:9.2f} {spread:>19s} {t.cpu_ms:9.2f} {ratio:7.2f}")
    for size, yardstick_us in {t.size: t.yardstick_us for t in timings}.items():
        print(f"yardstick at N = {size}: {yardstick_us:.2f} us")
    for name in dict.fromkeys(t.tracker for t in timings):
        print(f"{name}: CPU time grows as N^{exponent([t for t in timings if t.tracker == name]):.2f} from N = 100")


def plot(timings: list[Timing], path: Path) -> None:
    """The growth curves, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name in dict.fromkeys(t.tracker for t in timings):
        of_name = [t for t in timings if t.tracker == name]
        axes.loglog([t.size for t in of_name], [t.wall_ms for t in of_name], marker="o", label=name)
    axes.set(xlabel="objects", ylabel="ms a frame, median", title="Time of one update")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    facts = {"machine": platform.machine(), "system": platform.platform(), "python": platform.python_version()}
    known = {found.name: found.version for found in importlib.metadata.distributions()}
    return facts | {name: known[name] for name in PACKAGES if name in known}


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10,50,100,200,500,1000", help="numbers of objects")
    parser.add_argument("--warm-up", type=int, default=105, help="frames before the first that counts")
    parser.add_argument("--turns", type=int, default=40, help="frames that count, at 500 objects and more")
    parser.add_argument("--peers", type=Path, help="folder into which other trackers were installed")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plot", type=Path, help="write the growth curves here, as PNG")
    args = parser.parse_args(arguments)
    builders = dict(OURS)
    if args.peers:
        sys.path.append(str(args.peers))
        found, missing = available()
        builders |= {name: PEERS[name] for name in found}
        for name, reason in missing.items():
            print(f"{name} does not take part: {reason}")
    timings: list[Timing] = []
    for size in map(int, args.sizes.split(",")):
        timings += time_all(builders, size, args.warm_up, args.turns)
    print_table(timings)
    if args.json:
        report = {"machine": machine(), "timings": [asdict(timing) for timing in timings]}
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    if args.plot:
        plot(timings, args.plot)


if __name__ == "__main__":
    main()
