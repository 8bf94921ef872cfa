"""All benchmarks, one process each: `make bench`, or `python -m benchmarks`. Takes half an hour on two quiet cores.

Writes benchmarks/results.json and, from it, benchmarks/RESULTS.md. `--only PART,PART` measures these anew and keeps
what is known of the others; a part that cannot run here says in its section what it lacks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from benchmarks.machine import machine
from benchmarks.parts import PARTS, ROOT, Inputs, MissingError, Part
from benchmarks.report import read_results, write_results


def measure(part: Part, given: Inputs) -> dict[str, Any]:
    """What the script of a part found, or why there is nothing."""
    try:
        arguments = part.arguments(given)
    except MissingError as error:
        return {"missing": str(error)}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "YOLO_OFFLINE": "true"}
    if part.one_thread:
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, str(ROOT / "benchmarks" / part.script), *arguments, "--json", str(found)]
        busy_before, started = _busy_s(), time.perf_counter()
        if subprocess.run(command, env=environment, check=False).returncode or not found.exists():
            return {"missing": f"{part.script} failed; run it alone to see why"}
        share = _share_of_others(busy_before, _busy_s())
        took_s = round(time.perf_counter() - started)
        return {"found": json.loads(found.read_text(encoding="utf-8")), "others_share": share, "took_s": took_s}


def _busy_s() -> tuple[float, float, float] | None:
    """CPU seconds of the machine, those of them with work, and those of our children, so far; `None` but on Linux."""
    try:
        fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]
    except OSError:
        return None
    ticks = [int(field) for field in fields]
    per_s, children = os.sysconf("SC_CLK_TCK"), os.times()
    idle = ticks[3] + ticks[4]
    return sum(ticks) / per_s, (sum(ticks) - idle) / per_s, children.children_user + children.children_system


def _share_of_others(
    before: tuple[float, float, float] | None, after: tuple[float, float, float] | None
) -> float | None:
    """Of the machine's time, what other processes had meanwhile, 0 to 1."""
    if before is None or after is None:
        return None
    total, busy, ours = (late - early for late, early in zip(after, before, strict=True))
    return round(max(busy - ours, 0.0) / total, 3) if total else None


def chosen_parts(names: str | None) -> Sequence[Part]:
    """Those that were named, all without names.

    Raises:
        ValueError: an unknown name.
    """
    known = {part.name: part for part in PARTS}
    wanted = list(known) if names is None else names.split(",")
    for name in wanted:
        if name not in known:
            raise ValueError(f"--only has {name!r}, expected some of {', '.join(known)}")
    return [known[name] for name in wanted]


def main(arguments: list[str] | None = None) -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help=f"parts, separated by commas: {', '.join(part.name for part in PARTS)}")
    parser.add_argument("--video", type=Path, default=Inputs.video, help="clip with people")
    parser.add_argument("--detector", type=Path, default=Inputs.detector, help="YOLO weights, or an OpenVINO export")
    parser.add_argument("--peers", type=Path, help="folder into which other trackers were installed")
    parser.add_argument("--turns", type=int, default=Inputs.turns, help="of each contender")
    parser.add_argument("--frames", type=int, default=Inputs.frames, help="of the video that memory is measured on")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks", help="folder of the results")
    args = parser.parse_args(arguments)
    try:
        parts, results = chosen_parts(args.only), read_results(args.out / "results.json")
    except ValueError as error:
        parser.error(str(error))
    given = Inputs(args.video, args.detector, args.peers, args.turns, args.frames)
    for part in parts:
        print(f"\n== {part.title} ==", flush=True)
        result = measure(part, given)
        print(result.get("missing") or f"took {result['took_s']} s", flush=True)
        results = {"machine": machine(), "parts": {**results["parts"], part.name: result}}
        write_results(args.out, results)  # after each part: half an hour is long
    print(f"written: {args.out / 'RESULTS.md'} and results.json")


if __name__ == "__main__":
    main()
