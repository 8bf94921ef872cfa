"""Bad inputs by kind: every option of every command x values, every file a command reads x damage, place and name."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torture.campaign import Effort, Tally, each, fresh
from torture.damage import BYTES, NAMES, PLACES, TEXTS, remove, values_for
from torture.forks import Call, homes, run
from torture.scene import FAST, TINY, VALID, make_inputs
from torture.verdict import faults

__all__ = ["CASES_AT_MOST", "Case", "Slot", "all_cases", "bad_inputs", "kinds"]

CASES_AT_MOST = 4000
VALUES_EACH = 12
"""Of the known values, for each option; others with another seed."""
NAMED = ("--out", "new", "--overwrite")


@dataclass(frozen=True)
class Slot:
    """A place of a command line where a file or folder of the inputs stands.

    Attributes:
        command: of `track`.
        path: what stands there, relative to the inputs.
        words: the command line, in which `{}` is the name of that file or of the folder that holds it.
        is_text: whether a person could read it.
        at: the folder on the command line, where it is not the file itself.
    """

    command: str
    path: str
    words: tuple[str, ...]
    is_text: bool = False
    at: str = ""


QUICK = ("--reid", "none", "--no-video", *NAMED)
RUN = ("run", "clip.mp4", "--detector", "clip.txt")
TUNE = ("--reid", "none", "--trials", "2", "--out", "new")
COMPARE = ("compare", "clip.mp4", "--detector", "clip.txt", "--reid")
MOT = ("mot", "{}", *FAST, *NAMED)
LINK = ("link", "{}", *NAMED)
RELABEL = ("relabel", "{}", "--name", "1=Anna", *NAMED)
ZONES = ("zones", "{}", "--zones", "zones.yaml", *NAMED)
CONVERT = ("convert", "{}", "--to", "cvat", *NAMED)
RENDER = ("render", "{}", "--style", "blur", *NAMED)
TRAIN = ("train-reid", *TINY, "--out", "new", "--data")
EVAL_REID = ("eval-reid", "--reid", "small-cnn", "--out", "new", "--data")
EXPORT = ("export", "--reid", "small-cnn", "--to", "torchscript", "--out", "new.torchscript")
WEIGHTS, PICTURE = "weights.safetensors", "people/query/0007_c1s1_000000_00.png"
SLOTS = (
    Slot("run", "clip.mp4", ("run", "{}", "--detector", "clip.txt", *QUICK)),
    Slot("run", "clip.mp4", ("run", "{}", "--detector", "clip.txt", "--reid", "none", "--offline", *NAMED)),
    Slot("run", "clip.txt", ("run", "clip.mp4", "--detector", "{}", *QUICK), is_text=True),
    Slot("run", "clip.npy", ("run", "clip.mp4", "--detector", "{}", *QUICK)),
    Slot("run", "tracker.yaml", (*RUN, "--tracker", "{}", *QUICK), is_text=True),
    Slot("run", WEIGHTS, (*RUN, "--reid", "small-cnn", "--reid-weights", "{}", *NAMED)),
    Slot("run", WEIGHTS, ("run", "clip.mp4", "--detector", "{}", *QUICK)),
    Slot("run", "pictures/000002.jpg", ("run", "{}", "--detector", "motion", *QUICK), at="pictures"),
    Slot("run", "mot/s1/seqinfo.ini", ("run", "{}", *QUICK), is_text=True, at="mot/s1"),
    Slot("run", "mot/s1/det/det.txt", ("run", "{}", *QUICK), is_text=True, at="mot/s1"),
    Slot("mot", "mot/s1/seqinfo.ini", MOT, is_text=True, at="mot"),
    Slot("mot", "mot/s1/det/det.txt", MOT, is_text=True, at="mot"),
    Slot("mot", "mot/s1/gt/gt.txt", MOT, is_text=True, at="mot"),
    Slot("eval", "gt.txt", ("eval", "--gt", "{}", "--pred", "run/tracks.txt"), is_text=True),
    Slot("eval", "run/tracks.txt", ("eval", "--gt", "gt.txt", "--pred", "{}"), is_text=True),
    Slot("eval", "run/tracks.csv", ("eval", "--gt", "gt.txt", "--pred", "{}"), is_text=True),
    Slot("compare", "clip.mp4", ("compare", "{}", "--detector", "clip.txt", "--reid", "none", *NAMED)),
    Slot("compare", "gt.txt", (*COMPARE, "none", "--gt", "{}", *NAMED), is_text=True),
    Slot("compare", WEIGHTS, (*COMPARE, "small-cnn", "--reid-weights", "small-cnn={}", *NAMED)),
    Slot("tune", "mot/s1/gt/gt.txt", ("tune", "{}", *TUNE), is_text=True, at="mot"),
    Slot("tune", "tracker.yaml", ("tune", "mot", *TUNE, "--preset", "{}"), is_text=True),
    Slot("link", "run/tracks.csv", LINK, is_text=True, at="run"),
    Slot("link", "run/summary.json", LINK, is_text=True, at="run"),
    Slot("link", "run/embeddings.npz", LINK, at="run"),
    Slot("relabel", "run/tracks.csv", RELABEL, is_text=True, at="run"),
    Slot("relabel", "run/summary.json", RELABEL, is_text=True, at="run"),
    Slot("relabel", "run/identities.csv", RELABEL, is_text=True, at="run"),
    Slot("render", "run/tracks.csv", RENDER, is_text=True, at="run"),
    Slot("render", "run/summary.json", RENDER, is_text=True, at="run"),
    Slot("zones", "zones.yaml", ("zones", "run", "--zones", "{}", *NAMED), is_text=True),
    Slot("zones", "run/tracks.csv", ZONES, is_text=True, at="run"),
    Slot("zones", "run/summary.json", ZONES, is_text=True, at="run"),
    Slot("convert", "run/tracks.csv", CONVERT, is_text=True, at="run"),
    Slot("convert", "run/summary.json", CONVERT, is_text=True, at="run"),
    Slot("train-reid", "recipe.yaml", (*TRAIN, "synthetic:10x4", "--recipe", "{}"), is_text=True),
    Slot("train-reid", WEIGHTS, (*TRAIN, "people", "--pretrained", "{}")),
    Slot("eval-reid", PICTURE, (*EVAL_REID, "{}"), at="people"),
    Slot("eval-reid", WEIGHTS, (*EVAL_REID, "people", "--reid-weights", "{}")),
    Slot("export", WEIGHTS, (*EXPORT, "--reid-weights", "{}")),
)
"""What commands read; the damage is done to a copy."""


LINES: tuple[tuple[str, ...], ...] = (
    ("nothing",), ("run",), ("--nothing",), ("run", "clip.mp4", "x"), ("",), ("run", "--"), ("-",), ("eval",),
)  # fmt: skip
"""Command lines that say nothing that could be done."""

SENSIBLE = {("--out", "/"), ("--epochs", "1_000")}
"""Values that do make sense: a run into the root folder, a thousand epochs."""


@dataclass(frozen=True)
class Case:
    """One bad input.

    Attributes:
        kind: command, place and what is wrong there; two cases of a kind differ by chance only.
        words: the command line.
        prepare: does the damage, in the working folder.
        network: whether `TRACK_OFFLINE` is left out.
    """

    kind: str
    words: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda folder: None


def all_cases(choices: random.Random) -> list[Case]:
    """Every kind, in an order by chance: a part of them is a fair part."""
    cases = [*_values(choices), *_damaged(choices), *_misplaced(), *_named(), *_commands()]
    choices.shuffle(cases)
    return cases[:CASES_AT_MOST]


def kinds(cases: list[Case]) -> set[str]:
    """What is different about them."""
    return {case.kind for case in cases}


def _values(choices: random.Random) -> Iterator[Case]:
    """Every option that takes a value, and every argument that is no option."""
    for command, words in VALID.items():
        for name in _options(command):
            for value in values_for(choices, VALUES_EACH):
                if (name, value) in SENSIBLE:
                    continue
                given = f"{name}={value}" if name.startswith("--") else value
                rest = words if name.startswith("--") else (words[0], *words[2:])
                yield Case(f"{command} {name}: a value that makes no sense", (*_without(rest, name), given))


def _without(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The command line without that option: twice would be another mistake."""
    if name not in words:
        return words
    place = words.index(name)
    return (*words[:place], *words[place + 2 :])


