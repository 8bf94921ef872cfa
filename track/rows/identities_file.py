"""`identities.csv`: one line an identity, written when the last row of a run has gone by, and read back."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry.cells import from_cell, to_cell
from registry.closing import Closing
from track.files.partial import PartialFile
from track.rows.doubts import changed_in
from track.rows.identities import Identity, IdentityLog
from track.rows.run_frames import RunFrames
from track.rows.types import FrameTracks

__all__ = [
    "IDENTITIES",
    "IDENTITIES_HEADER",
    "IdentitiesCsv",
    "IdentityFacts",
    "read_changes",
    "read_crops",
    "read_names",
    "write_identities",
]

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
        frames: of the run, where rows come for those with a box only.

    Attributes:
        identities: of the run, once closed.
    """

    def __init__(
        self,
        path: Path,
        class_names: Mapping[int, str],
        size: tuple[int, int] | None,
        facts: IdentityFacts | None = None,
        frames: RunFrames | None = None,
    ) -> None:
        self.path = path
        self.identities: list[Identity] = []
        self._class_names, self._facts = class_names, facts or IdentityFacts()
        self._log = IdentityLog(size, frames=frames)

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


def read_names(path: Path) -> dict[int, str]:
    """The names in an `identities.csv`, by id; none where there is no such file.

    Raises:
        ValueError: another kind of file.
    """
    return {track_id: from_cell(name) for track_id, name in _column(path, "name").items()}


def read_crops(path: Path) -> dict[int, str]:
    """The best crop of each identity in an `identities.csv`, by id; none where there is no such file.

    Raises:
        ValueError: another kind of file.
    """
    return _column(path, "crop")


def read_changes(path: Path) -> dict[int, float]:
    """When identities changed their appearance, s, as an `identities.csv` tells it; by id.

    Raises:
        ValueError: another kind of file.
    """
    found = {track_id: changed_in(doubt) for track_id, doubt in _column(path, "doubt").items()}
    return {track_id: time_s for track_id, time_s in found.items() if time_s is not None}


def _column(path: Path, column: str) -> dict[int, str]:
    """The cells of a column that are not empty, by id; a spreadsheet may have put semicolons between them."""
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = max(",;\t", key=file.readline().count)
            file.seek(0)
            rows = csv.DictReader(file, delimiter=separator)
            if not {"id", column} <= {*(rows.fieldnames or ())}:
                raise KeyError(column)
            return {int(row["id"]): row[column] for row in rows if row[column]}
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise ValueError(
            f"{path} is damaged ({error!r}), expected a line for each identity under {','.join(IDENTITIES_HEADER)}: "
            "repair it, or remove it to go on without names"
        ) from error
