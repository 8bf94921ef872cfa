"""SIGKILL at random moments: what was finished stays whole, and the same command again gives the undisturbed result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torture.campaign import Effort, Tally, each, fresh
from torture.forks import Call, homes, run
from torture.same import broken_files, digests, left_over
from torture.scene import VALID, make_inputs
from torture.verdict import faults

__all__ = ["COMMANDS", "Killed", "kills"]

KILLS, KILLS_LONG = 60, 200
RESUME = ("train-reid", "--resume", "new")


@dataclass(frozen=True)
class Killed:
    """A command that is killed.

    Attributes:
        name: for the report.
        words: what is killed.
        over: whether an earlier result, which it replaces, is there.
        result: what it writes.
    """

    name: str
    words: tuple[str, ...]
    over: bool = False
    result: str = "new"


_RUN = (*VALID["run"][:-1], "--keep-embeddings")
COMMANDS = (
    Killed("run", _RUN),
    Killed("run --overwrite", (*_RUN, "--overwrite"), over=True),
    Killed("train-reid", VALID["train-reid"]),
    Killed("compare", VALID["compare"]),
    Killed("compare --overwrite", VALID["compare"], over=True),
    Killed("tune", VALID["tune"]),
    Killed("link", VALID["link"]),
    Killed("link --overwrite", VALID["link"], over=True),
    Killed("relabel", VALID["relabel"]),
    Killed("relabel --overwrite", VALID["relabel"], over=True),
    Killed("render", VALID["render"]),
    Killed("export", (*VALID["export"],), over=True, result="new.torchscript"),
    Killed("mot --overwrite", VALID["mot"], over=True),
)


@dataclass(frozen=True)
class Undisturbed:
    """Inputs for one command, what it gives, and how long it takes."""

    inputs: Path
    result: dict[str, str]
    seconds: float


def kills(effort: Effort, tally: Tally) -> None:
    """Kill."""
    inputs = make_inputs(effort.folder / "inputs")
    choices, known = effort.choices("kills"), {}
    wanted = KILLS_LONG if effort.is_long else KILLS
    cases = [COMMANDS[number % len(COMMANDS)] for number in range(wanted)]
    moments: dict[str, int] = {}
    for number in each(effort, cases):
        killed = cases[number]
        share = choices.random()
        if killed.name not in known:
            known[killed.name] = _undisturbed(effort.folder, inputs, killed)
        undisturbed = known[killed.name]
        found, hit = _kill(effort.folder / "case", killed, undisturbed, share * undisturbed.seconds)
        tally.add(f"{killed.name} killed at {share:.0%} of its time", found)
        moments[killed.name] = moments.get(killed.name, 0) + hit
    tally.remarks.append(", ".join(f"{name} {count}" for name, count in moments.items()) + " killed in time")


def _undisturbed(folder: Path, inputs: Path, killed: Killed) -> Undisturbed:
    """Run it once in peace.

    Raises:
        RuntimeError: that failed.
    """
    at = folder / f"inputs of {killed.name}"
    fresh(at, inputs)
    if killed.over:
        _do(Call(killed.words, at, homes(at)))
    work = fresh(folder / "peace", at)
    seconds = _do(Call(killed.words, work, homes(work)))
    return Undisturbed(at, _digests(work, killed), seconds)


def _do(call: Call) -> float:
    answer = run(call)
    if answer.code:
        raise RuntimeError(f"{' '.join(call.arguments)} failed undisturbed: {answer.err}")
    return answer.seconds


def _digests(work: Path, killed: Killed) -> dict[str, str]:
    path = work / killed.result
    if not path.is_file():
        return digests(path)
    return {name: digest for name, digest in digests(work).items() if name == killed.result}


def _kill(folder: Path, killed: Killed, undisturbed: Undisturbed, moment_s: float) -> tuple[list[str], bool]:
    """What was wrong, and whether the kill came before the end."""
    work = fresh(folder, undisturbed.inputs)
    earlier = _names(work / killed.result)
    answer = run(Call(killed.words, work, homes(work), kill_s=moment_s))
    found = broken_files(work / killed.result if (work / killed.result).is_dir() else work)
    found += [f"{name} of the earlier result is gone" for name in sorted(earlier - _names(work / killed.result))]
    if answer.code == -9 or killed.over:
        found += _again(work, killed, answer.code == -9)
    if (got := _digests(work, killed)) != undisturbed.result:
        differing = [name for name in {**got, **undisturbed.result} if got.get(name) != undisturbed.result.get(name)]
        found.append(f"another result than undisturbed: {', '.join(sorted(differing))}")
    return found + left_over(work), answer.code == -9


def _names(path: Path) -> set[str]:
    """Of finished files; the lock is of its holder."""
    return {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")}


def _again(work: Path, killed: Killed, was_killed: bool) -> list[str]:
    """The way on that the program names: the same again, with --overwrite or --resume."""
    words = killed.words
    if was_killed and words[0] == "train-reid" and (work / "new" / "config.json").exists():
        words = RESUME
    elif was_killed and words[0] == "run" and "--overwrite" not in words:
        words = (*words, "--overwrite")
    return [f"again: {fault}" for fault in faults(run(Call(words, work, homes(work))), codes=frozenset({0}))]
