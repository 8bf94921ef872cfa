"""`results.json` and, made from it, `RESULTS.md`: nothing in the second is typed by hand."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.association import Timing, plot
from benchmarks.parts import PARTS, Part
from benchmarks.rows import Row

__all__ = ["read_results", "to_markdown", "write_results"]

GROWTH = "growth.png"
HEAD = """# Benchmarks

Written by `make bench`; each part says how to run it alone. Spread is the least and the most of the turns, for trackers
the quartiles over frames. Goals are upper bounds. An `x` is a ratio of times, more is slower; among encoders, whose
figures are speeds, more is faster. The yardstick is the time of one addition of two small arrays meanwhile: two runs
compare where theirs agree, since a core that is shared with strangers is slower without any load to be seen. Where
others had more than a tenth of the machine, go by the ratios of CPU time."""


def read_results(path: Path) -> dict[str, Any]:
    """What was measured before, empty where nothing was.

    Raises:
        ValueError: the file is no results.
    """
    if not path.exists():
        return {"machine": {}, "parts": {}}
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        return {"machine": dict(results["machine"]), "parts": dict(results["parts"])}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} holds no results of benchmarks ({error}); remove it, or name another --out"
        ) from error


def write_results(folder: Path, results: dict[str, Any]) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = to_markdown(results, growth=_plot_growth(folder, results["parts"].get("association", {})))
    (folder / "RESULTS.md").write_text(text, encoding="utf-8")


def _plot_growth(folder: Path, association: dict[str, Any]) -> bool:
    """Draw the time of an update against the number of objects; whether there is something to draw, and with."""
    if "found" not in association or importlib.util.find_spec("matplotlib") is None:
        return False
    plot([Timing(**timing) for timing in association["found"]["timings"]], folder / GROWTH)
    return True


def to_markdown(results: dict[str, Any], *, growth: bool = False) -> str:
    """The text of `RESULTS.md`; with `growth` it shows the plot of that name."""
    facts = [f"| {name} | {fact} |" for name, fact in results["machine"].items()]
    parts = [_section(part, results["parts"].get(part.name)) for part in PARTS]
    if growth:
        after = next(number for number, part in enumerate(PARTS) if part.name == "association")
        parts[after] += f"\n\n![Time of one update against the number of objects]({GROWTH})"
    return "\n\n".join([HEAD, "\n".join(["| machine | |", "|---|---|", *facts]), *parts]) + "\n"


def _section(part: Part, result: dict[str, Any] | None) -> str:
    head = f"## {part.title}\n\n`{part.command_shown}`"
    if result is None:
        return f"{head}\n\nNot run."
    if "missing" in result:
        return f"{head}\n\nNot run: {result['missing']}."
    rows = part.rows(result["found"])
    others = result.get("others_share")
    load = "" if others is None else f" Other processes had {others:.0%} of the machine."
    took = f" Took {result['took_s']} s." if "took_s" in result else ""
    return f"{head}. {part.about}{load}{took}\n\n{_table(rows)}"


def _table(rows: Sequence[Row]) -> str:
    columns = ["", "median", "spread", "goal", "", "note"]
    kept = [True, True, any(math.isfinite(row.low) for row in rows), *[any(row.verdict for row in rows)] * 2,
            any(row.note for row in rows)]  # fmt: skip
    lines = [columns, ["---", "--:", "--:", "--:", "---", "---"], *(_cells(row) for row in rows)]
    chosen = ([cell for cell, keep in zip(line, kept, strict=True) if keep] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in chosen)


def _cells(row: Row) -> list[str]:
    spread = f"{_number(row.low)} to {_number(row.high)}" if math.isfinite(row.low) else ""
    goal = "" if row.goal is None else f"{row.goal:g}"
    return [row.what, f"{_number(row.value)} {row.unit}".strip(), spread, goal, row.verdict, row.note]


def _number(value: float) -> str:
    """Three digits, at least those before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
