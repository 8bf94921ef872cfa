"""Recall, precision and speed of the motion detector on a video with ground truth.

python benchmarks/motion.py VIDEO GT --first 61 --last 150
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from detectors import DetectorOptions, create_detector
from track.sources import open_source
from track.threads.ahead import read_ahead

Boxes = npt.NDArray[np.float64]


def read_truth(path: Path) -> dict[int, Boxes]:
    """Frame number -> `(N, 4)` xyxy of the boxes that count (column 7 not 0)."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    rows = rows[rows[:, 6] != 0]
    xyxy = np.column_stack((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]))
    return {int(frame): xyxy[rows[:, 0] == frame] for frame in np.unique(rows[:, 0])}


def num_matches(found: Boxes, truth: Boxes, threshold: float) -> int:
    """Largest number of one-to-one pairs with at least that IoU."""
    p, q = found[:, None], truth[None]
    sides = np.maximum(np.minimum(p[..., 2:], q[..., 2:]) - np.maximum(p[..., :2], q[..., :2]), 0)
    common = sides.prod(axis=2)
    area = (p[..., 2:] - p[..., :2]).prod(axis=2) + (q[..., 2:] - q[..., :2]).prod(axis=2)
    good = common >= threshold * (area - common)
    rows, columns = linear_sum_assignment(~good)
    return int(good[rows, columns].sum())


def detect_all(video: Path, last: int) -> tuple[list[Boxes], Boxes, float]:
    """Boxes and seconds of each of the first `last` frames, decoded ahead as in a run; CPU seconds of all."""
    found: list[Boxes] = []
    times: list[float] = []
    with open_source(str(video)) as source, read_ahead(source) as frames:
        detector = create_detector("motion", DetectorOptions(frame_rate=source.fps))
        cpu, then = time.process_time(), time.perf_counter()
        for frame in frames:
            found.append(detector.detect(frame.image, frame.index).xyxy.astype(np.float64))
            now = time.perf_counter()
            times.append(now - then)
            then = now
            if len(found) == last:
                break
        cpu = time.process_time() - cpu
    return found, np.array(times), cpu


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("gt", type=Path)
    parser.add_argument("--first", type=int, default=1, help="first scored frame, 1-based; detection starts at 1")
    parser.add_argument("--last", type=int, default=10**9)
    parser.add_argument("--iou", type=float, default=0.4)
    args = parser.parse_args()
    truth = read_truth(args.gt)
    boxes, times, cpu = detect_all(args.video, min(args.last, max(truth)))
    scored = [(frame, truth.get(frame, np.empty((0, 4)))) for frame in range(args.first, len(boxes) + 1)]
    hits = sum(num_matches(boxes[frame - 1], expected, args.iou) for frame, expected in scored)
    found = sum(len(boxes[frame - 1]) for frame, _ in scored)
    total = sum(len(expected) for _, expected in scored)
    low, middle, high = np.percentile(times, [10, 50, 90]) * 1e3
    print(
        f"recall {hits / max(total, 1):.3f}  precision {hits / max(found, 1):.3f}  "
        f"wall, decoding included: mean {times.mean() * 1e3:.1f} ms a frame, median {middle:.1f} "
        f"(10-90 %: {low:.1f} to {high:.1f})  CPU {cpu / len(times) * 1e3:.1f} ms a frame"
    )


if __name__ == "__main__":
    main()
