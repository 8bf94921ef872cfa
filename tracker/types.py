"""What a tracker gives back for a frame."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import supervision

    from .config import TrackerConfig

__all__ = ["Evidence", "Tracker", "Tracks"]


@dataclass(frozen=True)
class Tracks:
    """The tracks of one frame, in order of birth.

    Attributes:
        ids: `(M,)` int64, from 1 in order of confirmation, never reused; 0 while tentative.
        xyxy: `(M, 4)` float32 px, the filtered box.
        scores: `(M,)` float32, of the last matched detection.
        class_ids: `(M,)` int64, of the last matched detection.
        detection_index: `(M,)` int64, row of the detection matched in this frame; -1 where the box is predicted.
        births: `(M,)` int64, serial number of the track's start: tells a tentative track from others and stays when the
            track is confirmed.
    """

    ids: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    detection_index: npt.NDArray[np.int64]
    births: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> Tracks:
        """The chosen tracks, by boolean mask, index array or slice."""
        return Tracks(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def empty() -> Tracks:
        """No tracks."""
        none = np.empty(0, np.int64)
        return Tracks(none, np.empty((0, 4), np.float32), np.empty(0, np.float32), none, none, none)

    def to_supervision(self) -> supervision.Detections:
        """The same as `supervision.Detections`, with `tracker_id` set; needs the `supervision` package."""
        import supervision as sv

        data: dict[str, Any] = {"detection_index": self.detection_index}
        return sv.Detections(
            xyxy=self.xyxy, confidence=self.scores, class_id=self.class_ids, tracker_id=self.ids, data=data
        )


@dataclass(frozen=True)
class Evidence:
    """What decided the matches of one frame, or of a run when added up.

    Attributes:
        matches: detections that were matched to a track, by any stage.
        by_appearance: of those, matched in the appearance stage; with `appearance_weight`, those that it decided among
            overlapping ones, too.
        appearance_decided: of those, matches that motion alone would not have made: the detection was not the nearest
            to the track, or the track not the nearest to the detection, by Mahalanobis distance, among those that the
            cascade had left at that point. In the IoU stage: nearest by overlap.
        recovered: of those, matches of a track that had been lost for at least one frame.
        vetoed: pairs that were each other's nearest in that sense, inside the motion gate, but not inside that of
            appearance.
        never_confirmed: tentative tracks that died before they were confirmed.
        rejected: detections that cannot be tracked.
    """

    matches: int = 0
    by_appearance: int = 0
    appearance_decided: int = 0
    recovered: int = 0
    vetoed: int = 0
    never_confirmed: int = 0
    rejected: int = 0

    def __add__(self, other: Evidence) -> Evidence:
        # Written out: it is done for each frame, and a loop over the fields takes three times as long.
        return Evidence(
            self.matches + other.matches,
            self.by_appearance + other.by_appearance,
            self.appearance_decided + other.appearance_decided,
            self.recovered + other.recovered,
            self.vetoed + other.vetoed,
            self.never_confirmed + other.never_confirmed,
            self.rejected + other.rejected,
        )


class Tracker(Protocol):
    """What follows the objects of one video: `DeepSort`, or the paper's as it is written."""

    config: TrackerConfig

    def __len__(self) -> int:
        """Live tracks: tentative, confirmed and lost."""
        ...

    @property
    def evidence(self) -> Evidence:
        """What decided the matches so far."""

    def update(
        self,
        xyxy: npt.ArrayLike,
        scores: npt.ArrayLike,
        class_ids: npt.ArrayLike | None = None,
        embeddings: npt.ArrayLike | None = None,
        *,
        frame_size: tuple[int, int] | None = None,
        time_s: float | None = None,
        motion: npt.ArrayLike | None = None,
        known: npt.ArrayLike | None = None,
    ) -> Tracks:
        """Take the detections of the next frame and return its confirmed tracks; see `DeepSort.update`."""

    def coast(self, *, time_s: float | None = None, motion: npt.ArrayLike | None = None) -> Tracks:
        """Advance one frame in which no detector looked."""

    def confirmed(self) -> Tracks:
        """The confirmed tracks of the last frame."""

    def tentative(self) -> Tracks:
        """The tracks of the last frame that are not confirmed yet."""

    def reset(self) -> None:
        """Forget everything; ids start from 1 again."""
