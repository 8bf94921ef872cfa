"""The steps of a frame as loops that numba compiles once on a machine. See `steps.Steps`.

The loops are in `loops_state`, `loops_pairs` and `loops_appearance`. Importing this module needs numba, and compiles or
loads all of them: their signatures are fixed, so that nothing is compiled while a video runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core.errors import NumbaError

from . import boxes as box_forms
from . import existence, kalman, loops_appearance, loops_pairs, loops_state
from .border import TOLERANCE
from .config import TrackerConfig
from .gallery import Gallery
from .kalman import MotionNoise
from .measured import Measured
from .outline import ROUNDING, Outlines
from .pairs import Index, Mask, Pairs, are_many
from .table import SHOWN_MISSES, TrackTable

__all__ = [
    "admit",
    "contested",
    "corners",
    "correct",
    "distances",
    "dying",
    "motion_pairs",
    "mutually_nearest",
    "nearest_in_turn",
    "normalised",
    "overlaps",
    "predict",
    "push",
    "remember",
    "shown",
]

Array = npt.NDArray[np.float64]
Embeddings = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int64]

logger = logging.getLogger(__name__)

_NUMBERS: Array = np.empty(0)
_BOUNDS: Index = np.empty((2, 0), np.intp)
_NO_FRAMES, _NO_SECONDS = 2**62, np.inf
_MANY = 16
"""Pairs whose looks are compared from which on it pays to draw outlines."""


def _compiled(loop: Callable[..., Any], signature: str, relaxed: frozenset[str] = frozenset()) -> Callable[..., Any]:
    """The loop for these types: `f`, `i`, `s` are float64, int64, float32 numbers, with a digit arrays of so many
    axes.

    Raises:
        ImportError: this numba cannot compile it.
    """
    scalars = {"f": numba.float64, "i": numba.int64, "s": numba.float32}
    types = tuple(
        numba.types.Array(scalars[code[0]], int(code[1:]), "C") if code[1:] else scalars[code]
        for code in signature.split()
    )
    compile_now = partial(numba.njit, types, error_model="numpy", fastmath=set(relaxed))
    try:
        return _kept(compile_now, loop) or compile_now()(loop)
    except NumbaError as error:
        raise ImportError(f"numba {numba.__version__} cannot compile {loop.__name__}: {error}") from error


def _kept(compile_now: Callable[..., Any], loop: Callable[..., Any]) -> Callable[..., Any] | None:
    """The loop out of numba's cache, or compiled into it; `None` where that cannot be."""
    try:
        return compile_now(cache=True)(loop)  # type: ignore[no-any-return]
    except NumbaError:
        raise
    except Exception as error:  # a damaged file, a full disk, no folder to write to: numba lets all of them through
        logger.info(
            "numba's cache is of no use (%s: %s): %s is compiled anew", type(error).__name__, error, loop.__name__
        )
        return None


_admit = _compiled(loops_state.admit, "f2 s1 f f f")
_predict = _compiled(loops_state.predict, "f3 f3 i2 i f f2 f2 f1 f1 f")
_motion_pairs = _compiled(loops_pairs.motion_pairs, "f3 f2 i1 f2 i1 i2 f f")
_overlaps = _compiled(loops_pairs.overlaps, "f2 i1 f2 i1 i2 f f")
_corners = _compiled(loops_state.corners, "f3 i1")
_correct = _compiled(loops_state.correct, "f3 f3 i1 f2 f2 i1 f1")
_remember = _compiled(loops_state.remember, "i2 f2 i1 i1 s1 i1 i1 f f2 f1")
_dying = _compiled(loops_state.dying, "i2 f2 i f f f f i")
_shown = _compiled(loops_state.shown, "i2 f2 i i f f")
_contested = _compiled(loops_pairs.contested, "i1 i1")
_mutually_nearest = _compiled(loops_pairs.mutually_nearest, "i1 i1 f1")
_nearest_in_turn = _compiled(loops_pairs.nearest_in_turn, "i1 i1 f1 i1 i1 i1")
_push = _compiled(loops_appearance.push, "s3 s2 i1 i1 s2 i1")
# Of float32 vectors, where the order of a sum is the processor's choice in NumPy too.
_distances = _compiled(loops_appearance.distances, "s3 s2 i1 s2 s3 i1 i1 s2 i1 f i f", loops_appearance.ANY_ORDER)
_draw = _compiled(loops_appearance.draw, "s3 i1 s2 s3 i1 i1 i1 f", loops_appearance.ANY_ORDER)
_normalised = _compiled(loops_appearance.normalised, "s2", loops_appearance.ANY_ORDER)


def admit(xyxy: Array, scores: npt.NDArray[np.float32], low: float, high: float) -> Array | None:
    usable, xyah = _admit(xyxy, scores, low, high, box_forms.LEAST_SIDE)
    return xyah if usable else None


def predict(table: TrackTable, noise: MotionNoise, *, looked: bool) -> Array:
    process, measurement = noise.process, noise.measurement
    innovation: Array = _predict(
        table.mean,
        table.covariance,
        table.counters,
        looked,
        kalman.LEAST_HEIGHT,
        process.scale,
        process.fixed,
        measurement.scale,
        measurement.fixed,
        noise.measured_factor**2,
    )
    return innovation


