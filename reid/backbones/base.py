"""What every ReID network offers, so that the encoder, the checkpoints and the training need to know only one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from reid.resizing import LINEAR

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "Backbone"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """A network from crops to embeddings.

    A subclass sets the attributes in its constructor and defines `embed`; its classifier is one linear layer `head`, or
    it names the prefixes of another and defines `classify` too.

    Attributes:
        name: public name, as in `reid.BACKBONES`.
        embedding_dim: width D of the embedding.
        num_classes: identities of the classifier; 0 for a network without one.
        input_size: `(H, W)` px of the crops that it takes.
        mean: RGB mean on the scale 0 to 1 that the crops are normalised with.
        std: RGB standard deviation on the same scale.
        resize: how crops are brought to that size, one of `reid.resizing.RESIZES`.
        head_prefixes: starts of the `state_dict` keys that serve the classifier alone and are absent at
            `num_classes=0`.
        head: the classifier of families that have no other; absent at `num_classes=0`.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("head.",)
    head: nn.Linear
    resize: str = LINEAR

    def __init__(self, name: str, *, embedding_dim: int, num_classes: int, input_size: tuple[int, int]) -> None:
        super().__init__()
        if num_classes < 0:
            raise ValueError(f"num_classes must be 0 (embeddings only) or more, but got {num_classes}")
        self.name = name
        self.embedding_dim = embedding_dim
        self.num_classes = num_classes
        self.input_size = input_size
        self.mean: tuple[float, float, float] = IMAGENET_MEAN
        self.std: tuple[float, float, float] = IMAGENET_STD

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, D)` embeddings of `(B, 3, H, W)` normalised RGB crops, before any L2 normalisation."""
        raise NotImplementedError

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits of what `embed` returned."""
        logits: Tensor = self.head(embeddings)
        return logits

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of this project or of the published network, under this network's keys and for its input size.

        A family that needs it drops the buffers that follow from the size, renames keys and resizes position tables.
        Whatever belongs to another network passes unchanged; `reid.fitting` names it.
        """
        return dict(state)

    def channels_last(self) -> Backbone:
        """The same network with its convolutions channels-last in memory, several times as fast on CPUs.

        `Module.to` would do it for all parameters, and stumbles over those that are not 4-d.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)
        return self

    def forward(self, crops: Tensor) -> Tensor:
        """Logits where the network has a classifier (the published path), else embeddings."""
        embeddings = self.embed(crops)
        return self.classify(embeddings) if self.num_classes else embeddings
