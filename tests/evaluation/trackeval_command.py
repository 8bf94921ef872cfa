"""TrackEval's own evaluation of MOTChallenge files, to hold ours against."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackeval import Evaluator
from trackeval.datasets import MotChallenge2DBox
from trackeval.metrics import CLEAR, HOTA, Identity

from evaluation import COUNTS, PERCENTAGES, Scores

COMBINED = "COMBINED_SEQ"


@dataclass(frozen=True)
class Files:
    """Of one sequence: annotations, results, length in frames."""

    truth: Path
    prediction: Path
    length: int


def printed_by_trackeval(folder: Path, sequences: Mapping[str, Files], benchmark: str) -> dict[str, dict[str, str]]:
    """What TrackEval prints for each sequence and combined, by our names of the metrics, as text."""
    for name, files in sequences.items():
        for source, target in (
            (files.truth, f"gt/{name}/gt/gt.txt"),
            (files.prediction, f"trackers/x/data/{name}.txt"),
        ):
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / target)
    quiet = {"PRINT_CONFIG": False}
    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(folder / "gt"),
            "TRACKERS_FOLDER": str(folder / "trackers"),
            "SEQ_INFO": {name: files.length for name, files in sequences.items()},
            "BENCHMARK": benchmark,
            "SKIP_SPLIT_FOL": True,
            **quiet,
        }
    )
    off = dict.fromkeys(("OUTPUT_SUMMARY", "OUTPUT_DETAILED", "PLOT_CURVES", "TIME_PROGRESS", "PRINT_CONFIG"), False)
    metrics = [HOTA(), CLEAR(dict(quiet)), Identity(dict(quiet))]
    with contextlib.redirect_stdout(io.StringIO()):
        results, _ = Evaluator({**off, "LOG_ON_ERROR": None}).evaluate([dataset], metrics)
    by_sequence = results["MotChallenge2DBox"]["x"]
    return {name: _printed(metrics, result["pedestrian"]) for name, result in by_sequence.items()}


def _printed(metrics: list[Any], result: Mapping[str, Any]) -> dict[str, str]:
    rows = {}
    for metric in metrics:
        texts = metric._summary_row(result[metric.get_name()])
        rows.update(
            {(metric.get_name(), field): text for field, text in zip(metric.summary_fields, texts, strict=True)}
        )
    return {name: rows[source] for name, source in {**PERCENTAGES, **COUNTS}.items()}


def printed_by_us(scores: Scores) -> dict[str, str]:
    """Ours, rounded to the digits that TrackEval prints."""
    return {
        **{name: f"{scores.percentages[name]:1.5g}" for name in PERCENTAGES},
        **{name: str(scores.counts[name]) for name in COUNTS},
    }
