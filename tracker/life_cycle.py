"""Who is shown and who dies: what hits and misses mean for a track (Wojke et al. 2017, section 2.1)."""

from __future__ import annotations

import numpy as np

from . import existence
from .border import is_entering, is_leaving
from .clock import ROUNDING_S
from .config import TrackerConfig
from .pairs import Index, Mask
from .table import CONFIRMED, TENTATIVE, TrackTable

__all__ = ["SHOWN_MISSES", "confirm", "dying", "shown"]

SHOWN_MISSES = 1
"""A confirmed track is still reported, with its predicted box, this many detector frames after its last match."""
_PREDICTED_EVIDENCE = 4.0
"""Log-odds from which a track is shown for longer, `predicted_s`: 98 in a hundred such are real."""


def shown(table: TrackTable, config: TrackerConfig, time_s: float) -> Index:
    """The rows of confirmed tracks that are reported: seen lately, likely enough, and not cut off by the border."""
    lately = table.misses <= SHOWN_MISSES
    if config.predicted_s:
        soon = time_s - table.seen_s <= config.predicted_s + ROUNDING_S
        lately |= soon & (table.log_odds >= _PREDICTED_EVIDENCE)
    visible = (table.state == CONFIRMED) & lately
    if config.confirm_evidence:
        visible &= table.log_odds >= existence.SHOWN_EVIDENCE
    if config.border_share:
        visible &= ~is_leaving(table, config)
    rows: Index = visible.nonzero()[0]
    return rows


def dying(table: TrackTable, config: TrackerConfig, time_s: float) -> tuple[Mask, int]:
    """Which tracks are to go, `(T,)`, and how many of them unconfirmed; a miss takes evidence off.

    A tentative track dies on its first miss, a confirmed one when it has not been seen for too long.
    """
    missed = table.misses > 0
    if config.confirm_evidence:  # what was not seen is less likely there
        np.subtract(table.log_odds, config.miss_evidence, out=table.log_odds, where=missed)
        np.maximum(table.log_odds, existence.LEAST_EVIDENCE, out=table.log_odds)
    tentative = table.state == TENTATIVE
    never_confirmed = tentative & missed
    by_seconds = config.max_age_s > 0
    old = time_s - table.seen_s > config.max_age_s if by_seconds else table.time_since_update > config.max_age
    return never_confirmed | (old & ~tentative), int(np.count_nonzero(never_confirmed))


def confirm(table: TrackTable, config: TrackerConfig, time_s: float, next_id: int) -> int:
    """Give tentative tracks that have proved themselves an id each, from `next_id` on in order of birth; how many."""
    tentative = (table.state == TENTATIVE).nonzero()[0]
    if not len(tentative):
        return 0
    needed = config.confirm_evidence
    proved = table.log_odds[tentative] >= needed if needed else table.hits[tentative] >= config.n_init
    if config.border_wait_s:
        proved &= ~is_entering(table, config, time_s)[tentative]
    ready = tentative[proved & (table.misses[tentative] == 0)]
    table.state[ready] = CONFIRMED
    table.id[ready] = next_id + np.arange(len(ready))
    return len(ready)
