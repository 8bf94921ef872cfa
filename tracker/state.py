"""A tracker on paper: arrays, numbers, strings and dictionaries of them, to go on later where it was.

Nothing in a state is code, so it can be read from anywhere without risk, as a pickle cannot. What it holds survives
`json` (with `tolist`) and `numpy.savez`: a list counts as an array, an array without axes as a number or a string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["VERSION", "State", "array_from", "check_config", "check_version", "number_from", "part_from"]

State = dict[str, Any]

VERSION = 1
"""Of the form of a state; to be raised when it changes."""


def check_version(state: Mapping[str, Any], kind: str) -> None:
    """Raise `ValueError` unless this is a state of that kind, in the form of this version."""
    found, version = str(_scalar(state, "kind")), _scalar(state, "version")
    if found != kind:
        raise ValueError(f"the state is one of {found}, expected one of {kind}")
    if version != VERSION:
        raise ValueError(f"the state has version {version}, expected {VERSION}; save it anew with this version")


def check_config(state: Mapping[str, Any], config: Any) -> None:
    """Raise `ValueError` at the first setting of the dataclass `config` that differs from the one in the state."""
    saved = part_from(state, "config")
    for name, value in asdict(config).items():
        found = _scalar(saved, name)
        if found != value:
            raise ValueError(
                f"the state was saved with {name} {found!r}, but this tracker has {name} {value!r}; make it with the "
                "same settings"
            )


def part_from(state: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The dictionary under a key."""
    found = _known(state, key)
    if not isinstance(found, Mapping):
        raise ValueError(f"{key} in the state is {type(found).__name__}, expected a dictionary")
    return found


def number_from(state: Mapping[str, Any], key: str) -> float | int:
    """The number under a key."""
    found = _scalar(state, key)
    if not isinstance(found, int | float):
        raise ValueError(f"{key} in the state is {found!r}, expected a number")
    return found


def array_from(
    state: Mapping[str, Any], key: str, shape: tuple[int | None, ...], dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    """A copy of the array under a key; `None` in a shape is any length."""
    given = _known(state, key)
    try:
        found = np.array(given, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{key} in the state is no array of {np.dtype(dtype).name}: {error}") from error
    lengths = [length or 0 for length in shape]
    if found.shape == (0,) and 0 in lengths:  # a list of nothing has lost its other axes
        found = found.reshape(lengths)
    fits = found.ndim == len(shape) and all(
        length in (None, size) for length, size in zip(shape, found.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{key} in the state has shape {found.shape}, expected ({wanted})")
    return found


def _scalar(state: Mapping[str, Any], key: str) -> Any:
    found = np.asarray(_known(state, key))
    if found.ndim or found.dtype == object:
        raise ValueError(f"{key} in the state is {type(state[key]).__name__}, expected one value")
    return found.item()


def _known(state: Mapping[str, Any], key: str) -> Any:
    if key not in state:
        raise ValueError(f"the state lacks {key!r}, expected one that state_dict() gave")
    return state[key]
