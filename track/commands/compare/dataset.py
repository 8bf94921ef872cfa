"""`track compare` on a folder of sequences: each by itself, then all of them together."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from evaluation import find_ground_truth, merge_reports
from registry.own_names import replacing
from registry.words import counted
from track.commands.compare.compare import WRITES, check_encoder, compare, files_read
from track.commands.compare.config import CompareConfig
from track.commands.compare.continuity import Continuity
from track.commands.compare.report import SEQUENCES, write_files
from track.commands.compare.result import Comparison, Row, Seen
from track.files.run_folder import held_run_folder
from track.scenes.dataset import dataset_sequences
from track.scenes.truth import open_truth
from track.setup.loading import check_detections
from track.sources import open_source
from track.terminal.progress import Progress, ProgressTask

__all__ = ["compare_any"]


def compare_any(config: CompareConfig, progress: Progress) -> Comparison:
    """`compare` of one source, or of each sequence in a folder of them with their figures combined.

    Raises:
        ValueError, OSError, StoppedError: as `compare`; also where some of them have ground truth and others none.
    """
    sequences = dataset_sequences(config.run.source)
    if not sequences:
        return compare(config, progress)
    _check(config, sequences)
    name = Path(config.run.source).resolve().name
    reads, writes = files_read(config), WRITES
    with held_run_folder(f"compare-{name}", config.out, config.overwrite, reads=reads, writes=writes) as held:
        folder = held.path
        parts = {}
        for number, (sequence, path) in enumerate(sequences.items(), start=1):
            run = dataclasses.replace(config.run, source=str(path))
            one = dataclasses.replace(config, run=run, out=folder / SEQUENCES / sequence)
            parts[sequence] = compare(one, _Named(progress, f"{sequence} ({number} of {len(sequences)})"))
        together = _together(config, name, folder, parts)
        write_files(together)
    return together


def _check(config: CompareConfig, sequences: Mapping[str, Path]) -> None:
    """Nothing is detected before all sequences were looked at, with their ground truth and detections made before."""
    if config.gt is not None:
        _check_names(config, sequences, config.gt)
    start_s, end_s = config.run.start_s, config.run.end_s
    for path in sequences.values():
        with open_source(str(path), start_s=start_s, end_s=end_s) as source:
            for encoder in config.encoders:
                check_encoder(config.run_of(encoder), source)
            reid = "file" if "file" in config.encoders else "none"
            check_detections(dataclasses.replace(config.run_of(reid), source=str(path)), source)
            if config.gt is not None:
                open_truth(config.gt, source, start_s=start_s, end_s=end_s)


def _check_names(config: CompareConfig, sequences: Mapping[str, Path], gt: Path) -> None:
    """Which ground truth is whose goes by name."""
    truths = find_ground_truth(gt)
    missing = [name for name in sequences if name not in truths]
    if missing:
        raise ValueError(
            f"--gt {gt} has no ground truth of {', '.join(missing)} in {config.run.source}: expected a folder "
            "with <sequence>/gt/gt.txt or <sequence>.txt of each; or name one sequence as the source"
        )


def _together(config: CompareConfig, name: str, folder: Path, parts: Mapping[str, Comparison]) -> Comparison:
    comparisons = list(parts.values())
    rows = [_joined(same, list(parts), folder) for same in zip(*(part.rows for part in comparisons), strict=True)]
    cached = [set(part.from_cache) for part in comparisons]
    return Comparison(
        config,
        f"{name} ({counted(len(parts), 'sequence')})",
        Seen(
            num_frames=sum(part.seen.num_frames for part in comparisons),
            num_boxes=sum(part.seen.num_boxes for part in comparisons),
            detector=", ".join(dict.fromkeys(part.seen.detector for part in comparisons)),
            detect_s=sum(part.seen.detect_s for part in comparisons),
            notes=tuple(f"{sequence}: {note}" for sequence, part in parts.items() for note in part.seen.notes),
        ),
        tuple(rows),
        tuple(name for name in comparisons[0].from_cache if all(name in names for names in cached)),
        folder,
        comparisons[0].cache,
        tuple(parts),
    )


def _joined(rows: Sequence[Row], sequences: Sequence[str], folder: Path) -> Row:
    """One encoder with one tracker over all sequences; its tracks are collected in submission form."""
    place = folder / rows[0].folder.name
    place.mkdir(exist_ok=True)
    for row, sequence in zip(rows, sequences, strict=True):
        with replacing(place / f"{sequence}.txt") as path:
            shutil.copyfile(row.folder / "tracks.txt", path)
    reports = [row.report for row in rows if row.report is not None]
    parts = {key: [row.seconds[key] for row in rows] for key in rows[0].seconds}
    return dataclasses.replace(
        rows[0],
        folder=place,
        report=merge_reports(reports) if reports else None,
        repeats=tuple(merge_reports(list(draw)) for draw in zip(*(row.repeats for row in rows), strict=True)),
        continuity=_continuity([row.continuity for row in rows]),
        seconds={key: sum(values) for key, values in parts.items()},
        loads={key: max(row.loads[key] for row in rows) for key in rows[0].loads},
        num_crops=sum(row.num_crops for row in rows),
        num_frames=sum(row.num_frames for row in rows),
    )


def _continuity(parts: Sequence[Continuity]) -> Continuity:
    tracks = sum(part.num_tracks for part in parts)
    length = sum(part.num_tracks * part.mean_length_s for part in parts)
    return Continuity(tracks, length / max(tracks, 1), sum(part.suspected_switches for part in parts))


class _Named:
    """A `Progress` that says of which sequence it speaks."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """See `Progress.waiting`."""
        return self._progress.waiting(f"{self._name}: {what}")

    def task(self, what: str, total: int | None, unit: str = "track") -> AbstractContextManager[ProgressTask]:
        """See `Progress.task`."""
        return self._progress.task(f"{self._name}: {what}", total, unit)
