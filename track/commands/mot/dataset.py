"""`track mot`: every sequence of a dataset, one tracker each, results in submission form, then the scores."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation import EvalOptions, GroundTruth, Pair, Report, evaluate, find_ground_truth, is_sequence
from evaluation.reading import read_rows
from registry import unknown_name
from registry.defaults import DEFAULT_ENCODER
from registry.own_names import replacing
from track.files.inputs import files_in
from track.files.run_folder import RUN_FILES, held_run_folder
from track.run.run import run
from track.run.summary import Summary
from track.scores.report import report_as_csv, report_as_json
from track.setup.checks import check_possible
from track.setup.config import RunConfig
from track.setup.loading import check_detections
from track.sources import Source, open_source
from track.sources.images import natural_key
from track.terminal.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["MotConfig", "MotResult", "find_sequences", "track_dataset"]

RESULTS, SEQUENCES = "data", "sequences"
"""Folders of the results in submission form (as TrackEval wants them too), and of each sequence's own files."""
SUBMISSION = "submission.zip"
"""What MOTChallenge takes: the results, without a folder around them."""
WRITES = (f"{RESULTS}/*.txt", SUBMISSION, "scores.json", "scores.csv", *(f"{SEQUENCES}/*/{name}" for name in RUN_FILES))
"""What may take the place of an earlier result, as patterns below the folder."""


@dataclass(frozen=True)
class MotConfig:
    """What `track mot` was asked for.

    Attributes:
        dataset: folder of sequences, or one sequence.
        run: settings of every run; its source and its folder are set for each sequence.
        reid: encoder; `None` for the default one, or `none` where pictures are missing.
        sequences: only these; all when empty.
        out: folder of the results.
        overwrite: whether `out` may hold an earlier run.
        rules: rule set for the scores.
    """

    dataset: Path
    run: RunConfig
    reid: str | None = None
    sequences: tuple[str, ...] = ()
    out: Path | None = None
    overwrite: bool = False
    rules: str = "auto"


@dataclass(frozen=True)
class MotResult:
    """What came of it.

    Attributes:
        folder: of the results.
        summaries: of each sequence that was tracked, by name.
        num_sequences: how many there are.
        report: scores of the sequences that have ground truth; `None` where none has, or the run was stopped.
        without_truth: names of the sequences that have none.
        stopped_by: number of the signal that ended it.
        submission: the zip of all results; `None` where the run was stopped.
    """

    folder: Path
    summaries: dict[str, Summary]
    num_sequences: int
    report: Report | None
    without_truth: tuple[str, ...]
    stopped_by: int | None = None
    submission: Path | None = None


def find_sequences(dataset: Path, names: tuple[str, ...] = ()) -> list[Path]:
    """The sequence folders of a dataset in natural order; the dataset itself when it is one.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: no sequence in it, or none of that name.
    """
    if not dataset.is_dir():
        raise FileNotFoundError(f"dataset {dataset} not found: expected a folder of MOTChallenge-style sequences")
    folders = [path for path in dataset.iterdir() if path.is_dir() and is_sequence(path)]
    folders = [dataset] if is_sequence(dataset) else sorted(folders, key=lambda path: natural_key(path.name))
    if not folders:
        inner = sorted(path.name for path in dataset.iterdir() if any(path.glob("*/seqinfo.ini")))
        hint = f"; {', '.join(inner)} has some: track mot {dataset / inner[0]}" if inner else ""
        raise ValueError(f"no sequence in {dataset}: expected folders with seqinfo.ini and det/ or img1/{hint}")
    known = {_name(path): path for path in folders}
    for name in names:
        if name not in known:
            raise unknown_name("sequence", name, known)
    return [path for name, path in known.items() if name in names or not names]


