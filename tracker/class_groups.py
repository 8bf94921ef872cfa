"""Which classes may be one object: a detector that takes a van for a bus means the same thing, one that says person
does not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Groups", "group_of", "parse_groups"]

Groups = dict[int, int]
"""Class -> the first class of its group; a class that is not named is a group of its own."""

ClassIds = npt.NDArray[np.int64]


def parse_groups(text: str) -> Groups:
    """Groups as they are written in a configuration: `"2 5 7, 1 3"` are two groups; nothing is no group.

    Raises:
        ValueError: something else than class ids, or a class in two groups.
    """
    groups: Groups = {}
    for part in text.split(",") if text.strip() else ():
        names = part.split()
        if not names or not all(name.isdecimal() for name in names):
            raise ValueError(
                f'class_groups is {text!r}, expected class ids such as "2 5 7, 1 3" (names work in a YAML file), or '
                "nothing"
            )
        for name in names:
            if int(name) in groups:
                raise ValueError(f"class_groups is {text!r}, expected class {name} in one group only")
            groups[int(name)] = int(names[0])
    return groups


def group_of(class_ids: ClassIds, groups: Groups) -> ClassIds:
    """The group of each class, `(N,)`: the first class that was named in it."""
    result = class_ids.copy()
    for name, first in groups.items():
        result[class_ids == name] = first
    return result
