"""The `track` command: which commands there are, and where. A command's module is imported when it is called."""

from __future__ import annotations

import functools
import importlib
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from registry import network
from registry.words import printable_lines
from track.terminal.errors import PassedOnError, end_early, exit_code, fail, hint, one_line, unknown_to_the_parser
from track.terminal.options import DEBUG

__all__ = ["COMMANDS", "Command", "app", "main"]


@dataclass(frozen=True)
class Command:
    """One command: its name, its room under `track/commands/`, and one line of help."""

    name: str
    room: str
    summary: str

    def load(self) -> Any:
        """The command with its options, for the parser."""
        with unknown_to_the_parser():
            module = importlib.import_module(f"track.commands.{self.room}.command")
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(self.name, cls=_Command)(_past_the_parser(getattr(module, f"{self.room}_command")))
        return typer.main.get_command(alone)


def _past_the_parser(function: Callable[..., None]) -> Callable[..., None]:
    """The function of a command; Ctrl-C in it, or while it imports what it needs, reaches `main` as it was raised."""

    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> None:
        with unknown_to_the_parser():
            function(*arguments, **options)

    return called


COMMANDS = (
    Command("run", "run", "Track one video: writes tracks.txt, tracks.csv, annotated.mp4 and summary.json."),
    Command("convert", "convert", "Write a run for CVAT, Label Studio, COCO and others, or read their files."),
    Command("eval", "eval", "Score tracks against ground truth: HOTA, MOTA, IDF1 and what they are made of."),
    Command("mot", "mot", "Track every sequence of a dataset, in submission form, and score them."),
    Command("compare", "compare", "Compare encoders and trackers on one source: scores and speed side by side."),
    Command("zones", "zones", "Draw lines and zones on a frame in the browser, or count at them in a finished run."),
    Command("tune", "tune", "Find tracker settings for your own videos, and what they gain where not chosen."),
    Command("link", "link", "Link the tracks of a finished run, as track run --offline does."),
    Command("relabel", "relabel", "Put identities of a finished run right: merge, split, drop, name them."),
    Command("render", "render", "Draw a finished run on its video again: other styles, people hidden."),
    Command("train-reid", "train_reid", "Train an appearance encoder, measure it on held-out people, choose its gate."),
    Command("eval-reid", "eval_reid", "Measure how well an appearance encoder finds people again, and its gate."),
    Command("export", "export", "Write an encoder for ONNX Runtime, OpenVINO or TorchScript."),
    Command("models", "models", "List detectors, encoders with what they cost, tracker presets, and weights on disk."),
)


PATHS = frozenset(
    {"--out", "--resume", "--gt", "--pred", "--reid-weights", "--pretrained", "--video", "--zones", "--save"}
)
"""Options of all commands that take a path."""


class _FlagsAlone:
    """Of a command: its help names no value after an option that takes none."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Arguments and options, `--help` among them."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_bool_flag", False):
                parameter.metavar = ""
        return parameters


class _Command(_FlagsAlone, TyperCommand):
    pass


class _Commands(_FlagsAlone, TyperGroup):
    """The manifest as a group of the parser: the list of commands needs none of them loaded."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {command.name: TyperCommand(command.name, help=command.summary) for command in COMMANDS}
        self._lists = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the manifest."""
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, loaded unless it is only to be listed."""
        if self._lists or cmd_name not in self.commands:
            return self.commands.get(cmd_name)
        return next(command for command in COMMANDS if command.name == cmd_name).load()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, for which the manifest is enough."""
        self._lists = True
        super().format_help(ctx, formatter)
        self._lists = False


app = typer.Typer(
    cls=_Commands,
    name="track",
    help="Track the objects of a video and keep their identities: DeepSORT with pluggable ReID encoders.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"track {metadata.version('track-reid')}")
        raise typer.Exit


def _switch_network_off(wanted: bool) -> None:
    if wanted:
        network.forbid()


@app.callback()
def _main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    no_network: Annotated[
        bool,
        typer.Option(
            network.OPTION,
            callback=_switch_network_off,
            is_eager=True,
            help=f"Promise that no network is touched, as {network.SWITCH}=1 does; what is missing is said.",
        ),
    ] = False,
) -> None:
    pass


def _check_filled(given: Sequence[str]) -> None:
    """An empty path is a mistake, such as a variable of the shell that is not set: Python would take it for `.`."""
    for word, following in zip(given, [*given[1:], None], strict=True):
        name, equals, value = word.partition("=")
        text = value if equals else following
        if name in PATHS and text is not None and not text.strip():
            raise ValueError(f"{name} is empty, expected the path of a file or folder after it")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `track`.

    Exit codes: 0, also where a source was damaged; 2 with one line for what the user can mend; 1 with one line for a
    fault of the program; 128 and the signal's number after Ctrl-C, SIGTERM or a closed pipe. `--debug` adds the
    traceback.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    network.obey()
    try:
        _check_filled(given)
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
            print(printable_lines(traceback.format_exc()), end="", file=sys.stderr)
        commands = [command.name for command in COMMANDS]
        fail(one_line(error) + hint(error, given, commands), exit_code(error))


if __name__ == "__main__":
    main()
