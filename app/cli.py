"""The `track` command: parse, validate, call the library, report. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

import typer

from app import options, score_options
from app.failure import EXIT_BY_SIGNAL, PassedOnError, end_early, exit_code, fail, hint, one_line, unknown_to_the_parser
from app.options import DEBUG

if TYPE_CHECKING:
    from app.config import RunConfig
    from app.mot import MotConfig

__all__ = ["app", "main"]

app = typer.Typer(
    name="track",
    help="Track the objects of a video and keep their identities: DeepSORT with pluggable ReID encoders.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"track {metadata.version('track-reid')}")
        raise typer.Exit


@app.callback()
def _main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command("run")
def run_command(
    source: options.Source,
    detector: options.Detector = "auto",
    classes: options.Classes = None,
    conf: options.Conf = None,
    iou: options.Iou = None,
    imgsz: options.Imgsz = None,
    reid: options.Reid = "dogenet50",
    reid_weights: options.ReidWeights = None,
    reid_runtime: options.ReidRuntime = "auto",
    tracker: options.Tracker = "strong",
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    no_video: options.NoVideo = False,
    start: options.Start = 0.0,
    end: options.End = None,
    every: options.Every = 1,
    online: options.Online = False,
    smooth: options.Smooth = False,
    device: options.Device = "auto",
    seed: options.Seed = 0,
    debug: options.Debug = False,
) -> None:
    """Track one video: writes tracks.txt, tracks.csv, annotated.mp4 and summary.json into a new folder."""
    # Decoder, detector, encoder and video writer share the cores: a thread that spins while it waits for work takes the
    # time of one that has some. Read when the first OpenMP library loads, so set before any.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from app.config import RunConfig, load_preset

    config = RunConfig(
        source=source,
        detector=detector,
        classes=_names(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        reid=reid,
        reid_weights=reid_weights,
        reid_runtime=reid_runtime,
        tracker=load_preset(tracker),
        device=device,
        out=out,
        overwrite=overwrite,
        video=not no_video,
        start_s=start,
        end_s=end,
        every=every,
        online=online,
        smooth=smooth,
        seed=seed,
    )
    _run(config, debug)


def _run(config: RunConfig, debug: bool) -> None:
    with unknown_to_the_parser():
        from app.console import open_console, print_summary
        from app.progress import create_progress
        from app.run import run

        console = open_console(debug)
        summary = run(config, create_progress(console))
        print_summary(summary)
    if summary.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + summary.stopped_by)


@app.command("eval")
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
    debug: Annotated[bool, typer.Option(DEBUG, help="Show tracebacks.")] = False,
) -> None:
    """Score tracks against ground truth: HOTA, MOTA, IDF1 and what they are made of, per sequence and combined."""
    from app.evaluate import parse_span, print_report, score
    from evaluation import EvalOptions

    if as_json and as_csv:
        raise ValueError("--json and --csv exclude each other: drop one")
    first, last = parse_span(frames)
    wanted = EvalOptions(rules, _names(classes), first, last, shift, force)
    with unknown_to_the_parser():
        report = score(gt, pred, _names(sequences, "--sequences", "TUD-Campus,KITTI-17"), wanted)
        print_report(report, events=events, as_json=as_json, as_csv=as_csv)


@app.command("mot")
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
    reid_runtime: options.ReidRuntime = "auto",
    tracker: options.Tracker = "strong",
    out: score_options.Out = None,
    overwrite: options.Overwrite = False,
    online: options.Online = False,
    smooth: options.Smooth = False,
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
        classes=_names(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        reid=reid or "dogenet50",
        reid_weights=reid_weights,
        reid_runtime=reid_runtime,
        tracker=load_preset(tracker),
        device=device,
        online=online,
        smooth=smooth,
        seed=seed,
    )
    wanted = _names(sequences, "--sequences", "TUD-Campus,KITTI-17")
    _mot(MotConfig(dataset, config, reid, wanted, out, overwrite, rules), debug)


def _mot(config: MotConfig, debug: bool) -> None:
    with unknown_to_the_parser():
        from app.console import open_console
        from app.mot import print_result, track_dataset
        from app.progress import create_progress

        console = open_console(debug)
        result = track_dataset(config, create_progress(console), console)
        print_result(result)
    if result.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + result.stopped_by)


@app.command("export")
def export_command(
    reid: options.ExportReid,
    to: options.ExportTo,
    half: options.Half = False,
    int8: options.Int8 = False,
    calibrate: options.Calibrate = None,
    detector: options.CalibrateDetector = "auto",
    reid_weights: options.ExportWeights = None,
    input_size: options.InputSize = None,
    seed: options.Seed = 0,
    out: options.ExportOut = None,
    overwrite: options.ExportOverwrite = False,
    debug: options.Debug = False,
) -> None:
    """Write an encoder for ONNX Runtime, OpenVINO or TorchScript, and check it against PyTorch.

    Nothing is written where the result differs by more than float32 1e-4 of the largest component (cosine 0.999999),
    --half cosine 0.999, --int8 cosine 0.98.
    """
    if half and int8:
        raise ValueError("--half and --int8 exclude each other; drop one")
    with unknown_to_the_parser():
        from app.console import open_console
        from app.export import ExportConfig, export, print_export
        from app.models import parse_size
        from app.progress import create_progress

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
        print_export(export(config, create_progress(open_console(debug))))


@app.command("models")
def models_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these encoders, also timm:NAME.")
    ] = None,
    input_size: Annotated[
        str | None,
        typer.Option(help="Count and time at this size of crops, HEIGHTxWIDTH px; each network's own where left out."),
    ] = None,
    num_classes: Annotated[
        int, typer.Option("--classes", min=0, help="Count with a classifier of so many identities, as papers do.")
    ] = 0,
    time: Annotated[
        bool, typer.Option("--time", help="Measure crops/s here in each installed runtime (minutes for all).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show tracebacks.")] = False,
) -> None:
    """List detectors, appearance encoders with what they cost, tracker presets, and the weights on disk."""
    from app.models import ModelsRequest, parse_size, print_models

    request = ModelsRequest(tuple(names or ()), parse_size(input_size), num_classes, time)
    with unknown_to_the_parser():
        print_models(request, as_json)


def _names(text: str | None, option: str = "--classes", example: str = "person,car") -> tuple[str, ...]:
    """Comma-separated names; an empty one is an error, since it is a typing mistake."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError(f"{option} is {text!r}, expected names separated by commas, such as {example}")
    return names


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `track`.

    Exit codes: 0, also where a source was damaged; 2 with one line for what the user can mend; 1 with one line for a
    fault of the program; 128 and the signal's number after Ctrl-C or SIGTERM. `--debug` adds the traceback.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        sys.exit(app(given, standalone_mode=False) or 0)
    except (KeyboardInterrupt, PassedOnError) as error:
        end_early(error.__cause__ or error)
    except Exception as error:
        if DEBUG in given:
            traceback.print_exc()
        commands = [str(command.name) for command in app.registered_commands]
        fail(one_line(error) + hint(error, given, commands), exit_code(error))


if __name__ == "__main__":
    main()
