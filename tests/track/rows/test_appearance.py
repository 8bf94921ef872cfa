"""When an id goes from one person to another, the run says so; what the same person does is no change."""

from __future__ import annotations

import numpy as np
import pytest

from track.rows.appearance import AppearanceWatch, changes_of
from track.rows.offline import Moments
from tracker.offline.linking import TrackedDetections

GATE, FPS, SIZE = 0.3, 10, 32


def person(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=SIZE)


def crops(*stretches: tuple[int, float], noise: float = 0.3) -> np.ndarray:
    """Embeddings of people, each for so many seconds, with some noise; person 0 is not known (zeros)."""
    random = np.random.default_rng(9)
    rows = []
    for seed, seconds in stretches:
        for _ in range(round(seconds * FPS)):
            row = person(seed) + noise * random.normal(size=SIZE)
            rows.append(np.zeros(SIZE) if seed == 0 else row / np.linalg.norm(row))
    return np.array(rows, np.float32)


def changed(embeddings: np.ndarray) -> float | None:
    watch = AppearanceWatch(GATE)
    for frame, embedding in enumerate(embeddings):
        watch.see(frame / FPS, [4], embedding[None])
    return watch.changes_s.get(4)


SITUATIONS = {
    "one person": (crops((1, 12)), None),
    "another one from the sixth second on": (crops((1, 6), (2, 6)), 6.0),
    "hidden by somebody for a second": (crops((1, 6), (2, 1), (1, 6)), None),
    "not looked at for a while": (crops((1, 4), (0, 4), (1, 4)), None),
    "another one after nobody looked": (crops((1, 4), (0, 2), (2, 5)), 6.0),
    "too short to tell": (crops((1, 1), (2, 0.5)), None),
    "never known": (crops((0, 8)), None),
}


@pytest.mark.parametrize(("embeddings", "expected"), SITUATIONS.values(), ids=SITUATIONS)
def test_changes(embeddings: np.ndarray, expected: float | None) -> None:
    found = changed(embeddings)
    assert (found is None) == (expected is None)
    assert found is None or found == pytest.approx(expected, abs=1.01)


def test_without_an_encoder_there_are_no_changes() -> None:
    assert changed(np.zeros((90, 0), np.float32)) is None


def test_who_has_left_is_forgotten() -> None:
    """Memory follows those in sight: a thousand people, one after the other, each for a second."""
    watch = AppearanceWatch(GATE)
    for second in range(1000):
        for frame in range(FPS):
            watch.see(second + frame / FPS, [second + 1], person(second + 1)[None])
    assert len(watch._seen) < 100


def test_a_finished_run_tells_the_same() -> None:
    """By frames in any order; what the border cuts off and what belongs to nobody says nothing."""
    embeddings = crops((1, 6), (2, 6))
    count = len(embeddings)
    frames, boxes = np.arange(count), np.tile([[20.0, 20, 40, 60]], (count, 1))
    order = np.random.default_rng(1).permutation(count)
    ids = np.full(count, 4)
    moments = Moments(frames, frames / FPS)

    def changes(ids: np.ndarray, boxes: np.ndarray) -> dict[int, float]:
        columns = (frames, ids, boxes, np.ones(count), np.zeros(count, np.int64), embeddings)
        seen = TrackedDetections(*(column[order] for column in columns))
        return changes_of(seen, seen.ids, moments, GATE, (96, 64))

    assert changes(ids, boxes) == {4: pytest.approx(6.0, abs=1.01)}
    assert changes(np.zeros_like(ids), boxes) == {}
    assert changes(ids, boxes - [20, 0, 20, 0]) == {}
