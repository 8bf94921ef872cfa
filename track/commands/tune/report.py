"""The end of `track tune`: `best.yaml`, `tune.json`, and the verdict in words."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from typing import Any

from evaluation.pieces import SCORES
from registry.own_names import replacing
from registry.shipped import preset_names
from registry.words import counted, printable
from track.commands.tune.config import Outcome, TuneConfig
from track.commands.tune.space import changed_preset
from track.commands.tune.trials import STUDY
from track.terminal.tables import print_table
from tracker.presets import TrackerPreset, load_preset

__all__ = ["BEST", "WRITES", "as_yaml", "print_outcome", "verdict", "write_files"]

BEST, FACTS = "best.yaml", "tune.json"
WRITES = (BEST, FACTS, STUDY)


def write_files(outcome: Outcome, config: TuneConfig) -> None:
    """The preset that was found, and all figures."""
    preset = changed_preset(config.run.tracker, outcome.values) if outcome.values else config.run.tracker
    with replacing(outcome.folder / BEST) as path:
        path.write_text(as_yaml(preset, outcome), encoding="utf-8")
    with replacing(outcome.folder / FACTS) as path:
        path.write_text(json.dumps(_facts(outcome), indent=1) + "\n", encoding="utf-8")


def as_yaml(preset: TrackerPreset, outcome: Outcome) -> str:
    """A tracker's file: the shipped preset with what was changed, or all that a user's own file differs in."""
    import yaml

    is_shipped = outcome.preset in preset_names()
    base = outcome.preset if is_shipped else "strong"
    settings: dict[str, Any] = dict(outcome.values) if is_shipped else _differences(preset, load_preset(base))
    whole = {name for name, value in dataclasses.asdict(preset.config).items() if type(value) is int}
    settings = {name: int(value) if name in whole else value for name, value in settings.items()}
    content: dict[str, Any] = {"description": verdict(outcome), "base": base, "tracker": settings}
    if not is_shipped:
        content |= {"reid": {"when": preset.reid_when, "refresh": preset.reid_refresh}, "every": preset.every}
    return "# Found by `track tune`; tune.json beside it has the figures.\n" + yaml.safe_dump(
        content, sort_keys=False, width=10_000, allow_unicode=True
    )


def _differences(preset: TrackerPreset, base: TrackerPreset) -> dict[str, Any]:
    known = dataclasses.asdict(base.config)
    found = {name: value for name, value in dataclasses.asdict(preset.config).items() if value != known[name]}
    if preset.class_groups:
        found["class_groups"] = preset.class_groups
    if preset.own_gate:
        found["max_cosine_distance"] = preset.config.max_cosine_distance
    if preset.config.max_age_s > 0:
        found.pop("max_age", None)  # has no effect, and would be refused beside it
    else:
        found.pop("max_age_s", None)
        found["max_age"] = preset.config.max_age
    return found


def verdict(outcome: Outcome) -> str:
    """One sentence: what was gained where nothing was chosen, and what follows from it."""
    gain = outcome.gain
    shown = f"{gain.value:+.1f}, 95 % interval {gain.low:+.1f} to {gain.high:+.1f}"
    if not math.isfinite(gain.low):
        shown = f"{gain.value:+.1f}, of too few pieces for an interval"
    if outcome.is_gain:
        return f"gain: {shown} on what was left out, over {outcome.preset}"
    if not outcome.values:
        return f"no gain: keep the preset {outcome.preset}; nothing that was tried is better on the data itself"
    said = "worse" if gain.high < 0 else "which may be chance"
    return f"no gain: keep the preset {outcome.preset}; {shown} on what was left out, {said}"


def _facts(outcome: Outcome) -> dict[str, Any]:
    def named(scores: Any) -> dict[str, float]:
        return {name: round(float(score), 3) for name, score in zip(SCORES, scores, strict=True)}

    gain = outcome.gain
    return {
        "verdict": verdict(outcome),
        "is_gain": outcome.is_gain,
        "preset": outcome.preset,
        "settings": dict(outcome.values),
        "tried": outcome.num_tried,
        "frames": outcome.num_frames,
        "preset_scores": named(outcome.base),
        "tuned_scores": named(outcome.tuned),
        "gain_on_what_was_tuned": round(float((outcome.tuned - outcome.base).mean()), 3),
        "gain_on_what_was_left_out": {
            "value": round(gain.value, 3),
            "interval": [round(end, 3) if math.isfinite(end) else None for end in (gain.low, gain.high)],
            "pieces": gain.num_pieces,
        },
        "left_out": [
            {
                "part": part.name,
                "settings": dict(part.values),
                "preset_scores": named(part.base),
                "scores": named(part.tuned),
            }
            for part in outcome.parts
        ],
        "notes": list(outcome.notes),
    }


def print_outcome(outcome: Outcome) -> None:
    """The tables and the verdict, on standard output."""
    from rich.table import Table

    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("measured on", "settings", *SCORES, "mean"):
        table.add_column(column, justify="left" if column in ("measured on", "settings") else "right", no_wrap=True)
    _add(table, "all (chosen there)", outcome.preset, outcome.base)
    _add(table, "", "tuned", outcome.tuned)
    for part in outcome.parts:
        _add(table, printable(part.name), outcome.preset, part.base)
        _add(table, "", "tuned without it", part.tuned)
    print_table(console, table)
    lines = [
        f"{counted(outcome.num_tried, 'setting')} tried on {outcome.num_frames:,} frames; the mean of "
        f"{', '.join(SCORES)} chooses",
        f"gain on what was tuned:    {(outcome.tuned - outcome.base).mean():+.1f} (always too good)",
        f"gain on what was left out: {_interval(outcome)}",
        verdict(outcome),
        *(f"note: {note}" for note in outcome.notes),
        _next(outcome),
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _interval(outcome: Outcome) -> str:
    gain = outcome.gain
    if not math.isfinite(gain.low):
        return f"{gain.value:+.1f}"
    return (
        f"{gain.value:+.1f} (between {gain.low:+.1f} and {gain.high:+.1f}, 95 % interval of {gain.num_pieces} pieces)"
    )


def _next(outcome: Outcome) -> str:
    path = outcome.folder / BEST
    if outcome.is_gain:
        return f"settings: {path}; use them: track run VIDEO --tracker {path}"
    return f"settings that were best on the data itself, for the record: {path}"


def _add(table: Any, where: str, settings: str, scores: Any) -> None:
    table.add_row(where, printable(settings), *(f"{score:.1f}" for score in scores), f"{scores.mean():.1f}")
