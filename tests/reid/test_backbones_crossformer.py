"""CrossFormer against plain loops; the original's numbers are in `test_transformers.py`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from math import ceil, prod

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from reid.backbones.crossformer import (
    CrossFormer,
    CrossFormerBlock,
    crossformer_b,
    crossformer_l,
    crossformer_s,
    crossformer_t,
)
from reid.backbones.crossformer_attention import Grouping
from reid.fitting import load_state
from tests.reid.fill import fingerprints, size_of

FINGERPRINTS = fingerprints("crossformer")
BUILDERS: dict[str, Callable[..., CrossFormer]] = {
    "crossformer-t": crossformer_t,
    "crossformer-s": crossformer_s,
    "crossformer-b": crossformer_b,
    "crossformer-l": crossformer_l,
}
SLOW = [pytest.mark.slow]


def build(case: str) -> CrossFormer:
    return BUILDERS[case.split("@")[0]](num_classes=1000, input_size=size_of(case))


def small(size: tuple[int, int], *, num_classes: int = 0) -> CrossFormer:
    """A network of the family with all kinds of blocks (both distances) and few channels."""
    torch.manual_seed(0)
    return CrossFormer("small", 32, (2, 2, 2, 2), 1, drop_path=0.1, num_classes=num_classes, input_size=size)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[] if case == "crossformer-s@128x64" else SLOW) for case in FINGERPRINTS],
)
def test_has_the_published_number_of_parameters_and_multiplications(case: str) -> None:
    with torch.device("meta"):  # shapes without storage
        model = build(case).eval()
        crop = torch.empty(1, 3, *size_of(case))
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(crop)
    assert sum(p.numel() for p in model.parameters()) == FINGERPRINTS[case]["params"]
    assert counter.get_total_flops() // 2 + macs_of_padding(model) == FINGERPRINTS[case]["macs"]


def macs_of_padding(model: CrossFormer) -> int:
    """What the original spends on filling far groups up to 7x7 tokens and this network leaves out."""
    saved = 0
    for stage in model.layers:
        for block in stage.blocks:
            height, width, group, interval = block.grouping
            if interval > 1:
                dim, heads = block.attn.qkv.in_features, block.attn.heads
                reach = group * interval
                tiles = ceil(height / reach) * ceil(width / reach) * interval**2
                fewer = [min(group, ceil(side / interval)) for side in (height, width)]
                saved += attention_macs(tiles, (group, group), dim, heads) - attention_macs(tiles, fewer, dim, heads)
    return saved


def attention_macs(groups: int, sides: Sequence[int], dim: int, heads: int) -> int:
    """Four projections, scores and sums of the groups, and the network of the position bias, once an offset."""
    tokens, hidden = prod(sides), dim // 16
    offsets = prod(2 * side - 1 for side in sides)
    bias = offsets * (2 * hidden + 2 * hidden**2 + hidden * heads)
    return groups * (4 * tokens * dim**2 + 2 * tokens**2 * dim) + bias


def test_at_the_published_size_no_multiplication_is_left_out() -> None:
    with torch.device("meta"):
        assert macs_of_padding(crossformer_s(input_size=(224, 224))) == 0
        assert macs_of_padding(crossformer_s(input_size=(128, 64))) > 0


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, id=f"{name}-{size[0]}x{size[1]}", marks=SLOW)
        for name in BUILDERS
        for size in ((128, 64), (256, 128), (224, 224))
    ],
)
def test_trains(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    check_trains(BUILDERS[name](num_classes=5, input_size=size))


@pytest.mark.parametrize(
    "size",
    [
        pytest.param((128, 64), id="padded everywhere"),
        pytest.param((256, 128), id="padded everywhere, larger", marks=SLOW),
        pytest.param((224, 224), id="published size", marks=SLOW),
        pytest.param((100, 42), id="odd maps"),
        pytest.param((32, 32), id="one token in the end"),
    ],
)
def test_the_small_network_trains(size: tuple[int, int]) -> None:
    check_trains(small(size, num_classes=5))


def check_trains(model: CrossFormer) -> None:
    """Finite gradients at all parameters, also where groups consist of padding alone."""
    logits = model.train()(torch.randn(2, 3, *model.input_size))
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert logits.shape == (2, 5)
    unreached = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert not unreached


def by_loops(block: CrossFormerBlock, x: Tensor) -> Tensor:
    """The attention of a block token by token: each sees the real tokens of its group and no others."""
    height, width, group, interval = block.grouping
    heads, attention = block.attn.heads, block.attn
    query, key, value = attention.qkv(block.norm1(x)).chunk(3, -1)
    channels = x.shape[-1] // heads
    step = group * interval
    cells = [(row, column) for row in range(height) for column in range(width)]
    out = torch.zeros_like(x)
    for row, column in cells:
        near = [
            (i, j)
            for i, j in cells
            if (i // step, j // step, i % interval, j % interval)
            == (row // step, column // step, row % interval, column % interval)
        ]
        offsets = x.new_tensor([((row - i) // interval, (column - j) // interval) for i, j in near])
        pos = attention.pos
        bias = pos.pos3(pos.pos2(pos.pos1(pos.pos_proj(offsets))))
        for head in range(heads):
            part = slice(head * channels, (head + 1) * channels)
            scores = [query[0, row, column, part] @ key[0, i, j, part] / channels**0.5 for i, j in near]
            share = (torch.stack(scores) + bias[:, head]).softmax(0)
            rows = torch.stack([value[0, i, j, part] for i, j in near])
            out[0, row, column, part] = share @ rows
    return x + attention.proj(out)


@pytest.mark.parametrize(
    "grouping",
    [
        pytest.param(Grouping(6, 6, 3, 1), id="neighbours, no padding"),
        pytest.param(Grouping(6, 6, 3, 2), id="far tokens, no padding"),
        pytest.param(Grouping(5, 4, 3, 1), id="neighbours, padded"),
        pytest.param(Grouping(7, 4, 3, 2), id="far tokens, padded, two steps down"),
        pytest.param(Grouping(4, 1, 3, 2), id="groups of padding alone, fewer tokens than a full group"),
        pytest.param(Grouping(7, 1, 3, 2), id="groups of padding alone, beside half empty ones"),
        pytest.param(Grouping(3, 7, 3, 2), id="far tokens, fewer rows than a full group"),
        pytest.param(Grouping(8, 4, 4, 1), id="groups as wide as the map"),
    ],
)
def test_block_attends_to_the_real_tokens_of_its_group(grouping: Grouping) -> None:
    torch.manual_seed(0)
    block = CrossFormerBlock(32, 2, grouping, 0.0).double().eval()
    x = torch.randn(1, grouping.height, grouping.width, 32, dtype=torch.float64)
    with torch.inference_mode():
        want = by_loops(block, x)
        want = want + block.mlp(block.norm2(want))
        torch.testing.assert_close(block(x), want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("grouping", [Grouping(14, 14, 7, 2), Grouping(5, 9, 3, 2), Grouping(1, 3, 1, 1)])
def test_join_undoes_split(grouping: Grouping) -> None:
    x = torch.randn(2, grouping.height, grouping.width, 4)
    assert torch.equal(grouping.join(grouping.split(x)), x)


def test_every_group_keeps_a_key_also_where_the_mask_becomes_infinite() -> None:
    mask = Grouping(7, 1, 3, 2).mask()
    assert mask is not None
    assert mask.half().isfinite().any(1).all()
    assert (mask < 0).sum() == 2  # of the 12 padded rows, the group of row 6 has 1 real token of 3; others 3 or none


def test_a_group_has_no_more_tokens_than_the_map() -> None:
    assert Grouping(32, 16, 7, 8).sides == (4, 2)
    assert Grouping(32, 16, 7, 8).padding == (0, 0)
    assert Grouping(64, 20, 7, 8).sides == (7, 3)
    assert Grouping(64, 20, 7, 8).padding == (48, 4)


def test_stages_alternate_the_distances_until_one_group_spans_the_map() -> None:
    groupings = [[block.grouping[2:] for block in stage.blocks] for stage in small((256, 128)).layers]
    assert groupings == [[(7, 1), (7, 8)], [(7, 1), (7, 4)], [(7, 1), (7, 2)], [(4, 1), (4, 1)]]


@pytest.mark.parametrize("size", [(128, 64), (64, 128), (100, 42)])
def test_an_embedding_does_not_depend_on_its_batch(size: tuple[int, int]) -> None:
    model = small(size).double().eval()
    crops = torch.randn(3, 3, *size, dtype=torch.float64)
    with torch.inference_mode():
        together = model(crops)
        alone = torch.cat([model(crop[None]) for crop in crops])
        assert model(crops[:0]).shape == (0, model.embedding_dim)
    torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_finite_embeddings_and_gradients(dtype: torch.dtype) -> None:
    model = small((240, 48)).eval()  # with groups of padding alone
    with torch.autocast("cpu", dtype=dtype):
        embeddings = model(torch.randn(2, 3, 240, 48))
    embeddings.float().square().sum().backward()
    assert embeddings.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_reads_an_official_checkpoint(caplog: pytest.LogCaptureFixture) -> None:
    model, other = small((128, 64), num_classes=5), small((64, 64), num_classes=7)
    buffers = {"layers.0.blocks.0.attn.biases": torch.ones(169, 2)}
    buffers["layers.0.blocks.0.attn.relative_position_index"] = torch.ones(49, 49)
    before = model.head.weight.clone()
    with caplog.at_level(logging.INFO):
        load_state(model, other.state_dict() | buffers, "w.pth")
    assert "the classifier of 7 identities is left out" in caplog.text
    assert torch.equal(model.state_dict()["norm.weight"], other.state_dict()["norm.weight"])
    assert torch.equal(model.head.weight, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"norm.weight": None}, "1 missing: norm.weight", id="missing"),
        pytest.param({"extra.weight": torch.ones(1)}, "1 left over: extra.weight", id="left over"),
        pytest.param({"norm.bias": torch.ones(3)}, "1 of another shape: norm.bias", id="shape"),
    ],
)
def test_refuses_weights_of_another_network(change: dict[str, Tensor | None], message: str) -> None:
    model = small((64, 64), num_classes=5)
    state = {key: value for key, value in (model.state_dict() | change).items() if value is not None}
    with pytest.raises(ValueError, match=message):
        load_state(model, state, "w.pth")


def test_weights_fit_every_size_and_the_classifier_adds_only_its_own_keys() -> None:
    plain, full = small((64, 64)), small((128, 64), num_classes=5)
    added = full.state_dict().keys() - plain.state_dict().keys()
    assert added == {"head.weight", "head.bias"} == {k for k in full.state_dict() if k.startswith(full.head_prefixes)}
    plain.load_state_dict({key: value for key, value in full.state_dict().items() if key not in added})


@pytest.mark.parametrize("size", [(31, 64), (128, 16), (0, 64)])
def test_refuses_sizes_below_its_stride(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 32x32"):
        crossformer_t(input_size=size)


def test_refuses_crops_of_another_size_than_it_was_built_for() -> None:
    with pytest.raises(ValueError, match="input_size of the crops"):
        small((64, 64))(torch.zeros(1, 3, 128, 64))


def test_takes_reid_crops_by_default() -> None:
    with torch.device("meta"):
        assert crossformer_t().input_size == (128, 64)
