"""Ground truth and predictions -> scores: read, look, choose the rules, measure, combine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.classes import ANY, only_pedestrians, split_by_class
from evaluation.events import Event, list_events
from evaluation.files import GroundTruth, Pair
from evaluation.looking.checks import Finding, look, twice
from evaluation.metrics import Measured, Scores, combine, measure
from evaluation.prepare import Prepared, prepare
from evaluation.reading import read_rows
from evaluation.rows import BoolArray, TrackRows
from evaluation.rules import PEDESTRIAN, PEDESTRIAN_LABELS, RULES, Rules, choose_rules
from registry import unknown_name
from registry.numbers import MAX_FRAME
from registry.words import counted

__all__ = ["ANY", "AUTO", "EvalOptions", "Report", "Result", "evaluate", "merge_reports", "prepare_rows"]

AUTO = "auto"


@dataclass(frozen=True)
class EvalOptions:
    """What to score, and how.

    Attributes:
        rules: `auto` or a name in `RULES`.
        classes: only these, by name or number; `any` alone scores all boxes as one class.
        first, last: span of frames to score, both included; `None` leaves it to the ground truth.
        shift: added to the frame numbers of the predictions.
        force: score also what is not plausible.
    """

    rules: str = AUTO
    classes: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    shift: int = 0
    force: bool = False

    def __post_init__(self) -> None:
        if self.rules != AUTO and self.rules not in RULES:
            raise unknown_name("rules", self.rules, [AUTO, *RULES])
        if ANY in self.classes and len(self.classes) > 1:
            raise ValueError(
                f"--classes is {','.join(self.classes)}, but {ANY} stands alone: it takes all as one class"
            )
        pedestrians = {label.lower() for label in self.classes} <= PEDESTRIAN_LABELS
        if not pedestrians and self.rules not in (AUTO, "own"):
            raise ValueError(
                f"--classes {','.join(self.classes)} has no effect with --rules {self.rules}, which score pedestrians: "
                "use --rules own, or leave one of them out"
            )
        for what, number in (("--shift", self.shift), ("--frames", self.first), ("--frames", self.last)):
            if number is not None and abs(number) > MAX_FRAME:
                raise ValueError(f"{what} has {number:,}, expected {MAX_FRAME:,} at most")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"--frames is {self.first}-{self.last}, expected the first frame before the last: 1-150")


@dataclass(frozen=True)
class Result:
    """The scores of one sequence and class.

    Attributes:
        sequence: its name.
        label: the class by which it was scored; empty where classes were not looked at.
        rules: name of the rule set.
        span: first and last frame scored.
        scores: the figures.
        events: switches and fragmentations.
    """

    sequence: str
    label: str
    rules: str
    span: tuple[int, int]
    scores: Scores
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Report:
    """All that was found.

    Attributes:
        results: by sequence and class.
        by_class: each class over all sequences, where there are several of both.
        combined: all boxes together.
        rules: one sentence for each rule set that was used: why, and for which sequences.
        warnings: what a person should know before believing the scores.
        measured: from which scores are combined, one for each of `results`.
    """

    results: tuple[Result, ...]
    by_class: tuple[tuple[str, Scores], ...]
    combined: Scores
    rules: tuple[str, ...]
    warnings: tuple[str, ...]
    measured: tuple[Measured, ...]


@dataclass(frozen=True)
class _Files:
    """What was read for one sequence, cut to the span that is scored."""

    truth: TrackRows
    prediction: TrackRows
    span: tuple[int, int]
    rules: Rules
    reason: str


def evaluate(pairs: Sequence[Pair], options: EvalOptions | None = None) -> Report:
    """Score predictions against their ground truths.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a file cannot be read, or what was found in it speaks against any score; one sentence with the fix.
    """
    if not pairs:
        raise ValueError("nothing to score: expected one ground truth with its prediction, or more")
    options = options or EvalOptions()
    warnings: list[str] = []
    results: list[Result] = []
    measured: list[Measured] = []
    reasons: dict[str, list[str]] = {}
    for pair in pairs:
        files = _read(pair, options, warnings)
        reasons.setdefault(f"{files.rules.name} ({files.rules.summary}), since {files.reason}", []).append(
            pair.truth.name
        )
        for label, prepared in _prepared(files, options, warnings):
            measured.append(measure(prepared))
            events = tuple(list_events(prepared))
            results.append(Result(pair.truth.name, label, files.rules.name, files.span, measured[-1].scores, events))
    return _report(results, measured, reasons, warnings)


def prepare_rows(
    truth: GroundTruth, annotated: TrackRows, tracks: TrackRows, options: EvalOptions | None = None
) -> tuple[tuple[int, int], list[Prepared]]:
    """First and last frame that are scored, and what is scored there of each class: as `evaluate`, of rows at hand.

    Args:
        truth: where the annotations come from.
        annotated: all of its rows.
        tracks: the prediction.
        options: what to score.

    Raises:
        ValueError: as `evaluate`.
    """
    options, unsaid = options or EvalOptions(), list[str]()
    files = _looked_through(Pair(truth, tracks.path), annotated, tracks.shifted(options.shift), options, unsaid)
    return files.span, [prepared for _, prepared in _prepared(files, options, unsaid)]


def _prepared(files: _Files, options: EvalOptions, warnings: list[str]) -> Iterable[tuple[str, Prepared]]:
    """Each class with what is scored of it."""
    for label, truth, prediction in split_by_class(
        files.truth, files.prediction, files.rules, options.classes, warnings
    ):
        _stop_at(twice(truth, "ground truth"), options, warnings)
        _stop_at(twice(prediction, "prediction"), options, warnings)
        yield label, prepare(truth, prediction, files.rules, files.span[1] - files.span[0] + 1)


def merge_reports(reports: Sequence[Report]) -> Report:
    """The report of all sequences together, as if `evaluate` had taken them at once."""
    results = [result for report in reports for result in report.results]
    measured = [part for report in reports for part in report.measured]
    rules: dict[str, list[str]] = {}
    for report in reports:
        for text in report.rules:
            rules.setdefault(text, []).extend(dict.fromkeys(result.sequence for result in report.results))
    return _report(results, measured, rules, [text for report in reports for text in report.warnings])


def _report(
    results: Sequence[Result], measured: Sequence[Measured], rules: Mapping[str, Sequence[str]], warnings: Sequence[str]
) -> Report:
    """Everything combined; `rules` has the sequences of each sentence."""
    return Report(
        results=tuple(results),
        by_class=tuple(_by_class(results, measured)),
        combined=combine(measured).scores,
        rules=tuple(text if len(rules) == 1 else f"{text}: {', '.join(names)}" for text, names in rules.items()),
        warnings=tuple(dict.fromkeys(warnings)),
        measured=tuple(measured),
    )


def _by_class(results: Sequence[Result], measured: Sequence[Measured]) -> Iterable[tuple[str, Scores]]:
    labels = sorted({result.label for result in results})
    if len(labels) < 2 or len({result.sequence for result in results}) < 2:
        return
    for label in labels:
        parts = [part for result, part in zip(results, measured, strict=True) if result.label == label]
        yield label, combine(parts).scores


def _stop_at(findings: Iterable[Finding], options: EvalOptions, warnings: list[str]) -> None:
    """Raise the first finding after which scores would mean nothing; the others become warnings."""
    for finding in findings:
        if finding.stops and not (finding.by_plausibility and options.force):
            hint = " (--force scores it as it stands)" if finding.by_plausibility else ""
            raise ValueError(f"{finding.text}{hint}")
        warnings.append(finding.text)


def _read(pair: Pair, options: EvalOptions, warnings: list[str]) -> _Files:
    truth = read_rows(pair.truth.file, pair.truth.labels)
    prediction = read_rows(pair.prediction).shifted(options.shift)
    return _looked_through(pair, truth, prediction, options, warnings)


def _looked_through(
    pair: Pair, truth: TrackRows, prediction: TrackRows, options: EvalOptions, warnings: list[str]
) -> _Files:
    """Both, cut to the span that is scored, with the rules for them."""
    _stop_at(look(truth, prediction, options.shift), options, warnings)
    span = _span(pair.truth, truth, options, warnings)
    truth, outside = _cut(truth, span), prediction[~_inside(prediction, span)]
    if not len(truth):
        raise ValueError(f"{pair.truth.file} has no box at frames {span[0]}-{span[1]}: choose other --frames")
    if len(outside) and options.first is None and options.last is None:
        frames = f"{outside.frames.min()}-{outside.frames.max()}"
        warnings.append(
            f"not scored: {counted(len(outside), 'box', 'boxes')} of {pair.prediction} at frames outside of the ground "
            f"truth (frames {frames}, scored {span[0]}-{span[1]}): --frames sets the span"
        )
    prediction = _cut(prediction, span)
    if len(prediction) and options.first is None and options.last is None:
        warnings.extend(_of_gaps(pair, truth, prediction, span, options.shift))
    rules, reason = _rules(pair.truth, truth, prediction, options)
    return _Files(truth, prediction, span, rules, reason)


def _rules(of: GroundTruth, truth: TrackRows, prediction: TrackRows, options: EvalOptions) -> tuple[Rules, str]:
    """The rule set asked for, or the one that fits the files; and why.

    Who names pedestrians asks for the rules for them, whatever else was predicted. A number may be a class of one's
    own, so 1 leaves the rules as they are without it.
    """
    if options.rules != AUTO:
        return RULES[options.rules], "--rules says so"
    pedestrians = only_pedestrians(options.classes, truth)
    if options.classes and truth.has_classes and not pedestrians:
        return RULES["own"], "--classes was given"
    if pedestrians and any(not label.isdecimal() for label in options.classes):
        prediction = prediction[prediction.class_ids <= PEDESTRIAN]
    return choose_rules(of.name, truth, prediction, own_labels=bool(of.labels))


def _of_gaps(pair: Pair, truth: TrackRows, prediction: TrackRows, span: tuple[int, int], shift: int) -> Iterable[str]:
    """Long stretches at the ends where only one of the files says anything: was the rest not annotated, not tracked?"""
    ends = {
        "the ground truth": (_ends(truth), pair.truth.file, "boxes there count as false"),
        "the prediction": (_looked_at(pair, prediction, shift), pair.prediction, "objects there count as missed"),
    }
    tenth = (span[1] - span[0] + 1) // 10
    for what, ((first, last), path, effect) in ends.items():
        if first - span[0] > tenth or span[1] - last > tenth:
            first, last = max(first, span[0]), min(last, span[1])
            yield (
                f"{what} ({path}) covers frames {first}-{last} of {span[0]}-{span[1]}, {effect}: "
                f"--frames {first}-{last} leaves the rest out"
            )


def _looked_at(pair: Pair, prediction: TrackRows, shift: int) -> tuple[int, int]:
    """The frames that the tracker saw: at the ends it may have found nobody; else those that have rows."""
    first, last = _ends(prediction)
    if pair.looked_at is None:
        return first, last
    seen = pair.looked_at[0] + shift, pair.looked_at[1] + shift
    return seen if seen[0] <= first and last <= seen[1] else (first, last)  # rows of other frames: not that run's file


def _ends(rows: TrackRows) -> tuple[int, int]:
    return int(rows.frames.min()), int(rows.frames.max())


def _inside(rows: TrackRows, span: tuple[int, int]) -> BoolArray:
    return (rows.frames >= span[0]) & (rows.frames <= span[1])


def _cut(rows: TrackRows, span: tuple[int, int]) -> TrackRows:
    return rows[_inside(rows, span)]


def _span(truth: GroundTruth, rows: TrackRows, options: EvalOptions, warnings: list[str]) -> tuple[int, int]:
    """First and last frame to score: as asked for, as `seqinfo.ini` says, or those of the ground truth."""
    first, last = int(rows.frames.min()), int(rows.frames.max())
    if truth.length is not None:
        first = min(first, 1)
        if last > truth.length + first - 1 and options.last is None:
            warnings.append(
                f"{truth.file} goes on to frame {last}, though seqinfo.ini says seqLength={truth.length}; "
                "all of it is scored"
            )
        last = max(last, truth.length + first - 1)
    return options.first if options.first is not None else first, options.last if options.last is not None else last
