"""DilateFormer against the original code's numbers (`fingerprints_dilateformer.json`) and against plain loops."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from reid.backbones.dilateformer import (
    DilatedAttention,
    DilateFormer,
    GlobalAttention,
    dilated_attention,
    dilateformer_b,
    dilateformer_s,
    dilateformer_t,
)
from reid.cost import cost
from reid.fitting import load_state
from tests.reid.fill import error, fill, make_input

FINGERPRINTS = json.loads((Path(__file__).parent / "fingerprints_dilateformer.json").read_text())
BUILDERS: dict[str, Callable[..., DilateFormer]] = {
    "dilateformer-t": dilateformer_t,
    "dilateformer-s": dilateformer_s,
    "dilateformer-b": dilateformer_b,
}
SLOW = [pytest.mark.slow]
FAST = "dilateformer-t@128x64"


def size_of(case: str) -> tuple[int, int]:
    height, width = case.split("@")[1].split("x")
    return int(height), int(width)


def build(case: str) -> DilateFormer:
    return BUILDERS[case.split("@")[0]](num_classes=1000, input_size=size_of(case))


def small(size: tuple[int, int] = (64, 32), *, num_classes: int = 0) -> DilateFormer:
    torch.manual_seed(0)
    return DilateFormer("small", 24, (1, 1, 1, 1), num_classes=num_classes, input_size=size)


@pytest.mark.parametrize(
    ("case", "mode"),
    [
        pytest.param(case, mode, id=f"{case}-{mode}", marks=[] if (case, mode) == (FAST, "keyed") else SLOW)
        for case in FINGERPRINTS
        for mode in ("kind", "keyed")
    ],
)
def test_equals_the_original_network(case: str, mode: str) -> None:
    model = fill(build(case), mode)
    with torch.inference_mode():
        embeddings = model.embed(make_input(*size_of(case)))
        logits = model.classify(embeddings)
    want = FINGERPRINTS[case][mode]
    assert error(embeddings.numpy(), want["embedding"]) < 1e-9
    assert error(logits.numpy(), want["output"]) < 1e-9


@pytest.mark.parametrize("case", [pytest.param(case, marks=[] if case == FAST else SLOW) for case in FINGERPRINTS])
def test_has_the_published_number_of_parameters_and_multiplications(case: str) -> None:
    counted = cost(case.split("@")[0], size_of(case), num_classes=1000)
    assert [counted.parameters, counted.macs] == [FINGERPRINTS[case]["params"], FINGERPRINTS[case]["macs"]]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("dilateformer-t", (128, 64), id="T"),
        *(
            pytest.param(name, size, id=f"{name}-{size[0]}x{size[1]}", marks=SLOW)
            for name in BUILDERS
            for size in ((128, 64), (256, 128), (224, 224))
            if (name, size) != ("dilateformer-t", (128, 64))
        ),
    ],
)
def test_trains(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    check_trains(BUILDERS[name](num_classes=5, input_size=size))


@pytest.mark.parametrize("size", [(64, 32), (50, 35), (224, 224)])
def test_the_small_network_trains(size: tuple[int, int]) -> None:
    check_trains(small(size, num_classes=5))


def check_trains(model: DilateFormer) -> None:
    """Finite gradients at all parameters: the published code fails in `backward` (it writes in place)."""
    logits = model.train()(torch.randn(2, 3, *model.input_size))
    F.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert logits.shape == (2, 5)
    unreached = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert not unreached


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_each_position_attends_to_nine_taps_zeros_outside_of_the_map(dilation: int) -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 1, 2, 4, 5, 3, dtype=torch.float64)
    got = dilated_attention(query, key, value, dilation)
    for head in range(2):
        for row in range(5):
            for column in range(3):
                taps = [(row + i * dilation, column + j * dilation) for i in (-1, 0, 1) for j in (-1, 0, 1)]
                inside = [0 <= i < 5 and 0 <= j < 3 for i, j in taps]
                zero = torch.zeros(4, dtype=torch.float64)
                keys = [key[0, head, :, i, j] if there else zero for (i, j), there in zip(taps, inside, strict=True)]
                values = [
                    value[0, head, :, i, j] if there else zero for (i, j), there in zip(taps, inside, strict=True)
                ]
                share = (torch.stack(keys) @ query[0, head, :, row, column] / 2).softmax(0)
                torch.testing.assert_close(got[0, head, :, row, column], share @ torch.stack(values))


def test_heads_are_dealt_to_the_dilations_in_order() -> None:
    """Against an unfolding reference with the published channel order: (q, k, v), dilation, head, channel."""
    torch.manual_seed(0)
    layer = DilatedAttention(24, 6).double()
    x = torch.randn(2, 7, 5, 24, dtype=torch.float64)
    with torch.inference_mode():
        qkv = layer.qkv(x.permute(0, 3, 1, 2)).view(2, 3, 3, 8, 7, 5)
        parts = []
        for number, dilation in enumerate((1, 2, 3)):
            query, key, value = qkv[:, :, number].unbind(1)
            key, value = (F.unfold(t, 3, dilation, dilation).view(2, 2, 4, 9, 35) for t in (key, value))
            share = (query.reshape(2, 2, 4, 1, 35) * key).sum(2, keepdim=True).div(2).softmax(3)
            parts.append((share * value).sum(3).view(2, 8, 7, 5))
        want = layer.proj(torch.cat(parts, 1).permute(0, 2, 3, 1))
        torch.testing.assert_close(layer(x), want)


def test_the_first_two_stages_are_local_and_the_others_global() -> None:
    kinds = [{type(block.attn) for block in stage.blocks} for stage in small().stages]
    assert kinds == [{DilatedAttention}, {DilatedAttention}, {GlobalAttention}, {GlobalAttention}]


def test_an_embedding_does_not_depend_on_its_batch() -> None:
    model = small().double().eval()
    crops = torch.randn(3, 3, 64, 32, dtype=torch.float64)
    with torch.inference_mode():
        alone = torch.cat([model(crop[None]) for crop in crops])
        torch.testing.assert_close(model(crops), alone, rtol=1e-10, atol=1e-10)
        assert model(crops[:0]).shape == (0, model.embedding_dim)


def test_channels_last_changes_nothing() -> None:
    model = small().double().eval()
    crops = torch.randn(2, 3, 64, 32, dtype=torch.float64)
    with torch.inference_mode():
        want = model(crops)
        got = model.channels_last()(crops.to(memory_format=torch.channels_last))
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_finite_embeddings_and_gradients(dtype: torch.dtype) -> None:
    model = small().eval()
    with torch.autocast("cpu", dtype=dtype):
        embeddings = model(torch.randn(2, 3, 64, 32))
    embeddings.float().square().sum().backward()
    assert embeddings.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_reads_an_official_checkpoint_without_step_counters(caplog: pytest.LogCaptureFixture) -> None:
    model, other = small(num_classes=5), small((64, 64), num_classes=7)
    held = {key: value for key, value in other.state_dict().items() if not key.endswith("num_batches_tracked")}
    with caplog.at_level(logging.INFO):
        load_state(model, held, "w.pth")
    assert "the classifier of 7 identities is left out" in caplog.text
    assert torch.equal(model.stages[0].blocks[0].attn.qkv.weight, other.stages[0].blocks[0].attn.qkv.weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"norm.weight": None}, "1 missing: norm.weight", id="missing"),
        pytest.param({"extra.weight": torch.ones(1)}, "1 left over: extra.weight", id="left over"),
        pytest.param({"norm.bias": torch.ones(3)}, "1 of another shape: norm.bias", id="shape"),
    ],
)
def test_refuses_weights_of_another_network(change: dict[str, Tensor | None], message: str) -> None:
    model = small(num_classes=5)
    state = {key: value for key, value in (model.state_dict() | change).items() if value is not None}
    with pytest.raises(ValueError, match=message):
        load_state(model, state, "w.pth")


def test_the_classifier_adds_only_its_own_keys() -> None:
    plain, full = small(), small(num_classes=5)
    added = full.state_dict().keys() - plain.state_dict().keys()
    assert added == {"head.weight", "head.bias"} == {k for k in full.state_dict() if k.startswith(full.head_prefixes)}


@pytest.mark.parametrize("size", [(31, 64), (128, 16), (0, 64)])
def test_refuses_sizes_below_its_stride(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 32x32"):
        dilateformer_t(input_size=size)


def test_takes_reid_crops_by_default() -> None:
    with torch.device("meta"):
        assert dilateformer_t().input_size == (128, 64)
