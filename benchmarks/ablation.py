"""What each switch of a tracker preset is worth: the preset as it is, and with one switch turned at a time.

python benchmarks/ablation.py DATASET_DIR [--preset strong] [--only measured_noise ...] [--plateau] [--by-sequence]
                             [--disturbed N] [--offline] [--leave-one-out [--also SEQUENCE_DIR ...]]

DATASET_DIR holds MOTChallenge sequences with `det/det.txt` and `gt/gt.txt`; no pictures are read, so nothing that needs
them (appearance, camera motion) is measured. Everything is online: a row is written when its frame is seen; but with
--offline, which links the preset's finished tracks and turns the switches of linking off, one at a time.
--leave-one-out chooses settings on all sequences but one, by the mean of HOTA, MOTA and IDF1, and scores that one; with
--offline those of linking.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from benchmarks.ablation_variants import CHOICES, LINK_CHOICES, OFFLINE, plateau, variants
from evaluation import EvalOptions, Scores, evaluate, find_pairs
from registry.seqinfo import read_seqinfo
from track.rows.backfill import Backfill
from track.rows.offline import Moments, linked_rows, moments_of
from track.run.counts import Counts
from track.run.detection_log import DetectionLog
from track.run.pipeline import track_frames
from track.setup.config import RunConfig
from track.setup.loading import load_models
from track.sources import open_source
from tracker import DeepSort, TrackerConfig
from tracker.border import watches_border
from tracker.offline.linking import LinkConfig, TrackedDetections
from tracker.presets import load_preset

Rows = npt.NDArray[np.float64]
JITTER, LEFT_OUT = 0.015, 0.02
COLUMNS = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW")
AIMS = ("HOTA", "MOTA", "IDF1")


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """The detections of a tracked sequence with their tracks, and its frames."""

    seen: TrackedDetections
    moments: Moments

    def linked(self, changed: Mapping[str, Any]) -> Rows:
        """Rows in submission form after linking with these settings."""
        frames, _ = linked_rows(self.seen, self.moments, LinkConfig(**changed))
        parts = [submission_rows(each.frame_index + 1, each.ids, each.xyxy) for each in frames]
        return np.concatenate([np.empty((0, 10)), *parts])


def submission_rows(frame: int, ids: npt.NDArray[np.int64], xyxy: npt.NDArray[np.floating]) -> Rows:
    """MOTChallenge rows `(N, 10)` of one frame, numbered from 1."""
    count = len(ids)
    columns = (np.full(count, frame), ids, xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2], np.tile([1, -1, -1, -1], (count, 1)))
    return np.column_stack(columns)


def finished_run(folder: Path, preset: str) -> FinishedRun:
    """Track a sequence without pictures, rows filled in after confirmation."""
    config = RunConfig(str(folder), detector="public", reid="none", tracker=load_preset(preset), video=False)
    with open_source(config.source) as source:
        backfill, size, rows = Backfill(), (source.width, source.height), []
        models = load_models(config, source)
        log = DetectionLog(size, watches_border=watches_border(models.tracker.config))
        for step in track_frames(source, models, Counts(), size=size):
            log.add(step)
            rows += [tracks for _, tracks in backfill.push(step.frame, step.confirmed, step.tentative)]
        rows += [tracks for _, tracks in backfill.flush()]
    for tracks in rows:
        log.name(tracks)
    return FinishedRun(log.detections(), moments_of(rows))


def disturb(found: Rows, seed: int) -> Rows:
    """Detections `(N, 10)` shifted and scaled by 1.5 % of their sides, 2 % left out: another draw of the luck."""
    random = np.random.default_rng(seed)
    found = found[random.random(len(found)) >= LEFT_OUT]
    sides = np.tile(found[:, 4:6], 2)
    return np.column_stack((found[:, :2], found[:, 2:6] + random.normal(0, JITTER, sides.shape) * sides, found[:, 6:]))


def rows_of(folder: Path, config: TrackerConfig, seed: int | None = None) -> tuple[Rows, float]:
    """The rows `(M, 10)` of one sequence, online, in submission form, and ms for each update."""
    info = read_seqinfo(folder)
    if info is None or info.length is None or info.frame_rate is None:
        raise ValueError(f"{folder}: expected a seqinfo.ini with seqLength and frameRate")
    found = np.loadtxt(folder / "det" / "det.txt", delimiter=",", ndmin=2)
    found = found if seed is None else disturb(found, seed)
    frame_size = info.width or 0, info.height or 0
    tracker, rows, spent = DeepSort(config), [], 0.0
    for frame in range(1, info.length + 1):
        here = found[found[:, 0] == frame]
        xyxy = np.column_stack((here[:, 2:4], here[:, 2:4] + here[:, 4:6]))
        before = time.process_time()
        tracks = tracker.update(xyxy, here[:, 6], frame_size=frame_size, time_s=(frame - 1) / info.frame_rate)
        spent += time.process_time() - before
        rows.append(submission_rows(frame, tracks.ids, tracks.xyxy))
    return np.concatenate(rows), 1000 * spent / info.length


def score(
    folders: list[Path], config: TrackerConfig, seed: int | None = None
) -> tuple[Scores, dict[str, Scores], float]:
    """Scores of all sequences together, of each, and ms for an update."""
    tracked = {folder: rows_of(folder, config, seed) for folder in folders}
    combined, each = score_rows({folder: rows for folder, (rows, _) in tracked.items()})
    return combined, each, float(np.mean([spent for _, spent in tracked.values()]))


def score_rows(rows_by_folder: Mapping[Path, Rows]) -> tuple[Scores, dict[str, Scores]]:
    """Scores of all sequences together and of each, from their rows."""
    with tempfile.TemporaryDirectory() as name:
        truth, prediction = Path(name) / "gt", Path(name) / "pred"
        truth.mkdir()
        prediction.mkdir()
        for folder, rows in rows_by_folder.items():
            (truth / folder.name).symlink_to(folder.resolve())
            np.savetxt(prediction / f"{folder.name}.txt", rows, fmt="%d,%d," + ",".join(["%.2f"] * 4) + ",%d,%d,%d,%d")
        report = evaluate(find_pairs(truth, prediction), EvalOptions(force=True))
    return report.combined, {result.sequence: result.scores for result in report.results}


def leave_one_out(
    folders: list[Path],
    choices: Mapping[str, tuple[float, ...]],
    tracked_with: Callable[[Path, dict[str, float]], Rows],
) -> Iterator[tuple[str, Scores]]:
    """Each sequence, and all together, with the settings that are best on all boxes of the others."""
    settings = [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    tracked = [{folder: tracked_with(folder, changed) for folder in folders} for changed in settings]
    chosen = {}
    for left_out in folders:
        others = [score_rows({f: rows[f] for f in folders if f != left_out})[0] for rows in tracked]
        chosen[left_out] = int(np.argmax([np.mean([scores[aim] for aim in AIMS]) for scores in others]))
    together, each = score_rows({folder: tracked[choice][folder] for folder, choice in chosen.items()})
    for folder, choice in chosen.items():
        named = ", ".join(f"{key} {value:g}" for key, value in settings[choice].items())
        yield f"{folder.name} with {named}", each[folder.name]
    yield "each with settings chosen on the others", together
    yield "the preset", score_rows({folder: tracked_with(folder, {}) for folder in folders})[0]


def print_leave_one_out(folders: list[Path], options: argparse.Namespace) -> None:
    """The table of --leave-one-out, of tracking or with --offline of linking."""
    config = load_preset(options.preset).config
    if options.offline:
        finished = {folder: finished_run(folder, options.preset) for folder in folders}
        lines = leave_one_out(folders, LINK_CHOICES, lambda folder, changed: finished[folder].linked(changed))
    else:
        lines = leave_one_out(
            folders, CHOICES, lambda folder, changed: rows_of(folder, dataclasses.replace(config, **changed))[0]
        )
    print_header()
    for name, scores in lines:
        print(_line(name, scores), flush=True)


def print_offline(folders: list[Path], options: argparse.Namespace) -> None:
    """The table of --offline: each switch of linking turned off."""
    finished = {folder: finished_run(folder, options.preset) for folder in folders}
    print_header()
    for name, changed in OFFLINE.items():
        combined, each = score_rows({folder: run.linked(changed) for folder, run in finished.items()})
        print(_line(name, combined), flush=True)
        for sequence, scores in each.items() if options.by_sequence and not changed else ():
            print(_line(f"- {sequence}", scores))


def print_header() -> None:
    print(f"| variant | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--preset", default="strong")
    parser.add_argument("--only", nargs="*", default=[], help="only the variants whose name holds one of these words")
    parser.add_argument("--plateau", action="store_true", help="each number a fifth lower and higher instead")
    parser.add_argument("--by-sequence", action="store_true", help="the preset's scores on each sequence too")
    parser.add_argument("--disturbed", type=int, default=0, help="the preset on so many disturbed copies of the input")
    parser.add_argument("--offline", action="store_true", help="the switches of linking instead")
    parser.add_argument("--leave-one-out", action="store_true", help="choose on all sequences but one, score that one")
    parser.add_argument("--also", nargs="*", type=Path, default=[], help="further sequences for these two")
    options = parser.parse_args()
    folders = sorted(path.parents[1] for path in options.dataset.glob("*/gt/gt.txt"))
    for folder in (*folders, *options.also) or (options.dataset / "<sequence>",):
        if not all((folder / file).is_file() for file in ("det/det.txt", "gt/gt.txt", "seqinfo.ini")):
            parser.error(f"{folder}: expected a sequence with det/det.txt, gt/gt.txt and seqinfo.ini")
    if options.leave_one_out and len(folders) + len(options.also) < 2:
        parser.error(f"--leave-one-out needs two sequences or more, but {options.dataset} has one: add some by --also")
    config = load_preset(options.preset).config
    if options.leave_one_out:
        print_leave_one_out([*folders, *options.also], options)
        return
    if options.offline:
        print_offline([*folders, *options.also], options)
        return
    chosen = (plateau if options.plateau else variants)(config)
    chosen = {k: v for k, v in chosen.items() if not options.only or any(word in k for word in options.only)}
    print(f"| variant | {' | '.join(COLUMNS)} | ms |\n|---|{'--:|' * (len(COLUMNS) + 1)}")
    for name, changed in {options.preset: {}, **chosen}.items():
        combined, each, spent = score(folders, dataclasses.replace(config, **changed))
        print(_line(name, combined, spent), flush=True)
        if options.by_sequence and not changed:
            for sequence, scores in each.items():
                print(_line(f"- {sequence}", scores, spent))
    if options.disturbed:
        draws = [score(folders, config, seed)[0] for seed in range(options.disturbed)]
        table = np.array([[draw[column] for column in COLUMNS] for draw in draws])
        print(f"| disturbed, mean | {' | '.join(f'{value:.2f}' for value in table.mean(0))} | |")
        print(
            f"| disturbed, sd | {' | '.join(f'{value:.2f}' for value in table.std(0, ddof=min(len(table) - 1, 1)))} | |"
        )


def _line(name: str, scores: Scores, spent: float | None = None) -> str:
    values = " | ".join(f"{scores[column]:.0f}" if column == "IDSW" else f"{scores[column]:.2f}" for column in COLUMNS)
    return f"| {name} | {values} |" if spent is None else f"| {name} | {values} | {spent:.2f} |"


if __name__ == "__main__":
    main()
