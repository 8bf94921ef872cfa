"""The steps of a frame that touch every number: by NumPy, or compiled by numba for those who ask for it.

All but sums over embeddings are equal to the last bit, and so both give the same tracks, unless the distance of two
looks lies on the gate to six digits. NumPy is quick where arrays are long; with a dozen tracks its calls cost more than
their numbers, and the compiled loops halve the time of a frame.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from . import steps_numpy
from .config import TrackerConfig
from .gallery import Gallery
from .kalman import MotionNoise
from .measured import Measured
from .pairs import Index, Mask, Pairs
from .table import TrackTable

__all__ = ["Steps", "choose_steps"]

Array = npt.NDArray[np.float64]
Embeddings = npt.NDArray[np.float32]


class Steps(Protocol):
    """What a module of steps offers. Tracks are rows of the table, detections rows of what was admitted."""

    def admit(self, xyxy: Array, scores: npt.NDArray[np.float32], low: float, high: float) -> Array | None:
        """`(N, 4)` xyah of boxes between these coordinates (px), or `None` unless all of them are usable."""

    def predict(self, table: TrackTable, noise: MotionNoise, *, looked: bool) -> Array:
        """Move every track on by a frame, in which a detector looked or not; returns the innovation's `(T, 4)`."""

    def motion_pairs(
        self, table: TrackTable, innovation: Array, tracks: Index, xyah: Array, detections: Index, gate: float
    ) -> Pairs:
        """Those of `tracks` and `detections` within the motion gate; see `association.motion_pairs`."""

    def overlaps(self, boxes: Array, tracks: Index, others: Array, detections: Index, max_distance: float) -> Pairs:
        """`boxes[i]`, that of `tracks[i]`, with the rows `detections` of `others`; see `association.iou_pairs`."""

    def corners(self, table: TrackTable, rows: Index) -> Array:
        """`(K, 4)` xyxy px, where `rows` are expected."""

    def correct(
        self, table: TrackTable, rows: Index, innovation: Array, xyah: Array, matched: Index, shares: Array | None
    ) -> None:
        """Let `rows` learn from the detections `matched`; see `kalman.correct`."""

    def remember(
        self,
        table: TrackTable,
        rows: Index,
        detections: Measured,
        matched: Index,
        time_s: float,
        frame_size: tuple[int, int] | None,
        *,
        border: bool,
    ) -> None:
        """Counters, score, class, and what the `border` cuts off, of `rows` by the detections `matched`."""

    def push(self, gallery: Gallery, slots: Index, embeddings: Embeddings, matched: Index) -> None:
        """Let `slots[i]` remember the row `matched[i]` of `embeddings`; see `Gallery.push`."""

    def distances(
        self, gallery: Gallery, slots: Index, embeddings: Embeddings, detections: Index, gate: float | None
    ) -> Array:
        """From the galleries `slots[i]` to the rows `detections[i]` of `embeddings`; see `Gallery.distances`."""

    def contested(self, pairs: Pairs) -> Index:
        """Which pairs share their track or detection with another one; see `Pairs.contested`."""

    def mutually_nearest(self, pairs: Pairs) -> Mask:
        """Which pairs are each other's cheapest; see `association.mutually_nearest`."""

    def nearest_in_turn(self, pairs: Pairs, level: npt.NDArray[np.int64], rivals: Index, matched: Index) -> Mask:
        """Which pairs were each other's nearest by motion when it was the turn of their level, `(P,)`.

        Args:
            level: `(P,)`, of each pair's track.
            rivals: those `contested`.
            matched: those that the cascade has matched.
        """

    def normalised(self, vectors: Embeddings) -> Embeddings:
        """Rows of unit length; see `gallery.normalise_rows`."""

    def dying(self, table: TrackTable, config: TrackerConfig, time_s: float) -> tuple[Mask, int]:
        """Which tracks are to go, `(T,)`, and how many of them unconfirmed; a miss takes evidence off."""

    def shown(self, table: TrackTable, config: TrackerConfig) -> Index:
        """The rows of confirmed tracks that are to be seen."""


def choose_steps(compiled: bool) -> Steps:
    """The steps of NumPy, or the compiled ones.

    The first use on a machine compiles them, which takes some twenty seconds; numba keeps the result for later
    processes.

    Raises:
        ImportError: when numba is missing, or cannot compile them.
    """
    if not compiled:
        return steps_numpy
    try:
        from . import steps_compiled  # not before: it needs numba, and a second
    except ImportError as error:
        raise ImportError(f"compiled=True needs numba ({error}): pip install 'track-reid[fast]'") from error
    return steps_compiled
