"""A backbone with trained weights, from a file of any known origin or by the word `imagenet`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from registry.own_code import same_part
from reid.backbones.base import Backbone
from reid.checkpoint import CheckpointInfo, read_checkpoint
from reid.fitting import load_state
from reid.imagenet import IMAGENET, fetch_imagenet
from reid.registry import backbone_factory
from reid.saved_model import is_saved_model, read_saved_model
from reid.weight_files import read_weights

__all__ = ["Loaded", "load_pretrained"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """A backbone with its weights, and what the file said about them; `None` for a file of another project."""

    backbone: Backbone
    info: CheckpointInfo | None


def load_pretrained(
    name: str, source: Path | str, *, num_classes: int = 0, input_size: tuple[int, int] | None = None
) -> Loaded:
    """Backbone `name` in training mode, with the weights, mean and std of `source`.

    Args:
        name: as for `reid.registry.backbone_factory`.
        source: path of a checkpoint of this project, of the published network (`.pth`, `.pt`, `.t7`) or of timm or
            torchvision; a folder that roboflow's package `reid` saved; or the word `imagenet` for the ImageNet weights
            that torchvision or timm publish (a file of that name is `./imagenet`).
        num_classes: identities of the classifier; the stored one is kept where it has as many, else left out.
        input_size: `(H, W)` px; `None` leaves the size of a checkpoint of this project or of the folder, else the
            backbone's own. Position tables are interpolated for it.

    Raises:
        ValueError: weights of another network, a file that cannot be read safely, a size that the backbone does not
            take, or no ImageNet weights of that name.
        FileNotFoundError: no file there, or no connection to fetch it.
    """
    if str(source) != IMAGENET and is_saved_model(Path(source)):
        return _load_saved_model(name, Path(source), num_classes, input_size)
    factory = backbone_factory(name)  # a name that nobody knows is told before a file that is not there
    published = fetch_imagenet(name) if str(source) == IMAGENET else None
    checkpoint = read_checkpoint(published.path if published else Path(source))
    info, file = checkpoint.info, f"ImageNet weights of {name}" if published else checkpoint.path.name
    if info is not None and not same_part(info.backbone, name):
        raise ValueError(f"{file} holds {info.backbone}, but --reid {name} was asked; use --reid {info.backbone}")
    backbone = factory(num_classes=num_classes, input_size=input_size or (info.input_size if info else None))
    if info is not None:
        _take_description(backbone, info, file)
    elif published is not None:
        backbone.mean, backbone.std = published.mean, published.std
    load_state(backbone, checkpoint.tensors, file)
    return Loaded(backbone, info)


def _load_saved_model(name: str, folder: Path, num_classes: int, input_size: tuple[int, int] | None) -> Loaded:
    held = read_saved_model(folder)
    if held.backbone != name:
        raise ValueError(f"{folder} holds {held.backbone}, but --reid {name} was asked; use --reid {held.backbone}")
    backbone = backbone_factory(name)(num_classes=num_classes, input_size=input_size or held.input_size)
    backbone.mean, backbone.std, backbone.resize = held.rgb_mean, held.rgb_std, held.resize
    load_state(backbone, held.for_rgb(read_weights(held.weights)[0]), str(held.weights))
    return Loaded(backbone, None)


def _take_description(backbone: Backbone, info: CheckpointInfo, file: str) -> None:
    if info.embedding_dim != backbone.embedding_dim:
        raise ValueError(
            f"{file} says embedding_dim {info.embedding_dim}, but {backbone.name} gives {backbone.embedding_dim};"
            " the file was not written by this project, or was changed"
        )
    if info.input_size != backbone.input_size:
        trained, asked = ("x".join(map(str, size)) for size in (info.input_size, backbone.input_size))
        logger.warning("%s was trained with crops of %s px (height x width) and now takes %s", file, trained, asked)
    backbone.mean, backbone.std, backbone.resize = info.mean, info.std, info.resize