def motion_pairs(
    table: TrackTable, innovation: Array, tracks: Index, xyah: Array, detections: Index, gate: float
) -> Pairs:
    bounds = _BOUNDS
    if are_many(len(tracks), len(detections)):
        x, reach = table.mean[tracks, 0, 0], np.sqrt(gate * innovation[tracks, 0]) * kalman.HAIR
        detections, bounds = _within(x - reach, x + reach, xyah[:, 0], detections)
    return Pairs(*_motion_pairs(table.mean, innovation, tracks, xyah, detections, bounds, gate, kalman.HAIR))


def overlaps(boxes: Array, tracks: Index, others: Array, detections: Index, max_distance: float) -> Pairs:
    bounds = _BOUNDS
    if are_many(len(tracks), len(detections)):
        widest = np.maximum.reduce(others[detections, 2] - others[detections, 0]) * kalman.HAIR + 1e-6
        detections, bounds = _within(boxes[:, 0] - widest, boxes[:, 2], others[:, 0], detections)
    return Pairs(*_overlaps(boxes, tracks, others, detections, bounds, max_distance, box_forms.TINY))


def _within(low: Array, high: Array, places: Array, detections: Index) -> tuple[Index, Index]:
    """The detections by their place on an axis, and from which to which of them it is within `low` and `high`."""
    along = places.take(detections)
    order = along.argsort(kind="stable")
    along = along.take(order)
    bounds = np.stack((along.searchsorted(low, "left"), along.searchsorted(high, "right")))
    return detections.take(order), np.maximum(bounds, bounds[:1], out=bounds)


def corners(table: TrackTable, rows: Index) -> Array:
    xyxy: Array = _corners(table.mean, rows)
    return xyxy


def correct(
    table: TrackTable, rows: Index, innovation: Array, xyah: Array, matched: Index, shares: Array | None
) -> None:
    _correct(table.mean, table.covariance, rows, innovation, xyah, matched, _NUMBERS if shares is None else shares)


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
    picture = _NUMBERS
    if border:
        picture = np.array((*frame_size, TOLERANCE * max(frame_size)) if frame_size else (0.0, 0.0, -1.0), np.float64)
    _remember(
        table.counters,
        table.measures,
        rows,
        matched,
        detections.scores,
        detections.class_ids,
        detections.source,
        time_s,
        detections.xyxy,
        picture,
    )


def dying(table: TrackTable, config: TrackerConfig, time_s: float) -> tuple[Mask, int]:
    cost, least = (config.miss_evidence, existence.LEAST_EVIDENCE) if config.confirm_evidence else (0.0, -np.inf)
    seconds, frames = (config.max_age_s, _NO_FRAMES) if config.max_age_s else (_NO_SECONDS, config.max_age)
    dead, num_never_confirmed = _dying(table.counters, table.measures, len(table), cost, least, time_s, seconds, frames)
    return dead, num_never_confirmed


def shown(table: TrackTable, config: TrackerConfig) -> Index:
    least = existence.SHOWN_EVIDENCE if config.confirm_evidence else -np.inf
    rows: Index = _shown(table.counters, table.measures, len(table), SHOWN_MISSES, least, config.border_share)
    return rows


def distances(gallery: Gallery, slots: Index, embeddings: Embeddings, detections: Index, gate: float | None) -> Array:
    if gallery.outlines is None:
        gallery.outlines = Outlines(*gallery.vectors.shape)
    lines = gallery.outlines
    if gate is not None and len(slots) >= _MANY:
        _draw(
            gallery.vectors, gallery.pushed, lines.centre, lines.shares, lines.asked_at, lines.drawn_at, slots, ROUNDING
        )
    found: Array = _distances(
        gallery.vectors,
        gallery.newest,
        gallery.pushed,
        lines.centre,
        lines.shares,
        lines.drawn_at,
        slots,
        embeddings,
        detections,
        0.0 if gate is None else gate,
        gate is None,
        ROUNDING,
    )
    return found


def push(gallery: Gallery, slots: Index, embeddings: Embeddings, matched: Index) -> None:
    if gallery.momentum:
        gallery.push(slots, embeddings.take(matched, axis=0))
    else:
        _push(gallery.vectors, gallery.newest, gallery.pushed, slots, embeddings, matched)


def contested(pairs: Pairs) -> Index:
    rivals: Index = _contested(pairs.tracks, pairs.detections)
    return rivals


def mutually_nearest(pairs: Pairs) -> Mask:
    nearest: Mask = _mutually_nearest(pairs.tracks, pairs.detections, pairs.costs)
    return nearest


def nearest_in_turn(pairs: Pairs, level: Levels, rivals: Index, matched: Index) -> Mask:
    nearest: Mask = _nearest_in_turn(pairs.tracks, pairs.detections, pairs.costs, level, rivals, matched)
    return nearest


def normalised(vectors: Embeddings) -> Embeddings:
    unit: Embeddings = _normalised(vectors)
    return unit
