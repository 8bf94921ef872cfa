"""`identities.csv`: one line an identity, written when the last row of a run has gone by."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry.cells import to_cell
from registry.closing import Closing
from track.files.partial import PartialFile
from track.rows.identities import Identity, IdentityLog
from track.rows.types import FrameTracks

__all__ = ["IDENTITIES", "IDENTITIES_HEADER", "IdentitiesCsv", "IdentityFacts", "write_identities"]

IDENTITIES = "identities.csv"
IDENTITIES_HEADER = (
    *("id", "name", "class", "first_s", "last_s", "first_frame", "last_frame", "seconds", "boxes", "mean_score"),
    *("entered", "left", "distance_heights", "height_px", "crop", "doubt"),
)
BETWEEN_DOUBTS = "; "


@dataclass
class IdentityFacts:
    """What is known of identities beside their rows, by id; filled while a run goes on.

    Attributes:
        names: given by a person.
        crops: the best crop of each, as a path below the run's folder.
        changes_s: when each changed its appearance, s.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    crops: Mapping[int, str] = field(default_factory=dict)
    changes_s: Mapping[int, float] = field(default_factory=dict)


class IdentitiesCsv(Closing):
    """Gathers the identities of a run from its rows, and writes them on `close`.

    Args:
        path: final name.
        class_names: name of each class id; an unknown one is written as its number.
        size: width and height of the pictures, px; `None` where nobody knows.
        facts: looked at on `close`.

    Attributes:
        identities: of the run, once closed.
    """

    def __init__(
        self,
        path: Path,
        class_names: Mapping[int, str],
        size: tuple[int, int] | None,
        facts: IdentityFacts | None = None,
    ) -> None:
        self.path = path
        self.identities: list[Identity] = []
        self._class_names, self._facts = class_names, facts or IdentityFacts()
        self._log = IdentityLog(size)

    def write(self, tracks: FrameTracks) -> None:
        """Take the rows of one frame."""
        self._log.add(tracks)

    def close(self) -> None:
        """Write the file; `OutputError` when the disk is full."""
        self.identities = self._log.identities(self._facts.changes_s)
        write_identities(self.path, self.identities, self._class_names, self._facts)

    def discard(self) -> None:
        """Write nothing."""


def write_identities(
    path: Path, identities: Iterable[Identity], class_names: Mapping[int, str], facts: IdentityFacts
) -> None:
    """Write `identities.csv`, whole or not at all; `OutputError` when the disk is full.

    Names and classes that a spreadsheet would take for formulas have an apostrophe before them (`registry.cells`).
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(IDENTITIES_HEADER)
    table.writerows(_cells(one, class_names, facts) for one in identities)
    file = PartialFile(path)
    try:
        file.append(text.getvalue().encode())
    except OSError:
        file.discard()
        raise
    file.commit()


def _cells(one: Identity, class_names: Mapping[int, str], facts: IdentityFacts) -> tuple[str, ...]:
    return (
        str(one.id),
        to_cell(facts.names.get(one.id, "")),
        to_cell(class_names.get(one.class_id, str(one.class_id))),
        f"{one.first_s:.3f}",
        f"{one.last_s:.3f}",
        str(one.first_frame + 1),
        str(one.last_frame + 1),
        f"{one.seconds:.3f}",
        str(one.boxes),
        "" if math.isnan(one.mean_score) else f"{one.mean_score:.4f}",
        one.entered,
        one.left,
        f"{one.distance_heights:.2f}",
        f"{one.height_px:.1f}",
        facts.crops.get(one.id, ""),
        BETWEEN_DOUBTS.join(one.doubts),
    )
