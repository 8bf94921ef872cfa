"""What the training minimises: up to three losses from well-known libraries and imitation, weighed by the recipe."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Protocol

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import SupConLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor
from torch.nn import functional as F

from reid.training.recipe import Recipe
from reid.training.teacher import imitation_loss

__all__ = ["MEANS", "Criterion", "Losses", "create_criterion"]


MEANS = ("loss", "identity_loss", "triplet_loss", "contrastive_loss", "imitation_loss", "accuracy", "distance")
"""What is averaged over the steps of an epoch: the fields of `Losses` in their order."""


@dataclass(frozen=True)
class Losses:
    """The losses of one batch; a loss that the recipe weighs at 0 is not computed and stands as 0.

    Attributes:
        total: to be minimised.
        identity: cross-entropy with label smoothing.
        triplet: batch-hard triplet loss.
        contrastive: supervised contrastive loss.
        imitation: distance from the teacher's likenesses; 0 without a teacher.
        accuracy: share of crops whose identity the classifier names, 0 to 1; 0 without identity loss.
        distance: mean cosine distance between embeddings of different identities, 0 to 2; nan where one is not finite.
    """

    total: Tensor
    identity: Tensor
    triplet: Tensor
    contrastive: Tensor
    imitation: Tensor
    accuracy: Tensor
    distance: Tensor

    def values(self) -> dict[str, float]:
        """As numbers, under their names in `MEANS`."""
        columns: list[Tensor] = [getattr(self, item.name) for item in dataclasses.fields(self)]
        return dict(zip(MEANS, torch.stack(columns).tolist(), strict=True))  # one transfer from the device


class Criterion(Protocol):
    """See `create_criterion`."""

    def __call__(self, embeddings: Tensor, logits: Tensor, labels: Tensor, taught: Tensor | None = None) -> Losses:
        """The losses of a batch; `taught` `(B, E)` is what the teacher makes of it, where there is one."""
        ...


def create_criterion(recipe: Recipe) -> Criterion:
    """The losses as a function of embeddings `(B, D)`, logits `(B, C)`, labels `(B,)` and a teacher's embeddings.

    The triplet loss is that of Hermans et al. 2017 (batch hard, mean over all anchors), with the margin of the recipe
    or, at margin 0, with their soft margin `log(1 + exp(d_positive - d_negative))`. Its distances are Euclidean between
    embeddings of unit length, so the square of one is twice the cosine distance.

    The contrastive loss is that of Khosla et al. 2020 (eq. 2, `L_out`): each crop against all others of the batch, the
    softmax over their cosine similarities divided by the temperature. Where the triplet loss looks at the two hardest
    crops alone, which from random weights pulls all embeddings into one point, this one learns from all of them.
    """
    distance = LpDistance(normalize_embeddings=True, p=2)
    miner = BatchHardMiner(distance=distance)
    hardest = TripletMarginLoss(
        margin=recipe.margin, smooth_loss=recipe.margin == 0, distance=distance, reducer=MeanReducer()
    )
    against_all = SupConLoss(temperature=recipe.temperature)

    def criterion(embeddings: Tensor, logits: Tensor, labels: Tensor, taught: Tensor | None = None) -> Losses:
        identity = triplet = contrastive = imitation = accuracy = embeddings.new_zeros(())
        if recipe.identity_weight:
            identity = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
            accuracy = (logits.detach().argmax(1) == labels).float().mean()
        if recipe.triplet_weight:
            triplet = hardest(embeddings, labels, miner(embeddings, labels))
        if recipe.contrast_weight:
            contrastive = against_all(embeddings, labels)
        if taught is not None and recipe.teacher_weight:
            imitation = imitation_loss(embeddings, taught)
        total = (
            recipe.identity_weight * identity
            + recipe.triplet_weight * triplet
            + recipe.contrast_weight * contrastive
            + recipe.teacher_weight * imitation
        )
        with torch.no_grad():
            between = _distance_between(embeddings.detach(), labels)
        return Losses(total, identity, triplet, contrastive, imitation, accuracy, between)

    return criterion


def _distance_between(embeddings: Tensor, labels: Tensor) -> Tensor:
    """Mean cosine distance between different identities; 0 where both are zero, nan where one is not finite."""
    lengths = embeddings.norm(dim=1, keepdim=True)
    unit = embeddings / lengths.clamp_min(torch.finfo(lengths.dtype).tiny)
    distances = torch.where((lengths == 0) & (lengths.T == 0), 0, 1 - unit @ unit.T)
    mean = distances[labels[:, None] != labels].mean()
    return torch.where(torch.isfinite(lengths).all(), mean, torch.nan)
