"""`summary.json`: what a run was asked for, what it did, how fast, and what appearance decided."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.words import counted, encodable
from track.files.partial import PartialFile
from track.files.versions import versions
from track.run.clock import threaded_stages

__all__ = ["Summary"]


DIGITS = 6
"""Of numbers, after the point."""


@dataclass
class Summary:
    """The facts of a run.

    Attributes:
        run_dir: folder of the run.
        partial: whether it ended before the end of the source.
        reason: why, when it did.
        source: name, size, rate and what went wrong while reading.
        configuration: every setting as it was resolved.
        counts: frames, detections, rejected boxes by reason, crops embedded, tracks, rows.
        identities: see `track.run.people.identity_facts`.
        appearance: see `tracker.Evidence`.
        zones: what was counted at lines and zones, see `track.places.totals.totals_facts`; empty without.
        linking: what `--offline` did, see `tracker.offline.linking.LinkReport`, and its settings; empty without.
        seconds: load and run time.
        fps: frames per second of the whole run, models loaded.
        stages_ms: milliseconds per frame by stage, in the order of the pipeline; those of `clock.threaded_stages` run
            in threads of their own and overlap the others.
        files: names of the finished files.
        warnings: what a person should know.
        stopped_by: number of the signal that ended the run.
        history: what `track relabel` did, call after call.
    """

    run_dir: Path
    partial: bool = False
    reason: str | None = None
    source: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    identities: dict[str, Any] = field(default_factory=dict)
    appearance: dict[str, int] = field(default_factory=dict)
    zones: dict[str, Any] = field(default_factory=dict)
    linking: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    fps: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stopped_by: int | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    def write(self) -> Path:
        """Write `summary.json` into the run's folder."""
        content = {**dataclasses.asdict(self), "versions": versions()}
        content["overlapping_stages"] = threaded_stages(self.stages_ms)
        content["files"] = [*self.files, "summary.json"]
        path = self.run_dir / "summary.json"
        file = PartialFile(path)
        try:
            text = json.dumps(_plain(content), indent=2, ensure_ascii=False)
            file.append(encodable(text).encode() + b"\n")  # half a surrogate pair becomes what JSON writes for it
        except OSError:
            file.discard()
            raise
        file.commit()
        return path

    def encoder_line(self) -> str:
        """What embedded the crops, and where; empty for a run without a network."""
        reid = self.configuration.get("reid", {})
        if not reid.get("runtime"):
            return ""
        line = f"{reid['name']} ran in {reid['runtime']} ({reid['precision']}, {reid['device']})"
        if self.configuration.get("reid_when") != "ambiguous":
            return line
        crops = counted(self.counts["crops_embedded"], "crop")
        return f"{line} on {crops}; {self.counts['crops_saved']} were placed by motion"

    def linking_line(self) -> str:
        """One sentence on what linking did; empty without."""
        did = self.linking
        if not did:
            return ""
        return (
            f"linking: {counted(did['tracks'], 'track')} became {did['kept']} (links: {did['links']}, dropped tracks: "
            f"{did['dropped']}, detections taken in: {did['taken_in']}, filled boxes: {did['filled']})"
        )

    def appearance_line(self) -> str:
        """One sentence on what appearance did; empty where nothing was matched that it could decide on."""
        facts = self.appearance
        if not facts["matches"]:
            return ""
        if self.configuration.get("reid", {}).get("name") == "none":
            return f"{counted(facts['matches'], 'match', 'matches')} by overlap alone (--reid none)"
        if not facts["by_appearance"] and not facts["vetoed"]:
            return f"appearance decided none of {counted(facts['matches'], 'match', 'matches')}"
        return (
            f"appearance decided {facts['appearance_decided']} of {counted(facts['matches'], 'match', 'matches')}, "
            f"recovered {counted(facts['recovered'], 'lost track')}, vetoed {facts['vetoed']}"
        )


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it: paths as text, numbers that are not finite as null, floats without noise digits."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
