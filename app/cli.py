"""The `track` command: parse, validate, call the library, report. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

__all__ = ["app", "main"]

DEBUG = "--debug"
EXIT_BAD_INPUT = 2
EXIT_BY_SIGNAL = 128

app = typer.Typer(
    name="track",
    help="Track the objects of a video and keep their identities: DeepSORT with pluggable ReID encoders.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_WHAT, _WHO, _WHERE, _WHEN, _HOW = "Detection", "Identity", "Output", "Frames", "Running"


@app.command("run")
def run_command(
    source: Annotated[
        str,
        typer.Argument(help="Video file, image folder, MOTChallenge sequence folder, camera index or rtsp/http address."),
    ],
    detector: Annotated[
        str,
        typer.Option(
            help="auto, yolo, motion, public, or a path to weights (.pt, .onnx, OpenVINO folder, engine) or to "
            "detections (det.txt, .npy). auto: YOLO if its weights can be had, else motion.",
            rich_help_panel=_WHAT,
        ),
    ] = "auto",
    classes: Annotated[
        Optional[str], typer.Option(help="Keep these classes only, by name: person,car.", rich_help_panel=_WHAT)
    ] = None,
    conf: Annotated[
        Optional[float],
        typer.Option(help="Lowest score of a detection to keep, 0 to 1.", rich_help_panel=_WHAT),
    ] = None,
    iou: Annotated[
        Optional[float],
        typer.Option(help="YOLO: overlap above which the weaker of two boxes goes, 0 to 1.", rich_help_panel=_WHAT),
    ] = None,
    imgsz: Annotated[
        Optional[int], typer.Option(help="YOLO: longer side of the network's input, px.", rich_help_panel=_WHAT)
    ] = None,
    reid: Annotated[
        str,
        typer.Option(help="Appearance encoder (see: track models); none for motion alone.", rich_help_panel=_WHO),
    ] = "dogenet50",
    reid_weights: Annotated[
        Optional[Path], typer.Option(help="Trained checkpoint (.safetensors) of that encoder.", rich_help_panel=_WHO)
    ] = None,
    tracker: Annotated[
        str, typer.Option(help="Preset (see: track models) or your own YAML file.", rich_help_panel=_WHO)
    ] = "deepsort",
    out: Annotated[
        Optional[Path],
        typer.Option(help="Folder for the results.", show_default="runs/<source>", rich_help_panel=_WHERE),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier run in that folder.", rich_help_panel=_WHERE)
    ] = False,
    no_video: Annotated[
        bool, typer.Option("--no-video", help="Write no annotated.mp4.", rich_help_panel=_WHERE)
    ] = False,
    start: Annotated[float, typer.Option(help="First second to track.", rich_help_panel=_WHEN)] = 0.0,
    end: Annotated[
        Optional[float], typer.Option(help="Second to stop before.", rich_help_panel=_WHEN)
    ] = None,
    every: Annotated[
        int, typer.Option(help="Detect at each N-th frame, predict in between.", rich_help_panel=_WHEN)
    ] = 1,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Write only what was known at each frame: no boxes from before a track was confirmed.",
            rich_help_panel=_WHEN,
        ),
    ] = False,
    smooth: Annotated[
        bool,
        typer.Option("--smooth", help="Smooth finished tracks (Rauch-Tung-Striebel).", rich_help_panel=_WHEN),
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps.", rich_help_panel=_HOW)] = "auto",
    seed: Annotated[
        int, typer.Option(help="Of an encoder without trained weights.", rich_help_panel=_HOW)
    ] = 0,
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show tracebacks and what the libraries log.", rich_help_panel=_HOW)
    ] = False,
) -> None:
    """Track one video: writes tracks.txt, tracks.csv, annotated.mp4 and summary.json into a new folder."""
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
    from app.console import open_console, print_summary
    from app.progress import create_progress
    from app.run import run

    console = open_console(debug)
    summary = run(config, create_progress(console))
    print_summary(summary)
    if summary.stopped_by is not None:
        raise typer.Exit(EXIT_BY_SIGNAL + summary.stopped_by)


@app.command("models")
def models_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show tracebacks.")] = False,
) -> None:
    """List the detectors, the appearance encoders and the tracker presets."""
    from app.models import print_models

    print_models(as_json)


def _names(text: str | None) -> tuple[str, ...]:
    """Comma-separated names; an empty one is an error, since it is a typing mistake."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError(f"--classes is {text!r}, expected names separated by commas, such as person,car")
    return names


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `track`: one line and exit code 2 for what the user can mend, tracebacks only with --debug."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        sys.exit(app(given, standalone_mode=False) or 0)
    except KeyboardInterrupt:
        _fail("stopped before the first frame; nothing was written", EXIT_BY_SIGNAL + 2)
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if DEBUG in given:
            raise
        _fail(_one_line(error), getattr(error, "exit_code", EXIT_BAD_INPUT))


def _one_line(error: Any) -> str:
    """The message of an error for a person: one line, with its kind where the text alone would be unclear."""
    if hasattr(error, "format_message"):  # of the command-line parser
        return f"{_flat(error.format_message())} (see: track --help)"
    text = _flat(str(error))
    if isinstance(error, (ValueError, OSError, ImportError)) and text:
        return text
    return f"unexpected {type(error).__name__}: {text or 'no message'} (rerun with {DEBUG} to see where)"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _fail(message: str, code: int) -> None:
    print(f"track: error: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
