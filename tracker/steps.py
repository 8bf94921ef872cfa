"""The steps of a frame that touch every number: by NumPy, or compiled by numba for those who ask for it.

All but sums over embeddings are equal to the last bit, and so both give the same tracks, unless the distance of two
looks lies on the gate to six digits. NumPy is quick where arrays are long;
with a dozen tracks its calls cost more than their numbers, and the compiled loops halve the time of a frame.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

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

    @staticmethod
    def admit(xyxy: Array, scores: npt.NDArray[np.float32], low: float, high: float) -> Array | None:
        """`(N, 4)` xyah of boxes between these coordinates (px), or `None` unless all of them are usable."""

    @staticmethod
    def predict(table: TrackTable, noise: MotionNoise, *, looked: bool) -> Array:
        """Move every track on by a frame, in which a detector looked or not; returns the innovation's `(T, 4)`."""

    @staticmethod
    def motion_pairs(
        table: TrackTable, innovation: Array, tracks: Index, xyah: Array, detections: Index, gate: float
    ) -> Pairs:
        """Those of `tracks` and `detections` within the motion gate; see `association.motion_pairs`."""

    @staticmethod
    def overlaps(boxes: Array, tracks: Index, others: Array, detections: Index, max_distance: float) -> Pairs:
        """`boxes[i]`, that of `tracks[i]`, with the rows `detections` of `others`; see `association.iou_pairs`."""

    @staticmethod
    def corners(table: TrackTable, rows: Index) -> Array:
        """`(K, 4)` xyxy px, where `rows` are expected."""

    @staticmethod
    def correct(
        table: TrackTable, rows: Index, innovation: Array, xyah: Array, matched: Index, shares: Array | None
    ) -> None:
        """Let `rows` learn from the detections `matched`; see `kalman.correct`."""

    @staticmethod
    def remember(
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

    @staticmethod
    def push(gallery: Gallery, slots: Index, embeddings: Embeddings, matched: Index) -> None:
        """Let `slots[i]` remember the row `matched[i]` of `embeddings`; see `Gallery.push`."""

    @staticmethod
    def distances(
        gallery: Gallery, slots: Index, embeddings: Embeddings, detections: Index, gate: float | None
    ) -> Array:
        """From the galleries `slots[i]` to the rows `detections[i]` of `embeddings`; see `Gallery.distances`."""

    @staticmethod
    def contested(pairs: Pairs) -> Index:
        """Which pairs share their track or detection with another one; see `Pairs.contested`."""

    @staticmethod
    def mutually_nearest(pairs: Pairs) -> Mask:
        """Which pairs are each other's cheapest; see `association.mutually_nearest`."""

    @staticmethod
    def nearest_in_turn(pairs: Pairs, level: npt.NDArray[np.int64], rivals: Index, matched: Index) -> Mask:
        """Which pairs were each other's nearest by motion when it was the turn of their level, `(P,)`.

        Args:
            level: `(P,)`, of each pair's track.
            rivals: those `contested`.
            matched: those that the cascade has matched.
        """

    @staticmethod
    def normalised(vectors: Embeddings) -> Embeddings:
        """Rows of unit length; see `gallery.normalise_rows`."""

    @staticmethod
    def dying(table: TrackTable, config: TrackerConfig, time_s: float) -> tuple[Mask, int]:
        """Which tracks are to go, `(T,)`, and how many of them unconfirmed; a miss takes evidence off."""

    @staticmethod
    def shown(table: TrackTable, config: TrackerConfig) -> Index:
        """The rows of confirmed tracks that are to be seen."""


def choose_steps(compiled: bool) -> Steps:
    """The steps of NumPy, or the compiled ones.

    The first use on a machine compiles them, which takes some twenty seconds; numba keeps the result for later
    processes.

    Raises:
        ImportError: when numba is missing, or cannot compile them.
    """
    if not compiled:
        return cast(Steps, steps_numpy)
    try:
        return cast(Steps, import_module(".steps_compiled", __package__))
    except ImportError as error:
        raise ImportError(f"compiled=True needs numba ({error}): pip install 'track-reid[fast]'") from error
