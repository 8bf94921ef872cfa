"""Scores of sequences without one of their pieces: how far a difference between two trackers may be chance.

HOTA, CLEAR and Identity are ratios of counts that span a whole sequence. A piece of five seconds has no score of its
own that would see somebody who is lost for longer. What a piece has is its counts: each score is made anew without
them (delete-one jackknife, Efron and Stein 1981). Which box matches which is decided once, on the whole sequence, by
TrackEval's rules; with all pieces the scores are TrackEval's. A switch belongs to the piece in which it is seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.stats import t as student_t

from evaluation.overlap import EPS
from evaluation.prepare import MATCH_IOU, Prepared

__all__ = [
    "PIECE_S",
    "SCORES",
    "Interval",
    "Pieces",
    "count_pieces",
    "jackknife_interval",
    "joined",
    "num_pieces",
    "scores",
    "scores_without_each",
]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCORES = ("HOTA", "IDF1", "MOTA")
PIECE_S = 5.0
"""Seconds of a piece: about as long as somebody stays lost, so that one mishap is in one piece or two."""
_FEWEST = 4
"""Pieces of a sequence that is too short for pieces of `PIECE_S`."""
_ALPHAS = np.arange(0.05, 0.99, 0.05)
"""HOTA's thresholds of overlap (Luiten et al. 2021)."""
_STAY = 1000.0
"""How much CLEAR prefers the match of the frame before (TrackEval)."""


@dataclass(frozen=True)
class Pieces:
    """The counts of one sequence in each of its `K` pieces.

    `G` people are in the truth, `P` tracks in the prediction, `L` pairs of them match anywhere.

    Attributes:
        pairs: `(L, 2)` person and track.
        hota: `(K, L, 19)` frames in which a pair is matched with an overlap of each threshold or more.
        identity: `(K, L)` frames in which a pair overlaps by `MATCH_IOU`.
        gt: `(K, G)` boxes of each person.
        pred: `(K, P)` boxes of each track.
        clear: `(K, 3)` missed boxes, false boxes, identity switches.
    """

    pairs: Ints
    hota: Array
    identity: Array
    gt: Array
    pred: Array
    clear: Array

    def __len__(self) -> int:
        return len(self.gt)

    def only(self, which: Ints | slice) -> Pieces:
        """Some of the pieces; who is in none of them costs nothing."""
        names = ("hota", "identity", "gt", "pred", "clear")
        return dataclasses.replace(self, **{name: getattr(self, name)[which] for name in names})


@dataclass(frozen=True)
class Interval:
    """A difference, and the interval in which it lies with the stated confidence; endless with less than two pieces."""

    value: float
    low: float
    high: float
    num_pieces: int


def num_pieces(fps: float, num_frames: int) -> int:
    """Into how many pieces a sequence is cut: of about `PIECE_S` each, but quarters where it is short.

    At another frame rate, these are the same stretches of time.
    """
    return min(max(round(num_frames / fps / PIECE_S), _FEWEST), max(num_frames, 1))


