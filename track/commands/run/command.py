"""`track run`: track one video."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from registry.defaults import DEFAULT_ENCODER
from track.commands.run import options
from track.run import options as tracking
from track.terminal.errors import EXIT_BY_SIGNAL, unknown_to_the_parser
from track.terminal.options import comma_separated

if TYPE_CHECKING:
    from track.setup.config import RunConfig

__all__ = ["run_command"]


def run_command(
    source: options.Source,
    detector: tracking.Detector = "auto",
    classes: tracking.Classes = None,
    conf: tracking.Conf = None,
    iou: tracking.Iou = None,
    imgsz: tracking.Imgsz = None,
    reid: tracking.Reid = None,
    reid_weights: tracking.ReidWeights = None,
    max_cosine: tracking.MaxCosine = None,
    reid_runtime: tracking.ReidRuntime = "auto",
    reid_when: tracking.ReidWhen = None,
    tracker: tracking.Tracker = "strong",
    out: options.Out = None,
    overwrite: tracking.Overwrite = False,
    style: options.Style = "boxes",
    no_video: options.NoVideo = False,
    crops: options.Crops = 0,
    start: tracking.Start = 0.0,
    end: tracking.End = None,
    every: tracking.Every = None,
    online: tracking.Online = False,
    smooth: tracking.Smooth = False,
    offline: tracking.Offline = False,
    keep_embeddings: options.KeepEmbeddings = False,
    zones: tracking.Zones = None,
    device: tracking.Device = "auto",
    seed: tracking.Seed = 0,
    trust: tracking.Trust = False,
    debug: tracking.Debug = False,
) -> None:
    """Track one video: writes tracks.txt, tracks.csv, annotated.mp4 and summary.json into a new folder."""
    _share_the_cores()
    from track.setup.config import RunConfig
    from tracker.presets import load_preset

    config = RunConfig(
        source=source,
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
        device=device,
        out=out,
        overwrite=overwrite,
        video=not no_video,
        style=style,
        crops=crops,
        start_s=start,
        end_s=end,
        every=every,
        online=online,
        smooth=smooth,
        offline=offline,
        keep_embeddings=keep_embeddings,
        zones=zones,
        seed=seed,
        trust=trust,
    )
    _run(config, debug, any_reid=reid is None)


def _share_the_cores() -> None:
    """Decoder, detector, encoder and video writer share them: no thread spins while it waits for work of its own.

    Read when the first OpenMP library loads, so set before any.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _run(config: RunConfig, debug: bool, *, any_reid: bool) -> None:
    with unknown_to_the_parser():
        from track.run.report import print_summary
        from track.run.run import run
        from track.terminal.console import open_console
        from track.terminal.progress import ConsoleProgress

        console = open_console(debug)
        summary = run(config, ConsoleProgress(console), any_reid=any_reid)
        print_summary(summary)
    if summary.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + summary.stopped_by)
