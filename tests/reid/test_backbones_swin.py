"""Swin and SwinResnet against timm and plain arithmetic; the original's numbers are in `test_transformers.py`."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from reid.backbones.base import Backbone
from reid.backbones.swin import resize_relative_table, swin_b, swin_l, swin_s, swin_t
from reid.backbones.swin_blocks import SwinBlock, best_window
from reid.backbones.swin_resnet import swin_resnet50
from reid.fitting import load_state

BUILDERS: dict[str, Callable[..., Backbone]] = {
    "swin-t": swin_t,
    "swin-s": swin_s,
    "swin-b": swin_b,
    "swin-l": swin_l,
    "swin-resnet50": swin_resnet50,
}


@pytest.mark.parametrize(
    ("name", "timm_name", "size", "window"),
    [
        # Square maps only: on others timm shrinks and shifts each side by itself, the official code both at once.
        pytest.param("swin-t", "swin_tiny_patch4_window7_224", 64, 8, id="shifted and shrunk windows"),
        pytest.param("swin-t", "swin_tiny_patch4_window7_224", 224, 7, id="T at 224", marks=pytest.mark.slow),
        pytest.param("swin-s", "swin_small_patch4_window7_224", 224, 7, id="S at 224", marks=pytest.mark.slow),
        pytest.param("swin-b", "swin_base_patch4_window7_224", 224, 7, id="B at 224", marks=pytest.mark.slow),
        pytest.param("swin-l", "swin_large_patch4_window7_224", 224, 7, id="L at 224", marks=pytest.mark.slow),
    ],
)
def test_equals_timm_with_the_same_weights(name: str, timm_name: str, size: int, window: int) -> None:
    timm = pytest.importorskip("timm")
    from timm.models.swin_transformer import checkpoint_filter_fn

    torch.manual_seed(0)
    ours = BUILDERS[name](num_classes=10, input_size=(size, size)).eval()
    theirs = timm.create_model(timm_name, num_classes=10, img_size=size, window_size=window).eval()
    theirs.load_state_dict(checkpoint_filter_fn(ours.state_dict(), theirs))
    crops = torch.randn(2, 3, size, size)
    with torch.inference_mode():
        torch.testing.assert_close(ours(crops), theirs(crops), rtol=0, atol=1e-5)
        exact = [model.double()(crops.double()) for model in (ours, theirs)]
    torch.testing.assert_close(*exact, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("size", "window", "padded"),
    [
        pytest.param((128, 64), 8, False, id="ReID default"),
        pytest.param((256, 128), 8, False, id="ReID large"),
        pytest.param((384, 128), 8, False, id="ReID tall"),
        pytest.param((224, 224), 7, False, id="published"),
        pytest.param((448, 448), 7, False, id="twice the published"),
        pytest.param((32, 32), 8, False, id="smallest"),
        pytest.param((256, 192), 8, True, id="neither window tiles it"),
        pytest.param((96, 32), 8, False, id="windows that shrink with the map"),
        pytest.param((96, 64), 8, True, id="12 rows for windows of 8"),
    ],
)
def test_chooses_the_window_that_needs_no_padding(size: tuple[int, int], window: int, padded: bool) -> None:
    with torch.device("meta"):
        model = swin_t(input_size=size)
    paddings = [block.padding for block in model.modules() if isinstance(block, SwinBlock)]
    assert model.window == best_window([(size[0] // s, size[1] // s) for s in (4, 8, 16, 32)]) == window
    assert any(below or right for below, right in paddings) == padded


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, id=f"{name} {size[0]}x{size[1]}", marks=marks)
        for name in BUILDERS
        for size in ((128, 64), (256, 128), (224, 224), (96, 64), (256, 192))
        for marks in [[] if (name, size) in {("swin-t", (96, 64)), ("swin-resnet50", (96, 64))} else [pytest.mark.slow]]
    ],
)
def test_trains_at_every_size(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = BUILDERS[name](num_classes=3, input_size=size).train()
    # Two crops and no stochastic depth, so that every parameter takes part.
    for module in model.modules():
        if hasattr(module, "rate"):
            module.rate = 0.0
    model(torch.randn(2, 3, *size)).square().sum().backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key


@pytest.mark.parametrize("name", ["swin-t", "swin-resnet50"])
def test_an_embedding_does_not_depend_on_its_batch(name: str) -> None:
    torch.manual_seed(0)
    model = BUILDERS[name]().eval()
    crops = torch.randn(3, 3, 128, 64)
    with torch.inference_mode():
        together = model(crops)
        alone = torch.cat([model(crop[None]) for crop in crops])
        none = model(crops[:0])
    assert together.shape == (3, model.embedding_dim)
    assert none.shape == (0, model.embedding_dim)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "embedding_dim"),
    [("swin-t", 768), ("swin-s", 768), ("swin-b", 1024), ("swin-l", 1536), ("swin-resnet50", 2048)],
)
def test_describes_itself(name: str, embedding_dim: int) -> None:
    with torch.device("meta"):
        plain, full = BUILDERS[name](), BUILDERS[name](num_classes=3)
    assert (plain.name, plain.embedding_dim, plain.input_size) == (name, embedding_dim, (128, 64))
    added = full.state_dict().keys() - plain.state_dict().keys()
    assert added == {key for key in full.state_dict() if key.startswith(full.head_prefixes)}
    assert not any("index" in key or "mask" in key for key in full.state_dict())


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("size", [(120, 64), (128, 60), (0, 64), (-32, 32)], ids=["height", "width", "none", "below"])
def test_refuses_a_size_that_is_no_multiple_of_32(name: str, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"multiples of 32 px.*128x64"):
        BUILDERS[name](input_size=size)


@pytest.mark.parametrize("name", ["swin-t", "swin-resnet50"])
def test_refuses_crops_of_another_size_than_it_was_built_for(name: str) -> None:
    with torch.device("meta"):
        model = BUILDERS[name](input_size=(128, 64))
        crops = torch.empty(1, 3, 64, 128)
    with pytest.raises(ValueError, match=r"128x64 px.*input_size"):
        model(crops)


def test_refuses_an_empty_window() -> None:
    with pytest.raises(ValueError, match="window of 1 or more"):
        swin_t(window=0)


def official(model: nn.Module) -> dict[str, Tensor]:
    """A state as official files hold it, with the buffers that follow from the sizes."""
    state = dict(model.state_dict())
    for key in list(state):
        if key.endswith("relative_position_bias_table"):
            state[key.replace("bias_table", "index")] = torch.zeros(49, 49, dtype=torch.int64)
    return state | {"layers.0.blocks.1.attn_mask": torch.zeros(64, 49, 49)}


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return official(swin_t(num_classes=5, input_size=(224, 224)))


def test_official_weights_load_at_the_published_size_unchanged(published: dict[str, Tensor]) -> None:
    model = swin_t(num_classes=5, input_size=(224, 224))
    load_state(model, published, "swin.pth")
    assert all(torch.equal(tensor, published[key]) for key, tensor in model.state_dict().items())


def test_official_weights_load_at_another_window_and_drop_their_classifier(
    published: dict[str, Tensor], caplog: pytest.LogCaptureFixture
) -> None:
    model = swin_t(num_classes=3, input_size=(128, 64))
    before = model.head.weight.clone()
    with caplog.at_level(logging.INFO):
        load_state(model, published, "swin.pth")
    assert "the classifier of 5 identities is left out" in caplog.text
    assert torch.equal(model.head.weight, before)
    key = "layers.3.blocks.1.attn.relative_position_bias_table"
    assert torch.equal(model.state_dict()[key], resize_relative_table(published[key], 2))
    key = "layers.2.blocks.4.mlp.fc1.weight"
    assert torch.equal(model.state_dict()[key], published[key])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda s: s.update(extra=torch.zeros(1)), "1 left over: extra", id="left over"),
        pytest.param(lambda s: s.pop("norm.bias"), "1 missing: norm.bias", id="missing"),
        pytest.param(
            lambda s: s.update({"norm.bias": torch.zeros(7)}),
            "1 of another shape: norm.bias",
            id="shape",
        ),
    ],
)
def test_official_weights_that_do_not_fit_are_named(
    published: dict[str, Tensor], change: Callable[[dict[str, Tensor]], object], message: str
) -> None:
    state = dict(published)
    change(state)
    with torch.device("meta"):
        model = swin_t(num_classes=5, input_size=(224, 224))
    with pytest.raises(ValueError, match=message):
        load_state(model, state, "swin.pth")


@pytest.mark.parametrize("window", [1, 2, 4, 8, 12])
def test_resized_table_equals_the_bicubic_one_of_timm(window: int) -> None:
    layers = pytest.importorskip("timm.layers")
    table = torch.randn(169, 3, generator=torch.Generator().manual_seed(0))
    new = 2 * window - 1
    want = layers.resize_rel_pos_bias_table_simple(table, (window, window), (new**2, 3))
    torch.testing.assert_close(resize_relative_table(table, window), want)


def test_resizing_keeps_a_table_of_the_same_window_and_the_offset_zero() -> None:
    table = torch.randn(169, 3, generator=torch.Generator().manual_seed(0))
    assert resize_relative_table(table, 7) is table
    mirrored = (table + table.flip(0)) / 2  # same bias for an offset and its opposite
    resized = resize_relative_table(mirrored, 8)
    torch.testing.assert_close(resized, resized.flip(0))


@pytest.mark.parametrize("shape", [(168, 3), (144, 3), (169,)], ids=["no square", "even side", "no heads"])
def test_refuses_a_table_of_no_window(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="relative-position table"):
        resize_relative_table(torch.zeros(shape), 8)
