"""Eight commands at once on one --out: each ends well or in one line, and the folder is whole and of one of them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from torture.campaign import Effort, Tally, each, fresh
from torture.forks import Answer, Call, homes, start
from torture.same import broken_files, left_over
from torture.scene import FAST, VALID, make_inputs
from torture.verdict import faults

__all__ = ["crowd"]

AT_ONCE = 8
LIMIT_S = 300.0
FOLDER_COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("run", "clip.mp4", "--detector", "clip.txt", *FAST, "--out", "new"),
    "mot": ("mot", "mot", *FAST, "--out", "new"),
    "compare": ("compare", "clip.mp4", "--detector", "clip.txt", "--reid", "none", "--out", "new"),
    "link": ("link", "run", "--out", "new"),
    "relabel": ("relabel", "run", "--name", "1=Anna", "--out", "new"),
    "render": ("render", "run", "--out", "new"),
    "train-reid": (*VALID["train-reid"][:-4], "--epochs", "1", "--device", "cpu", "--out", "new"),
    "eval-reid": VALID["eval-reid"],
}
CAN_OVERWRITE = frozenset({"run", "mot", "compare", "link", "relabel", "render"})


def crowd(effort: Effort, tally: Tally) -> None:
    """Every pair of commands, with and without --overwrite."""
    inputs = make_inputs(effort.folder / "inputs")
    ways = list(FOLDER_COMMANDS.items())
    ways += [(f"{name} --overwrite", (*FOLDER_COMMANDS[name], "--overwrite")) for name in sorted(CAN_OVERWRITE)]
    cases = list(itertools.combinations_with_replacement(ways, 2))
    effort.choices("crowd").shuffle(cases)
    for number in each(effort, cases):
        (first, one), (second, other) = cases[number]
        folder = fresh(effort.folder / "case", inputs)
        calls = [Call(words, folder, homes(folder), limit_s=LIMIT_S) for words in (one, other) * (AT_ONCE // 2)]
        answers = [started.wait() for started in [start(call) for call in calls]]
        tally.add(f"{AT_ONCE} at once: {first} and {second}", _wrong(folder / "new", answers))
    tally.remarks.append(f"{tally.tried} of {len(cases)} pairs, {AT_ONCE} processes each")


def _wrong(out: Path, answers: list[Answer]) -> list[str]:
    found = [f"the {number}th: {fault}" for number, answer in enumerate(answers, 1) for fault in faults(answer)]
    if all(answer.code for answer in answers):
        found.append(f"none of them came to its end: {answers[0].err.strip()[-200:]}")
    return found + broken_files(out) + left_over(out) + _unlike(out)


def _unlike(out: Path) -> list[str]:
    """A summary must be of the rows beside it."""
    summary, rows = out / "summary.json", out / "tracks.csv"
    if not summary.exists() or not rows.exists():
        return []
    told = json.loads(summary.read_text(encoding="utf-8")).get("counts", {}).get("rows")
    real = len(rows.read_text(encoding="utf-8").splitlines()) - 1
    return [] if told in (None, real) else [f"summary.json tells of {told} rows, but tracks.csv has {real}"]
