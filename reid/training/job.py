"""What one training is asked to do, and whom it tells how it goes."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from registry.user_folders import expanded
from reid.bundled import bundled_names, bundled_weights
from reid.data import ReidData, num_identities
from reid.training.log import Row
from reid.training.recipe import Recipe

__all__ = ["Job", "SilentWatch", "Watch", "configuration", "teacher_file"]

CHECKPOINT_EVERY_S = 120.0
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        reid: name of the backbone.
        data: training and held-out people.
        sources: what `data` was loaded from.
        recipe: how to train.
        out: folder for all files; it exists.
        seed: of the first weights, the batches and the augmentation.
        amp: number format of the network's pass, `no`, `bf16` or `fp16`.
        pretrained: weights to start from, as for `reid.pretrained.load_pretrained`.
        workers: threads that decode images.
        resume: whether to go on with the training in `out`.
        false_match_rate: that the gate may let through.
        checkpoint_every_s: longest time between two checkpoints; there is one after each epoch in any case.

    Raises:
        ValueError: fewer than two identities to train on.
    """

    reid: str
    data: ReidData
    sources: tuple[str, ...]
    recipe: Recipe
    out: Path
    seed: int = 0
    amp: str = "no"
    pretrained: Path | None = None
    workers: int = 2
    resume: bool = False
    false_match_rate: float = 0.01
    checkpoint_every_s: float = CHECKPOINT_EVERY_S

    def __post_init__(self) -> None:
        if self.data.num_classes < 2:
            raise ValueError(
                f"2 identities or more are needed to train, found {self.data.num_classes} in {self.data.name} besides "
                f"the {num_identities(self.data.gallery)} held out to measure with; add people with two images or more"
            )


def configuration(job: Job) -> dict[str, Any]:
    """What decides the checkpoint that comes out, as plain values: a resumed training must have the same."""
    recipe = dataclasses.asdict(job.recipe)
    recipe["input_size"] = list(job.recipe.input_size) if job.recipe.input_size else None
    return {
        "reid": job.reid,
        "data": list(job.sources),
        "images": len(job.data.train.paths),
        "identities": job.data.num_classes,
        "files": _files(job.data),
        "teacher_file": None if job.recipe.teacher is None else _content(teacher_file(job.recipe.teacher)),
        "pretrained": None if job.pretrained is None else str(job.pretrained),
        "seed": job.seed,
        "amp": job.amp,
        "false_match_rate": job.false_match_rate,
        **recipe,
    }


def teacher_file(name_or_path: str) -> Path:
    """The checkpoint of a recipe's teacher.

    Raises:
        ValueError: no such backbone, or none of its weights come with the package.
        FileNotFoundError: no such file.
    """
    path = expanded(name_or_path) if name_or_path.endswith(SUFFIX) else bundled_weights(name_or_path)
    if path is None:
        raise ValueError(
            f"teacher is {name_or_path!r}, expected a backbone with weights in this package "
            f"({', '.join(bundled_names())}) or the path of a checkpoint (*{SUFFIX})"
        )
    if not path.is_file():
        raise FileNotFoundError(f"teacher {name_or_path!r} not found, expected the path of a checkpoint (*{SUFFIX})")
    return path


def _files(data: ReidData) -> str:
    """A hash of the names of all images with their two folders, among which is the renderer of drawn people."""
    digest = hashlib.blake2b(digest_size=8)
    for split in (data.train, data.query, data.gallery):
        for path in split.paths:
            digest.update("/".join((*path.parts[-3:], "")).encode(errors="surrogateescape"))
    return digest.hexdigest()


def _content(path: Path) -> str:
    """A hash of a file: another version of the teacher gives other weights."""
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


class Watch(Protocol):
    """Whoever looks on: told of everything, asked whether to stop."""

    def loading(self, what: str, done: int, total: int) -> None:
        """`done` of `total` images of `what` are decoded, or embedded."""
        ...

    def epoch_begins(self, epoch: int, step: int, num_steps: int) -> None:
        """Epoch `epoch` (from 1) goes on at `step` of its `num_steps`."""
        ...

    def step(self, loss: float, num_images: int) -> None:
        """One more step is done, over so many images."""
        ...

    def row(self, row: Row) -> None:
        """An epoch has ended, or (epoch 0) the network was evaluated before training."""
        ...

    def should_stop(self) -> bool:
        """Whether to save and end after this step."""
        ...


class SilentWatch:
    """Shows nothing and never stops; for use as a library."""

    def loading(self, what: str, done: int, total: int) -> None:
        """See `Watch.loading`."""

    def epoch_begins(self, epoch: int, step: int, num_steps: int) -> None:
        """See `Watch.epoch_begins`."""

    def step(self, loss: float, num_images: int) -> None:
        """See `Watch.step`."""

    def row(self, row: Row) -> None:
        """See `Watch.row`."""

    def should_stop(self) -> bool:
        """See `Watch.should_stop`."""
        return False
