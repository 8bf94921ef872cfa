"""The paper preset against a plain DeepSORT: same boxes, same identities up to renumbering."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tracker.reference import ReferenceDeepSort
from tests.tracker.scenes import crowd, tlwh
from tracker import DeepSort

TOLERANCE_PX = 1e-3


def assert_same_tracks(frames):
    """`frames`: (xyxy, scores, features) of each frame."""
    ours, oracle = DeepSort(), ReferenceDeepSort()
    identity_of: dict[int, int] = {}
    num_boxes = 0
    for number, (xyxy, scores, features) in enumerate(frames):
        tracks = ours.update(xyxy, scores, embeddings=features)
        expected = oracle.step(tlwh(xyxy), features)
        assert len(tracks) == len(expected), f"frame {number}"
        boxes = tlwh(tracks.xyxy)
        for theirs, box in expected.items():
            row = int(np.abs(boxes - box).max(axis=1).argmin())
            assert np.abs(boxes[row] - box).max() < TOLERANCE_PX, f"frame {number}, track {theirs}"
            assert identity_of.setdefault(theirs, int(tracks.ids[row])) == tracks.ids[row], f"frame {number}"
            num_boxes += 1
    assert len(set(identity_of.values())) == len(identity_of)
    return num_boxes


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_that_crosses_and_vanishes(seed):
    frames = crowd(seed, num_people=4 + 3 * seed)
    assert assert_same_tracks([(f.xyxy, f.scores, f.features) for f in frames]) > 100


def test_a_gallery_that_overflows():
    frames = crowd(seed=7, num_people=3, num_frames=150, clutter=0.1)
    assert assert_same_tracks([(f.xyxy, f.scores, f.features) for f in frames]) > 100


@pytest.mark.parametrize("sequence", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
def test_real_detections(shared, sequence):
    rows = np.loadtxt(shared / "data" / "mot15" / sequence / "det" / "det.txt", delimiter=",")
    rows = rows[rows[:, 0] <= 120]
    # No images, so features are made up: they drift with the place, and so keep appearance busy without deciding all.
    rng = np.random.default_rng(0)
    place = np.column_stack((rows[:, 2:6] / 100, np.sin(rows[:, 2] / 150)))
    features = (np.tanh(place @ rng.normal(size=(5, 32))) + 0.4 * rng.normal(size=(len(rows), 32))).astype(np.float32)
    frames = []
    for frame in range(1, int(rows[:, 0].max()) + 1):
        here = rows[:, 0] == frame
        boxes = rows[here, 2:6]
        frames.append((np.column_stack((boxes[:, :2], boxes[:, :2] + boxes[:, 2:])), rows[here, 6], features[here]))
    assert assert_same_tracks(frames) > 100
