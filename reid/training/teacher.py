"""A trained encoder to learn from: its embeddings of a batch say which crops are alike, and how much.

A network that needs many images to leave chance (a transformer from scratch) is told about all pairs of a batch at
once, where an identity says only "same" or "different".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.checkpoint import read_checkpoint
from reid.factories import create_backbone
from reid.registry import own_network
from reid.training.augment import Changes, apply_colours
from reid.training.job import teacher_file

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Teacher", "imitation_loss", "load_teacher"]

EPSILON = 1e-5
"""Added to a variance, as batch normalisation does."""


class Teacher:
    """A trained backbone that is not trained any more.

    Args:
        backbone: taken over; set to `eval()` mode.
    """

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone.eval().requires_grad_(False).channels_last()

    def to(self, device: torch.device) -> Self:
        """Itself, on that device."""
        self.backbone.to(device)
        return self

    @torch.no_grad()
    def embed(self, crops: Tensor, changes: Changes) -> Tensor:
        """Embeddings `(B, D)` of this process's crops, `(B, H, W, 3)` uint8 BGR, under the student's own changes.

        Crops of another size than the teacher's are resized (bilinear).
        """
        pictures = apply_colours(crops, changes, mean=self.backbone.mean, std=self.backbone.std)
        if pictures.shape[2:] != self.backbone.input_size:
            pictures = F.interpolate(pictures, self.backbone.input_size, mode="bilinear", antialias=True)
        return self.backbone.embed(pictures).float()


def load_teacher(name_or_path: str) -> Teacher:
    """The teacher that a recipe names: a backbone whose weights come with the package, or a checkpoint of this project.

    Raises:
        ValueError: no such backbone, nothing bundled for it, or not a checkpoint of this project.
        FileNotFoundError: no such file.
    """
    path = teacher_file(name_or_path)
    info = read_checkpoint(path).info
    if info is None:
        raise ValueError(f"teacher {path.name} does not say which backbone it holds, expected one of track train-reid")
    if own_network(info.backbone) is not None:  # a file must not choose the code that runs
        raise ValueError(
            f"teacher {path.name} holds {info.backbone}, which is somebody's own network, expected one of this project"
        )
    return Teacher(create_backbone(info.backbone, pretrained=path))


def imitation_loss(embeddings: Tensor, taught: Tensor) -> Tensor:
    """How far the likenesses within a batch are from those that the teacher sees: 0 the same, 1 or more none of them.

    As Tung and Mori 2019 ("Similarity-Preserving Knowledge Distillation") the two are compared by their matrices of
    similarities between the crops of a batch, so they may have different widths and no head is needed. Here the
    similarities are cosines between embeddings that were standardised over the batch: without that all embeddings share
    a large part that says nothing, and a student can come near its teacher by that part alone. The squared error over
    all pairs is divided by the teacher's mean square; chance likenesses of the student's own add to it, so it begins at
    about 2 with 64 crops.

    Args:
        embeddings: `(B, D)` of the student.
        taught: `(B, E)` of the teacher.
    """
    others = ~torch.eye(len(taught), dtype=torch.bool, device=taught.device)
    wanted = _cosines(taught)[others]
    return (_cosines(embeddings)[others] - wanted).square().mean() / wanted.square().mean().clamp_min(EPSILON)


def _cosines(embeddings: Tensor) -> Tensor:
    """Cosine similarities `(B, B)` between embeddings whose columns were brought to mean 0 and variance 1."""
    variances, means = torch.var_mean(embeddings, dim=0, correction=0)
    rows = F.normalize((embeddings - means) / (variances + EPSILON).sqrt(), dim=1)
    return rows @ rows.T
