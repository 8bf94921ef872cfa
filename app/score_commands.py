"""The commands about scores: of tracks against ground truth, and of a tracker on a whole dataset."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from app import compare_options, options, score_options
from app.failure import EXIT_BY_SIGNAL, unknown_to_the_parser
from app.options import comma_separated

if TYPE_CHECKING:
    from app.compare_types import CompareConfig
    from app.mot import MotConfig

__all__ = ["compare_command", "eval_command", "mot_command"]


def eval_command(
    gt: score_options.Gt,
    pred: score_options.Pred,
    sequences: score_options.Sequences = None,
    rules: score_options.Rules = "auto",
    classes: score_options.Classes = None,
    frames: score_options.Frames = None,
    shift: score_options.Shift = 0,
    force: score_options.Force = False,
    events: score_options.Events = False,
    as_json: score_options.Json = False,
    as_csv: score_options.Csv = False,
    debug: score_options.Debug = False,
) -> None:
    """Score tracks against ground truth: HOTA, MOTA, IDF1 and what they are made of, per sequence and combined."""
    from app.evaluate import parse_span, print_report, score
    from evaluation import EvalOptions

    if as_json and as_csv:
        raise ValueError("--json and --csv exclude each other: drop one")
    first, last = parse_span(frames)
    wanted = EvalOptions(rules, comma_separated(classes), first, last, shift, force)
    with unknown_to_the_parser():
        report = score(gt, pred, comma_separated(sequences, "--sequences", "TUD-Campus,KITTI-17"), wanted)
        print_report(report, events=events, as_json=as_json, as_csv=as_csv)


def mot_command(
    dataset: score_options.Dataset,
    sequences: score_options.Sequences = None,
    detector: score_options.Detector = "public",
    classes: options.Classes = None,
    conf: options.Conf = None,
    iou: options.Iou = None,
    imgsz: options.Imgsz = None,
    reid: score_options.Reid = None,
    reid_weights: options.ReidWeights = None,
    max_cosine: options.MaxCosine = None,
    reid_runtime: options.ReidRuntime = "auto",
    reid_when: options.ReidWhen = None,
    tracker: options.Tracker = "strong",
    every: options.Every = None,
    out: score_options.Out = None,
    overwrite: options.Overwrite = False,
    online: options.Online = False,
    smooth: options.Smooth = False,
    offline: options.Offline = False,
    rules: score_options.Rules = "auto",
    device: options.Device = "auto",
    seed: options.Seed = 0,
    debug: options.Debug = False,
) -> None:
    """Track every sequence of a dataset, write the results in submission form, and score them against ground truth."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in `track run`
    from app.config import RunConfig, load_preset
    from app.mot import MotConfig
    from evaluation import EvalOptions

    EvalOptions(rules)  # an unknown name shows now
    config = RunConfig(
        source=str(dataset),
        detector=detector,
        classes=comma_separated(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        reid=reid or "dogenet50",
        reid_weights=reid_weights,
        max_cosine=max_cosine,
        reid_runtime=reid_runtime,
        reid_when=reid_when,
        tracker=load_preset(tracker),
        every=every,
        device=device,
        online=online,
        smooth=smooth,
        offline=offline,
        seed=seed,
    )
    wanted = comma_separated(sequences, "--sequences", "TUD-Campus,KITTI-17")
    _mot(MotConfig(dataset, config, reid, wanted, out, overwrite, rules), debug)


def _mot(config: MotConfig, debug: bool) -> None:
    with unknown_to_the_parser():
        from app.console import open_console
        from app.mot import print_result, track_dataset
        from app.progress import ConsoleProgress

        console = open_console(debug)
        result = track_dataset(config, ConsoleProgress(console), console)
        print_result(result)
    if result.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + result.stopped_by)


def compare_command(
    source: compare_options.Source,
    reid: compare_options.Encoders = None,
    reid_weights: compare_options.Weights = None,
    tracker: compare_options.Trackers = "strong",
    detector: options.Detector = "auto",
    classes: options.Classes = None,
    conf: options.Conf = None,
    iou: options.Iou = None,
    imgsz: options.Imgsz = None,
    start: options.Start = 0.0,
    end: options.End = None,
    online: options.Online = False,
    gt: compare_options.Gt = None,
    out: compare_options.Out = None,
    overwrite: options.Overwrite = False,
    as_json: compare_options.Json = False,
    as_csv: compare_options.Csv = False,
    no_cache: compare_options.NoCache = False,
    device: options.Device = "auto",
    seed: options.Seed = 0,
    debug: options.Debug = False,
) -> None:
    """Compare encoders and trackers on one source: scores and speed side by side, on the same detections."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in `track run`
    from app.compare_types import CompareConfig, default_encoders, parse_weights, with_short_names
    from app.config import RunConfig, load_preset

    if as_json and as_csv:
        raise ValueError("--json and --csv exclude each other: drop one")
    run = RunConfig(
        source=source,
        detector=detector,
        classes=comma_separated(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        device=device,
        start_s=start,
        end_s=end,
        online=online,
        seed=seed,
    )
    encoders = comma_separated(reid, "--reid", "none,dogenet50") or default_encoders(run)
    presets = [load_preset(name) for name in comma_separated(tracker, "--tracker", "deepsort,strong")]
    weights = parse_weights(reid_weights or [])
    config = CompareConfig(
        run, encoders, with_short_names(presets), weights, gt, out, overwrite, use_cache=not no_cache
    )
    _compare(config, debug, as_json=as_json, as_csv=as_csv)


def _compare(config: CompareConfig, debug: bool, *, as_json: bool, as_csv: bool) -> None:
    with unknown_to_the_parser():
        from app.compare_dataset import compare_any
        from app.compare_report import print_comparison
        from app.console import open_console
        from app.progress import ConsoleProgress

        result = compare_any(config, ConsoleProgress(open_console(debug)))
        print_comparison(result, json_wanted=as_json, csv_wanted=as_csv)
