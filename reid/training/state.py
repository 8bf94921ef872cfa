"""The state of a training in one file, written so that a complete one always exists, and what may be resumed."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from registry.json_texts import parse_json
from registry.own_names import own_name

__all__ = [
    "CONFIG_FILE",
    "LATER_KEYS",
    "STATE_FILE",
    "check_same",
    "read_config",
    "read_state",
    "replacing",
    "write_config",
    "write_state",
]

STATE_FILE = "last.pt"
CONFIG_FILE = "config.json"
FORMAT_VERSION = 1
DAMAGED = (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError)
"""What PyTorch raises for a file that is none of its own, or was cut short, or would run code."""
LATER_KEYS = {"teacher": None, "teacher_weight": 1.0, "teacher_file": None, "threads": 0}
"""What a configuration that was written before there were such keys meant."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; what stands there at the end takes the place of `path` at once.

    After an error, whatever it is, `path` is as it was and the other file is gone.

    Raises:
        OSError: the disk is full; says that the previous file is whole and how to go on.
    """
    unfinished = own_name(path)
    try:
        yield unfinished
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)  # noqa: PTH105
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        kept = "the one before it is whole" if path.exists() else "there is none yet"
        raise OSError(
            f"the disk is full: {path} could not be written, {kept}; make room, then go on with track train-reid "
            f"--resume {path.parent}"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Replace the state in `folder`; tensors, numbers, texts, lists and dictionaries only."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT_VERSION, **state}, buffer)
    with replacing(folder / STATE_FILE) as path:
        _write(path, buffer.getbuffer())


def _write(path: Path, data: memoryview) -> None:
    path.write_bytes(data)


def read_state(folder: Path) -> dict[str, Any]:
    """The state in `folder`, on the CPU.

    Raises:
        FileNotFoundError: there is none.
        ValueError: not a state of a training, or of a newer version.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no training to resume ({STATE_FILE} is missing); name the folder that --out or the end of "
            "an interrupted training named"
        )
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        version = int(state["format"])
    except DAMAGED as error:
        raise ValueError(f"{path} is not the state of a training, or is damaged; start anew with --out") from error
    if version > FORMAT_VERSION:
        raise ValueError(f"{path} has format {version}, but this version reads up to {FORMAT_VERSION}; update")
    return state


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write what the training was asked for as `config.json`."""
    with replacing(folder / CONFIG_FILE) as path:
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def read_config(folder: Path) -> dict[str, Any]:
    """What the training in `folder` was asked for.

    Raises:
        FileNotFoundError: no such folder, or no training in it.
        ValueError: the file is damaged.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no training to resume ({CONFIG_FILE} is missing); name the folder of an interrupted one"
        )
    try:
        config: dict[str, Any] = parse_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); start anew with --out") from error
    return {**LATER_KEYS, **config}


def check_same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `ValueError` where two configurations are not the same: lists every key that differs."""
    plain_before, plain_now = (json.loads(json.dumps(dict(config))) for config in (before, now))
    keys = [*plain_before, *(key for key in plain_now if key not in plain_before)]
    missing = object()
    differing = [key for key in keys if plain_before.get(key, missing) != plain_now.get(key, missing)]
    if differing:
        listed = "; ".join(f"{key} was {plain_before.get(key)!r}, now {plain_now.get(key)!r}" for key in differing)
        raise ValueError(
            f"--resume {folder} goes on with the training as it was, but this differs: {listed}. Leave it out, or "
            "start anew with --out"
        )
