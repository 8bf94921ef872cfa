"""The `track` command: parse, validate, call the library, report. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

import typer

from app import options
from app.encoder_commands import eval_reid_command, export_command, train_reid_command
from app.failure import EXIT_BY_SIGNAL, PassedOnError, end_early, exit_code, fail, hint, one_line, unknown_to_the_parser
from app.link_command import link_command
from app.options import DEBUG, comma_separated
from app.score_commands import compare_command, eval_command, mot_command

if TYPE_CHECKING:
    from app.config import RunConfig

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
    reid: options.Reid = None,
    reid_weights: options.ReidWeights = None,
    max_cosine: options.MaxCosine = None,
    reid_runtime: options.ReidRuntime = "auto",
    reid_when: options.ReidWhen = None,
    tracker: options.Tracker = "strong",
    out: options.Out = None,
    overwrite: options.Overwrite = False,
    no_video: options.NoVideo = False,
    start: options.Start = 0.0,
    end: options.End = None,
    every: options.Every = None,
    online: options.Online = False,
    smooth: options.Smooth = False,
    offline: options.Offline = False,
    keep_embeddings: options.KeepEmbeddings = False,
    device: options.Device = "auto",
    seed: options.Seed = 0,
    debug: options.Debug = False,
) -> None:
    """Track one video: writes tracks.txt, tracks.csv, annotated.mp4 and summary.json into a new folder."""
    # Decoder, detector, encoder and video writer share the cores: a thread that spins while it waits for work takes the
    # time of one that has some. Read when the first OpenMP library loads, so set before any.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from app.config import DEFAULT_REID, RunConfig, load_preset

    config = RunConfig(
        source=source,
        detector=detector,
        classes=comma_separated(classes),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        reid=DEFAULT_REID if reid is None else reid,
        reid_weights=reid_weights,
        max_cosine=max_cosine,
        reid_runtime=reid_runtime,
        reid_when=reid_when,
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
        offline=offline,
        keep_embeddings=keep_embeddings,
        seed=seed,
    )
    _run(config, debug, any_reid=reid is None)


def _run(config: RunConfig, debug: bool, *, any_reid: bool) -> None:
    with unknown_to_the_parser():
        from app.console import open_console, print_summary
        from app.progress import ConsoleProgress
        from app.run import run

        console = open_console(debug)
        summary = run(config, ConsoleProgress(console), any_reid=any_reid)
        print_summary(summary)
    if summary.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + summary.stopped_by)


app.command("eval")(eval_command)
app.command("mot")(mot_command)
app.command("compare")(compare_command)
app.command("link")(link_command)
app.command("train-reid")(train_reid_command)
app.command("eval-reid")(eval_reid_command)
app.command("export")(export_command)


@app.command("models")
def models_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Only these encoders, also timm:NAME.")
    ] = None,
    input_size: Annotated[
        str | None,
        typer.Option(help="Count and time at this size of crops, HEIGHTxWIDTH px; each network's own where left out."),
    ] = None,
    num_classes: Annotated[
        int,
        typer.Option(
            "--classes", metavar="N", min=0, help="Count with a classifier of so many identities, as papers do."
        ),
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `track`.

    Exit codes: 0, also where a source was damaged; 2 with one line for what the user can mend; 1 with one line for a
    fault of the program; 128 and the signal's number after Ctrl-C, SIGTERM or a closed pipe. `--debug` adds the
    traceback.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        code = app(given, standalone_mode=False) or 0
        with unknown_to_the_parser():
            sys.stdout.flush()  # a closed pipe shows here, not in Python's own words at its end
        sys.exit(code)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich and the parser turn a closed pipe into exit code 1
            end_early(end.__context__)
        raise
    except (KeyboardInterrupt, PassedOnError) as error:
        end_early(error.__cause__ or error)
    except Exception as error:
        if DEBUG in given:
            traceback.print_exc()
        commands = [str(command.name) for command in app.registered_commands]
        fail(one_line(error) + hint(error, given, commands), exit_code(error))


if __name__ == "__main__":
    main()
