"""Peers, tuned: by random trials on the sources that are left in, scored on the one that is left out.

A trial does not depend on which source is left out: it is measured once on each source, with the real detections and
one drawn quality, at the full frame rate. For each source, the trial that is best on the others is then run on all of
its groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.groups import REAL, Group
from benchmarks.peers_entrants import Options, Peer

__all__ = ["DRAWN", "best_on_others", "draw_trials", "tuning_groups"]

DRAWN = "middling"
"""The drawn quality that is tuned on."""


def tuning_groups(sources: Sequence[str]) -> list[Group]:
    """What a trial is measured on."""
    return [Group(source, quality) for source in sources for quality in (REAL, DRAWN)]


def draw_trials(peer: Peer, number: int, seed: int = 0) -> list[Options]:
    """The defaults, then options drawn from the peer's search space: `number` in all.

    Raises:
        ValueError: no trial, or nothing to try.
    """
    if number < 1:
        raise ValueError(f"--tune is {number}, expected 1 trial or more")
    if not peer.space:
        raise ValueError(f"{peer.name} has no search space")
    rng = np.random.default_rng(seed)
    trials: list[Options] = [{}]
    while len(trials) < number:
        drawn = {}
        for name, (kind, low, high) in peer.space.items():
            whole = kind == "whole"
            drawn[name] = (
                int(rng.integers(int(low), int(high) + 1)) if whole else round(float(rng.uniform(low, high)), 4)
            )
        trials.append(drawn)
    return trials


def best_on_others(reached: Sequence[Mapping[Group, float]]) -> dict[str, int]:
    """By source, the number of the trial that has the highest mean on the other sources; the first of equals.

    Args:
        reached: of each trial, by group.

    Raises:
        ValueError: there is but one source.
    """
    groups = list(reached[0])
    sources = list(dict.fromkeys(group.source for group in groups))
    if len(sources) < 2:
        raise ValueError(f"all groups are of {sources[0]}, expected two sources or more: one is left out")

    by_source = {source: [group for group in groups if group.source == source] for source in sources}
    means = np.array(
        [[np.mean([trial[group] for group in by_source[source]]) for source in sources] for trial in reached]
    )
    others = (means.sum(axis=1, keepdims=True) - means) / (len(sources) - 1)
    return {source: int(number) for source, number in zip(sources, others.argmax(axis=0), strict=True)}
