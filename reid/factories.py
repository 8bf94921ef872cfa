"""From a public name to what it stands for: a network with or without weights, or a source of embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from registry import Entry, Registry, unknown_name
from reid.registry import ALL_NAMES, BACKBONES, OTHER_NAMES, backbone_factory, encoder_plugins, is_backbone

if TYPE_CHECKING:
    from reid.backbones.base import Backbone
    from reid.encoder import Encoder

__all__ = ["ENCODERS", "create_backbone", "create_encoder", "is_encoder"]

NETWORK_ENCODER = "reid.opening:create_network_encoder"

ENCODERS = Registry("encoder", where=ALL_NAMES)
"""Name -> `factory(name, *, weights, device, seed, batch_size, runtime) -> Encoder`."""

ENCODERS.add("none", "reid.encoder:create_none", "no appearance: motion and overlap alone")
ENCODERS.add("file", "reid.encoder:create_file", "the features that came with the detections (DeepSORT .npy files)")
ENCODERS.add("colour", "reid.colour:create_colour", "colour histograms in stripes, no network: what networks must beat")
for _entry in BACKBONES.entries():
    ENCODERS.add(_entry.name, NETWORK_ENCODER, _entry.summary)


def create_backbone(
    name: str, *, num_classes: int = 0, input_size: tuple[int, int] | None = None, pretrained: Path | str | None = None
) -> Backbone:
    """A backbone by name, in training mode as PyTorch builds it.

    Args:
        name: as for `reid.registry.backbone_factory`.
        num_classes: identities of the classifier; 0 gives a network of embeddings.
        input_size: `(H, W)` px of the crops; `None` leaves the checkpoint's, or else the backbone's own.
        pretrained: weights, as `reid.pretrained.load_pretrained` takes them: a checkpoint of this project or of the
            published network, or `imagenet`. A classifier of another width is left out.

    Raises:
        ValueError: unknown name; a size that the backbone or the checkpoint does not fit; an unusable checkpoint.
        FileNotFoundError: no checkpoint there, or none could be fetched.
    """
    if pretrained is None:
        return backbone_factory(name)(num_classes=num_classes, input_size=input_size)
    from reid.pretrained import load_pretrained

    return load_pretrained(name, pretrained, num_classes=num_classes, input_size=input_size).backbone


def is_encoder(name: str) -> bool:
    """Whether `create_encoder` knows that name."""
    return name in ENCODERS or is_backbone(name)


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
        name: `none`, `file`, `colour`, a backbone, `timm:NAME`, or a network of your own, `file.py:NAME`.
        weights: checkpoint of the backbone, or what `track export` wrote; `None`: the bundled one, and for your own
            network what its constructor builds; `random`: a seeded initialisation, told in the log.
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
        hint = f"Choose with --reid NAME. {OTHER_NAMES}"
        raise unknown_name("encoder", name, [*ENCODERS.names(), *encoder_plugins()], where=ALL_NAMES, hint=hint)
    factory = ENCODERS.load(name) if name in ENCODERS else Entry(name, NETWORK_ENCODER, "").load()
    encoder: Encoder = factory(name, weights=weights, device=device, seed=seed, batch_size=batch_size, runtime=runtime)
    return encoder
