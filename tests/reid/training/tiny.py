"""A network of two convolutions with all that is hard to resume: batch norms and dropout."""

from __future__ import annotations

from torch import Tensor, nn

from reid.backbones.base import Backbone
from tests.reid.training.people import SIZE

NAME = "tiny"
TARGET = "tests.reid.training.tiny:tiny"
PLAIN_TARGET = "tests.reid.training.tiny:plain"


class Tiny(Backbone):
    """16-d embeddings of 32x16 crops."""

    def __init__(self, dropout: float, num_classes: int) -> None:
        super().__init__(NAME, embedding_dim=16, num_classes=num_classes, input_size=SIZE)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(512, 16),
        )

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 16)`."""
        embeddings: Tensor = self.layers(crops)
        return embeddings


def tiny(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> Tiny:
    """With dropout."""
    return Tiny(0.2, num_classes)


def plain(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> Tiny:
    """Without: what dropout draws depends on the process."""
    return Tiny(0.0, num_classes)
