"""How well encoders tell real people apart: ground-truth crops of a video query each other.

    python benchmarks/real_crops.py VIDEO GT colour small-cnn dogenet50 --first 1 --last 150

Crops are the unoccluded boxes of every 6th frame; each queries all crops that are at least 60 frames away, so that the
same pose does not help. Printed: mAP and rank-1 of the queries that have a match, and the area under the ROC curve of
same against different over all such pairs. `colour` is the encoder without a network to compare with.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from reid import Encoder, create_encoder
from track.sources import open_source

Boxes = npt.NDArray[np.float64]
MOST_COVERED = 0.1


@dataclass(frozen=True)
class Crops:
    """One frame, its unoccluded boxes `(N, 4)` xyxy px and who is in them."""

    frame: int
    image: npt.NDArray[np.uint8]
    xyxy: Boxes
    identities: npt.NDArray[np.int64]


def read_truth(path: Path) -> npt.NDArray[np.float64]:
    """Pedestrians of a MOTChallenge file that count, as `(frame, id, x1, y1, x2, y2)`: neutral boxes are nobody's."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    rows = rows[rows[:, 6] != 0]
    rows = rows[rows[:, 7] == 1] if rows.shape[1] > 7 else rows
    return np.column_stack((rows[:, :4], rows[:, 2:4] + rows[:, 4:6]))


def unoccluded(xyxy: Boxes, frame_size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Boxes inside the frame that no single nearer person (whose feet are lower) covers by more than a tenth."""
    inside = (xyxy[:, :2] >= 0).all(1) & (xyxy[:, 2:] <= frame_size).all(1)
    p, q = xyxy[:, None], xyxy[None]
    sides = np.maximum(np.minimum(p[..., 2:], q[..., 2:]) - np.maximum(p[..., :2], q[..., :2]), 0)
    covered = sides.prod(2) / (p[..., 2:] - p[..., :2]).prod(2)
    nearer = q[..., 3] > p[..., 3]
    return inside & ((covered * nearer).max(1) <= MOST_COVERED)


def read_crops(video: Path, truth: npt.NDArray[np.float64], first: int, last: int, step: int) -> list[Crops]:
    """The boxes to embed, frame by frame; frames count from 1."""
    found = []
    with open_source(str(video)) as source:
        for frame in source:
            number = frame.index + 1
            if number > last:
                break
            rows = truth[truth[:, 0] == number]
            if number < first or (number - first) % step or not len(rows) or frame.image is None:
                continue
            keep = unoccluded(rows[:, 2:], frame.image.shape[1::-1])
            found.append(Crops(number, frame.image.copy(), rows[keep, 2:], rows[keep, 1].astype(np.int64)))
    return found


def measure(crops: list[Crops], encoder: Encoder, gap: int) -> dict[str, float]:
    """mAP, rank-1 and AUC in percent."""
    vectors = np.concatenate([encoder.encode(row.image, row.xyxy) for row in crops])
    identities = np.concatenate([row.identities for row in crops])
    frames = np.concatenate([np.full(len(row.identities), row.frame) for row in crops])
    distances = 1 - vectors @ vectors.T
    apart = np.abs(frames[:, None] - frames) >= gap
    same = identities[:, None] == identities
    precisions, firsts = [], []
    for row in range(len(vectors)):
        order = np.flatnonzero(apart[row])
        order = order[np.argsort(distances[row, order], kind="stable")]
        hits = same[row, order]
        if hits.any():
            precisions.append(float((hits.cumsum()[hits] / (np.flatnonzero(hits) + 1)).mean()))
            firsts.append(bool(hits[0]))
    upper = np.triu(apart, 1)
    return {
        "crops": len(vectors),
        "queries": len(firsts),
        "people": len(np.unique(identities)),
        "mAP": 100 * float(np.mean(precisions)),
        "rank1": 100 * float(np.mean(firsts)),
        "AUC": 100 * area_under_roc(distances[upper & same], distances[upper & ~same]),
    }


def area_under_roc(same: npt.NDArray[np.float32], different: npt.NDArray[np.float32]) -> float:
    """Chance that a pair of one person is closer than a pair of two, ties counting half."""
    ordered = np.sort(different)
    above = len(ordered) - np.searchsorted(ordered, same, "right")
    ties = np.searchsorted(ordered, same, "right") - np.searchsorted(ordered, same, "left")
    return float((above + ties / 2).mean() / len(ordered))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("encoders", nargs="+", help="NAME, or NAME=WEIGHTS")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=150)
    parser.add_argument("--step", type=int, default=6)
    parser.add_argument("--gap", type=int, default=60)
    options = parser.parse_args()
    crops = read_crops(options.video, read_truth(options.truth), options.first, options.last, options.step)
    print(f"{'encoder':32} {'crops':>6} {'people':>6} {'mAP':>6} {'rank-1':>6} {'AUC':>6}")
    for given in options.encoders:
        name, _, weights = given.partition("=")
        encoder = create_encoder(name, weights=Path(weights) if weights else None, device="cpu")
        row = measure(crops, encoder, options.gap)
        scores = " ".join(f"{row[key]:6.1f}" for key in ("mAP", "rank1", "AUC"))
        print(f"{given[-32:]:32} {row['crops']:6.0f} {row['people']:6.0f} {scores}", flush=True)


if __name__ == "__main__":
    main()
