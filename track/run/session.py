"""One run while it goes on: its plan, what it writes to, whom it tells, and its counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from track.rows.tracked import Tracked
from track.rows.types import FrameTracks
from track.run.appearance_log import AppearanceLog
from track.run.counts import Counts
from track.run.detection_log import DetectionLog
from track.run.outputs import Outputs
from track.setup.plan import Plan
from track.terminal.interrupt import StopSignal
from track.terminal.progress import Progress
from tracker.border import watches_border

if TYPE_CHECKING:
    from track.run.crop_log import CropLog

__all__ = ["RowLog", "Session", "start_session"]


class RowLog(Protocol):
    """Takes note of what a frame holds when it is tracked, and of whose that is when its rows are final."""

    def add(self, step: Tracked) -> None:
        """What tracking found at a frame."""
        ...

    def name(self, tracks: FrameTracks) -> None:
        """The rows of a frame."""
        ...


@dataclass(frozen=True)
class Session:
    """The wiring of a run; only `counts` and the logs change.

    Attributes:
        log: of all detections, where they are wanted at the end.
        appearance: of changes of appearance, where the encoder tells of it.
        crops: of the best crops, where they are wanted.
    """

    plan: Plan
    outputs: Outputs
    progress: Progress
    stop: StopSignal
    counts: Counts
    log: DetectionLog | None = None
    appearance: AppearanceLog | None = None
    crops: CropLog | None = None

    @property
    def logs(self) -> list[RowLog]:
        """Those there are."""
        found: tuple[RowLog | None, ...] = (self.log, self.appearance, self.crops)
        return [log for log in found if log is not None]


def start_session(plan: Plan, outputs: Outputs, progress: Progress, stop: StopSignal, counts: Counts) -> Session:
    """A session in which nothing has happened yet.

    Raises:
        ValueError: crops are wanted, but would replace what no run has written.
    """
    models, settings = plan.models, plan.models.tracker.config
    log = DetectionLog(plan.size, watches_border=watches_border(settings)) if plan.keeps_detections else None
    knows_appearance = models.encoder.embedding_dim > 0
    appearance = AppearanceLog(settings.max_cosine_distance) if knows_appearance else None
    crops = None
    if plan.crops:
        from track.run.crop_log import CropLog

        crops = CropLog(outputs.run_dir, plan.crops, by_embedding=knows_appearance and models.demand is None)
    outputs.watch(appearance, crops)
    return Session(plan, outputs, progress, stop, counts, log, appearance, crops)
