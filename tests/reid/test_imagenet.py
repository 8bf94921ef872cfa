"""The word `imagenet`: which names have published weights, and what is said where they cannot be fetched."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reid import BACKBONES
from reid.imagenet import FILE, TIMM_NAMES, fetch_imagenet
from reid.pretrained import load_pretrained

timm = pytest.importorskip("timm")
torchvision = pytest.importorskip("torchvision")
hub = pytest.importorskip("huggingface_hub")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No connection and empty caches; gives the cache folder of torch."""

    def unreachable(*_: object, **__: object) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr(hub, "hf_hub_download", lambda *_: pytest.fail("it would try again for a minute"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("resnet50", "https://download.pytorch.org/models/resnet50-"),
        ("swin-t", "https://huggingface.co/timm/swin_tiny_patch4_window7_224.ms_in1k/resolve/main/model.safetensors"),
        ("timm:test_vit", "https://huggingface.co/timm/test_vit.r160_in1k/resolve/main/model.safetensors"),
    ],
)
@pytest.mark.usefixtures("offline")
def test_without_a_connection_one_sentence_says_what_to_fetch_by_hand(name: str, place: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load_pretrained(name, "imagenet")
    message = str(caught.value)
    assert f"ImageNet weights of {name} could not be fetched from {place}" in message
    assert "(Name or service not known); download that file by other means and give its path" in message
    assert "\n" not in message


@pytest.mark.usefixtures("offline")
def test_a_refused_answer_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(url: str, **_: object) -> None:
        raise urllib.error.HTTPError(url, 403, "Forbidden", None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(urllib.request, "urlopen", refused)
    with pytest.raises(FileNotFoundError, match=r"\(HTTP Error 403: Forbidden\)"):
        fetch_imagenet("resnet50")


@pytest.mark.parametrize("name", ["dogenet50", "small-cnn", "crossformer-t", "swin-resnet50"])
def test_a_name_without_published_weights_says_which_have_some(name: str) -> None:
    with pytest.raises(
        ValueError, match=rf"no library publishes ImageNet weights for {name}, only for resnet50, .*swin-t"
    ):
        load_pretrained(name, "imagenet")


@pytest.mark.parametrize("name", ["timm:resnet10t_nothing", "timm:mobilevitv2_035", "timm:gcvit_tiny"])
def test_a_timm_network_without_published_weights_says_where_to_look(name: str) -> None:
    with pytest.raises(ValueError, match=rf"timm publishes no weights for {name}; timm\.list_pretrained\(\)"):
        fetch_imagenet(name)


def test_every_name_with_weights_is_a_backbone_and_its_weights_are_timms_of_imagenet() -> None:
    assert TIMM_NAMES.keys() <= set(BACKBONES.names())
    for full in TIMM_NAMES.values():
        config = timm.get_pretrained_cfg(full)
        assert f"{config.architecture}.{config.tag}" == full
        assert config.hf_hub_id == f"timm/{full}"
        assert config.num_classes == 1000


def test_resnet50_comes_from_the_cache_of_torchvision(offline: Path) -> None:
    url = torchvision.models.ResNet50_Weights.DEFAULT.url
    theirs = torchvision.models.resnet50()
    (offline / "checkpoints").mkdir()
    torch.save(theirs.state_dict(), offline / "checkpoints" / Path(url).name)
    loaded = load_pretrained("resnet50", "imagenet", num_classes=1000)
    assert all(torch.equal(value, theirs.state_dict()[key]) for key, value in loaded.backbone.state_dict().items())
    assert loaded.backbone.mean == (0.485, 0.456, 0.406)


def test_timm_weights_come_from_the_cache_of_the_hub_with_their_own_mean(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = timm.create_model("test_resnet", num_classes=1000)
    save_file(theirs.state_dict(), offline / FILE, {"format": "pt"})
    asked = []
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *place: asked.append(place) or str(offline / FILE))
    loaded = load_pretrained("timm:test_resnet", "imagenet", num_classes=1000).backbone
    assert asked == [("timm/test_resnet.r160_in1k", "model.safetensors")]
    assert torch.equal(loaded.state_dict()["head.weight"], theirs.state_dict()["fc.weight"])
    assert loaded.mean == (0.5, 0.5, 0.5)


def test_what_is_not_cached_is_downloaded_by_the_library(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    theirs = timm.create_model("tf_efficientnet_b0", num_classes=1000)
    save_file(theirs.state_dict(), offline / FILE)
    asked = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer())
    monkeypatch.setattr(hub, "hf_hub_download", lambda *place: asked.append(place) or str(offline / FILE))
    loaded = load_pretrained("efficientnet-b0", "imagenet").backbone
    assert asked == [("timm/tf_efficientnet_b0.aa_in1k", "model.safetensors")]
    assert torch.equal(loaded.state_dict()["conv_stem.weight"], theirs.state_dict()["conv_stem.weight"])
