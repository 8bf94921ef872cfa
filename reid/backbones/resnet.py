"""ResNet-26 and ResNet-50 as torchvision builds them (He et al. 2016), EfficientNet-B0 as timm does (Tan and Le 2019).

Nothing is rewritten: the library's layers become the backbone's own, so that `state_dict` keys are the library's and
its ImageNet weights fit. ResNet-26 is torchvision's bottleneck ResNet with two blocks a stage.

EfficientNet-B0 is timm's `tf_efficientnet_b0`: BatchNorm eps 1e-3 and TensorFlow's "same" padding. The reference that
it is compared with, `efficientnet_pytorch`, fixes that padding for 224x224 once and for all; the two are equal where
every map that is halved has even sides, so the sides of crops are multiples of 32.
"""

from __future__ import annotations

from typing import ClassVar

import timm
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck
from torchvision.models.resnet import ResNet as TorchvisionResNet

from reid.backbones.base import Backbone
from reid.backbones.sizes import REID_SIZE, at_least, multiples_of

__all__ = ["LibraryNet", "efficientnet_b0", "resnet26", "resnet50"]

STRIDE = 32  # of both families
DROPOUT = 0.2  # of EfficientNet; ResNet has none
DROP_PATH = 0.2
BATCH_NORM_MOMENTUM = 0.01


class LibraryNet(Backbone):
    """A network of torchvision or timm whose children run one after the other and end with a linear classifier.

    Args:
        name: public name.
        network: the library's network with `max(num_classes, 1)` classes.
        embedding_dim: inputs of its classifier.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px.
        dropout: rate before the classifier.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("fc.", "classifier.")

    def __init__(
        self,
        name: str,
        network: nn.Module,
        *,
        embedding_dim: int,
        num_classes: int,
        input_size: tuple[int, int],
        dropout: float = 0,
    ) -> None:
        *trunk, (self._head, head) = network.named_children()
        super().__init__(name, embedding_dim=embedding_dim, num_classes=num_classes, input_size=input_size)
        self._trunk = [part for part, _ in trunk]
        for part, layer in trunk:
            self.add_module(part, layer)
        self.dropout = nn.Dropout(dropout)
        if num_classes:
            self.add_module(self._head, head)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, D)`: the last map, averaged over its positions."""
        x = crops
        for part in self._trunk:
            x = self.get_submodule(part)(x)
        return x.flatten(1)

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.get_submodule(self._head)(self.dropout(embeddings))
        return logits


def _resnet(
    name: str, depths: tuple[int, int, int, int], num_classes: int, input_size: tuple[int, int] | None
) -> LibraryNet:
    size = at_least(name, STRIDE, input_size or REID_SIZE)
    network = TorchvisionResNet(Bottleneck, list(depths), num_classes=max(num_classes, 1))
    return LibraryNet(name, network, embedding_dim=2048, num_classes=num_classes, input_size=size)


def resnet26(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> LibraryNet:
    """ResNet-26, depths 2, 2, 2, 2: 14 M parameters, 2048-d embedding."""
    return _resnet("resnet26", (2, 2, 2, 2), num_classes, input_size)


def resnet50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> LibraryNet:
    """ResNet-50, depths 3, 4, 6, 3: 24 M parameters, 2048-d embedding."""
    return _resnet("resnet50", (3, 4, 6, 3), num_classes, input_size)


def efficientnet_b0(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> LibraryNet:
    """EfficientNet-B0: 4.0 M parameters, 1280-d embedding."""
    name = "efficientnet-b0"
    size = multiples_of(name, STRIDE, input_size or REID_SIZE)
    network = timm.create_model(
        "tf_efficientnet_b0",
        num_classes=max(num_classes, 1),
        drop_path_rate=DROP_PATH,
        bn_momentum=BATCH_NORM_MOMENTUM,
    )
    return LibraryNet(name, network, embedding_dim=1280, num_classes=num_classes, input_size=size, dropout=DROPOUT)