def track_dataset(config: MotConfig, progress: Progress, console: Console) -> MotResult:
    """Track every sequence with a tracker of its own, collect the results and score them.

    Nothing is tracked before all sequences were looked at: what is wrong with the last one shows at once.

    Args:
        config: what was asked for.
        progress: told of every frame.
        console: gets a line a sequence, and warnings.

    Raises:
        ValueError, OSError: something can't be done; the results of sequences that were finished stay.
    """
    sequences = {_name(path): path for path in find_sequences(config.dataset, config.sequences)}
    settings = _settings(config, sequences)
    truths = _ground_truths(sequences)
    summaries: dict[str, Summary] = {}
    reads = [*files_in(config), *(truth.file for truth in truths.values())]
    with held_run_folder(_name(config.dataset), config.out, config.overwrite, reads=reads, writes=WRITES) as held:
        folder = held.path
        for number, (name, each) in enumerate(settings.items(), start=1):
            _say(console, f"{name} ({number} of {len(sequences)})")
            where = dataclasses.replace(each, out=folder / SEQUENCES / name, overwrite=config.overwrite)
            summary = summaries[name] = run(where, progress)
            if summary.stopped_by is not None:
                return MotResult(folder, summaries, len(sequences), None, (), summary.stopped_by)
            (folder / RESULTS).mkdir(exist_ok=True)
            with replacing(folder / RESULTS / f"{name}.txt") as path:
                shutil.copyfile(summary.run_dir / "tracks.txt", path)
            _warn_of_classes(summary, console)
        report = _scored(config, truths, folder)
        _remove_stale(folder, summaries)
        submission = _zipped(folder, list(summaries))
    without = tuple(name for name in summaries if name not in truths)
    return MotResult(folder, summaries, len(sequences), report, without, submission=submission)


def _zipped(folder: Path, names: list[str]) -> Path:
    """The results of these sequences in one archive, the same bytes for the same results."""
    with replacing(folder / SUBMISSION) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{name}.txt", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, (folder / RESULTS / f"{name}.txt").read_bytes(), zipfile.ZIP_DEFLATED)
    return folder / SUBMISSION


def _name(path: Path) -> str:
    return path.name if path.name not in ("", "..") else path.resolve().name


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _settings(config: MotConfig, sequences: Mapping[str, Path]) -> dict[str, RunConfig]:
    """The settings of each run, the same for all but for the source; checked as far as can be without a model."""
    sources = {}
    for name, path in sequences.items():
        with open_source(str(path)) as source:
            sources[name] = source
    default = DEFAULT_ENCODER if all(source.has_images for source in sources.values()) else "none"
    settings = {
        name: dataclasses.replace(
            config.run, source=str(path), reid=default if config.reid is None else config.reid, video=False
        )
        for name, path in sequences.items()
    }
    for name, each in settings.items():
        check_possible(each, sources[name])
        _check_detections(each, sources[name])
    return settings


def _check_detections(config: RunConfig, source: Source) -> None:
    try:
        check_detections(config, source)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}; or find the objects anew, such as by --detector yolo") from error


def _ground_truths(sequences: Mapping[str, Path]) -> dict[str, GroundTruth]:
    """Annotations of the sequences that have any; read once now, so that what is wrong with them shows at once."""
    found = {}
    for name, path in sequences.items():
        if (path / "gt" / "gt.txt").is_file():
            (truth,) = find_ground_truth(path).values()
            if len(read_rows(truth.file, truth.labels)):
                found[name] = dataclasses.replace(truth, name=name)
    return found


def _warn_of_classes(summary: Summary, console: Console) -> None:
    """The submission form has no place for classes: what should be one kind of object may be several."""
    labels = read_rows(summary.run_dir / "tracks.csv").labels
    if len(labels) > 1:
        text = f"{len(labels)} classes were tracked ({', '.join(labels)}), which the results do not tell apart"
        _say(console, f"warning: {text}: --classes {labels[0]} keeps one", style="yellow")


def _scored(config: MotConfig, truths: Mapping[str, GroundTruth], folder: Path) -> Report | None:
    """The scores, also written beside the results; `None` without ground truth."""
    if not truths:
        return None
    pairs = [Pair(truth, folder / RESULTS / f"{name}.txt") for name, truth in truths.items()]
    report = evaluate(pairs, EvalOptions(rules=config.rules, force=True))
    texts = {"scores.json": report_as_json(report, events=True) + "\n", "scores.csv": report_as_csv(report)}
    for name, text in texts.items():
        with replacing(folder / name) as path:
            path.write_text(text, encoding="utf-8")
    return report


def _remove_stale(folder: Path, tracked: Mapping[str, Summary]) -> None:
    """Results of sequences that an earlier run tracked and this one did not: they would be scored with these."""
    for path in (folder / RESULTS).glob("*.txt"):
        of_run = folder / SEQUENCES / path.stem
        if path.stem not in tracked and (of_run / "summary.json").is_file():  # else the file is not ours
            for file in (path, *(of_run / name for name in RUN_FILES)):
                file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something else is in it
                of_run.rmdir()
