"""`timm:NAME`: timm's own networks are the oracle, its tiny test models the subjects."""

from __future__ import annotations

import logging
import re

import pytest
import torch
from torch import Tensor, nn

from reid.backbones.timm_models import timm_backbone
from reid.fitting import load_state

timm = pytest.importorskip("timm")


class Maps(nn.Module):
    """A network without pooled features."""

    def forward(self, crops: Tensor) -> Tensor:
        return crops


@pytest.mark.parametrize(
    ("name", "num_features"),
    [
        pytest.param("test_resnet", 96, id="convolutions"),
        pytest.param("test_vit", 64, id="position table"),
        pytest.param("resnet18.a1_in1k", 512, id="with the tag of its weights"),
    ],
)
def test_is_timms_network_with_the_same_weights(name: str, num_features: int) -> None:
    backbone = timm_backbone(f"timm:{name}", num_classes=3).eval()
    fixed = {"img_size": (128, 64)} if "vit" in name else {}
    theirs = timm.create_model(name, num_classes=0, **fixed).eval()
    theirs.load_state_dict(backbone.net.state_dict())
    crops = torch.randn(2, 3, 128, 64)
    with torch.inference_mode():
        embeddings = backbone.embed(crops)
        assert torch.equal(embeddings, theirs(crops))
        assert torch.equal(backbone(crops), backbone.head(embeddings))
    config = theirs.pretrained_cfg
    assert (backbone.mean, backbone.std) == (config["mean"], config["std"])
    assert backbone.embedding_dim == theirs.num_features == num_features
    assert (backbone.name, backbone.input_size) == (f"timm:{name}", (128, 64))


def test_the_embedding_is_what_the_network_returns_where_num_features_is_narrower() -> None:
    backbone = timm_backbone("timm:mobilenetv3_small_050")
    assert backbone.net.num_features == 288
    assert backbone.embedding_dim == 1024


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("test_vit", (256, 128), id="a position table is built for the size"),
        pytest.param("test_resnet", (96, 200), id="convolutions take any size"),
        pytest.param("swin_tiny_patch4_window7_224", (128, 64), id="windows are padded", marks=pytest.mark.slow),
    ],
)
def test_trains_at_the_size_asked_for(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    backbone = timm_backbone(f"timm:{name}", num_classes=3, input_size=size)
    assert backbone.training
    assert backbone.input_size == size
    logits = backbone(torch.randn(2, 3, *size))
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert logits.shape == (2, 3)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in backbone.parameters())


def test_a_network_that_cannot_take_reid_crops_falls_back_to_its_own_size(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        backbone = timm_backbone("timm:crossvit_tiny_240")
    assert backbone.input_size == (240, 240)
    assert "own 240x240" in caplog.text


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        pytest.param(
            "crossvit_tiny_240", (128, 64), "does not take crops of 128x64.*its own size is", id="square only"
        ),
        pytest.param("test_vit", (0, 64), "takes crops of at least 1x1 px, but got 0x64", id="nothing"),
        pytest.param("test_vit", (64, 5000), "of at most 4096x4096 px, but got 64x5000", id="larger than any crop"),
        pytest.param("", (128, 64), "timm: is not followed by a name", id="no name"),
    ],
)
def test_refuses_what_it_cannot_build(name: str, size: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        timm_backbone(f"timm:{name}", input_size=size)


@pytest.mark.parametrize(
    ("name", "closest"), [("resnet18x", "resnet18"), ("ViT_Base_16", "vit_base_"), ("hf_hub:a/b", "timm.list_models()")]
)
def test_refuses_an_unknown_name_and_names_the_closest(name: str, closest: str) -> None:
    with pytest.raises(ValueError, match=f"unknown timm model '{name}'.*{re.escape(closest)}") as caught:
        timm_backbone(f"timm:{name}")
    assert len(str(caught.value)) < 300


def test_refuses_a_network_without_pooled_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm, "create_model", lambda *args, **options: Maps())
    with pytest.raises(ValueError, match="one vector"):
        timm_backbone("timm:resnet18")


def test_refuses_fewer_than_no_classes() -> None:
    with pytest.raises(ValueError, match="num_classes"):
        timm_backbone("timm:test_resnet", num_classes=-1)


def test_the_classifier_adds_only_its_own_keys() -> None:
    plain, full = timm_backbone("timm:test_resnet"), timm_backbone("timm:test_resnet", num_classes=3)
    added = full.state_dict().keys() - plain.state_dict().keys()
    assert added == {"head.weight", "head.bias"} == {k for k in full.state_dict() if k.startswith(full.head_prefixes)}


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_reads_timms_weights_with_the_classifier(name: str) -> None:
    backbone = timm_backbone(f"timm:{name}", num_classes=7, input_size=(160, 160)).eval()
    theirs = timm.create_model(name, num_classes=7).eval()
    load_state(backbone, theirs.state_dict(), "w.pth")
    crops = torch.randn(2, 3, 160, 160)
    with torch.inference_mode():
        torch.testing.assert_close(backbone(crops), theirs(crops))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("test_resnet", (128, 64), id="another width"),
        pytest.param("deit_tiny_distilled_patch16_224", (224, 224), id="two classifiers"),
    ],
)
def test_leaves_out_a_classifier_that_does_not_fit(
    name: str, size: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    backbone = timm_backbone(f"timm:{name}", num_classes=3, input_size=size)
    before = backbone.head.weight.clone()
    with caplog.at_level(logging.INFO):
        load_state(backbone, timm.create_model(name, num_classes=1000).state_dict(), "w.pth")
    assert "the classifier of 1000 identities is left out" in caplog.text
    assert torch.equal(backbone.head.weight, before)


def test_refuses_weights_of_another_network() -> None:
    backbone = timm_backbone("timm:test_resnet")
    with pytest.raises(ValueError, match=r"does not fit timm:test_resnet.*missing.*left over"):
        load_state(backbone, timm.create_model("test_vit").state_dict(), "w.pth")