def count_pieces(prepared: Prepared, num: int, *, first: int = 1) -> Pieces:
    """The counts of a sequence in each of `num` pieces of the same length.

    Args:
        prepared: of the sequence.
        num: of pieces.
        first: number of the first frame of the span.

    Raises:
        ValueError: no piece, or a box outside of the span.
    """
    if num < 1:
        raise ValueError(f"num is {num}, expected 1 piece or more")
    frames = np.array(prepared.frames, np.int64) - first
    if len(frames) and not 0 <= frames.min() <= frames.max() < prepared.num_frames:
        outside = prepared.frames[int(np.argmin(frames) if frames.min() < 0 else np.argmax(frames))]
        last = first + prepared.num_frames - 1
        raise ValueError(f"frame {outside} has boxes, expected frames {first}-{last} alone: check `first`")
    piece_of = frames * num // max(prepared.num_frames, 1)
    gt, pred = np.zeros((num, len(prepared.gt_labels))), np.zeros((num, len(prepared.pred_labels)))
    for piece, people, tracks in zip(piece_of, prepared.gt_ids, prepared.pred_ids, strict=True):
        gt[piece, people] += 1
        pred[piece, tracks] += 1
    matched, overlaps = _hota_matches(prepared, gt.sum(0), pred.sum(0))
    near = _near_pairs(prepared)
    pairs = np.unique(np.concatenate([*matched, *near, np.empty((0, 2), np.int64)]), axis=0)
    key, width = _keys(pairs, pred.shape[1]), pred.shape[1]
    hota, identity = np.zeros((num, len(pairs), len(_ALPHAS))), np.zeros((num, len(pairs)))
    for piece, chosen, overlap, possible in zip(piece_of, matched, overlaps, near, strict=True):
        hota[piece, np.searchsorted(key, _keys(chosen, width))] += overlap[:, None] >= _ALPHAS - EPS
        identity[piece, np.searchsorted(key, _keys(possible, width))] += 1
    return Pieces(pairs, hota, identity, gt, pred, _clear_counts(prepared, piece_of, num))


def _keys(pairs: Ints, width: int) -> Ints:
    """A number for each pair, in the order of the pairs."""
    return np.asarray(pairs[:, 0] * max(width, 1) + pairs[:, 1], np.int64)


def _near_pairs(prepared: Prepared) -> list[Ints]:
    """For each frame the pairs `(n, 2)` that Identity may match."""
    found = []
    for people, tracks, overlap in zip(prepared.gt_ids, prepared.pred_ids, prepared.similarity, strict=True):
        rows, columns = np.nonzero(overlap >= MATCH_IOU)
        found.append(np.column_stack((people[rows], tracks[columns])).astype(np.int64))
    return found


def _hota_matches(prepared: Prepared, num_gt: Array, num_pred: Array) -> tuple[list[Ints], list[Array]]:
    """For each frame the matched pairs `(n, 2)` and their overlaps `(n,)`.

    A pair that goes together over the whole sequence is preferred (Luiten et al. 2021, section 5: the global alignment
    score); the match of a frame is the same for all thresholds.
    """
    potential = np.zeros((len(num_gt), len(num_pred)))
    for people, tracks, overlap in zip(prepared.gt_ids, prepared.pred_ids, prepared.similarity, strict=True):
        shares = overlap.sum(0)[None] + overlap.sum(1)[:, None] - overlap
        potential[np.ix_(people, tracks)] += _ratio(overlap, shares)
    alignment = _ratio(potential, num_gt[:, None] + num_pred[None] - potential)
    pairs, overlaps = [], []
    for people, tracks, overlap in zip(prepared.gt_ids, prepared.pred_ids, prepared.similarity, strict=True):
        rows, columns = linear_sum_assignment(-alignment[np.ix_(people, tracks)] * overlap)
        pairs.append(np.column_stack((people[rows], tracks[columns])).astype(np.int64))
        overlaps.append(overlap[rows, columns])
    return pairs, overlaps


def _clear_counts(prepared: Prepared, piece_of: Ints, num: int) -> Array:
    """`(K, 3)` missed, false and switches (Bernardin and Stiefelhagen 2008, as TrackEval counts)."""
    counts = np.zeros((num, 3))
    last = np.full(len(prepared.gt_labels), -1)  # the last match of each person
    before = last.copy()  # that of the frame before
    for piece, people, tracks, overlap in zip(
        piece_of, prepared.gt_ids, prepared.pred_ids, prepared.similarity, strict=True
    ):
        if not overlap.size:
            counts[piece] += len(people), len(tracks), 0
            continue  # and the frame before stays what it was, as in TrackEval
        score = (tracks[None] == before[people][:, None]) * _STAY + overlap
        score[overlap < MATCH_IOU - EPS] = 0
        rows, columns = linear_sum_assignment(-score)
        good = score[rows, columns] > EPS
        seen, by = people[rows[good]], tracks[columns[good]]
        switches = np.count_nonzero((last[seen] >= 0) & (last[seen] != by))
        before[:] = -1
        last[seen] = before[seen] = by
        counts[piece] += len(people) - len(seen), len(tracks) - len(seen), switches
    return counts


