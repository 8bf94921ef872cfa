"""Edits on the rows of a run: who is who afterwards, or why that cannot be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from track.commands.relabel.edits import Edits, Part
from track.rows.stored import StoredTracks

__all__ = ["Renaming", "renaming_of", "with_edits"]

Ints = npt.NDArray[np.int64]
SHOWN_STRETCHES = 5


@dataclass(frozen=True)
class Renaming:
    """New ids of old ones.

    Attributes:
        parts: for each old id that is split, dropped or merged: the frames (from 1) at which its parts begin, the
            first of them 0, and the new id of each part; 0 for a part that is dropped.
        names: of the new ids.
        classes: new classes, by new id.
    """

    parts: Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]]
    names: Mapping[int, str]
    classes: Mapping[int, str]

    def of(self, frames: Ints, ids: Ints) -> Ints:
        """New ids `(N,)` of old ones at frames counted from 0; 0 for what is dropped, and for 0."""
        new = ids.copy()
        for old, (starts, targets) in self.parts.items():
            here = np.flatnonzero(ids == old)
            place = np.searchsorted(np.array(starts), frames[here] + 1, side="right") - 1
            new[here] = np.array(targets)[place]
        return new

    def new_id(self, frame: int, old: int) -> int:
        """The same of one."""
        return int(self.of(np.array([frame]), np.array([old]))[0])


def with_edits(tracks: StoredTracks, renaming: Renaming) -> StoredTracks:
    """The rows after the edits, without those that are dropped."""
    ids = renaming.of(tracks.frames, tracks.ids)
    class_ids, class_names = tracks.class_ids.copy(), dict(tracks.class_names)
    for new, name in renaming.classes.items():
        known = next((number for number, known in class_names.items() if known == name), None)
        number = max([-1, *class_names]) + 1 if known is None else known
        class_names[number] = name
        class_ids[ids == new] = number
    changed = dataclasses.replace(
        tracks, ids=ids, class_ids=class_ids, class_names=class_names, names=dict(renaming.names)
    )
    return changed[ids > 0].in_order()


def renaming_of(tracks: StoredTracks, edits: Edits, run_dir: Path) -> Renaming:
    """Who is who after the edits. A part that is split off gets the next free id, in the order of the splits.

    Raises:
        ValueError: an id that is not there, a split where nothing is, two at once in a frame, or edits that contradict.
    """
    lives = tracks.lives()
    _check_known(edits, lives, run_dir)
    ids = _split(edits, lives)
    _check_parts(edits, ids)
    new = _merged(edits, ids)
    for part in edits.drops:
        if any(part in parts for parts in edits.merges):
            raise ValueError(f"--drop {part} and --merge {part} contradict each other: take one of them out")
        new[part] = 0
    _check_dropped(edits, new)
    parts = _parts_of(new)
    _check_single(tracks, edits, Renaming(parts, {}, {}), new)
    return Renaming(parts, _names(tracks, edits, new), _once("--class", edits.classes, new))


def _all_parts(edits: Edits) -> list[tuple[str, Part]]:
    found = [("--merge", part) for parts in edits.merges for part in parts]
    found += [("--split", part) for part in edits.splits] + [("--drop", part) for part in edits.drops]
    found += [("--name", part) for part, _ in edits.names]
    return found + [("--class", part) for part, _ in edits.classes]


def _check_known(edits: Edits, lives: Mapping[int, tuple[int, int]], run_dir: Path) -> None:
    for option, part in _all_parts(edits):
        if part.track_id not in lives:
            near = sorted(lives, key=lambda known: (abs(known - part.track_id), known))[:3]
            nearest = f"; the nearest are {', '.join(map(str, sorted(near)))}" if near else ", which has none"
            raise ValueError(f"{option} {part}: there is no id {part.track_id} in {run_dir}{nearest}")


def _split(edits: Edits, lives: Mapping[int, tuple[int, int]]) -> dict[Part, int]:
    """The id of every part, before anything is merged."""
    ids = {Part(track_id): track_id for track_id in lives}
    free = max(lives, default=0) + 1
    for part in dict.fromkeys(edits.splits):
        first, last = (frame + 1 for frame in lives[part.track_id])
        if not first < part.frame <= last:
            where = f"expected a frame from {first + 1} to {last}" if last > first else "it is there in that frame only"
            raise ValueError(f"--split {part}: id {part.track_id} has boxes from frame {first} to {last}, {where}")
        ids[part] = free
        free += 1
    return ids


def _check_parts(edits: Edits, ids: Mapping[Part, int]) -> None:
    for option, part in _all_parts(edits):
        if part not in ids:
            raise ValueError(f"{option} {part}: nothing is split there: add --split {part}, or write {part.track_id}")


def _merged(edits: Edits, ids: Mapping[Part, int]) -> dict[Part, int]:
    """The id of every part, merged; of all that are one, that which was named first."""
    new = dict(ids)
    for parts in edits.merges:
        for part in parts[1:]:
            kept, gone = new[parts[0]], new[part]
            new.update({other: kept for other, track_id in new.items() if track_id == gone})
    return new


def _check_dropped(edits: Edits, new: Mapping[Part, int]) -> None:
    for option, part in [*(("--name", p) for p, _ in edits.names), *(("--class", p) for p, _ in edits.classes)]:
        if not new[part]:
            raise ValueError(f"--drop {part} and {option} {part} contradict each other: take one of them out")


def _parts_of(new: Mapping[Part, int]) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    found: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    for part in sorted(new):
        starts, targets = found.get(part.track_id, ((), ()))
        found[part.track_id] = (*starts, part.frame), (*targets, new[part])
    return {track_id: both for track_id, both in found.items() if both[1] != (track_id,)}


def _check_single(tracks: StoredTracks, edits: Edits, renaming: Renaming, new: Mapping[Part, int]) -> None:
    """Nobody is in two places in one frame."""
    for parts in edits.merges:
        target = new[parts[0]]
        old = np.flatnonzero(renaming.of(tracks.frames, tracks.ids) == target)
        frames, counts = np.unique(tracks.frames[old], return_counts=True)
        twice = frames[counts > 1] + 1
        if len(twice):
            second = parts[-1].track_id
            later = Part(second, int(twice[-1]) + 1)
            is_left = (tracks.frames[tracks.ids == second] + 1).max() >= later.frame
            split = f"; if they are one later: --split {later} --merge {parts[0]},{later}" if is_left else ""
            raise ValueError(
                f"--merge {','.join(map(str, parts))}: both are there in {_stretches(twice.tolist())}, and nobody is "
                f"in two places at once: if one is a second box on the other, --drop {parts[-1]}{split}"
            )


def _stretches(frames: list[int]) -> str:
    """`frames 3-7, 12`."""
    found: list[list[int]] = []
    for frame in frames:
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in found]
    more = f" and {len(texts) - SHOWN_STRETCHES} more stretches" if len(texts) > SHOWN_STRETCHES else ""
    return f"{'frame' if len(frames) == 1 else 'frames'} {', '.join(texts[:SHOWN_STRETCHES])}{more}"


def _names(tracks: StoredTracks, edits: Edits, new: Mapping[Part, int]) -> dict[int, str]:
    """Those that were there, of what is merged that of the id that stays or else the first one; then the new ones."""
    names: dict[int, str] = {}
    for old in sorted(tracks.names, key=lambda old: (new.get(Part(old)) != old, old)):
        if target := new.get(Part(old), 0):
            names.setdefault(target, tracks.names[old])
    names.update(_once("--name", edits.names, new))
    return {track_id: name for track_id, name in names.items() if name}


def _once(option: str, given: Iterable[tuple[Part, str]], new: Mapping[Part, int]) -> dict[int, str]:
    """What was given to each new id, which must be one thing."""
    found: dict[int, str] = {}
    for part, text in given:
        if found.setdefault(new[part], text) != text:
            raise ValueError(f"{option} {part}={text}: it is to be {found[new[part]]!r} as well: choose one")
    return found
