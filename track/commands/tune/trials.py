"""The study: what was tried and what it reached, a line each, in the folder of the results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.json_texts import parse_json
from registry.numbers import is_finite
from track.commands.tune.search import ALL, Step
from track.commands.tune.space import Values

__all__ = ["STUDY", "Study", "Trial"]

STUDY = "study.jsonl"
_SAYS = {
    "data": "other data, or other detections or embeddings of it",
    "preset": "another preset",
    "scoring": "other rows or rules (--online, --smooth, --offline, --rules)",
    "seed": "another --seed",
    "code": "another version of the tracker",
}
"""What it means where an entry of the head differs."""


@dataclass(frozen=True)
class Trial:
    """A setting that was tried.

    Attributes:
        step: which.
        values: the settings.
        scores: mean of HOTA, IDF1 and MOTA by number of the search that may know it, on what that search keeps.
    """

    step: Step
    values: Values
    scores: Mapping[int, float]


class Study:
    """The file, read when it is there and begun when not; each trial is on the disk before the next one begins.

    Args:
        path: of the file.
        head: what all trials have in common; see `_SAYS`.
        num_shared: trials of all searches together, where the file does not say so already.

    Attributes:
        trials: those that are done.
        num_shared: as the file says.

    Raises:
        ValueError: it is no study, or one of something else.
    """

    def __init__(self, path: Path, head: Mapping[str, Any], num_shared: int) -> None:
        head = parse_json(json.dumps(head))  # as it will be read
        self._path = path
        self.trials: list[Trial] = []
        self.num_shared = num_shared
        self._unsaid: dict[str, Any] | None = None if path.is_file() else {"head": head, "num_shared": num_shared}
        if path.is_file():
            self._read(head)

    def add(self, trial: Trial) -> None:
        """Keep what was tried; the first one begins the file, so that an error before it leaves nothing behind."""
        if self._unsaid is not None:
            self._append(self._unsaid)
            self._unsaid = None
        self.trials.append(trial)
        line = {"search": trial.step.search, "number": trial.step.number, "values": dict(trial.values)}
        self._append({**line, "scores": {str(which): score for which, score in trial.scores.items()}})

    def _append(self, content: Mapping[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(content) + "\n")

    def _read(self, head: Mapping[str, Any]) -> None:
        text = self._path.read_text(encoding="utf-8", errors="replace")
        lines = text.split("\n")
        unfinished = lines.pop()  # of a process that was killed
        try:
            first, *rest = [parse_json(line) for line in lines]
            known, self.num_shared = first["head"], int(first["num_shared"])
            self.trials = [_trial(each) for each in rest]
            _check(self.trials)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self._path} is no study of track tune, or damaged: choose another --out") from error
        for name, says in _SAYS.items():
            if known.get(name) != head[name]:
                raise ValueError(f"{self._path} is a study of {says}: choose another --out, or remove that file")
        if unfinished:
            self._path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _check(trials: Sequence[Trial]) -> None:
    """Raise `ValueError` for lines that somebody has changed: gains are measured from the first one, the preset."""
    if trials and (trials[0].step != Step(0, None) or trials[0].values or ALL not in trials[0].scores):
        raise ValueError("the preset as it is does not come first")
    for trial in trials:
        if not all(map(is_finite, (*trial.values.values(), *trial.scores.values()))):
            raise ValueError("a value or a score is no number")


def _trial(line: Mapping[str, Any]) -> Trial:
    search = line["search"]
    return Trial(
        Step(int(line["number"]), None if search is None else int(search)),
        {str(name): value for name, value in line["values"].items()},
        {int(which): float(score) for which, score in line["scores"].items()},
    )