def joined(classes: Sequence[Pieces]) -> Pieces:
    """Several classes of one sequence as one: nobody of one class is matched with a track of another."""
    if len(classes) == 1:
        return classes[0]
    people = np.cumsum([0, *(part.gt.shape[1] for part in classes)])
    tracks = np.cumsum([0, *(part.pred.shape[1] for part in classes)])
    pairs = [part.pairs + offset for part, *offset in zip(classes, people[:-1], tracks[:-1], strict=True)]
    side_by_side = {
        name: np.concatenate([getattr(part, name) for part in classes], axis=1)
        for name in ("hota", "identity", "gt", "pred")
    }
    return Pieces(np.concatenate(pairs), clear=np.sum([part.clear for part in classes], axis=0), **side_by_side)


def scores(sequences: Sequence[Pieces]) -> Array:
    """`(3,)`: the `SCORES` (%) of all sequences together."""
    return _scores(np.sum([_totals(pieces, None) for pieces in sequences], axis=0))


def scores_without_each(sequences: Sequence[Pieces]) -> Array:
    """`(1 + K, 3)`: the `SCORES` (%) of all sequences together, then without each piece of any of them."""
    totals = [_totals(pieces, None) for pieces in sequences]
    together = np.sum(totals, axis=0)
    rows = [_scores(together)]
    for pieces, total in zip(sequences, totals, strict=True):
        rows += [_scores(together - total + _totals(pieces, piece)) for piece in range(len(pieces.gt))]
    return np.array(rows)


def _totals(pieces: Pieces, left_out: int | None) -> Array:
    """What adds up over sequences: per threshold matches and association, then IDTP, boxes, CLEAR's counts."""

    def total(counts: Array) -> Array:
        return np.asarray(counts.sum(0) - (0 if left_out is None else counts[left_out]))

    gt, pred, hota = total(pieces.gt), total(pieces.pred), total(pieces.hota)
    people, tracks = pieces.pairs[:, 0], pieces.pairs[:, 1]
    association = _ratio(hota**2, (gt[people] + pred[tracks])[:, None] - hota).sum(0)
    possible = np.zeros((len(gt), len(pred)))
    possible[people, tracks] = total(pieces.identity)
    idtp = possible[linear_sum_assignment(-possible)].sum()  # Ristani et al. 2016
    return np.concatenate([hota.sum(0), association, [idtp, gt.sum(), pred.sum()], total(pieces.clear)])


def _scores(total: Array) -> Array:
    """HOTA, IDF1 and MOTA (%) of `_totals`."""
    matched, association = total[: 2 * len(_ALPHAS)].reshape(2, -1)
    idtp, gt, pred, *clear = total[2 * len(_ALPHAS) :]
    detection, alignment = _ratio(matched, gt + pred - matched), _ratio(association, matched)
    hota = np.sqrt(detection * alignment).mean()
    return 100 * np.array([hota, 2 * idtp / max(gt + pred, 1), 1 - sum(clear) / max(gt, 1)])


def _ratio(part: Array, whole: Array) -> Array:
    """`part / whole`; 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > EPS)


def jackknife_interval(differences: Array, confidence: float = 0.95) -> Interval:
    """The interval of a difference.

    Args:
        differences: `(1 + K,)`, of the whole first, then without each piece (`scores_without_each`).
        confidence: for several groups at once 1 - 0.05 / groups, so that none is wrong by chance (Bonferroni).
    """
    value, without = float(differences[0]), differences[1:]
    num = len(without)
    if num < 2:
        return Interval(value, -np.inf, np.inf, num)
    error = np.sqrt((num - 1) / num * ((without - without.mean()) ** 2).sum())
    reach = float(student_t.ppf(0.5 + confidence / 2, num - 1) * error)
    return Interval(value, value - reach, value + reach, num)
