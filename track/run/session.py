"""One run while it goes on: its plan, what it writes to, whom it tells, and its counters."""

from __future__ import annotations

from dataclasses import dataclass

from track.run.counts import Counts
from track.run.detection_log import DetectionLog
from track.run.outputs import Outputs
from track.setup.plan import Plan
from track.terminal.interrupt import StopSignal
from track.terminal.progress import Progress
from tracker.border import watches_border

__all__ = ["Session", "start_session"]


@dataclass(frozen=True)
class Session:
    """The wiring of a run; only `counts` and `log` change.

    Attributes:
        log: of all detections, where they are wanted at the end.
    """

    plan: Plan
    outputs: Outputs
    progress: Progress
    stop: StopSignal
    counts: Counts
    log: DetectionLog | None = None


def start_session(plan: Plan, outputs: Outputs, progress: Progress, stop: StopSignal, counts: Counts) -> Session:
    """A session in which nothing has happened yet."""
    log = None
    if plan.keeps_detections:
        log = DetectionLog(plan.size, watches_border=watches_border(plan.models.tracker.config))
    return Session(plan, outputs, progress, stop, counts, log)
