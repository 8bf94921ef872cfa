"""DogeNet and its relatives, BoTNet, ResNet, EfficientNet against what their original codes computed and count.

`fingerprints_cnn.json` holds, at ten classes, `[parameters, multiply-accumulates]` and the outputs for the fills of
`fill.py`, all of them measured on the original codes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reid.backbones import botnet, dogenet, resnet, shiba
from reid.backbones.base import Backbone
from reid.backbones.layers import NeckNet
from tests.reid.fill import error, fill, keyed_values, make_input, role

SLOW = [pytest.mark.slow]
DATA = json.loads((Path(__file__).parent / "fingerprints_cnn.json").read_text())
SIZES = {"128x64": (128, 64), "256x128": (256, 128), "224x224": (224, 224)}

# Name -> builder and width of the embedding.
PUBLIC: dict[str, tuple[Callable[..., Backbone], int]] = {
    "dogenet26": (dogenet.dogenet26, 512),
    "dogenet50": (dogenet.dogenet50, 512),
    "dogenet26-noembed": (dogenet.dogenet26_noembed, 512),
    "dogenet50-noembed": (dogenet.dogenet50_noembed, 512),
    "dogenet-2x1x3x2": (dogenet.dogenet_2x1x3x2, 512),
    "dogex26": (dogenet.dogex26, 512),
    "dogex50": (dogenet.dogex50, 512),
    "shibax26": (shiba.shibax26, 512),
    "shibax50": (shiba.shibax50, 512),
    "shiba26": (shiba.shiba26, 512),
    "shiba50": (shiba.shiba50, 512),
    "shiba26-table": (shiba.shiba26_table, 512),
    "shiba50-table": (shiba.shiba50_table, 512),
    "botnet50-l1": (botnet.botnet50_l1, 2048),
    "botnet50-l2": (botnet.botnet50_l2, 2048),
    "resnet26": (resnet.resnet26, 2048),
    "resnet50": (resnet.resnet50, 2048),
    "efficientnet-b0": (resnet.efficientnet_b0, 1280),
}
# States of the original in between, without a public name: they show that depths, stages and product are independent.
UNNAMED = {
    "shibax26-10july": partial(NeckNet, "-", dogenet.PLAN, dogenet.DEPTHS_26, shiba.shiba_core(3, summed=True)),
    "shibax50-10july": partial(NeckNet, "-", dogenet.PLAN, dogenet.DEPTHS_50, shiba.shiba_core(3, summed=True)),
    "shiba26-2312": partial(NeckNet, "-", dogenet.PLAN, dogenet.DEPTHS_26, shiba.shiba_core(2)),
}
HEAVY = {"botnet50-l1", "botnet50-l2", "resnet26", "resnet50"}
SHIBAS = [name for name in PUBLIC if name.startswith("shiba")]


def build(case: str, *, num_classes: int = 10) -> Backbone:
    name, size = case.split("@")
    builder = UNNAMED[name] if name in UNNAMED else PUBLIC[name][0]
    return builder(num_classes=num_classes, input_size=SIZES[size])


def efficientnet_key(key: str) -> str:
    """The name in `efficientnet_pytorch` of a tensor of timm's EfficientNet-B0."""
    layer, _, tensor = key.rpartition(".")
    outer = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}
    if layer in outer:
        return f"{outer[layer]}.{tensor}"
    _, stage, block, part = layer.split(".", 3)
    first = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
    later = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1"}
    later |= {"conv_pwl": "_project_conv", "bn3": "_bn2"}
    attention = {"se.conv_reduce": "_se_reduce", "se.conv_expand": "_se_expand"}
    index = sum((1, 2, 2, 3, 3, 4, 1)[: int(stage)]) + int(block)
    return f"_blocks.{index}.{((first if stage == '0' else later) | attention)[part]}.{tensor}"


