"""`track run`: one video from source to files."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from track.files.inputs import files_in
from track.files.run_folder import RunFolder, held_run_folder
from track.run.counts import Counts
from track.run.outputs import Outputs
from track.run.passes import run_passes
from track.run.people import identity_facts
from track.run.session import Session, start_session
from track.run.summary import Summary
from track.setup.checks import check_possible
from track.setup.config import RunConfig
from track.setup.plan import resolve
from track.setup.settings import resolved_configuration
from track.sinks import OutputError
from track.sources import Source, open_source
from track.terminal.interrupt import StopSignal, signal_name
from track.terminal.progress import Progress

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PartialRunError", "run"]

logger = logging.getLogger(__name__)


class PartialRunError(RuntimeError):
    """An error ended a run that had begun; its files are complete up to there. The cause is `__cause__`.

    Attributes:
        cause: the same.
        run_dir: folder of those files.
    """

    def __init__(self, cause: Exception, run_dir: Path) -> None:
        super().__init__(f"{cause}; what was tracked before is in {run_dir}")
        self.cause = cause
        self.run_dir = run_dir


def run(config: RunConfig, progress: Progress, *, any_reid: bool = False) -> Summary:
    """Track a source and write the files of the run.

    Args:
        config: what was asked for.
        progress: told of every frame.
        any_reid: nobody asked for the encoder in `config`: `none` takes its place where there are no pictures.

    Returns:
        The summary, as written to `summary.json`.

    Raises:
        ValueError, OSError: something in `config` can't be done; nothing was written.
        OutputError: an output could not be completed; the other files were, as far as they had come.
        PartialRunError: the source or a model failed on the way; the files were completed as far as they had come.
        Exception: it failed at the first frame; nothing was written.
        StoppedError: a signal to stop came before the first frame; nothing was written.
    """
    with (
        _Warnings() as warnings,
        StopSignal() as stop,
        open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source,
    ):
        if any_reid and not source.has_images:
            config = dataclasses.replace(config, reid="none")
        check_possible(config, source)
        counts = Counts()
        with held_run_folder(source.name, config.out, config.overwrite, reads=files_in(config)) as folder:
            with progress.waiting(f"loading detector {config.detector} and encoder {config.reid}"):
                plan = resolve(config, source)
            folder.remove_unfinished()
            outputs = Outputs(folder.path, plan.models.detector.class_names, counts.clock, plan.size)
            if plan.places is not None:
                outputs.open_places(plan.places, as_it_goes=source.is_live)
            session = start_session(plan, outputs, progress, stop, counts)
            summary = _complete(session, config, counts.clock.restart(), warnings.texts)
            error = counts.error or next(iter(outputs.errors), None)
            _end(folder, is_whole=error is None and summary.stopped_by is None)
            if error is not None and outputs.writes_nothing:  # the folder goes, if it was made for this run
                raise error
    if error is None:
        return summary
    if isinstance(error, OutputError):
        raise error
    raise PartialRunError(error, folder.path) from error


def _end(folder: RunFolder, *, is_whole: bool) -> None:
    """What an earlier run left goes if this run replaces it; else it stays, and is named."""
    if is_whole:
        folder.remove_stale()
    elif stale := folder.stale():
        logger.warning("%s of an earlier run stays in %s", ", ".join(file.name for file in stale), folder.path)


def _complete(session: Session, config: RunConfig, load_s: float, warnings: list[str]) -> Summary:
    """Make the passes, and finish the files whatever happens in them; `config` is for the summary."""
    counts = session.counts
    session.stop.defer()
    try:
        if config.video and not session.plan.draws:
            logger.warning("no annotated.mp4: %s has no images to draw on", session.plan.source.name)
        run_passes(session)
    except Exception as error:
        counts.error = counts.error or error
    except SystemExit:  # of rich, where the reader of progress and warnings has left
        counts.error = counts.error or BrokenPipeError("nobody reads its messages any more")
        raise
    finally:  # also after a second Ctrl-C, which goes on upwards from here
        session.stop.finish()
        stopped_by = session.stop.number
        session.outputs.close(failed=counts.error is not None)
        summary = _summarise(session, config, load_s, stopped_by, warnings)
        try:
            if not session.outputs.writes_nothing:
                summary.write()
        except OSError as error:
            counts.error = counts.error or error
    return summary


def _summarise(
    session: Session, config: RunConfig, load_s: float, stopped_by: int | None, warnings: list[str]
) -> Summary:
    """The facts of the run, whole or partial."""
    source, models, outputs, counts = session.plan.source, session.plan.models, session.outputs, session.counts
    run_s, frames = counts.clock.elapsed(), max(counts.frames, 1)
    reason = _reason(session, stopped_by)
    if reason is not None and source.report.corrupt:  # the source itself says so only at its end
        source.report.note_once(f"{source.report.corrupt} packets or frames were damaged; the rest was tracked")
    return Summary(
        run_dir=outputs.run_dir,
        partial=reason is not None,
        reason=reason,
        stopped_by=stopped_by,
        source={
            **_facts(source),
            "path": config.source,
            "frames": counts.run_frames.to_json(),
            "last_s": counts.last_s,
        },
        configuration=resolved_configuration(config, models),
        counts={
            "frames": counts.frames,
            "detections": counts.detections,
            "rejected_detections": dict(counts.rejected),
            "crops_embedded": counts.embedded,
            "crops_saved": counts.detections - counts.embedded if models.demand is not None else 0,
            "ids": counts.ids,
            "rows": counts.rows,
            "tracks_never_confirmed": models.tracker.evidence.never_confirmed,
        },
        identities=identity_facts(outputs.identities, models.detector.class_names),
        appearance=_appearance(session),
        zones=outputs.place_facts(),
        linking=counts.linking,
        seconds={"load": load_s, "run": run_s},
        fps=counts.frames / max(run_s, 1e-9),
        stages_ms={stage: 1000 * seconds / frames for stage, seconds in counts.clock.in_order().items()},
        files=[path.name for path in outputs.files],
        warnings=[*warnings, *source.report.notes],
    )


def _reason(session: Session, stopped_by: int | None) -> str | None:
    """Why the run ended before the end of the source, `None` if it did not."""
    error = session.counts.error or next(iter(session.outputs.errors), None)
    if error is not None:
        return str(error) or type(error).__name__
    return None if stopped_by is None else f"stopped by {signal_name(stopped_by)}"


def _facts(source: Source) -> dict[str, object]:
    """What `summary.json` tells of the source."""
    return {
        "name": source.name,
        "width": source.width,
        "height": source.height,
        "fps": source.fps,
        "num_frames": source.num_frames,
        **dataclasses.asdict(source.report),
    }


def _appearance(session: Session) -> dict[str, int]:
    evidence = dataclasses.asdict(session.plan.models.tracker.evidence)
    return {key: evidence[key] for key in ("matches", "by_appearance", "appearance_decided", "recovered", "vetoed")}


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
