"""Recall, precision and speed of the motion detector on a video with ground truth.

python benchmarks/motion.py VIDEO GT --first 61 --last 150
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from detectors import DetectorOptions, Image, create_detector

Boxes = npt.NDArray[np.float64]


def decode(video: Path, last: int) -> Iterator[tuple[Image, float]]:
    """The first `last` frames as BGR, with the frame rate; decoded by two threads."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "AUTO", 2
        rate = float(stream.average_rate or 25)
        for index, frame in enumerate(container.decode(stream)):
            if index == last:
                return
            yield frame.to_ndarray(format="bgr24"), rate


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
    last = min(args.last, max(truth))
    create_detector("motion")  # its imports are not part of a frame's time
    detector = None
    hits = found = total = 0
    times: list[float] = []
    cpu, then = time.process_time(), time.perf_counter()
    for index, (image, rate) in enumerate(decode(args.video, last)):
        detector = detector or create_detector("motion", DetectorOptions(frame_rate=rate))
        boxes = detector.detect(image, index).xyxy.astype(np.float64)
        now = time.perf_counter()
        times.append(now - then)
        if index + 1 >= args.first:
            expected = truth.get(index + 1, np.empty((0, 4)))
            hits += num_matches(boxes, expected, args.iou)
            found, total = found + len(boxes), total + len(expected)
        then = time.perf_counter()
    cpu = (time.process_time() - cpu) / max(len(times), 1)
    low, middle, high = np.percentile(times, [10, 50, 90]) * 1e3
    print(
        f"recall {hits / max(total, 1):.3f}  precision {hits / max(found, 1):.3f}  mean {np.mean(times) * 1e3:.1f} ms  "
        f"median {middle:.1f} ms (10-90 %: {low:.1f} to {high:.1f})  CPU {cpu * 1e3:.1f} ms a frame, decoding included"
    )


if __name__ == "__main__":
    main()
