"""When an identity changes its appearance: a hint that its id went from one object to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from track.rows.doubts import Doubts
from track.rows.offline import Moments
from tracker.border import cut_off
from tracker.offline.linking import TrackedDetections

__all__ = ["AppearanceWatch", "changes_of"]

Array = npt.NDArray[np.float32]

FORGET_S = 60.0
"""Who was not seen for so long does not come back under the same id: no tracker waits as long."""
TIDY_EVERY_S = 10.0


@dataclass
class _Seen:
    """One identity.

    Attributes:
        before: mean embedding of its spans so far; `None` before the first.
        spans: how many those are.
        odd: mean of the last span, where that was unlike the others; and when it began, s.
        began_s, last_s: of the span that goes on, and when somebody was seen last.
        total, count: sum and number of its embeddings.
    """

    began_s: float
    last_s: float
    total: Array
    count: int = 0
    before: Array | None = None
    spans: int = 0
    odd: tuple[Array, float] | None = None


@dataclass
class AppearanceWatch:
    """Compares what an identity looked like with what it looks like now, span after span.

    A span is some embeddings of a second. When two in a row are alike, and beyond the appearance gate from all before,
    the id has gone to another object, or its crops show something else. Memory grows with those that are in sight.

    Attributes:
        gate: cosine distance from which two spans are unlike: the run's appearance gate.
        doubts: lengths of a span.
        changes_s: when each identity changed first, s, by id.
    """

    gate: float
    doubts: Doubts = field(default_factory=Doubts)
    changes_s: dict[int, float] = field(default_factory=dict)
    _seen: dict[int, _Seen] = field(default_factory=dict, repr=False)
    _tidied_s: float = 0.0

    def see(self, time_s: float, ids: Sequence[int], embeddings: npt.NDArray[np.floating]) -> None:
        """The identities of a frame with the embeddings `(N, D)` of their detections; rows of zeros are not known."""
        if time_s - self._tidied_s > TIDY_EVERY_S:
            self._seen = {key: one for key, one in self._seen.items() if time_s - one.last_s < FORGET_S}
            self._tidied_s = time_s
        for track_id, embedding in zip(ids, np.asarray(embeddings, np.float32), strict=True):
            if track_id not in self.changes_s and embedding.any() and np.isfinite(embedding).all():
                self._one(track_id, time_s, embedding)

    def _one(self, track_id: int, time_s: float, embedding: Array) -> None:
        one = self._seen.get(track_id)
        if one is None:
            one = self._seen[track_id] = _Seen(time_s, time_s, np.zeros_like(embedding))
        if time_s - one.began_s >= self.doubts.change_s and one.count >= self.doubts.change_crops:
            self._end_span(track_id, one)
            one.began_s, one.total, one.count = time_s, np.zeros_like(embedding), 0
        one.total += embedding
        one.count += 1
        one.last_s = time_s

    def _end_span(self, track_id: int, one: _Seen) -> None:
        mean = _unit(one.total)
        if one.before is None or self._is_like(one.before, mean):
            total = mean if one.before is None else one.before * one.spans + mean
            one.spans += 1
            one.before, one.odd = _unit(total), None
        elif one.odd is not None and self._is_like(one.odd[0], mean):
            self.changes_s[track_id] = one.odd[1]
            del self._seen[track_id]
        else:
            one.odd = mean, one.began_s

    def _is_like(self, one: Array, other: Array) -> bool:
        return 1.0 - float(one @ other) <= self.gate


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def changes_of(
    seen: TrackedDetections,
    ids: npt.NDArray[np.int64],
    moments: Moments,
    gate: float,
    size: tuple[int, int] | None,
) -> dict[int, float]:
    """When each identity of a finished run changed its appearance, s, by id; cut-off boxes tell nothing of it.

    Args:
        seen: its detections.
        ids: `(N,)` of each of them; 0 for what belongs to nobody.
        moments: of its frames.
        gate: see `AppearanceWatch`.
        size: width and height of the pictures, px.
    """
    watch = AppearanceWatch(gate)
    named = np.flatnonzero((ids > 0) & ~cut_off(seen.xyxy, size))
    if not len(named) or not seen.embeddings.shape[1]:
        return {}
    order = named[np.argsort(seen.frames[named], kind="stable")]
    frames, starts = np.unique(seen.frames[order], return_index=True)
    times = moments.at(frames).tolist()
    for time_s, rows in zip(times, np.split(order, starts[1:]), strict=True):
        watch.see(time_s, ids[rows].tolist(), seen.embeddings[rows])
    return watch.changes_s
