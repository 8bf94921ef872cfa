"""The commands about encoders themselves: train one, measure one, export one."""

from __future__ import annotations

import os

import typer

from app import eval_options, options, train_options
from app.failure import EXIT_BY_SIGNAL, unknown_to_the_parser

__all__ = ["eval_reid_command", "export_command", "train_reid_command"]


def train_reid_command(
    data: train_options.Data = None,
    reid: train_options.Reid = None,
    recipe: train_options.RecipeName = None,
    pretrained: train_options.Pretrained = None,
    smoke: train_options.Smoke = False,
    epochs: train_options.Epochs = None,
    batch: train_options.Batch = None,
    lr: train_options.LearningRate = None,
    input_size: train_options.InputSize = None,
    eval_every: train_options.EvalEvery = None,
    false_match_rate: train_options.FalseMatchRate = None,
    out: train_options.Out = None,
    resume: train_options.Resume = None,
    amp: train_options.Amp = None,
    device: train_options.Device = "auto",
    workers: train_options.Workers = 2,
    seed: train_options.Seed = None,
    debug: options.Debug = False,
) -> None:
    """Train an appearance encoder on a data set, measure it on held-out people, and choose its gate."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as for `run`: the next batch is made beside the step
    from app.train_config import TrainOptions, resolve

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
        from app.console import open_console
        from app.train_reid import train_reid

        stopped_by = train_reid(resolve(typed), open_console(debug))
    if stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + stopped_by)


def eval_reid_command(
    data: eval_options.Data = None,
    reid: eval_options.Reid = "dogenet50",
    reid_weights: eval_options.ReidWeights = None,
    reid_runtime: eval_options.ReidRuntime = "auto",
    rerank: eval_options.Rerank = False,
    rotate: eval_options.Rotate = None,
    false_match_rate: eval_options.FalseMatchRate = 0.01,
    store_gate: eval_options.StoreGate = False,
    pictures: eval_options.Pictures = 0,
    out: eval_options.Out = None,
    as_json: eval_options.Json = False,
    device: eval_options.Device = "auto",
    seed: eval_options.Seed = 0,
    debug: options.Debug = False,
) -> None:
    """Measure how well an appearance encoder finds people again, and which gate belongs to it."""
    with unknown_to_the_parser():
        from app.console import open_console
        from app.eval_reid import EvalConfig, data_sources, eval_reid, parse_angles
        from app.eval_report import print_evaluation

        config = EvalConfig(
            sources=data_sources(data),
            reid=reid,
            reid_weights=reid_weights,
            reid_runtime=reid_runtime,
            rerank=rerank,
            angles=parse_angles(rotate),
            false_match_rate=false_match_rate,
            store_gate=store_gate,
            num_pictures=pictures,
            out=out,
            device=device,
            seed=seed,
        )
        print_evaluation(config, eval_reid(config, open_console(debug)), as_json)


def export_command(
    reid: options.ExportReid,
    to: options.ExportTo,
    half: options.Half = False,
    int8: options.Int8 = False,
    calibrate: options.Calibrate = None,
    detector: options.CalibrateDetector = "auto",
    reid_weights: options.ExportWeights = None,
    input_size: options.InputSize = None,
    out: options.ExportOut = None,
    overwrite: options.ExportOverwrite = False,
    seed: options.Seed = 0,
    debug: options.Debug = False,
) -> None:
    """Write an encoder for ONNX Runtime, OpenVINO or TorchScript, if it gives what PyTorch gives.

    In float32 that is to 1e-4 of the largest component and to a cosine of 0.999999.
    """
    if half and int8:
        raise ValueError("--half and --int8 exclude each other; drop one")
    with unknown_to_the_parser():
        from app.console import open_console
        from app.export import ExportConfig, export, print_export
        from app.models import parse_size
        from app.progress import ConsoleProgress

        config = ExportConfig(
            reid=reid,
            to=to,
            precision="fp16" if half else "int8" if int8 else "fp32",
            calibrate=calibrate,
            detector=detector,
            weights=reid_weights,
            input_size=parse_size(input_size),
            seed=seed,
            out=out,
            overwrite=overwrite,
        )
        print_export(export(config, ConsoleProgress(open_console(debug))))
