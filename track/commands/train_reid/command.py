"""`track train-reid`: train an appearance encoder."""

from __future__ import annotations

import os

import typer

from track.commands.train_reid import options
from track.run import options as tracking
from track.terminal.errors import EXIT_BY_SIGNAL, unknown_to_the_parser

__all__ = ["train_reid_command"]


def train_reid_command(
    data: options.Data = None,
    reid: options.Reid = None,
    recipe: options.RecipeName = None,
    pretrained: options.Pretrained = None,
    smoke: options.Smoke = False,
    epochs: options.Epochs = None,
    batch: options.Batch = None,
    lr: options.LearningRate = None,
    input_size: options.InputSize = None,
    eval_every: options.EvalEvery = None,
    false_match_rate: options.FalseMatchRate = None,
    out: options.Out = None,
    resume: options.Resume = None,
    amp: options.Amp = None,
    device: options.Device = "auto",
    workers: options.Workers = 2,
    seed: options.Seed = None,
    debug: tracking.Debug = False,
) -> None:
    """Train an appearance encoder on a data set, measure it on held-out people, and choose its gate."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as for `run`: the next batch is made beside the step
    from track.commands.train_reid.config import TrainOptions, resolve

    typed = TrainOptions(
        data=data,
        reid=reid,
        recipe=recipe,
        pretrained=pretrained,
        smoke=smoke,
        epochs=epochs,
        batch=batch,
        lr=lr,
        input_size=input_size,
        eval_every=eval_every,
        false_match_rate=false_match_rate,
        out=out,
        resume=resume,
        amp=amp,
        device=device,
        workers=workers,
        seed=seed,
    )
    with unknown_to_the_parser():
        from track.commands.train_reid.train import train_reid
        from track.terminal.console import open_console

        stopped_by = train_reid(resolve(typed), open_console(debug))
    if stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + stopped_by)
