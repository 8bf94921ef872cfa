"""`track models`: the names that `track run` understands, and what each encoder costs."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detectors import DETECTORS, detector_plugins
from registry import unknown_name
from registry.plugins import Plugin
from registry.shipped import preset_names
from reid import BACKBONES, ENCODERS, is_encoder
from reid.bundled import bundled_weights
from reid.cost import Cost, cost, stored_cost
from reid.registry import ALL_NAMES, OTHER_NAMES, TIMM, encoder_plugins
from track.commands.models.on_disk import WeightsOnDisk, reid_weights, weight_folders
from track.terminal.tables import print_table
from tracker.presets import load_preset

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["ModelsRequest", "known_models", "print_models"]

logger = logging.getLogger(__name__)

MILLION = 1e6
CAPTION = (
    "params and operations of one crop in millions (M). MACs: multiply-accumulates. FLOPS: as the table of DogeNet"
    " counts, MACs and 5 for each normalised, 1 for each pooled value. D: width of the embedding."
)


@dataclass(frozen=True)
class ModelsRequest:
    """What `track models` was asked.

    Attributes:
        names: encoders to show alone; empty for everything.
        input_size: `(H, W)` px to count at; `None` for each network's own.
        classes: identities of a classifier to count with; 0 for none.
        time: measure the crops per second as well.
    """

    names: tuple[str, ...] = ()
    input_size: tuple[int, int] | None = None
    classes: int = 0
    time: bool = False


@dataclass(frozen=True)
class EncoderRow:
    """One encoder: `cost` is `None` where nothing is computed, or where `refused` says why it cannot be."""

    name: str
    summary: str
    cost: Cost | None = None
    refused: str = ""
    crops_per_s: dict[str, float | None] = field(default_factory=dict)
    weights: tuple[WeightsOnDisk, ...] = ()


def print_models(request: ModelsRequest, as_json: bool) -> None:
    """Print the answer as tables, or as JSON; what takes longer than a moment is announced on standard error.

    Raises:
        ValueError: an unknown name, or a size that none of the networks takes.
    """
    encoders = _encoder_rows(request)
    if request.names and all(row.refused for row in encoders):
        raise ValueError(encoders[0].refused)
    if as_json:
        print(json.dumps(known_models(request, encoders), indent=2), flush=True)
        return
    from track.terminal.console import safe_console

    # Paths and what a checkpoint says of itself may hold brackets: they are text, not markup.
    console = safe_console(highlight=False, markup=False, emoji=False)
    others = {} if request.names else _names_and_summaries()
    for kind, option in (("detectors", "--detector"), ("encoders", "--reid"), ("trackers", "--tracker")):
        if kind == "encoders":
            _print_encoders(console, encoders, request)
        elif others:
            _print_names(console, f"{kind} ({option})", others[kind])


def known_models(request: ModelsRequest, encoders: Sequence[EncoderRow]) -> dict[str, Any]:
    """The answer as plain data; without names all detectors and tracker presets are in it too."""
    others = {} if request.names else _names_and_summaries()
    return {**others, "encoders": [_as_data(row) for row in encoders]}


def _names_and_summaries() -> dict[str, list[dict[str, str]]]:
    from registry.settings import read_settings
    from registry.shipped import preset_path

    presets = []
    for name in preset_names():
        load_preset(name)  # a preset that does not load is not listed in silence
        presets.append({"name": name, "summary": read_settings(preset_path(name), "keys")["description"]})
    detectors = [{"name": entry.name, "summary": entry.summary} for entry in DETECTORS.entries()]
    for name, plugin in detector_plugins().items():
        detectors.append({"name": name, "summary": _problem(plugin) or plugin.summary})
    return {"detectors": detectors, "trackers": presets}


def _encoder_rows(request: ModelsRequest) -> list[EncoderRow]:
    brought = encoder_plugins()
    summaries = {entry.name: entry.summary for entry in ENCODERS.entries()}
    summaries |= {name: plugin.summary for name, plugin in brought.items()}
    for name in request.names:
        if not is_encoder(name):
            raise unknown_name("encoder", name, [*ENCODERS.names(), *brought], where=ALL_NAMES, hint=OTHER_NAMES)
    on_disk = reid_weights()
    rows = []
    with _Progress() as progress:
        for name in request.names or (*ENCODERS.names(), *brought):
            row = EncoderRow(
                name, summaries.get(name, "network of timm" if name.startswith(TIMM) else "network of your own")
            )
            if name in BACKBONES or name not in ENCODERS:
                row = _network_row(row, request, progress, [held for held in on_disk if held.backbone == name])
            rows.append(row)
    return rows


def _problem(plugin: Plugin) -> str:
    """Why a plug-in cannot be loaded, which is warned of and stops no other; empty where it can."""
    try:
        plugin.code.load()
    except (ValueError, OSError) as error:
        logger.warning("the plug-in %r of %s does not load: %s", plugin.code.name, plugin.origin, error)
        return f"does not load: {error}"
    return ""


def _network_row(
    row: EncoderRow, request: ModelsRequest, progress: _Progress, weights: Sequence[WeightsOnDisk]
) -> EncoderRow:
    counted = None if request.classes else stored_cost(row.name, request.input_size)
    try:
        if counted is None:
            progress.say(f"counting {row.name}")
            counted = cost(row.name, request.input_size, num_classes=request.classes)
    except (ValueError, OSError) as error:
        if not request.names:
            logger.warning("the plug-in %r (%s) does not load: %s", row.name, row.summary, error)
        return EncoderRow(row.name, row.summary, refused=str(error), weights=tuple(weights))
    speeds: dict[str, float | None] = {}
    if request.time:
        from reid.speed import speeds as measured

        progress.say(f"timing {row.name}")
        for runtime, crops_per_s in measured(row.name, request.input_size):
            speeds[runtime] = crops_per_s
            progress.say(f"timing {row.name}, {runtime} done")
    return EncoderRow(row.name, row.summary, counted, crops_per_s=speeds, weights=tuple(weights))


class _Progress:
    """A line on standard error that says what is being waited for; it is gone at the end."""

    def __init__(self) -> None:
        self._status: Any = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """Show what runs now; nothing where standard error is no terminal."""
        if self._status is None:
            from track.terminal.console import safe_console

            self._status = safe_console(stderr=True).status(text)
            self._status.start()
        self._status.update(text)


def _as_data(row: EncoderRow) -> dict[str, Any]:
    data: dict[str, Any] = {"name": row.name, "summary": row.summary}
    if row.cost is not None:
        data |= {
            "input_size": list(row.cost.input_size),
            "parameters": row.cost.parameters,
            "macs": row.cost.macs,
            "flops": row.cost.flops,
            "embedding_dim": row.cost.embedding_dim,
        }
    if row.refused:
        data["refused"] = row.refused
    if row.crops_per_s:
        data["crops_per_s"] = {runtime: speed and round(speed, 1) for runtime, speed in row.crops_per_s.items()}
    if row.cost is not None or row.refused:
        data["weights"] = [str(held.path) for held in row.weights]
    return data


def _table(title: str) -> Table:
    from rich.table import Table

    return Table(title=title, title_justify="left", caption_justify="left", box=None, pad_edge=False)


def _print_names(console: Console, title: str, rows: Sequence[dict[str, str]]) -> None:
    table = _table(title)
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("what it is")
    for row in rows:
        table.add_row(row["name"], row["summary"])
    print_table(console, table)
    console.print()


def _print_encoders(console: Console, rows: Sequence[EncoderRow], request: ModelsRequest) -> None:
    counted = [row.cost for row in rows if row.cost is not None]
    sizes = {f"{height}x{width}" for height, width in (one.input_size for one in counted)}
    runtimes = list(dict.fromkeys(runtime for row in rows for runtime in row.crops_per_s))
    table = _table(_title(sizes, request))
    table.add_column("name", style="bold", no_wrap=True)
    several = len(sizes) > 1
    for column in (*(["input"] if several else []), "params", "MACs", "FLOPS", "D", *runtimes):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for row in rows:
        table.add_row(row.name, *_cells(row, runtimes, several), row.refused or row.summary)
    print_table(console, table)
    print_table(console, CAPTION, style="dim")
    if runtimes:
        console.print(f"Under {', '.join(runtimes)}: crops/s here, batches of 16 on the CPU, float32.", style="dim")
    console.print()
    _print_weights(console, [held for row in rows for held in row.weights])


def _title(sizes: set[str], request: ModelsRequest) -> str:
    classifier = f", classifier of {request.classes}" if request.classes else ""
    return f"encoders (--reid){f', crops of {next(iter(sizes))} px' if len(sizes) == 1 else ''}{classifier}"


def _cells(row: EncoderRow, runtimes: Sequence[str], several: bool) -> list[str]:
    if row.cost is None:
        return [""] * (4 + several + len(runtimes))
    height, width = row.cost.input_size
    speeds = (row.crops_per_s.get(runtime) for runtime in runtimes)
    return [
        *([f"{height}x{width}"] if several else []),
        _millions(row.cost.parameters),
        _millions(row.cost.macs),
        _millions(row.cost.flops),
        str(row.cost.embedding_dim),
        *("no" if speed is None else f"{speed:.{0 if speed >= 100 else 1}f}" for speed in speeds),
    ]


def _millions(count: int) -> str:
    """With three digits, and all of them before the point: 0.918M, 13.9M, 2377M."""
    value = count / MILLION
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.9995 else 3
    return f"{value:.{digits}f}M"


def _print_weights(console: Console, held: Sequence[WeightsOnDisk]) -> None:
    folder = weight_folders()[-1]
    if not held:
        console.print(f"no trained ReID weights in {folder} (--reid-weights takes a file from anywhere)\n", style="dim")
        return
    table = _table("trained ReID weights (what comes with track is the default, the rest is for --reid-weights FILE)")
    for column in ("network", "size", "gate", "file", "trained on"):
        table.add_column(column, no_wrap=column not in ("file", "trained on"), overflow="fold")
    for one in held:
        gate = "" if one.max_cosine_distance is None else f"{one.max_cosine_distance:.3f}"
        height, width = one.input_size
        file = "comes with track" if one.path == bundled_weights(one.backbone) else str(one.path)
        table.add_row(one.backbone, f"{height}x{width}", gate, file, one.data)
    print_table(console, table)
    console.print()
