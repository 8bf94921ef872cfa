"""`track compare`: encoders and trackers side by side."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from registry.defaults import DEFAULT_ENCODER
from track.commands.compare import options
from track.run import options as tracking
from track.terminal import options as tables
from track.terminal.errors import unknown_to_the_parser
from track.terminal.options import comma_separated
from track.terminal.tables import chosen_form

if TYPE_CHECKING:
    from track.commands.compare.config import CompareConfig

__all__ = ["compare_command"]


def compare_command(
    source: options.Source,
    reid: options.Encoders = None,
    reid_weights: options.Weights = None,
    tracker: options.Trackers = "strong",
    detector: tracking.Detector = "auto",
    classes: tracking.Classes = None,
    conf: tracking.Conf = None,
    iou: tracking.Iou = None,
    imgsz: tracking.Imgsz = None,
    start: tracking.Start = 0.0,
    end: tracking.End = None,
    online: tracking.Online = False,
    gt: options.Gt = None,
    repeats: options.Repeats = None,
    out: options.Out = None,
    overwrite: tracking.Overwrite = False,
    as_json: options.Json = False,
    as_csv: options.Csv = False,
    as_markdown: tables.Markdown = False,
    as_latex: tables.Latex = False,
    no_cache: options.NoCache = False,
    device: tracking.Device = "auto",
    seed: tracking.Seed = 0,
    trust: tracking.Trust = False,
    debug: tracking.Debug = False,
) -> None:
    """Compare encoders and trackers on one source: scores and speed side by side, on the same detections."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in `track run`
    from track.commands.compare.config import CompareConfig, default_encoders, parse_weights, with_short_names
    from track.setup.config import RunConfig
    from tracker.presets import load_preset

    form = chosen_form(json=as_json, csv=as_csv, markdown=as_markdown, latex=as_latex)
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
        trust=trust,
    )
    encoders = comma_separated(reid, "--reid", f"none,{DEFAULT_ENCODER}") or default_encoders(run)
    presets = [load_preset(name) for name in comma_separated(tracker, "--tracker", "deepsort,strong")]
    weights = parse_weights(reid_weights or [])
    config = CompareConfig(run, encoders, with_short_names(presets), weights, gt, out, overwrite, not no_cache, repeats)
    _compare(config, debug, form)


def _compare(config: CompareConfig, debug: bool, form: str) -> None:
    with unknown_to_the_parser():
        from track.commands.compare.dataset import compare_any
        from track.commands.compare.report import print_comparison
        from track.terminal.console import open_console
        from track.terminal.progress import ConsoleProgress

        result = compare_any(config, ConsoleProgress(open_console(debug)))
        print_comparison(result, form)