def filled(case: str, mode: str) -> nn.Module:
    model = fill(build(case), "kind" if case.startswith("efficientnet") else mode)
    if case.startswith("efficientnet") and mode == "keyed":
        for key, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                owner, _, name = key.rpartition(".")
                what = role(model.get_submodule(owner), name)
                values = keyed_values(tensor.shape, what, efficientnet_key(key))
                tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))
    return model


def marks(case: str, mode: str = "keyed") -> list[pytest.MarkDecorator]:
    """Fast is one non-square case of each light network (it tells height from width), and one of the table."""
    name, size = case.split("@")
    fast = name not in HEAVY and mode == "keyed" and (size == "128x64" or name == "shiba26-table")
    return [] if fast else SLOW


@pytest.mark.parametrize(
    ("case", "mode"),
    [
        pytest.param(case, mode, id=f"{case}-{mode}", marks=marks(case, mode))
        for case in DATA["fingerprints"]
        for mode in ("kind", "keyed")
    ],
)
def test_equals_the_original_network(case: str, mode: str) -> None:
    model = filled(case, mode)
    with torch.inference_mode():
        embeddings = model.embed(make_input(*SIZES[case.split("@")[1]]))
        output = model.classify(embeddings)
    want = DATA["fingerprints"][case][mode]
    assert error(embeddings.numpy(), want["embedding"]) < 1e-9
    assert error(output.numpy(), want["output"]) < 1e-9


def is_shallow_and_large(case: str) -> bool:
    name, size = case.split("@")
    return "50" not in name and (size == "256x128" or f"{name}@256x128" not in DATA["counts"])


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if is_shallow_and_large(case) else SLOW) for case in DATA["counts"]]
)
def test_has_the_published_numbers_of_parameters_and_operations(case: str) -> None:
    with torch.device("meta"):
        model = build(case).eval()
        crops = torch.empty(1, 3, *SIZES[case.split("@")[1]])
    with FlopCounterMode(display=False) as counter:
        model(crops)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert [parameters, counter.get_total_flops() / 2] == DATA["counts"][case]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, marks=[] if size == "128x64" and name not in HEAVY else SLOW)
        for name in PUBLIC
        for size in SIZES
    ],
)
def test_every_weight_gets_a_finite_gradient(name: str, size: str) -> None:
    torch.manual_seed(0)
    model = build(f"{name}@{size}").train()
    logits = model(torch.rand(2, 3, *SIZES[size]))
    nn.functional.cross_entropy(logits, torch.tensor([0, 9])).backward()
    assert (model.name, model.input_size, model.embedding_dim) == (name, SIZES[size], PUBLIC[name][1])
    assert logits.shape == (2, 10)
    gradients = {key: parameter.grad for key, parameter in model.named_parameters()}
    assert [key for key, grad in gradients.items() if grad is None or not grad.isfinite().all()] == []
    stem = next(iter(gradients.values()))
    assert stem is not None
    assert stem.abs().sum() > 0


@pytest.mark.parametrize(
    ("name", "library"),
    [
        pytest.param("resnet50", torchvision.models.resnet50, id="torchvision"),
        pytest.param("efficientnet-b0", partial(timm.create_model, "tf_efficientnet_b0"), id="timm"),
    ],
)
def test_takes_the_weights_of_the_library(name: str, library: Callable[..., nn.Module]) -> None:
    with torch.device("meta"):
        published = library(num_classes=1000).state_dict()
        network = PUBLIC[name][0](num_classes=1000)
        network.load_state_dict(published)
    assert {key: value.shape for key, value in network.state_dict().items()} == {
        key: value.shape for key, value in published.items()
    }


