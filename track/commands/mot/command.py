"""`track mot`: track a whole dataset."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from registry.defaults import DEFAULT_ENCODER
from track.commands.mot import options
from track.run import options as tracking
from track.scores import options as scoring
from track.terminal import options as tables
from track.terminal.errors import EXIT_BY_SIGNAL, unknown_to_the_parser
from track.terminal.options import comma_separated
from track.terminal.tables import chosen_form

if TYPE_CHECKING:
    from track.commands.mot.dataset import MotConfig

__all__ = ["mot_command"]


def mot_command(
    dataset: options.Dataset,
    sequences: scoring.Sequences = None,
    detector: options.Detector = "public",
    classes: tracking.Classes = None,
    conf: tracking.Conf = None,
    iou: tracking.Iou = None,
    imgsz: tracking.Imgsz = None,
    reid: options.Reid = None,
    reid_weights: tracking.ReidWeights = None,
    max_cosine: tracking.MaxCosine = None,
    reid_runtime: tracking.ReidRuntime = "auto",
    reid_when: tracking.ReidWhen = None,
    tracker: tracking.Tracker = "strong",
    every: tracking.Every = None,
    out: options.Out = None,
    overwrite: tracking.Overwrite = False,
    online: tracking.Online = False,
    smooth: tracking.Smooth = False,
    offline: tracking.Offline = False,
    rules: scoring.Rules = "auto",
    as_markdown: tables.Markdown = False,
    as_latex: tables.Latex = False,
    device: tracking.Device = "auto",
    seed: tracking.Seed = 0,
    trust: tracking.Trust = False,
    debug: tracking.Debug = False,
) -> None:
    """Track every sequence of a dataset, write the results in submission form, and score them against ground truth."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in `track run`
    from evaluation import EvalOptions
    from track.commands.mot.dataset import MotConfig
    from track.setup.config import RunConfig
    from tracker.presets import load_preset

    EvalOptions(rules)  # an unknown name shows now
    form = chosen_form(markdown=as_markdown, latex=as_latex)
    config = RunConfig(
        source=str(dataset),
        detector=detector,
        classes=comma_separated(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        reid=DEFAULT_ENCODER if reid is None else reid,
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
        trust=trust,
    )
    wanted = comma_separated(sequences, "--sequences", "TUD-Campus,KITTI-17")
    _mot(MotConfig(dataset, config, reid, wanted, out, overwrite, rules), debug, form)


def _mot(config: MotConfig, debug: bool, form: str) -> None:
    with unknown_to_the_parser():
        from track.commands.mot.dataset import track_dataset
        from track.commands.mot.report import print_result
        from track.terminal.console import open_console
        from track.terminal.progress import ConsoleProgress

        console = open_console(debug)
        result = track_dataset(config, ConsoleProgress(console), console)
        print_result(result, form)
    if result.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + result.stopped_by)
