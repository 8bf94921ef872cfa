"""The network as it is trained: backbone, batch-norm neck, classifier; over all processes as if it were one.

BNNeck (Luo et al. 2019, "Bag of Tricks"): the triplet loss sees the embedding, the identity loss sees it after a
batch normalisation without shift, because the two losses want different geometries. What the tracker uses is the
embedding *before* the neck, so that a checkpoint is the published network and nothing else. Luo et al. deploy the
feature behind the neck, because theirs is trained by Euclidean distances and only the neck makes it fit for cosine.
Here the triplet loss compares embeddings of unit length, which is the tracker's own cosine distance, so the embedding
fits as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from reid.backbones.base import Backbone

if TYPE_CHECKING:
    from typing import Self

__all__ = ["ReidNet", "gathered", "num_processes"]

CLASSIFIER_STD = 0.001
"""Of the classifier's first weights (Luo et al. 2019): all identities start equally likely."""


class ReidNet(nn.Module):
    """A backbone with the heads of its training.

    Args:
        backbone: a network of embeddings (`num_classes` 0); taken over, not copied.
        num_classes: identities of the training data.
    """

    def __init__(self, backbone: Backbone, num_classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = nn.BatchNorm1d(backbone.embedding_dim)
        self.neck.bias.requires_grad_(False)
        self.classifier = nn.Linear(backbone.embedding_dim, num_classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=CLASSIFIER_STD)

    def without_classifier(self) -> Self:
        """Itself, with heads that are not trained: where no loss looks at the logits, they have no gradient."""
        self.neck.requires_grad_(False)
        self.classifier.requires_grad_(False)
        return self

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings `(B, D)` and logits `(B, num_classes)` of the crops of *all* processes, in their order."""
        embeddings = gathered(self.backbone.embed(crops).float())
        with torch.autocast(embeddings.device.type, enabled=False):  # the heads are small, and norms need float32
            logits = self.classifier(self.neck(embeddings))
        return embeddings, logits


def num_processes() -> int:
    """Processes that train together; 1 where there is no process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def gathered(rows: Tensor) -> Tensor:
    """The rows `(B, D)` of all processes, `(processes * B, D)`, in the order of their ranks.

    Its gradient sums what all processes ask of a row. So where each process computes the same loss over all rows and
    gradients of weights are then *averaged* over the processes, as `DistributedDataParallel` does, the result is
    the gradient of that one loss.
    """
    if num_processes() == 1:
        return rows
    result: Tensor = _Gather.apply(rows)
    return result


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        ctx.count = len(rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous()
        dist.all_reduce(total)
        start = dist.get_rank() * ctx.count
        return total[start : start + ctx.count]
