"""`track eval`: score tracks against ground truth."""

from __future__ import annotations

from track.commands.eval import options
from track.scores import options as scoring
from track.terminal import options as tables
from track.terminal.errors import unknown_to_the_parser
from track.terminal.options import comma_separated
from track.terminal.tables import chosen_form

__all__ = ["eval_command"]


def eval_command(
    gt: options.Gt,
    pred: options.Pred,
    sequences: scoring.Sequences = None,
    rules: scoring.Rules = "auto",
    classes: options.Classes = None,
    frames: options.Frames = None,
    shift: options.Shift = 0,
    force: options.Force = False,
    events: options.Events = False,
    as_json: options.Json = False,
    as_csv: options.Csv = False,
    as_markdown: tables.Markdown = False,
    as_latex: tables.Latex = False,
    debug: options.Debug = False,
) -> None:
    """Score tracks against ground truth: HOTA, MOTA, IDF1 and what they are made of, per sequence and combined."""
    from evaluation import EvalOptions
    from track.scores.report import parse_span, print_report, score

    form = chosen_form(json=as_json, csv=as_csv, markdown=as_markdown, latex=as_latex)
    first, last = parse_span(frames)
    wanted = EvalOptions(rules, comma_separated(classes), first, last, shift, force)
    with unknown_to_the_parser():
        report = score(gt, pred, comma_separated(sequences, "--sequences", "TUD-Campus,KITTI-17"), wanted)
        print_report(report, events=events, form=form)
