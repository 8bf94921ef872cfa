"""The groups on which a setting of the tracker is measured: source x quality of the detections x frame rate.

A source is a data set, whose sequences share their making: what fits one of them tends to fit the others, and says
nothing about another source. Each exists with its real detections and with three qualities drawn from its ground truth
(`synthetic.detections`), at the full frame rate, at a half and at a third of it, and mirrored in time.
"""

from __future__ import annotations

import dataclasses
import functools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.group_scenes import drawn_scene, found_scene, mirrored, thinned
from evaluation.pieces import Pieces, count_pieces, num_pieces
from evaluation.prepare import prepare
from evaluation.reading import read_rows
from evaluation.rows import TrackRows
from evaluation.rules import RULES
from registry.seqinfo import read_seqinfo
from synthetic.detections import QUALITIES
from track.scenes.scene import Embedded, Scene
from track.scenes.tracking import track_scene, without_classes
from track.setup.config import RunConfig

__all__ = ["DATA", "RATES", "REAL", "SOURCES", "Group", "Member", "Source", "all_groups", "members", "tracked_pieces"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = "real"
RATES = (1, 2, 3)
"""Each n-th frame."""


@dataclass(frozen=True)
class Source:
    """A data set.

    Attributes:
        folders: of its sequences, below the data folder.
        rules: by which it is scored.
        clip: name of the video in each folder, where there are pictures.
    """

    folders: tuple[str, ...]
    rules: str
    clip: str = ""


SOURCES = {
    "mot15": Source(
        tuple(f"mot15/{n}" for n in ("ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte")),
        "mot15",
    ),
    "mot17": Source(("mot17/MOT17-04", "mot17/MOT17-09", "mot17/MOT17-11"), "mot17"),
    "mot20-simulated": Source(("mot20-simulated/MOT20-01",), "mot20"),
    "street": Source(("towncentre",), "mot17", clip="clip.mp4"),
}


@dataclass(frozen=True)
class Group:
    """One way in which a source is seen.

    Attributes:
        source: one of `SOURCES`.
        quality: `REAL`, or one of `synthetic.detections.QUALITIES`.
        rate: each so manieth frame is there.
        mirrored: whether time runs backwards.
    """

    source: str
    quality: str = REAL
    rate: int = 1
    mirrored: bool = False

    def __str__(self) -> str:
        rate = "" if self.rate == 1 else f" 1/{self.rate}"
        return f"{self.source} {self.quality}{rate}{' mirrored' if self.mirrored else ''}"

    @property
    def num_sequences(self) -> int:
        """Of the source."""
        return len(SOURCES[self.source].folders)


@dataclass(frozen=True)
class Member:
    """A sequence as its group sees it.

    Attributes:
        name: of the sequence.
        scene: its detections.
        fps: frames a second.
        truth: its annotations; frames from 1.
        rules: by which it is scored.
        embedded: embeddings of the detections, where there are pictures and an encoder was named.
    """

    name: str
    scene: Scene
    fps: float
    truth: TrackRows
    rules: str
    embedded: Embedded | None = None

    @property
    def num_frames(self) -> int:
        """Of the sequence at this frame rate."""
        return len(self.scene)

    @property
    def num_pieces(self) -> int:
        """In how many pieces it is counted: as many at each frame rate."""
        return num_pieces(self.fps, self.num_frames)

    def frames(self) -> list[tuple[npt.NDArray[Any], npt.NDArray[np.float32]]]:
        """Boxes `(n, 4)` xyxy px and scores `(n,)` of each frame."""
        return [(self.scene.xyxy[rows], self.scene.scores[rows]) for rows in self.scene.rows_by_frame()]

    def count(self, tracks: TrackRows) -> Pieces:
        """What a tracker found here (frames from 1), counted in pieces."""
        prepared = prepare(self.truth, tracks, RULES[self.rules], self.num_frames)
        return count_pieces(prepared, self.num_pieces)


def all_groups(
    sources: Iterable[str] = tuple(SOURCES),
    qualities: Iterable[str] = (REAL, *QUALITIES),
    rates: Iterable[int] = RATES,
    directions: Iterable[bool] = (False,),
) -> list[Group]:
    """Every combination, those of a source beside each other."""
    return [
        Group(source, quality, rate, backwards)
        for source in sources
        for quality in qualities
        for rate in rates
        for backwards in directions
    ]


def members(group: Group, data: Path = DATA, encoder: str = "none") -> tuple[Member, ...]:
    """The sequences of a group.

    Args:
        group: which.
        data: folder of the data sets.
        encoder: name of an encoder for sources with pictures; others have none.
    """
    source = SOURCES[group.source]
    return tuple(_seen(_whole(data / folder, source, group.quality, encoder), group) for folder in source.folders)


def tracked_pieces(sequences: Sequence[Member], config: RunConfig) -> list[Pieces]:
    """Each sequence tracked with this configuration, and counted."""
    return [
        member.count(without_classes(track_scene(member.scene, config, member.fps, member.embedded)))
        for member in sequences
    ]


@functools.cache
def _whole(folder: Path, source: Source, quality: str, encoder: str) -> Member:
    """A sequence at its full frame rate."""
    info = read_seqinfo(folder)
    if info is None or info.length is None or info.frame_rate is None:
        raise ValueError(f"{folder}: expected a seqinfo.ini with seqLength and frameRate")
    truth = read_rows(folder / "gt" / "gt.txt")
    truth = truth[truth.frames <= info.length]
    where = str(folder / source.clip) if source.clip else str(folder)
    end_s = info.length / info.frame_rate if source.clip else None
    seed = zlib.crc32(f"{folder.name} {quality}".encode())
    drawn = None if quality == REAL else drawn_scene(truth, info, QUALITIES[quality], seed)
    scene, embedded = found_scene(where, end_s, data=folder.parent, drawn=drawn, encoder=encoder)
    return Member(folder.name, scene, info.frame_rate, truth, source.rules, embedded)


def _seen(member: Member, group: Group) -> Member:
    """At the frame rate and in the direction of the group."""
    rate, scene, embedded, truth = group.rate, member.scene, member.embedded, member.truth
    if rate > 1:
        scene, embedded = thinned(scene, embedded, rate)
        truth = truth[(truth.frames - 1) % rate == 0]
        truth = dataclasses.replace(truth, frames=(truth.frames - 1) // rate + 1)
    if group.mirrored:
        scene, embedded = mirrored(scene, embedded)
        truth = dataclasses.replace(truth, frames=len(scene) + 1 - truth.frames)
    return dataclasses.replace(member, scene=scene, embedded=embedded, truth=truth, fps=member.fps / rate)
