"""The public names of this package: networks (`BACKBONES`) and sources of embeddings (`ENCODERS`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from registry import Registry, unknown_name

if TYPE_CHECKING:
    from reid.backbones.base import Backbone
    from reid.encoder import Encoder

__all__ = ["BACKBONES", "ENCODERS", "create_backbone", "create_encoder"]

BACKBONES = Registry("backbone")
"""Name -> `factory(*, num_classes: int, input_size: tuple[int, int] | None) -> Backbone`."""

BACKBONES.add("small-cnn", "reid.backbones.small_cnn:small_cnn", "small residual CNN of the DeepSORT ports, 128-d")
BACKBONES.add("dogenet26", "reid.backbones.dogenet:dogenet26", "slim CNN with self-attention, 26 layers, 512-d")
BACKBONES.add("dogenet50", "reid.backbones.dogenet:dogenet50", "slim CNN with self-attention, 50 layers, 512-d")
BACKBONES.add("dogenet26-noembed", "reid.backbones.dogenet:dogenet26_noembed", "dogenet26 without position term")
BACKBONES.add("dogenet50-noembed", "reid.backbones.dogenet:dogenet50_noembed", "dogenet50 without position term")

ENCODERS = Registry("encoder")
"""Name -> `factory(name, *, weights, device, seed, batch_size) -> Encoder`."""

ENCODERS.add("none", "reid.encoder:create_none", "no appearance: motion and overlap alone")
ENCODERS.add("file", "reid.encoder:create_file", "the features that came with the detections (DeepSORT .npy files)")
for _entry in BACKBONES.entries():
    ENCODERS.add(_entry.name, "reid.backbone_encoder:create_backbone_encoder", _entry.summary)


def create_backbone(
    name: str, *, num_classes: int = 0, input_size: tuple[int, int] | None = None, pretrained: Path | None = None
) -> Backbone:
    """A backbone by name, in training mode as PyTorch builds it.

    Args:
        name: one of `BACKBONES.names()`.
        num_classes: identities of the classifier; 0 gives a network of embeddings.
        input_size: `(H, W)` px of the crops; `None` leaves the checkpoint's, or else the backbone's own.
        pretrained: checkpoint of this project (see `reid.checkpoint`); a classifier of another width is left out.

    Raises:
        ValueError: unknown name; a size that the backbone or the checkpoint does not fit; an unusable checkpoint.
        FileNotFoundError: no checkpoint there.
    """
    factory = BACKBONES.load(name)
    if pretrained is None:
        backbone: Backbone = factory(num_classes=num_classes, input_size=input_size)
        return backbone
    from reid.checkpoint import check_fits, load_into, read_checkpoint

    checkpoint = read_checkpoint(pretrained)
    check_fits(checkpoint, name, input_size)
    backbone = factory(num_classes=num_classes, input_size=checkpoint.info.input_size)
    load_into(backbone, checkpoint)
    return backbone


def create_encoder(
    name: str, *, weights: Path | None = None, device: str = "auto", seed: int = 0, batch_size: int = 32
) -> Encoder:
    """An encoder by name.

    Args:
        name: `none`, `file` or a backbone.
        weights: checkpoint of the backbone; without one it runs on a seeded initialisation and says so in the log.
        device: `auto`, `cpu`, `cuda:0`, `mps`.
        seed: of that initialisation.
        batch_size: most crops in one pass of the network; no effect on the embeddings.

    Raises:
        ValueError: unknown name, unavailable device, or unusable checkpoint.
        FileNotFoundError: no checkpoint there.
    """
    if name not in ENCODERS:
        raise unknown_name("encoder", name, ENCODERS.names(), hint="Choose with --reid NAME.")
    encoder: Encoder = ENCODERS.load(name)(name, weights=weights, device=device, seed=seed, batch_size=batch_size)
    return encoder