def _options(command: str) -> list[str]:
    from track.cli import COMMANDS

    parameters: list[Any] = next(found for found in COMMANDS if found.name == command).load().params
    valued = [each for each in parameters if not getattr(each, "is_flag", False)]
    return [each.opts[0] for each in valued]


def _filled(slot: Slot, name: str) -> tuple[str, ...]:
    return tuple(word.replace("{}", name) for word in slot.words)


def _damaged(choices: random.Random) -> Iterator[Case]:
    for slot in SLOTS:
        for kind, rewrite in {**BYTES, **(TEXTS if slot.is_text else {})}.items():
            seed = choices.randrange(1 << 30)

            def prepare(folder: Path, slot: Slot = slot, rewrite: Any = rewrite, seed: int = seed) -> None:
                path = folder / slot.path
                path.write_bytes(rewrite(path.read_bytes(), random.Random(seed)))

            yield Case(f"{slot.command} {Path(slot.path).name}: {kind}", _filled(slot, slot.at or slot.path), prepare)


def _misplaced() -> Iterator[Case]:
    for slot, (kind, place) in itertools.product(SLOTS, PLACES.items()):

        def prepare(folder: Path, slot: Slot = slot, place: Any = place) -> None:
            remove(folder / slot.path)
            place(folder / slot.path)

        yield Case(f"{slot.command} {Path(slot.path).name}: {kind}", _filled(slot, slot.at or slot.path), prepare)
    for command, kind in itertools.product(("run", "mot", "compare", "link", "train-reid", "eval-reid"), PLACES):

        def prepare_out(folder: Path, kind: str = kind) -> None:
            PLACES[kind](folder / "new")

        yield Case(f"{command} --out: {kind}", VALID[command], prepare_out)


