"""The public names of this package: networks (`BACKBONES`) and sources of embeddings (`ENCODERS`)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry import Entry, Registry, unknown_name

if TYPE_CHECKING:
    from reid.backbones.base import Backbone
    from reid.encoder import Encoder

__all__ = ["BACKBONES", "ENCODERS", "create_backbone", "create_encoder", "is_encoder"]

NETWORK_ENCODER = "reid.backbone_encoder:create_backbone_encoder"
TIMM = "timm:"
TIMM_HINT = "timm:NAME stands for any network of timm."

BACKBONES = Registry("backbone")
"""Name -> `factory(*, num_classes: int, input_size: tuple[int, int] | None) -> Backbone`."""

_FAMILIES = {
    "small_cnn": {
        "small-cnn": "small residual CNN of the DeepSORT ports, 128-d",
    },
    "dogenet": {
        "dogenet26": "slim CNN with self-attention, 26 layers, 512-d",
        "dogenet50": "slim CNN with self-attention, 50 layers, 512-d",
        "dogenet26-noembed": "dogenet26 without position term",
        "dogenet50-noembed": "dogenet50 without position term",
        "dogenet-2x1x3x2": "dogenet with depths 2, 1, 3, 2, 512-d",
        "dogex26": "dogenet26 with channel-wise keys and values, 512-d",
        "dogex50": "dogenet50 with channel-wise keys and values, 512-d",
    },
    "shiba": {
        "shibax26": "dogenet26 with products v*q*k as attention, 512-d",
        "shibax50": "dogenet50 with products v*q*k as attention, 512-d",
        "shiba26": "products v*q*k from stage 2 on, 26 layers, 512-d",
        "shiba50": "products v*q*k from stage 2 on, 50 layers, 512-d",
        "shiba26-table": "shiba26 as its authors' table counts it, v*(q+k)",
        "shiba50-table": "shiba50 as its authors' table counts it, v*(q+k)",
    },
    "botnet": {
        "botnet50-l1": "ResNet-50 with self-attention in stage 4, 2048-d",
        "botnet50-l2": "ResNet-50 with self-attention in stages 3, 4, 2048-d",
    },
    "resnet": {
        "resnet26": "ResNet with two bottlenecks a stage (torchvision), 2048-d",
        "resnet50": "ResNet-50 (torchvision), 2048-d",
        "efficientnet-b0": "EfficientNet-B0 (timm), 1280-d",
    },
    "swin": {
        "swin-t": "Swin Transformer T, shifted windows, 28 M, 768-d",
        "swin-s": "Swin Transformer S, shifted windows, 50 M, 768-d",
        "swin-b": "Swin Transformer B, shifted windows, 88 M, 1024-d",
        "swin-l": "Swin Transformer L, shifted windows, 197 M, 1536-d",
    },
    "swin_resnet": {
        "swin-resnet50": "ResNet-50 with SwinT layers, 37 M, 2048-d",
    },
    "crossformer": {
        "crossformer-t": "cross-scale vision transformer, tiny, 512-d",
        "crossformer-s": "cross-scale vision transformer, small, 768-d",
        "crossformer-b": "cross-scale vision transformer, base, 768-d",
        "crossformer-l": "cross-scale vision transformer, large, 1024-d",
    },
    "dilateformer": {
        "dilateformer-t": "dilated local, then global attention, tiny, 576-d",
        "dilateformer-s": "dilated local, then global attention, small, 576-d",
        "dilateformer-b": "dilated local, then global attention, base, 768-d",
    },
}
"""Module of `reid.backbones` -> name -> summary; the builder is called as the name, with underscores."""

for _module, _names in _FAMILIES.items():
    for _name, _summary in _names.items():
        BACKBONES.add(_name, f"reid.backbones.{_module}:{_name.replace('-', '_')}", _summary)

ENCODERS = Registry("encoder")
"""Name -> `factory(name, *, weights, device, seed, batch_size) -> Encoder`."""

ENCODERS.add("none", "reid.encoder:create_none", "no appearance: motion and overlap alone")
ENCODERS.add("file", "reid.encoder:create_file", "the features that came with the detections (DeepSORT .npy files)")
for _entry in BACKBONES.entries():
    ENCODERS.add(_entry.name, NETWORK_ENCODER, _entry.summary)


def create_backbone(
    name: str, *, num_classes: int = 0, input_size: tuple[int, int] | None = None, pretrained: Path | None = None
) -> Backbone:
    """A backbone by name, in training mode as PyTorch builds it.

    Args:
        name: one of `BACKBONES.names()`, or `timm:NAME`.
        num_classes: identities of the classifier; 0 gives a network of embeddings.
        input_size: `(H, W)` px of the crops; `None` leaves the checkpoint's, or else the backbone's own.
        pretrained: checkpoint of this project (see `reid.checkpoint`); a classifier of another width is left out.

    Raises:
        ValueError: unknown name; a size that the backbone or the checkpoint does not fit; an unusable checkpoint.
        FileNotFoundError: no checkpoint there.
    """
    factory = _factory(name)
    if pretrained is None:
        backbone: Backbone = factory(num_classes=num_classes, input_size=input_size)
        return backbone
    from reid.checkpoint import check_fits, load_into, read_checkpoint

    checkpoint = read_checkpoint(pretrained)
    check_fits(checkpoint, name, input_size)
    backbone = factory(num_classes=num_classes, input_size=checkpoint.info.input_size)
    load_into(backbone, checkpoint)
    return backbone


def _factory(name: str) -> Any:
    """The builder of a backbone; `timm:NAME` stands for any network of timm."""
    if name.startswith(TIMM):
        from reid.backbones.timm_models import timm_backbone

        return functools.partial(timm_backbone, name)
    return BACKBONES.load(name, hint=TIMM_HINT)


def is_encoder(name: str) -> bool:
    """Whether `create_encoder` knows that name."""
    return name in ENCODERS or name.startswith(TIMM)


def create_encoder(
    name: str, *, weights: Path | None = None, device: str = "auto", seed: int = 0, batch_size: int = 32
) -> Encoder:
    """An encoder by name.

    Args:
        name: `none`, `file`, a backbone, or `timm:NAME`.
        weights: checkpoint of the backbone; without one it runs on a seeded initialisation and says so in the log.
        device: `auto`, `cpu`, `cuda:0`, `mps`.
        seed: of that initialisation.
        batch_size: most crops in one pass of the network; no effect on the embeddings.

    Raises:
        ValueError: unknown name, unavailable device, or unusable checkpoint.
        FileNotFoundError: no checkpoint there.
    """
    if not is_encoder(name):
        raise unknown_name("encoder", name, ENCODERS.names(), hint=f"Choose with --reid NAME. {TIMM_HINT}")
    factory = Entry(name, NETWORK_ENCODER, "").load() if name.startswith(TIMM) else ENCODERS.load(name)
    encoder: Encoder = factory(name, weights=weights, device=device, seed=seed, batch_size=batch_size)
    return encoder