@pytest.mark.parametrize("name", [name for name in PUBLIC if name.startswith(("shiba", "resnet", "eff"))])
def test_weights_without_positions_fit_another_size(name: str) -> None:
    with torch.device("meta"):
        state = PUBLIC[name][0](input_size=(128, 64)).state_dict()
        fits = PUBLIC[name][0](input_size=(64, 96)).load_state_dict(state)
    assert list(fits.missing_keys) == list(fits.unexpected_keys) == []


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["fp16", "bf16"])
@pytest.mark.parametrize("name", SHIBAS)
def test_half_precision_gives_finite_embeddings(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = PUBLIC[name][0](input_size=(64, 32)).eval()
    with torch.inference_mode(), torch.autocast("cpu", dtype):
        embeddings = model(torch.randn(2, 3, 64, 32))
    assert embeddings.isfinite().all()


def test_half_precision_product_may_leave_the_range_of_half_precision() -> None:
    layer = shiba.ViewProduct(2)
    for conv in (layer.query, layer.key, layer.value):
        nn.init.constant_(conv.bias, 100)
    with torch.inference_mode(), torch.autocast("cpu", torch.float16):
        product = layer(torch.zeros(1, 2, 4, 4))
    np.testing.assert_array_equal(product.float(), np.full((1, 2, 4, 4), 1e6, np.float32))


@pytest.mark.parametrize("summed", [pytest.param(True, id="v*(q+k)"), pytest.param(False, id="v*q*k")])
def test_view_product_repeats_the_border_and_multiplies_by_position(summed: bool) -> None:
    torch.manual_seed(0)
    layer = shiba.ViewProduct(2, summed=summed).double()
    x = torch.randn(1, 2, 2, 3, dtype=torch.float64)
    with torch.inference_mode():
        got = layer(x)[0].numpy()
    image = x[0].numpy()
    wide = np.pad(image, ((0, 0), (1, 1), (1, 1)), mode="edge")
    weight = {key: value.numpy() for key, value in layer.state_dict().items()}
    for channel, row, column in np.ndindex(2, 2, 3):
        q = weight["query.weight"][channel, :, 0, 0] @ image[:, row, column] + weight["query.bias"][channel]
        window = wide[channel, row : row + 3, column : column + 3]
        k = (weight["key.weight"][channel, 0] * window).sum() + weight["key.bias"][channel]
        v = weight["value.weight"][channel, 0, 0, 0] * image[channel, row, column] + weight["value.bias"][channel]
        assert got[channel, row, column] == pytest.approx(v * (q + k) if summed else v * q * k, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        pytest.param("dogex26", (120, 64), "multiples of 16", id="dogex: not a multiple of 16"),
        pytest.param("shibax50", (100, 60), "multiples of 16", id="shiba: no positions, but pooling rounds down"),
        pytest.param("shiba26-table", (0, 64), "multiples of 16", id="shiba: nothing"),
        pytest.param("botnet50-l1", (240, 240), "botnet50-l1.*multiples of 32", id="botnet: a multiple of 16 only"),
        pytest.param("efficientnet-b0", (128, 80), "multiples of 32", id="efficientnet: odd map within"),
        pytest.param("resnet50", (128, 4097), "at most 4096x4096 px.*128x4097", id="resnet: larger than any crop"),
        pytest.param("dogenet26", (99200, 64), "at most 4096x4096 px", id="dogenet: larger than any crop"),
        pytest.param("resnet50", (128, 31), "at least 32x32 px.*128x31", id="resnet: too narrow"),
    ],
)
def test_refuses_a_size_that_does_not_fit(name: str, size: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PUBLIC[name][0](input_size=size)


def test_resnet_takes_sides_that_are_no_multiples() -> None:
    with torch.device("meta"):
        assert PUBLIC["resnet26"][0](input_size=(100, 45)).eval()(torch.empty(1, 3, 100, 45)).shape == (1, 2048)


@pytest.mark.parametrize("name", ["shiba26", "botnet50-l2", "resnet26", "efficientnet-b0"])
def test_refuses_fewer_than_no_classes(name: str) -> None:
    with pytest.raises(ValueError, match="num_classes"), torch.device("meta"):
        PUBLIC[name][0](num_classes=-1)
