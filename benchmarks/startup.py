"""Seconds from the start of the process to the first tracked frame of `track run`, step by step.

python benchmarks/startup.py VIDEO --detector yolo11n_int8_openvino_model --reid dogenet50 --turns 5

Each turn is a new process, by turns with `track --help`; the first one, which may convert the encoder and fill the
disk's cache, does not count. Prints median and spread of the time at which each step was done; `--json FILE` keeps all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from registry.defaults import DEFAULT_ENCODER

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("python", "imports", "source", "encoder", "detector", "models", "first frame")
CHILD = """
import sys, time
started = float(sys.argv[1])
def note(step):
    print(f"STEP {step}: {time.time() - started:.4f}", flush=True)
note("python")
import track.cli, track.run.run, track.run.pipeline, track.setup.loading, track.setup.plan
note("imports")
def noted(module, name, step):
    function = getattr(module, name)
    def call(*arguments, **options):
        result = function(*arguments, **options)
        note(step)
        return result
    setattr(module, name, call)
noted(track.run.run, "open_source", "source")
noted(track.setup.loading, "load_encoder", "encoder")
noted(track.setup.loading, "load_detector", "detector")
noted(track.setup.plan, "load_models", "models")
track_frames = track.run.pipeline.track_frames
def first_noted(*arguments, **options):
    tracked = track_frames(*arguments, **options)
    first = next(tracked)
    note("first frame")
    yield first
    yield from tracked
track.run.pipeline.track_frames = first_noted
track.cli.main(sys.argv[2:])
"""


def one_start(arguments: list[str]) -> dict[str, float]:
    """When each step of a run was done, s from the start of its process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CHILD, str(time.time()), "run", *arguments, "--out", f"{folder}/out"]
        done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.strip() or f"track run ended with {done.returncode}")
    lines = [line.removeprefix("STEP ").split(": ") for line in done.stdout.splitlines() if line.startswith("STEP ")]
    return {step: float(seconds) for step, seconds in lines}


def one_help() -> float:
    """Seconds that `track --help` takes."""
    before = time.perf_counter()
    command = [sys.executable, "-m", "track.cli", "--help"]
    subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, check=True)
    return time.perf_counter() - before


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "YOLO_OFFLINE": "true"}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--detector", default="motion")
    parser.add_argument("--reid", default=DEFAULT_ENCODER)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for all measurements")
    chosen = parser.parse_args(arguments)
    models = ["--detector", chosen.detector, "--reid", chosen.reid]
    command = [str(chosen.video.resolve()), *models, "--end", "0.2"]
    one_start(command)
    runs, helps = [], []
    for _ in range(chosen.turns):
        runs.append(one_start(command))
        helps.append(one_help())
    rows = {step: [run[step] for run in runs] for step in STEPS} | {"track --help": helps}
    print(f"{'done after, s':16s} median    min    max   ({chosen.turns} processes)")
    for step, seconds in rows.items():
        print(f"{step:16s} {statistics.median(seconds):6.2f} {min(seconds):6.2f} {max(seconds):6.2f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
