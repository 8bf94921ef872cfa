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

NETWORK_ENCODER = "reid.opening:create_network_encoder"
TIMM = "timm:"
ALL_NAMES = "All are listed by: track models."
TIMM_HINT = "timm:NAME stands for any network of timm."

BACKBONES = Registry("backbone", where=ALL_NAMES)
"""Name -> `factory(*, num_classes: int, input_size: tuple[int, int] | None) -> Backbone`."""

_FAMILIES = {
    "small_cnn": {
        "small-cnn": "small residual CNN of the DeepSORT ports",
    },
    "dogenet": {
        "dogenet26": "slim CNN with self-attention, 26 layers",
        "dogenet50": "slim CNN with self-attention, 50 layers",
        "dogenet26-noembed": "dogenet26 without position term",
        "dogenet50-noembed": "dogenet50 without position term",
        "dogenet-2x1x3x2": "dogenet with depths 2, 1, 3, 2",
        "dogex26": "dogenet26 with channel-wise keys and values",
        "dogex50": "dogenet50 with channel-wise keys and values",
    },
    "shiba": {
        "shibax26": "dogenet26 with products v*q*k as attention",
        "shibax50": "dogenet50 with products v*q*k as attention",
        "shiba26": "products v*q*k from stage 2 on, 26 layers",
        "shiba50": "products v*q*k from stage 2 on, 50 layers",
        "shiba26-table": "shiba26 as its authors' table counts it, v*(q+k)",
        "shiba50-table": "shiba50 as its authors' table counts it, v*(q+k)",
    },
    "botnet": {
        "botnet50-l1": "ResNet-50 with self-attention in stage 4",
        "botnet50-l2": "ResNet-50 with self-attention in stages 3, 4",
    },
    "resnet": {
        "resnet26": "ResNet with two bottlenecks a stage (torchvision)",
        "resnet50": "ResNet-50 (torchvision)",
        "efficientnet-b0": "EfficientNet-B0 (timm)",
    },
    "swin": {
        "swin-t": "Swin Transformer T, shifted windows",
        "swin-s": "Swin Transformer S, shifted windows",
        "swin-b": "Swin Transformer B, shifted windows",
        "swin-l": "Swin Transformer L, shifted windows",
    },
    "swin_resnet": {
        "swin-resnet50": "ResNet-50 with SwinT layers",
    },
    "crossformer": {
        "crossformer-t": "cross-scale vision transformer, tiny",
        "crossformer-s": "cross-scale vision transformer, small",
        "crossformer-b": "cross-scale vision transformer, base",
        "crossformer-l": "cross-scale vision transformer, large",
    },
    "dilateformer": {
        "dilateformer-t": "dilated local, then global attention, tiny",
        "dilateformer-s": "dilated local, then global attention, small",
        "dilateformer-b": "dilated local, then global attention, base",
    },
}
"""Module of `reid.backbones` -> name -> summary; the builder is called as the name, with underscores."""

for _module, _names in _FAMILIES.items():
    for _name, _summary in _names.items():
        BACKBONES.add(_name, f"reid.backbones.{_module}:{_name.replace('-', '_')}", _summary)

ENCODERS = Registry("encoder", where=ALL_NAMES)
"""Name -> `factory(name, *, weights, device, seed, batch_size, runtime) -> Encoder`."""

ENCODERS.add("none", "reid.encoder:create_none", "no appearance: motion and overlap alone")
ENCODERS.add("file", "reid.encoder:create_file", "the features that came with the detections (DeepSORT .npy files)")
for _entry in BACKBONES.entries():
    ENCODERS.add(_entry.name, NETWORK_ENCODER, _entry.summary)


def create_backbone(
    name: str, *, num_classes: int = 0, input_size: tuple[int, int] | None = None, pretrained: Path | str | None = None
) -> Backbone:
    """A backbone by name, in training mode as PyTorch builds it.

    Args:
        name: one of `BACKBONES.names()`, or `timm:NAME`.
        num_classes: identities of the classifier; 0 gives a network of embeddings.
        input_size: `(H, W)` px of the crops; `None` leaves the checkpoint's, or else the backbone's own.
        pretrained: weights, as `reid.pretrained.load_pretrained` takes them: a checkpoint of this project or of the
            published network, or `imagenet`. A classifier of another width is left out.

    Raises:
        ValueError: unknown name; a size that the backbone or the checkpoint does not fit; an unusable checkpoint.
        FileNotFoundError: no checkpoint there, or none could be fetched.
    """
    factory = _factory(name)
    if pretrained is None:
        backbone: Backbone = factory(num_classes=num_classes, input_size=input_size)
        return backbone
    from reid.pretrained import load_pretrained

    return load_pretrained(name, pretrained, num_classes=num_classes, input_size=input_size).backbone


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
    name: str,
    *,
    weights: Path | None = None,
    device: str = "auto",
    seed: int = 0,
    batch_size: int = 32,
    runtime: str = "auto",
) -> Encoder:
    """An encoder by name.

    Args:
        name: `none`, `file`, a backbone, or `timm:NAME`.
        weights: checkpoint of the backbone, or what `track export` wrote; `None`: the bundled one; `random`: a seeded
            initialisation, told in the log.
        device: `auto`, `cpu`, `cuda:0`, `mps`.
        seed: of that initialisation.
        batch_size: most crops in one pass of the network; no effect on the embeddings.
        runtime: one of `reid.runtimes.RUNTIMES`; `auto` is the fastest that is installed, equal to PyTorch within 1e-4,
            converted once and kept in the user's cache folder (see `reid.runtimes.cache`).

    Raises:
        ValueError: unknown name or runtime, unavailable device, or unusable checkpoint.
        FileNotFoundError: no checkpoint there.
        ImportError: a package that the runtime needs is missing.
    """
    if not is_encoder(name):
        hint = f"Choose with --reid NAME. {TIMM_HINT}"
        raise unknown_name("encoder", name, ENCODERS.names(), where=ALL_NAMES, hint=hint)
    factory = Entry(name, NETWORK_ENCODER, "").load() if name.startswith(TIMM) else ENCODERS.load(name)
    encoder: Encoder = factory(name, weights=weights, device=device, seed=seed, batch_size=batch_size, runtime=runtime)
    return encoder
