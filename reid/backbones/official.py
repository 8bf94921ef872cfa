"""What the readers of official checkpoints share: the last check that mapped weights are those of the network."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from torch import Tensor

from reid.backbones.base import Backbone

__all__ = ["fitted_state"]

logger = logging.getLogger(__name__)

COUNTER = "num_batches_tracked"  # BatchNorm's step counter: no effect on results, absent from converted weights
LISTED = 5


def fitted_state(mapped: Mapping[str, Tensor], backbone: Backbone) -> dict[str, Tensor]:
    """Mapped weights under exactly the keys and shapes of `backbone`, ready for `load_state_dict`.

    A classifier that does not fit is left out: the backbone's own stands in its place, and the log says so.

    Args:
        mapped: weights of another source under this project's keys.
        backbone: the network that they are for; it is not changed.

    Raises:
        ValueError: keys left over, missing or of another shape; the first of each are listed.
    """
    own = backbone.state_dict()
    state = {key: value for key, value in own.items() if key.endswith(COUNTER)} | dict(mapped)
    heads = {key for key in own.keys() | state.keys() if key.startswith(backbone.head_prefixes)}
    if any(key not in own or key not in state or own[key].shape != state[key].shape for key in heads):
        logger.info("%s: classifier not taken from the checkpoint (here: %d)", backbone.name, backbone.num_classes)
        state = {key: value for key, value in state.items() if key not in heads}
        state |= {key: own[key] for key in heads & own.keys()}
    faults = {
        "missing": [key for key in own if key not in state],
        "left over": [key for key in state if key not in own],
        "of another shape": [key for key in own if key in state and state[key].shape != own[key].shape],
    }
    found = [f"{len(keys)} {fault}: {_few(keys)}" for fault, keys in faults.items() if keys]
    if found:
        raise ValueError(f"these weights are not those of {backbone.name}; {'; '.join(found)}")
    return state


def _few(keys: list[str]) -> str:
    more = f" and {len(keys) - LISTED} more" if len(keys) > LISTED else ""
    return ", ".join(keys[:LISTED]) + more
