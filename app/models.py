"""`track models`: the names that `track run` understands."""

from __future__ import annotations

import json
from typing import Any

from app.config import load_preset
from configs import preset_names
from detectors import DETECTORS
from reid import ENCODERS

__all__ = ["known_models", "print_models"]


def known_models() -> dict[str, list[dict[str, Any]]]:
    """Detectors, encoders and tracker presets, each with its name and one line on what it is."""
    import yaml

    from configs import preset_path

    presets = []
    for name in preset_names():
        load_preset(name)  # a preset that does not load is not listed in silence
        presets.append({"name": name, "summary": yaml.safe_load(preset_path(name).read_text())["description"]})
    return {
        "detectors": [{"name": entry.name, "summary": entry.summary} for entry in DETECTORS.entries()],
        "encoders": [{"name": entry.name, "summary": entry.summary} for entry in ENCODERS.entries()],
        "trackers": presets,
    }


def print_models(as_json: bool) -> None:
    """Print them as a table, or as JSON."""
    models = known_models()
    if as_json:
        print(json.dumps(models, indent=2), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    options = {"detectors": "--detector", "encoders": "--reid", "trackers": "--tracker"}
    for kind, rows in models.items():
        table = Table(title=f"{kind} ({options[kind]})", title_justify="left", box=None, pad_edge=False)
        table.add_column("name", style="bold", no_wrap=True)
        table.add_column("what it is")
        for row in rows:
            table.add_row(row["name"], row["summary"])
        console.print(table)
        console.print()
