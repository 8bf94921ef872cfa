"""What `track relabel` is asked for, read from the command line: which identities are one, two, nobody, called what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.box_files import LONGEST_NAME
from registry.numbers import MAX_EXACT, MAX_FRAME
from registry.words import printable

__all__ = ["Edits", "Part", "parse_edits"]

_PART = re.compile(r"\s*(\d{1,16})(?:@(\d{1,9}))?\s*")


@dataclass(frozen=True, order=True)
class Part:
    """An identity, or what is left of it from a split on.

    Attributes:
        track_id: as it is called in the run.
        frame: where the part begins, as in `tracks.csv`, from 1; 0 for what is before all splits.
    """

    track_id: int
    frame: int = 0

    def __str__(self) -> str:
        return f"{self.track_id}@{self.frame}" if self.frame else str(self.track_id)


@dataclass(frozen=True)
class Edits:
    """All edits of one call.

    Attributes:
        merges: parts that are one; the id of the first stays.
        splits: an identity and the frame from which on it is somebody else.
        drops: what goes.
        names: by part; an empty name takes it away.
        classes: by part.
    """

    merges: tuple[tuple[Part, ...], ...] = ()
    splits: tuple[Part, ...] = ()
    drops: tuple[Part, ...] = ()
    names: tuple[tuple[Part, str], ...] = ()
    classes: tuple[tuple[Part, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the history in `summary.json`."""
        return {
            "merge": [[str(part) for part in parts] for parts in self.merges],
            "split": [str(part) for part in self.splits],
            "drop": [str(part) for part in self.drops],
            "name": {str(part): name for part, name in self.names},
            "class": {str(part): name for part, name in self.classes},
        }


def parse_edits(
    *,
    merge: Sequence[str] = (),
    split: Sequence[str] = (),
    drop: Sequence[str] = (),
    name: Sequence[str] = (),
    class_: Sequence[str] = (),
) -> Edits:
    """The edits that these texts stand for.

    Raises:
        ValueError: a text of another form, or no edit at all.
    """
    if not (merge or split or drop or name or class_):
        raise ValueError(
            "nothing to do: type what is wrong, such as --merge 3,17, --split 5@120, --drop 9, --name 4=Anna or "
            "--class 6=car"
        )
    splits = tuple(part for text in split for part in _parts("--split", text, "5@120: an id and a frame"))
    for part in splits:
        if not part.frame:
            raise ValueError(f"--split {part} names no frame, expected such as {part}@120: from frame 120 on")
    merges = tuple(_parts("--merge", text, "3,17") for text in merge)
    for parts in merges:
        if len(set(parts)) < 2:
            raise ValueError(
                f"--merge {','.join(map(str, parts))} names one identity, expected two or more, as in 3,17"
            )
    return Edits(
        merges,
        splits,
        tuple(part for text in drop for part in _parts("--drop", text, "9 or 9,12")),
        tuple(_named("--name", text, "4=Anna") for text in name),
        tuple(_named("--class", text, "6=car", is_needed=True) for text in class_),
    )


def _parts(option: str, text: str, example: str) -> tuple[Part, ...]:
    return tuple(_part(option, piece, text, example) for piece in text.split(","))


def _part(option: str, piece: str, text: str, example: str) -> Part:
    match = _PART.fullmatch(piece)
    if match is None:
        raise ValueError(f"{option} is {text!r}, expected ids from identities.csv, such as {example}")
    part = Part(int(match[1]), int(match[2] or 0))
    if not 1 <= part.track_id <= MAX_EXACT or part.frame > MAX_FRAME or (match[2] and not part.frame):
        raise ValueError(f"{option} is {text!r}, expected ids and frames from 1 on, such as {example}")
    return part


def _named(option: str, text: str, example: str, *, is_needed: bool = False) -> tuple[Part, str]:
    who, equals, name = text.partition("=")
    name = name.strip()
    if not equals or (is_needed and not name):
        raise ValueError(f"{option} is {text!r}, expected an id, = and what it is called, such as {example}")
    if printable(name) != name or len(name) > LONGEST_NAME:
        raise ValueError(
            f"{option} {who}= has {len(name)} letters or some that cannot be seen, expected one line of {LONGEST_NAME} "
            "letters at most"
        )
    return _part(option, who, text, example), name
