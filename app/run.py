"""`track run`: one video from source to files."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from app.clock import StageClock
from app.config import RunConfig
from app.interrupt import StopSignal
from app.outputs import Outputs
from app.progress import Progress
from app.rundir import prepare_run_dir
from app.session import Session, draw_pass, tracking_pass
from app.setup import check_possible, load_models, resolved_configuration
from app.sinks import OutputError
from app.sources import open_source
from app.summary import Summary

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["run"]


def run(config: RunConfig, progress: Progress) -> Summary:
    """Track a source and write the files of the run.

    Args:
        config: what was asked for.
        progress: told of every frame.

    Returns:
        The summary, as written to `summary.json`.

    Raises:
        ValueError, FileNotFoundError: something in `config` can't be done; nothing was written.
        OutputError: an output could not be completed; the other files were, as far as they had come.
    """
    with (
        _Warnings() as warnings,
        StopSignal() as stop,
        open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source,
    ):
        check_possible(config, source)
        run_dir = prepare_run_dir(source.name, config.out, config.overwrite)
        clock = StageClock()
        with _removed_if_empty(run_dir):
            models = load_models(config, source)
            outputs = Outputs(run_dir, models.detector.class_names, clock)
        load_s = clock.restart()
        session = Session(config, source, models, outputs, progress, stop, clock)
        reason: str | None = "it was interrupted by an error"
        try:
            _run_passes(session)
            reason = None
        except OutputError as error:
            outputs.errors.append(error)
        finally:
            outputs.close()
            summary = _summarise(session, load_s, reason, warnings.texts)
            with contextlib.suppress(OSError):  # a full disk must not hide the error that it caused
                summary.write()
    if outputs.errors:
        raise outputs.errors[0]
    return summary


def _run_passes(session: Session) -> None:
    rows = tracking_pass(session)
    if not session.config.smooth:
        return
    from app.smooth import smoothed_rows

    with session.clock.stage("smooth"):
        smoothed = list(smoothed_rows(rows, session.models.tracker.config))
    for tracks in smoothed:
        session.outputs.write_rows(tracks)
    if session.draws:
        draw_pass(session, smoothed)


def _summarise(session: Session, load_s: float, reason: str | None, warnings: list[str]) -> Summary:
    """The facts of the run, whole or partial."""
    source, models, outputs, clock = session.source, session.models, session.outputs, session.clock
    run_s, frames = clock.elapsed(), max(session.num_frames, 1)
    if session.stop.number is not None:
        reason = f"stopped by signal {session.stop.number}"
    if outputs.errors:
        reason = str(outputs.errors[0])
    report = source.report
    damage = f"{report.corrupt} corrupt packets or frames were skipped; the rest was tracked"
    return Summary(
        run_dir=outputs.run_dir,
        partial=reason is not None,
        reason=reason,
        stopped_by=session.stop.number,
        source={
            "name": source.name,
            "width": source.width,
            "height": source.height,
            "fps": source.fps,
            "num_frames": source.num_frames,
            **dataclasses.asdict(report),
        },
        configuration=resolved_configuration(session.config, models),
        counts={
            "frames": session.num_frames,
            "detections": models.num_detections,
            "rejected_detections": dict(models.rejected),
            "crops_embedded": models.num_embedded,
            "ids": session.num_ids,
            "rows": session.num_rows,
            "tracks_never_confirmed": models.tracker.evidence.unborn,
        },
        appearance=_appearance(session),
        seconds={"load": load_s, "run": run_s},
        fps=session.num_frames / max(run_s, 1e-9),
        stages_ms={stage: 1000 * seconds / frames for stage, seconds in clock.seconds.items()},
        files=[path.name for path in outputs.files],
        warnings=[*warnings, *report.notes, *([damage] if report.corrupt and not report.notes else [])],
    )


def _appearance(session: Session) -> dict[str, int]:
    evidence = dataclasses.asdict(session.models.tracker.evidence)
    return {key: evidence[key] for key in ("matches", "by_appearance", "appearance_decided", "recovered", "vetoed")}


@contextlib.contextmanager
def _removed_if_empty(folder: Path) -> Iterator[None]:
    """A run that could not even start leaves no folder behind."""
    try:
        yield
    except BaseException:
        for leftover in folder.glob(".*"):
            leftover.unlink()
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise


class _Warnings(logging.Handler):
    """Keeps what the libraries warn of during a run, for the summary; each text once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        text = record.getMessage()
        if text not in self.texts:
            self.texts.append(text)

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger().removeHandler(self)
