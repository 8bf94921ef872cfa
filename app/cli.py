"""The `track` command: parse, validate, call the library, report. Heavy imports wait until a command needs them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import eval_options, options, train_options
from app.options import DEBUG

if TYPE_CHECKING:
    from app.config import RunConfig

__all__ = ["app", "main"]

EXIT_UNEXPECTED = 1
"""A fault of the program: nothing that the user typed explains it."""
EXIT_BAD_INPUT = 2
"""Something that the user can mend: an option, a file, the disk, the network."""
EXIT_BY_SIGNAL = 128
"""Plus the number of the signal, as shells have it."""

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
    max_cosine: options.MaxCosine = None,
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
        max_cosine=max_cosine,
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
    with _unknown_to_the_parser():
        from app.console import open_console, print_summary
        from app.progress import create_progress
        from app.run import run

        console = open_console(debug)
        summary = run(config, create_progress(console))
        print_summary(summary)
    if summary.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + summary.stopped_by)


@app.command("train-reid")
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
    with _unknown_to_the_parser():
        from app.console import open_console
        from app.train_reid import train_reid

        stopped_by = train_reid(resolve(typed), open_console(debug))
    if stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + stopped_by)


@app.command("eval-reid")
def eval_reid_command(
    data: eval_options.Data,
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
    with _unknown_to_the_parser():
        from app.console import open_console
        from app.eval_reid import EvalConfig, eval_reid, parse_angles
        from app.eval_report import print_evaluation

        config = EvalConfig(
            sources=tuple(part.strip() for part in data.split(",")),
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
    with _unknown_to_the_parser():
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
    with _unknown_to_the_parser():
        print_models(request, as_json)


def _names(text: str | None) -> tuple[str, ...]:
    """Comma-separated names; an empty one is an error, since it is a typing mistake."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError(f"--classes is {text!r}, expected names separated by commas, such as person,car")
    return names


class _PassedOnError(Exception):
    """What the command-line parser would answer in its own way, carried past it: Ctrl-C, a closed pipe."""


@contextlib.contextmanager
def _unknown_to_the_parser() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, BrokenPipeError) as error:
        raise _PassedOnError from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `track`.

    Exit codes: 0, also where a source was damaged; 2 with one line for what the user can mend; 1 with one line for a
    fault of the program; 128 and the signal's number after Ctrl-C or SIGTERM. `--debug` adds the traceback.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        sys.exit(app(given, standalone_mode=False) or 0)
    except (KeyboardInterrupt, _PassedOnError) as error:
        _end_early(error.__cause__ or error)
    except Exception as error:
        if DEBUG in given:
            traceback.print_exc()
        _fail(_one_line(error) + _hint(error, given), _exit_code(error))


def _end_early(error: BaseException) -> None:
    if isinstance(error, BrokenPipeError):  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_UNEXPECTED)  # without a word, as rich does
    _fail(str(error) or "stopped: nothing was written", EXIT_BY_SIGNAL + getattr(error, "number", signal.SIGINT))


def _exit_code(error: BaseException) -> int:
    cause = getattr(error, "cause", error)  # of a run that had begun
    is_known = isinstance(cause, (ValueError, OSError, ImportError)) or hasattr(cause, "format_message")
    return EXIT_BAD_INPUT if is_known else EXIT_UNEXPECTED


def _one_line(error: Any) -> str:
    """The message of an error for a person: one line, with its kind where the text alone would be unclear."""
    if hasattr(error, "run_dir"):
        return f"{_one_line(error.cause)}; what was tracked before is in {error.run_dir}"
    if hasattr(error, "format_message"):  # of the command-line parser
        return _flat(error.format_message())
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    text = _flat(str(error))
    if isinstance(error, (ValueError, OSError, ImportError)) and text:
        return text
    return f"unexpected {type(error).__name__}: {text or 'no message'} (rerun with {DEBUG} to see where)"


def _hint(error: Any, given: Sequence[str]) -> str:
    """After an error of the parser: the value that does not fit, which its own message may leave out; where to look."""
    if not hasattr(error, "format_message"):
        return ""
    commands = [str(command.name) for command in app.registered_commands]
    if given[0] not in commands and not given[0].startswith("-"):
        known = f" Known: {', '.join(commands)}."
        meant = f" Did you mean: track run {' '.join(given)}" if _is_source(given[0]) else known
        return f"{meant} (see: track --help)"
    names = getattr(getattr(error, "param", None), "opts", ())
    pairs = zip(given, [*given[1:], ""], strict=True)
    typed = [first if "=" in first else f"{first} {second}" for first, second in pairs if first.split("=")[0] in names]
    command = f"track {given[0]}" if given[0] in commands else "track"
    return f"{'; you typed: ' if typed else ''}{', '.join(typed)} (see: {command} --help)"


def _is_source(text: str) -> bool:
    return "." in text or text.isdigit() or os.path.exists(text)  # noqa: PTH110 (as typed, also what is no path)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _fail(message: str, code: int) -> None:
    print(f"track: error: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
