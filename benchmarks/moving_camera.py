"""What the compensation of camera motion is worth: a window that pans, shakes and zooms over a still camera's video.

    python benchmarks/moving_camera.py VIDEO GT --detector yolo11n_int8_openvino_model [--first 1 --last 150]

The same window held still is the measure: two sequences of pictures are cut from the video, `still` and `moving`, with
the ground truth moved along (people who are not at least half inside count as distractors), both are tracked with and
without compensation, without appearance, and scored. Also printed: what compensation costs a frame at the video's size.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from track.setup.camera_motion import CameraMotion
from track.sources import open_source

ROOT = Path(__file__).resolve().parents[1]
Affine = npt.NDArray[np.float64]
WINDOW = (1280, 720)
PERSON, DISTRACTOR = 1, 8
"""Classes of MOT17; predictions on a distractor count neither for nor against."""


def view(frame: int, size: tuple[int, int], *, moves: bool) -> Affine:
    """`(2, 3)` map from px of the video to px of the window.

    A slow pan of 480 px each way, a zoom by a fifth, and a hand's shake of some px that is new in every frame.
    """
    seconds = frame / 30 if moves else 0.0
    rng = np.random.default_rng(frame)
    shake = rng.normal(0, 3, 2) if moves else np.zeros(2)
    zoom = 1 + 0.2 * np.sin(2 * np.pi * seconds / 4)
    room = np.array(size) - np.array(WINDOW) / 1.0
    centre = np.array(size) / 2 + [0.75 * room[0] / 2 * np.sin(2 * np.pi * seconds / 5), 0]
    centre[1] += 0.25 * room[1] * np.sin(2 * np.pi * seconds / 3)
    angle = np.radians(rng.normal(0, 0.2)) if moves else 0.0
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack((turn, np.array(WINDOW) / 2 - turn @ centre + shake))


def moved_truth(rows: npt.NDArray[np.float64], affine: Affine) -> Iterator[str]:
    """Lines of MOTChallenge ground truth in the window; who is outside is left out."""
    for row in rows:
        left, top, width, height = row[2:6]
        corners = np.array([[left, top], [left + width, top], [left, top + height], [left + width, top + height]])
        seen = corners @ affine[:, :2].T + affine[:, 2]
        low, high = seen.min(0), seen.max(0)
        inside = (np.minimum(high, WINDOW) - np.maximum(low, 0)).clip(0).prod() / (high - low).prod()
        if inside > 0:
            kind = PERSON if inside >= 0.5 and row[6] else DISTRACTOR
            box = ",".join(f"{number:.2f}" for number in (*low, *(high - low)))
            yield f"{int(row[0])},{int(row[1])},{box},1,{kind},{inside:.2f}\n"


def write_sequences(video: Path, truth: Path, folder: Path, first: int, last: int) -> list[float]:
    """Cut `still` and `moving`; the milliseconds that the compensation takes for each frame of the whole video."""
    rows = np.loadtxt(truth, delimiter=",", ndmin=2)
    lines: dict[str, list[str]] = {"still": [], "moving": []}
    camera, costs = CameraMotion(), []
    with open_source(str(video)) as source:
        for frame in source:
            number = frame.index + 1
            if frame.image is None or not first <= number <= last:
                continue
            here = rows[rows[:, 0] == number]
            begun = time.process_time()
            camera.estimate(frame.image, np.column_stack((here[:, 2:4], here[:, 2:4] + here[:, 4:6])))
            costs.append(1000 * (time.process_time() - begun))
            height, width = frame.image.shape[:2]
            here[:, 0] = number - first + 1
            for name, written in lines.items():
                affine = view(number, (width, height), moves=name == "moving")
                picture = cv2.warpAffine(frame.image, affine, WINDOW, flags=cv2.INTER_LINEAR)
                path = folder / name / "img1" / f"{number - first + 1:06d}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
                written.extend(moved_truth(here, affine))
    for name, written in lines.items():
        (folder / name / "gt").mkdir()
        (folder / name / "gt" / "gt.txt").write_text("".join(written))
        (folder / name / "seqinfo.ini").write_text(
            f"[Sequence]\nname={name}\nimDir=img1\nframeRate=30\nseqLength={last - first + 1}\n"
            f"imWidth={WINDOW[0]}\nimHeight={WINDOW[1]}\nimExt=.jpg\n"
        )
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=150)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.setNumThreads(1)
        costs = write_sequences(given.video, given.truth, folder / "data", given.first, given.last)
        print(f"compensation: median {statistics.median(costs):.1f} ms a frame of the video (CPU time, one thread)")
        (folder / "off.yaml").write_text("base: strong\ntracker: {camera_motion: false}\n")
        for title, tracker in (("with compensation", "strong"), ("without", str(folder / "off.yaml"))):
            print(title, flush=True)
            options = ["--detector", given.detector, "--classes", "person", "--reid", "none", "--tracker", tracker]
            out = ["--rules", "mot17", "--out", str(folder / title.split()[0])]
            subprocess.run(
                [sys.executable, "-m", "track", "mot", str(folder / "data"), *options, *out], cwd=ROOT, check=True
            )


if __name__ == "__main__":
    main()
