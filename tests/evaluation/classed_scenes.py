"""Objects of several classes that stand in a few frames, and their score."""

from __future__ import annotations

from pathlib import Path

from evaluation import EvalOptions, Report, evaluate, find_pairs
from tests.evaluation.scenes import write_gt


def report_of(folder: Path, gt: list[str], pred: list[str], labels: str = "", **options: object) -> Report:
    write_gt(folder / "seq", [])
    (folder / "seq" / "gt" / "gt.txt").write_text("\n".join(gt))
    if labels:
        (folder / "seq" / "gt" / "labels.txt").write_text(labels)
    (folder / "pred.txt").write_text("\n".join(pred))
    return evaluate(find_pairs(folder / "seq", folder / "pred.txt"), EvalOptions(**options))  # type: ignore[arg-type]


def box(frame: int, track: int, x: int, tail: str = "") -> str:
    return f"{frame},{track},{x},{10 + frame},50,100{tail}"


def still(*objects: tuple[int, int, str], frames: range = range(1, 5)) -> list[str]:
    """Objects (id, x, further columns) that stand in each frame."""
    return [box(frame, track, x, tail) for frame in frames for track, x, tail in objects]


PERSON, CAR, STATIC, VEHICLE, CROWD = ",1,1,1", ",1,3,1", ",0,7,1", ",0,6,1", ",0,13,1"
TRACKS = ",0.9,-1,-1,-1"
