"""Errors for a person: one line, a hint, an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from registry import close_names, network
from registry.words import printable
from track.terminal.options import DEBUG

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_BY_SIGNAL",
    "EXIT_UNEXPECTED",
    "PassedOnError",
    "end_early",
    "exit_code",
    "fail",
    "hint",
    "one_line",
    "unknown_to_the_parser",
]

ALSO_CALLED = {
    "--output": ("--out",),
    "--output-dir": ("--out",),
    "--format": ("--to",),
    "--encoder": ("--reid",),
    "--backbone": ("--reid",),
    "--model": ("--detector", "--reid"),
    "--weights": ("--detector", "--reid-weights", "--pretrained"),
    "--gpu": ("--device",),
    "--cuda": ("--device",),
    "--stride": ("--every",),
    "--ground-truth": ("--gt",),
}
"""What other programs call these options, by names that are not alike."""
EXIT_UNEXPECTED = 1
"""A fault of the program: nothing that the user typed explains it."""
EXIT_BAD_INPUT = 2
"""Something that the user can mend: an option, a file, the disk, the network."""
EXIT_BY_SIGNAL = 128
"""Plus the number of the signal, as shells have it."""
MOST_SHOWN = 2000
"""Characters of a message."""
SIGPIPE = 13
"""By number: Windows has no such signal."""


def exit_code(error: BaseException) -> int:
    """1 or 2; see the constants."""
    cause = getattr(error, "cause", error)  # of a run that had begun
    is_known = isinstance(cause, (ValueError, OSError, ImportError)) or hasattr(cause, "format_message")
    return EXIT_BAD_INPUT if is_known else EXIT_UNEXPECTED


def one_line(error: Any) -> str:
    """The message of an error for a person: one line, with its kind where the text alone would be unclear."""
    if hasattr(error, "run_dir"):
        return f"{one_line(error.cause)}; what was tracked before is in {error.run_dir}"
    if hasattr(error, "format_message"):  # of the command-line parser
        return _of_the_parser(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    text = _flat(str(error))
    if isinstance(error, (ValueError, OSError, ImportError)) and text:
        return text
    return f"unexpected {type(error).__name__}: {text or 'no message'} (rerun with {DEBUG} to see where)"


def _of_the_parser(error: Any) -> str:
    """Without the words of its libraries, and with what may have been meant instead of an option that is not there."""
    name = getattr(error, "option_name", None)
    if name is None or not hasattr(error, "possibilities"):
        return _flat(error.format_message()).replace("Value error, ", "").removesuffix(".")
    if name == network.OPTION:
        return f"No such option: {name} here; it stands before the command: track {name} {error.ctx.info_name} ..."
    known = _options(error.ctx.command)
    if close := _meant_by(name, known):
        return f"No such option: {name}. Did you mean {' or '.join(close)}?"
    others = [f"track {other}" for other, its in _commands(error.ctx.parent) if name in _options(its)]
    return f"No such option: {name}{f', which is one of {_listed(others)}' if others else ''}"


def _commands(parent: Any) -> list[tuple[str, Any]]:
    """The commands beside the one that failed, by name; none where it was `track` itself."""
    if parent is None:
        return []
    group = parent.command
    return [(name, group.get_command(parent, name)) for name in group.list_commands(parent)]


def _meant_by(name: str, known: Sequence[str]) -> list[str]:
    """The known options that are called nearly so, here or in other programs."""
    meant = {option.lstrip("-"): [option] for option in known}
    for other, ours in ALSO_CALLED.items():
        if here := [option for option in ours if option in known]:
            meant.setdefault(other.lstrip("-"), here)
    return list(dict.fromkeys(option for bare in close_names(name.lstrip("-"), meant) for option in meant[bare]))


def _options(command: Any) -> list[str]:
    return [name for parameter in command.params for name in parameter.opts if name.startswith("-")]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def hint(error: Any, given: Sequence[str], commands: Sequence[str]) -> str:
    """After an error of the parser: the value that does not fit, which its own message may leave out; where to look.

    Args:
        error: any.
        given: the command line.
        commands: the known ones.
    """
    if not hasattr(error, "format_message"):
        return ""
    given = [word for word in given if word != network.OPTION] or ["--help"]
    if given[0] not in commands and not given[0].startswith("-"):
        known = f"Known: {', '.join(commands)}."
        meant = f"Did you mean: track run {' '.join(given)}" if _is_source(given[0]) else known
        return f"{'' if one_line(error).endswith('?') else '.'} {meant} (see: track --help)"
    if dashed := [word for word in given if word.startswith("-") and os.path.exists(word)]:  # noqa: PTH110 (as below)
        return f"; a file whose name begins with a dash is typed ./{dashed[0]}"
    names = getattr(getattr(error, "param", None), "opts", ())
    pairs = zip(given, [*given[1:], ""], strict=True)
    typed = [first if "=" in first else f"{first} {second}" for first, second in pairs if first.split("=")[0] in names]
    command = f"track {given[0]}" if given[0] in commands else "track"
    return f"{'; you typed: ' if typed else ''}{', '.join(typed)} (see: {command} --help)"


def _is_source(text: str) -> bool:
    return "." in text or text.isdigit() or os.path.exists(text)  # noqa: PTH110 (as typed, also what is no path)


def _flat(text: str) -> str:
    return " ".join(text.split())


class PassedOnError(Exception):
    """What the command-line parser would answer in its own way, carried past it: Ctrl-C, a closed pipe."""


@contextlib.contextmanager
def unknown_to_the_parser() -> Iterator[None]:
    """Around the work of a command: what the parser would swallow or turn into words of its own passes it."""
    try:
        yield
    except (KeyboardInterrupt, BrokenPipeError) as error:
        raise PassedOnError from error


def end_early(error: BaseException) -> NoReturn:
    """End the program after Ctrl-C or a closed pipe, with the exit code that shells expect."""
    if isinstance(error, BrokenPipeError):  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_BY_SIGNAL + SIGPIPE)  # without a word, as other programs
    fail(str(error) or "stopped: nothing was written", EXIT_BY_SIGNAL + getattr(error, "number", signal.SIGINT))


def fail(message: str, code: int) -> NoReturn:
    """End the program with one line on standard error."""
    text = printable(message)
    if len(text) > MOST_SHOWN:  # what was typed, or stands in a file, may be of any length; the advice is at the end
        text = f"{text[: MOST_SHOWN // 2]} [...] {text[-MOST_SHOWN // 2 :]}"
    print(f"track: error: {text}", file=sys.stderr)
    sys.exit(code)
