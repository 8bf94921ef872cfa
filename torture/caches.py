"""Damaged caches: converted networks, the cache of compare, downloaded weights and their digests."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torture.campaign import Effort, Tally, each, fresh
from torture.damage import BYTES, PLACES, TEXTS, remove
from torture.forks import Call, homes, run
from torture.same import digests
from torture.scene import make_inputs
from torture.verdict import faults

__all__ = ["caches"]

DAMAGES = (
    "empty", "one byte", "cut in half", "last byte missing", "zeros of its length", "random bytes",
    "a hundredth of its bytes changed", "a pickle", "a ZIP head", "a head that claims 2^63 bytes",
)  # fmt: skip
STANDS = ("missing", "an empty folder", "a symlink loop", "a dangling symlink", "a symlink to the null device")
RUN = ("run", "clip.mp4", "--detector", "clip.txt", "--no-video", "--out", "new")
COMMANDS = {
    "openvino": (*RUN, "--reid", "small-cnn", "--reid-runtime", "openvino"),
    "onnx": (*RUN, "--reid", "small-cnn", "--reid-runtime", "onnx"),
    "compare": (
        "compare",
        "clip.mp4",
        "--detector",
        "clip.txt",
        "--reid",
        "small-cnn",
        "--gt",
        "gt.txt",
        "--out",
        "new",
    ),
}


@dataclass(frozen=True)
class Filled:
    """A command whose caches are filled.

    Attributes:
        words: the command.
        homes: what it filled, to be copied.
        files: of them, what may be damaged.
        result: what it gives undisturbed.
    """

    words: tuple[str, ...]
    homes: Path
    files: tuple[Path, ...]
    result: dict[str, str]


def caches(effort: Effort, tally: Tally) -> None:
    """Damage each file of each cache in each way; results must be those of an empty cache."""
    inputs, choices = make_inputs(effort.folder / "inputs"), effort.choices("caches")
    filled = [_fill(effort.folder / f"filled-{name}", inputs, words) for name, words in COMMANDS.items()]
    cases = [(each_one, file, kind) for each_one in filled for file in each_one.files for kind in (*DAMAGES, *STANDS)]
    cases += [(each_one, Path(), kind) for each_one in filled for kind in STANDS]
    choices.shuffle(cases)
    _weights(dataclasses.replace(effort, until=_third(effort)), tally, inputs)
    of_weights = tally.tried
    for number in each(effort, cases):
        one, file, kind = cases[number]
        found = _damaged(effort.folder, inputs, one, file, kind, choices)
        tally.add(f"{' '.join(one.words[:1])} with {file.name or 'the whole cache'}: {kind}", found)
    done, files = tally.tried - of_weights, sum(len(one.files) for one in filled)
    tally.remarks.append(
        f"{done} of {len(cases)} cases on {files} files of {len(filled)} caches, {of_weights} on weights"
    )


def _third(effort: Effort) -> float:
    now = time.monotonic()
    return now + (effort.until - now) / 3


def _fill(folder: Path, inputs: Path, words: tuple[str, ...]) -> Filled:
    work = fresh(folder / "work", inputs)
    answer = run(Call(words, work, homes(folder)))
    if answer.code:
        raise RuntimeError(f"{' '.join(words)} failed undisturbed: {answer.err}")
    cache = folder / "home" / "track_cache"
    files = tuple(path.relative_to(cache) for path in sorted(cache.rglob("*")) if path.is_file())
    return Filled(words, folder / "home", files, digests(work / "new"))


def _damaged(folder: Path, inputs: Path, one: Filled, file: Path, kind: str, choices: random.Random) -> list[str]:
    work, own = fresh(folder / "case", inputs), folder / "own"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(one.homes, own / "home")
    path = own / "home" / "track_cache" / file
    if kind in PLACES:
        remove(path)
        PLACES[kind](path)
    else:
        path.write_bytes(BYTES[kind](path.read_bytes(), choices))
    answer = run(Call(one.words, work, homes(own)))
    found = faults(answer)
    if answer.code == 0 and digests(work / "new") != one.result:
        found.append("another result than with an empty cache")
    return found


def _weights(effort: Effort, tally: Tally, inputs: Path) -> None:
    """Weights as they were downloaded, and their noted digests."""
    kinds: dict[str, Callable[[bytes, random.Random], bytes]] = {**BYTES, **TEXTS}
    for kind, rewrite in kinds.items():
        if effort.is_over:
            return
        work, own = fresh(effort.folder / "case", inputs), effort.folder / "own"
        shutil.rmtree(own, ignore_errors=True)
        environment = homes(own)
        weights = Path(environment["TRACK_WEIGHTS"])
        weights.mkdir(parents=True)
        notes = json.dumps({"yolo11n.pt": "0" * 64}).encode()
        for name, data in (("digests.json", notes), ("yolo11n.pt", b"PK\x03\x04" + bytes(500))):
            changes = (kind in TEXTS and name == "digests.json") or kind in BYTES
            (weights / name).write_bytes(rewrite(data, effort.choices(kind)) if changes else data)
        words = ("run", "clip.mp4", "--detector", "yolo", "--reid", "none", "--no-video", "--out", "new")
        answer = run(Call(words, work, {**environment, "TRACK_OFFLINE": "1"}))
        tally.add(f"weights folder: {kind}", faults(answer))