def _named() -> Iterator[Case]:
    for slot, (kind, pattern) in itertools.product(SLOTS, NAMES.items()):
        source = slot.at or slot.path
        name = pattern.format("" if slot.at else Path(slot.path).suffix)

        def prepare(folder: Path, source: str = source, name: str = name) -> None:
            os.rename(folder / source, folder / name)  # noqa: PTH104 (names that are no UTF-8)

        yield Case(f"{slot.command} {Path(source).suffix or 'folder'}: named with {kind}", _filled(slot, name), prepare)
    for command, (kind, pattern) in itertools.product(VALID, NAMES.items()):
        words = VALID[command]
        if "new" in words:
            out = (*_without(words, "--out"), f"--out={pattern.format('')}")
            yield Case(f"{command} --out: named with {kind}", out)


def _commands() -> Iterator[Case]:
    """The command line itself."""
    for words in LINES:
        yield Case(f"the words {' '.join(words)!r}", words)
    for command, words in VALID.items():
        yield Case(f"{command}: an unknown option", (*words, "--nothing"))
        yield Case(f"{command}: an option without its value", (*words, "--out"))
        yield Case(f"{command}: --json and --csv", (*words, "--json", "--csv"))
        yield Case(f"{command}: an argument too many", (*words, "clip.txt", "clip.txt", "clip.txt"))


def bad_inputs(effort: Effort, tally: Tally) -> None:
    """Try them."""
    inputs = make_inputs(effort.folder / "inputs")
    cases = all_cases(effort.choices("inputs"))
    done: set[str] = set()
    for number in each(effort, cases):
        case = cases[number]
        folder = fresh(effort.folder / "case", inputs)
        case.prepare(folder)
        shown = f"{case.kind} [{' '.join(word[:60] for word in case.words)!r}]"
        tally.add(shown, faults(run(Call(case.words, folder, homes(folder)))))
        done.add(case.kind)
    tally.remarks.append(f"{len(done)} of {len(kinds(cases))} kinds, {tally.tried} of {len(cases)} cases")
