"""Where the gate of `--store-gate` goes: into a checkpoint of this project; weights of others are copied into one."""

from __future__ import annotations

from pathlib import Path

from registry.own_names import replacing
from reid.calibration import Calibration
from reid.checkpoint import read_checkpoint, save_checkpoint, store_gate
from reid.pretrained import load_pretrained
from reid.saved_model import is_saved_model
from track.files.run_folder import folder_name

__all__ = ["gate_file", "put_gate"]


def gate_file(name: str, weights: Path | None, out: Path) -> Path | None:
    """The file that a gate for these weights of backbone `name` will be in; `None` without weights.

    Args:
        name: public name.
        weights: a checkpoint, or a folder of roboflow's `reid`.
        out: folder for a copy.

    Raises:
        FileNotFoundError, ValueError: as `reid.checkpoint.read_checkpoint`.
    """
    if weights is None:
        return None
    is_ours = not is_saved_model(weights) and read_checkpoint(weights).info is not None
    return weights if is_ours else out / f"{folder_name(name)}.safetensors"


def put_gate(name: str, weights: Path, target: Path, calibration: Calibration, data: str) -> None:
    """Write the gate into `target`, which `gate_file` named; a copy says whose weights it holds."""
    if target == weights:
        store_gate(target, calibration.gate, calibration.scores(), calibration.curve)
        return
    backbone = load_pretrained(name, weights).backbone
    with replacing(target) as unfinished:
        save_checkpoint(
            unfinished,
            backbone,
            data=f"weights of others: {weights.name}; gate from {data}",
            scores=calibration.scores(),
            max_cosine_distance=calibration.gate,
            gate_curve=calibration.curve,
        )
