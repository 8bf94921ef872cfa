"""An entrant on a group: its scores without each piece; what was tracked before comes from the cache."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.choosing import Scored
from benchmarks.groups import Member, tracked_pieces
from benchmarks.peers_clip_trackers import Floats, Seen
from benchmarks.peers_entrants import Peer
from benchmarks.variants import changed
from evaluation.pieces import Pieces, scores_without_each
from evaluation.rows import NO_CLASS, TrackRows
from registry.user_folders import cache_folder
from track.scenes.cache import Entry, EntryCache, code_digest
from track.setup.config import RunConfig

__all__ = ["Entrant", "Other", "Ours", "open_cache", "score_group", "tracks_of"]

FOLDER = "peers"
NO_ENCODER = "none"
_NO_MOTION = np.eye(2, 3)


class Entrant(Protocol):
    """Who takes part."""

    @property
    def name(self) -> str:
        """As shown."""

    def about(self) -> dict[str, str]:
        """`package`, `version` and what it is `told`, each empty for this project."""

    def identity(self) -> list[str]:
        """All that its tracks depend on, but for the sequence."""

    def count(self, member: Member, cache: EntryCache) -> Pieces:
        """What it finds, counted in pieces."""


@dataclass(frozen=True)
class Other:
    """A tracker of another project."""

    peer: Peer

    @property
    def name(self) -> str:
        return self.peer.name

    def about(self) -> dict[str, str]:
        return {"package": self.peer.package, "version": self.peer.version, "told": self.peer.told}

    def identity(self) -> list[str]:
        options = repr(sorted((name, repr(value)) for name, value in self.peer.options.items()))
        return [self.peer.name, self.peer.package, self.peer.version, str(self.peer.embeds), options]

    def count(self, member: Member, cache: EntryCache) -> Pieces:
        """Of tracks that are kept: they do not depend on how they are scored."""
        key = _key("tracks", {"of": self.identity(), "member": _digest(member, truth=False)})
        entry = cache.find(key)
        if entry is None:
            facts = {"entrant": self.name, "sequence": member.name}
            entry = Entry({"rows": tracks_of(self.peer, member).astype(np.float32)}, facts)
            cache.store(key, entry)
        return member.count(_as_rows(entry.arrays["rows"].astype(np.float64)))


@dataclass(frozen=True)
class Ours:
    """A preset of this project, and how its rows become final.

    Attributes:
        preset: its name, or a file.
        when: `online`, `offline`, or nothing: as `track run` does by itself.
        reid: the encoder whose embeddings it is given.
        changes: settings that are not the preset's.
    """

    preset: str
    when: str = "online"
    reid: str = NO_ENCODER
    changes: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def named(text: str) -> Ours:
        """`strong`, `strong --online` or `strong --offline`.

        Raises:
            ValueError: something else.
        """
        preset, *options = text.split()
        if len(options) > 1 or not set(options) <= {"--online", "--offline"}:
            raise ValueError(f"{text!r} is no preset of ours, expected one like 'strong --online'; try --ours 'strong'")
        return Ours(preset, options[0].removeprefix("--") if options else "")

    @property
    def name(self) -> str:
        return f"{self.preset} --{self.when}" if self.when else self.preset

    def about(self) -> dict[str, str]:
        return {"package": "", "version": "", "told": ""}

    def identity(self) -> list[str]:
        code = code_digest("tracker", "track", "benchmarks/groups")
        return [self.name, repr(changed(self.preset, self.changes)), code, self.reid]

    def count(self, member: Member, cache: EntryCache) -> Pieces:
        """By the code of `track run`; quick, and other code gives other tracks: nothing is kept."""
        del cache
        if self.reid == NO_ENCODER:
            member = dataclasses.replace(member, embedded=None)
        config = RunConfig("scene", reid=self.reid, tracker=changed(self.preset, self.changes), video=False,
                           online=self.when == "online", offline=self.when == "offline")  # fmt: skip
        return tracked_pieces([member], config)[0]


def open_cache() -> EntryCache:
    """Where tracks and scores are kept."""
    return EntryCache(cache_folder(FOLDER))


def score_group(entrant: Entrant, members: Sequence[Member], cache: EntryCache, *, keep_tracks: bool = True) -> Scored:
    """What an entrant reaches in a group; what it raises goes up.

    Args:
        entrant: who.
        members: the sequences of the group.
        cache: for the scores, and for the tracks unless that is too much.
        keep_tracks: whether to keep these.
    """
    digests = [_digest(member) for member in members]
    key = _key("scores", {"of": entrant.identity(), "members": digests, "code": code_digest("evaluation")})
    entry = cache.find(key)
    if entry is None:
        of_tracks = cache if keep_tracks else EntryCache(enabled=False)
        counts = [entrant.count(member, of_tracks) for member in members]
        entry = Entry({"scores": scores_without_each(counts)}, {})
        cache.store(key, entry)
    pieces = tuple((member.name, number) for member in members for number in range(member.num_pieces))
    return Scored(np.asarray(entry.arrays["scores"], np.float64), pieces)


def tracks_of(peer: Peer, member: Member) -> Floats:
    """`(R, 6)` frame from 1, id and xyxy of what a new tracker shows; ids are numbered anew, from 1.

    The picture is black: nobody here may look at it. A box that is no box is left out.
    """
    width, height = member.scene.facts["size"]
    black = np.zeros((height, width, 3), np.uint8)
    step, rows = peer.create(member.fps, peer.options), [np.empty((0, 6))]
    boxes, found = member.frames(), member.scene.rows_by_frame()
    for number, ((xyxy, scores), here) in enumerate(zip(boxes, found, strict=True)):
        embeddings = member.embedded.rows[here] if peer.embeds and member.embedded else np.empty((len(xyxy), 0))
        time_s = number / member.fps
        seen = Seen(number + 1, time_s, xyxy.astype(np.float64), scores.astype(np.float64),
                    embeddings.astype(np.float32), _NO_MOTION, black)  # fmt: skip
        shown = np.asarray(step(seen), np.float64).reshape(-1, 5)
        rows.append(np.column_stack((np.full(len(shown), number + 1), shown)))
    table = np.concatenate(rows)
    table = table[np.isfinite(table).all(1) & (table[:, 4:] > table[:, 2:4]).all(1)]
    table[:, 1] = np.unique(table[:, 1], return_inverse=True)[1] + 1
    return table


def _as_rows(table: Floats) -> TrackRows:
    tlwh = np.column_stack((table[:, 2:4], table[:, 4:] - table[:, 2:4]))
    frames, ids = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return TrackRows(Path("tracks"), frames, ids, tlwh, np.ones(len(table)), np.full(len(table), NO_CLASS, np.int64))


def _digest(member: Member, *, truth: bool = True) -> str:
    """Of all of a sequence that tracks depend on, and of its truth, by which they are scored."""
    scene = member.scene
    facts = [member.name, float(member.fps), *(int(side) for side in scene.facts["size"])]
    facts += [member.rules, member.num_pieces] if truth else []
    found = hashlib.blake2b(repr(facts).encode(), digest_size=16)
    arrays = [scene.counts, scene.xyxy, scene.scores]
    arrays += [] if member.embedded is None else [member.embedded.rows]
    if truth:
        arrays += [member.truth.frames, member.truth.ids, member.truth.tlwh, member.truth.flags, member.truth.class_ids]
    for array in arrays:
        rounded = np.round(array.astype(np.float64), 3) + 0.0  # another order of sums is no other sequence
        found.update(repr(array.shape).encode() + rounded.tobytes())
    return found.hexdigest()


def _key(kind: str, parts: dict[str, Any]) -> str:
    """Name of an entry. Other versions of NumPy or SciPy make no other results: nothing is tracked anew for them."""
    return f"{kind}-{hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()}"
