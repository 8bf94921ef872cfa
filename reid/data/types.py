"""What a ReID data set is once it has been found on disk: which image shows whom, seen by which camera."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["DISTRACTOR", "JUNK", "UNKNOWN_CAMERA", "Integers", "ReidData", "Split", "num_identities"]

Integers = npt.NDArray[np.int64]

JUNK = -1
"""Identity of an image that shows nobody in particular (a bad box): it counts neither as right nor as wrong."""
DISTRACTOR = -2
"""Identity of a gallery image that no query can match (a false box, a stranger): it counts as wrong where it ranks."""
UNKNOWN_CAMERA = -1
"""Camera of an image whose camera nobody wrote down."""


@dataclass(frozen=True)
class Split:
    """Some images of a data set; a row is an image.

    Attributes:
        paths: N image files.
        identities: `(N,)` int64, 0 or more; `JUNK` and `DISTRACTOR` in a gallery alone.
        cameras: `(N,)` int64, 0 or more; `UNKNOWN_CAMERA` where the file name says none.
    """

    paths: tuple[Path, ...]
    identities: Integers
    cameras: Integers

    def __post_init__(self) -> None:
        rows = (len(self.paths),)
        if self.identities.shape != rows or self.cameras.shape != rows:
            raise ValueError(
                f"a split of {rows[0]} paths needs as many identities and cameras, but got shapes"
                f" {self.identities.shape} and {self.cameras.shape}"
            )

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: Integers) -> Split:
        """Those rows only, in that order."""
        return Split(tuple(self.paths[row] for row in rows), self.identities[rows], self.cameras[rows])


@dataclass(frozen=True)
class ReidData:
    """A data set, or several as one.

    Attributes:
        name: for tables and checkpoints.
        train: images to learn from, whose identities are the labels 0 to C - 1.
        query: images to look for, of identities that `train` does not hold.
        gallery: images to look among.
        notes: what a person should know: counts that differ from the published ones, images left out, how the split
            was made.
    """

    name: str
    train: Split
    query: Split
    gallery: Split
    notes: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int:
        """Identities C in `train`."""
        return int(self.train.identities.max(initial=-1)) + 1


def num_identities(split: Split) -> int:
    """Different people of a split, junk and distractors not counted."""
    return len(np.unique(split.identities[split.identities >= 0]))
