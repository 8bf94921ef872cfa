"""What the training minimises: up to three losses from well-known libraries, weighed by the recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import SupConLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor
from torch.nn import functional as F

from reid.training.recipe import Recipe

__all__ = ["Losses", "create_criterion"]


@dataclass(frozen=True)
class Losses:
    """The losses of one batch; a loss that the recipe weighs at 0 is not computed and stands as 0.

    Attributes:
        total: to be minimised.
        identity: cross-entropy with label smoothing.
        triplet: batch-hard triplet loss.
        contrastive: supervised contrastive loss.
        accuracy: share of crops whose identity the classifier names, 0 to 1; 0 without identity loss.
        distance: mean cosine distance between embeddings of different identities, 0 to 2; nan where one is not finite.
    """

    total: Tensor
    identity: Tensor
    triplet: Tensor
    contrastive: Tensor
    accuracy: Tensor
    distance: Tensor


def create_criterion(recipe: Recipe) -> Callable[[Tensor, Tensor, Tensor], Losses]:
    """The losses as a function of embeddings `(B, D)`, logits `(B, C)` and labels `(B,)`.

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

    def criterion(embeddings: Tensor, logits: Tensor, labels: Tensor) -> Losses:
        identity = triplet = contrastive = accuracy = embeddings.new_zeros(())
        if recipe.identity_weight:
            identity = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
            accuracy = (logits.detach().argmax(1) == labels).float().mean()
        if recipe.triplet_weight:
            triplet = hardest(embeddings, labels, miner(embeddings, labels))
        if recipe.contrast_weight:
            contrastive = against_all(embeddings, labels)
        total = (
            recipe.identity_weight * identity + recipe.triplet_weight * triplet + recipe.contrast_weight * contrastive
        )
        with torch.no_grad():
            between = _distance_between(embeddings.detach(), labels)
        return Losses(total, identity, triplet, contrastive, accuracy, between)

    return criterion


def _distance_between(embeddings: Tensor, labels: Tensor) -> Tensor:
    """Mean cosine distance between different identities; 0 where both are zero, nan where one is not finite."""
    lengths = embeddings.norm(dim=1, keepdim=True)
    unit = embeddings / lengths.clamp_min(torch.finfo(lengths.dtype).tiny)
    distances = torch.where((lengths == 0) & (lengths.T == 0), 0, 1 - unit @ unit.T)
    mean = distances[labels[:, None] != labels].mean()
    return torch.where(torch.isfinite(lengths).all(), mean, torch.nan)
