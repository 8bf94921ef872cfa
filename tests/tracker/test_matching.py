"""A crowd's embeddings are compared in parts: memory is bounded, and nobody is matched with another for it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tracker.scenes import crowd
from tracker import DeepSort, matching
from tracker.presets import load_preset


@pytest.mark.parametrize("preset", ["deepsort", "strong", "realtime"])
def test_parts_give_the_tracks_of_the_whole(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = crowd(3, num_people=25, num_frames=30)

    def tracked(most_at_once: int) -> list[tuple[list[int], list[int], bytes]]:
        monkeypatch.setattr(matching, "_MOST_AT_ONCE", most_at_once)
        tracker = DeepSort(load_preset(preset).config)
        told = [tracker.update(frame.xyxy, frame.scores, embeddings=frame.features) for frame in frames]
        return [(each.ids.tolist(), each.detection_index.tolist(), each.xyxy.tobytes()) for each in told]

    assert tracked(3) == tracked(10**9)


def test_no_more_pairs_than_that_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    distances = matching.Gallery.distances

    def noted(self: matching.Gallery, slots: matching.Index, *rest: object) -> object:
        seen.append(len(slots))
        return distances(self, slots, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(matching, "_MOST_AT_ONCE", 50)
    monkeypatch.setattr(matching.Gallery, "distances", noted)
    tracker = DeepSort()
    corners = np.random.default_rng(0).uniform(0, 40, (60, 2))
    for _ in range(5):
        tracker.update(np.concatenate([corners, corners + 30], axis=1), np.full(60, 0.9), embeddings=np.eye(60))
    assert max(seen) == 50
