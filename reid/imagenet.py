"""ImageNet weights that torchvision and timm publish, fetched once into the caches of those libraries."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.network import NetworkOffError, check_allowed
from reid.registry import TIMM

__all__ = ["IMAGENET", "Published", "fetch_imagenet"]

IMAGENET = "imagenet"
TIMEOUT_S = 10
FILE = "model.safetensors"  # in the repositories of timm

# ImageNet-1k alone where that exists. timm's Swin is the official release under other keys.
TIMM_NAMES = {
    "resnet26": "resnet26.bt_in1k",
    "efficientnet-b0": "tf_efficientnet_b0.aa_in1k",
    "swin-t": "swin_tiny_patch4_window7_224.ms_in1k",
    "swin-s": "swin_small_patch4_window7_224.ms_in1k",
    "swin-b": "swin_base_patch4_window7_224.ms_in1k",
    "swin-l": "swin_large_patch4_window7_224.ms_in22k_ft_in1k",
}


@dataclass(frozen=True)
class Published:
    """A file of published weights, and the RGB mean and std (scale 0 to 1) that they were trained with."""

    path: Path
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def fetch_imagenet(name: str) -> Published:
    """The ImageNet weights of a backbone: from the library's cache, or else downloaded by the library.

    Raises:
        ValueError: no library publishes weights for that name.
        FileNotFoundError: they could not be fetched; the message says from where.
    """
    if name == "resnet50":
        return _from_torchvision()
    if name in TIMM_NAMES or name.startswith(TIMM):
        return _from_timm(name, TIMM_NAMES.get(name) or name.removeprefix(TIMM))
    known = ", ".join(["resnet50", *TIMM_NAMES])
    raise ValueError(
        f"no library publishes ImageNet weights for {name}, only for {known} and most of timm:NAME; give the path of"
        " its official checkpoint instead of 'imagenet'"
    )


def _from_torchvision() -> Published:
    import torch
    from torchvision.models import ResNet50_Weights

    weights = ResNet50_Weights.DEFAULT
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
    if not path.exists():
        check_allowed(
            f"the ImageNet weights of resnet50 ({weights.url}), which are not in {path.parent},",
            "put that file there, or give its path instead of 'imagenet'",
        )
        try:
            _reach(weights.url)
            weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
        except (OSError, RuntimeError) as error:  # a wrong checksum is a RuntimeError
            raise FileNotFoundError(_advice("resnet50", weights.url, error)) from error
    facts = weights.transforms()
    return Published(path, _triple(facts.mean), _triple(facts.std))


def _from_timm(name: str, bare: str) -> Published:
    import timm
    from huggingface_hub import constants, hf_hub_download, hf_hub_url, try_to_load_from_cache

    config = timm.get_pretrained_cfg(bare) if timm.is_model(bare) else None
    if config is None or not config.hf_hub_id:
        raise ValueError(
            f"timm publishes no weights for {name}; timm.list_pretrained() names the models that have some, or give the"
            " path of a checkpoint instead of 'imagenet'"
        )
    cached = try_to_load_from_cache(config.hf_hub_id, FILE)
    url = hf_hub_url(config.hf_hub_id, FILE)
    try:
        if not isinstance(cached, str):
            check_allowed(
                f"the ImageNet weights of {name} ({url}), which are not in {constants.HF_HUB_CACHE},",
                "download that file by other means and give its path instead of 'imagenet'",
            )
            if not constants.HF_HUB_OFFLINE:
                _reach(url)
            cached = hf_hub_download(config.hf_hub_id, FILE)
    except NetworkOffError:
        raise
    except OSError as error:
        raise FileNotFoundError(_advice(name, url, error)) from error
    return Published(Path(cached), _triple(config.mean), _triple(config.std))


def _reach(url: str) -> None:
    """Fail at once where a server cannot be reached: the libraries would try again for most of a minute."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_S):
        pass


def _advice(name: str, url: str, error: Exception) -> str:
    cause = error.reason if type(error) is urllib.error.URLError else error
    reason = (str(cause) or type(error).__name__).splitlines()[0]
    return (
        f"the ImageNet weights of {name} could not be fetched from {url} ({reason}); download that file by other means"
        " and give its path instead of 'imagenet'"
    )


def _triple(values: Any) -> tuple[float, float, float]:
    first, second, third = values
    return float(first), float(second), float(third)
