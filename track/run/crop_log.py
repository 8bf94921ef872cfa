"""`--crops N`: the best crops of each identity, chosen while the run goes on; the video is decoded once."""

from __future__ import annotations

import dataclasses
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from track.files.crops import CropFolder
from track.files.partial import OutputError
from track.rows.tracked import Tracked
from track.rows.types import FrameTracks
from track.run.crop_choice import Kept, colours, covered_shares, kept_of, sharpness
from tracker import Tracks

__all__ = ["CropLog"]

Image = npt.NDArray[np.uint8]

EVERY_S = 0.2
"""s between two crops of a track that are looked at: in less, nobody changes."""
MAX_HELD_BYTES = 64 << 20
"""Of crops whose identity is not known yet; what comes above is made smaller."""
SMALL_PX = 128
JPEG_QUALITY = 95
FORGET_S = 60.0


@dataclass(frozen=True)
class _Candidate:
    kept: Kept
    crop: Image


class CropLog:
    """Chooses crops when the identity of a detection is known. Pictures wait for that as JPEG in an unnamed file.

    Args:
        run_dir: folder of the run.
        per_id: most crops of an identity.
        by_embedding: whether crops are told apart by the embeddings of the run, else by colours.

    Raises:
        ValueError: the folder holds other crops.
    """

    def __init__(self, run_dir: Path, per_id: int, *, by_embedding: bool = False) -> None:
        self._folder = CropFolder(run_dir)
        self._per_id, self._by_embedding = per_id, by_embedding
        self._spool = tempfile.TemporaryFile(dir=run_dir)  # noqa: SIM115 (closed by `write`)
        self._held: dict[int, list[_Candidate]] = {}
        self._held_bytes = 0
        self._looked_s: dict[int, float] = {}
        self._kept: defaultdict[int, list[Kept]] = defaultdict(list)

    def add(self, step: Tracked) -> None:
        """Cut the crops of a frame."""
        image, time_s = step.frame.image, step.frame.time_s
        if image is None or not len(step.detections):
            return
        rows = [row for tracks in (step.confirmed, step.tentative) for row in self._due(tracks, time_s)]
        if not rows:
            return
        xyxy = np.asarray(step.detections.xyxy, np.float64)
        covered = covered_shares(xyxy, rows, (image.shape[1], image.shape[0]))
        found = [self._cut(image, step, row, share) for row, share in zip(rows, covered, strict=True)]
        candidates = [candidate for candidate in found if candidate is not None]
        self._held_bytes += sum(candidate.crop.nbytes for candidate in candidates)
        self._held[step.frame.index] = candidates
        if len(self._looked_s) > 4096:
            self._looked_s = {birth: seen for birth, seen in self._looked_s.items() if time_s - seen < FORGET_S}

    def _due(self, tracks: Tracks, time_s: float) -> list[int]:
        """Rows of the detections of tracks that nobody looked at for a while."""
        births, rows = tracks.births.tolist(), tracks.detection_index.tolist()
        due = [
            (birth, row)
            for birth, row in zip(births, rows, strict=True)
            if row >= 0 and time_s - self._looked_s.get(birth, -np.inf) >= EVERY_S - 1e-6
        ]
        self._looked_s.update((birth, time_s) for birth, _ in due)
        return [row for _, row in due]

    def _cut(self, image: Image, step: Tracked, row: int, covered: float) -> _Candidate | None:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = (round(float(value)) for value in step.detections.xyxy[row])
        crop = image[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)]
        if not crop.size:
            return None
        look = step.embeddings[row] if self._by_embedding else colours(crop)
        kept = Kept(step.frame.index, row, sharpness(crop), covered, np.asarray(look, np.float32))
        if self._held_bytes > MAX_HELD_BYTES and crop.shape[0] > SMALL_PX:
            crop = np.asarray(cv2.resize(crop, (max(1, crop.shape[1] * SMALL_PX // crop.shape[0]), SMALL_PX)), np.uint8)
        return _Candidate(kept, crop.copy())

    def name(self, tracks: FrameTracks) -> None:
        """Choose among the crops of a frame, whose identities are known now."""
        candidates = self._held.pop(tracks.frame_index, [])
        self._held_bytes -= sum(candidate.crop.nbytes for candidate in candidates)
        if tracks.detection_index is None:
            return
        id_of = dict(zip(tracks.detection_index.tolist(), tracks.ids.tolist(), strict=True))
        for candidate in candidates:
            track_id = id_of.get(candidate.kept.row, 0)
            if track_id:
                self._offer(track_id, candidate)

    def _offer(self, track_id: int, candidate: _Candidate) -> None:
        pool = self._kept[track_id]
        better = kept_of([*pool, candidate.kept], self._per_id)
        if candidate.kept in better:
            kept = candidate.kept
            placed = dataclasses.replace(kept, place=self._spooled(candidate.crop))
            better[better.index(kept)] = placed
        self._kept[track_id] = better

    def _spooled(self, crop: Image) -> tuple[int, int]:
        _, jpeg = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        try:
            begin = self._spool.seek(0, 2)
            self._spool.write(jpeg.tobytes())
        except OSError as error:
            raise OutputError(self._folder.path, error.strerror or str(error)) from error
        return begin, begin + len(jpeg)

    def rename(self, id_at: Callable[[int, int], int]) -> None:
        """Take over new ids: `id_at` gives that of a frame and a row of its detections, 0 for nobody's."""
        renamed: defaultdict[int, list[Kept]] = defaultdict(list)
        for pool in self._kept.values():
            for kept in pool:
                renamed[id_at(kept.frame, kept.row)].append(kept)
        renamed.pop(0, None)
        self._kept = defaultdict(list, {key: kept_of(pool, self._per_id) for key, pool in renamed.items()})

    def write(self) -> dict[int, str]:
        """Write `crops/`; returns the best crop of each identity, below the run's folder.

        Raises:
            OutputError: the disk is full.
        """
        best = {}
        try:
            for track_id, pool in sorted(self._kept.items()):
                for kept in sorted(pool, key=lambda one: one.quality):  # the best one is the last
                    self._spool.seek(kept.place[0])
                    jpeg = self._spool.read(kept.place[1] - kept.place[0])
                    best[track_id] = self._folder.put(track_id, kept.frame, jpeg)
            self._folder.close()
        except BaseException:
            self._folder.discard()
            raise
        finally:
            self.discard()
        return best

    @property
    def path(self) -> Path:
        """Where they come to lie."""
        return self._folder.path

    def discard(self) -> None:
        """Let go of the crops."""
        self._spool.close()
