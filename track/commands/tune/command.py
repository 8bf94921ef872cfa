"""`track tune`: find tracker settings for one's own videos, and say whether they gain anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from registry.defaults import DEFAULT_ENCODER
from track.commands.tune import options
from track.run import options as tracking
from track.scores import options as scoring
from track.terminal.errors import unknown_to_the_parser
from track.terminal.options import comma_separated

if TYPE_CHECKING:
    from track.commands.tune.config import TuneConfig

__all__ = ["tune_command"]


def tune_command(
    dataset: options.Dataset,
    gt: options.Gt = None,
    sequences: scoring.Sequences = None,
    trials: options.Trials = 40,
    preset: options.Preset = "strong",
    seed: options.Seed = 0,
    detector: options.Detector = None,
    classes: tracking.Classes = None,
    conf: tracking.Conf = None,
    iou: tracking.Iou = None,
    imgsz: tracking.Imgsz = None,
    reid: options.Reid = None,
    reid_weights: tracking.ReidWeights = None,
    reid_runtime: tracking.ReidRuntime = "auto",
    online: tracking.Online = False,
    smooth: tracking.Smooth = False,
    offline: tracking.Offline = False,
    rules: scoring.Rules = "auto",
    out: options.Out = None,
    device: tracking.Device = "auto",
    trust: tracking.Trust = False,
    debug: tracking.Debug = False,
) -> None:
    """Find tracker settings for your own annotated videos, and say what they gain where they were not chosen."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in `track run`
    from track.commands.tune.config import TuneConfig
    from track.setup.config import RunConfig
    from tracker.presets import load_preset

    run = RunConfig(
        source=str(dataset),
        detector="auto" if detector is None else detector,
        classes=comma_separated(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        reid=DEFAULT_ENCODER if reid is None else reid,
        reid_weights=reid_weights,
        reid_runtime=reid_runtime,
        reid_when="always" if reid not in ("none", "file") else None,
        tracker=load_preset(preset),
        device=device,
        video=False,
        online=online,
        smooth=smooth,
        offline=offline,
        trust=trust,
    )
    wanted = comma_separated(sequences, "--sequences", "TUD-Campus,KITTI-17")
    _tune(TuneConfig(dataset, run, gt, wanted, trials, seed, detector, reid, rules, out), debug)


def _tune(config: TuneConfig, debug: bool) -> None:
    with unknown_to_the_parser():
        from track.commands.tune.report import print_outcome
        from track.commands.tune.tune import tune
        from track.terminal.console import open_console

        print_outcome(tune(config, open_console(debug)))
