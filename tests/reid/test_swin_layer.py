"""The SwinT layer, its blocks and the patch merging against the original numbers and plain loops."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from reid.backbones.swin_blocks import PatchMerging, SwinBlock
from reid.backbones.swin_layer import SwinLayer
from reid.backbones.transformer import drop_rates
from tests.reid.fill import error, fill, fingerprints, make_input

FINGERPRINTS = {case: facts for case, facts in fingerprints("swin").items() if case.startswith("swint_layer")}
DOWNSAMPLE = {"swint_layer_recommended": False, "swint_layer_down_recommended": True}
SIZE = (28, 28)


class LayerNetwork(nn.Module):
    """What the layer's fingerprints were made with: 1x1 convolution, the layer, mean over the map."""

    def __init__(self, *, downsample: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 96, 1)
        self.layer = SwinLayer(96, 256, (28, 28), 8, window_size=7, downsample=downsample)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.stem(x)).mean((2, 3))


def build(case: str) -> LayerNetwork:
    return LayerNetwork(downsample=DOWNSAMPLE[case.split("@")[0]])


@pytest.mark.parametrize("mode", ["kind", "keyed"])
@pytest.mark.parametrize("case", FINGERPRINTS)
def test_layer_equals_the_original_one(case: str, mode: str) -> None:
    with torch.inference_mode():
        output = fill(build(case), mode)(make_input(*SIZE)).numpy()
    assert error(output, FINGERPRINTS[case][mode]["output"]) < 1e-9


@pytest.mark.parametrize("case", FINGERPRINTS)
def test_layer_has_the_published_number_of_parameters_and_multiplications(case: str) -> None:
    """On the meta device: the counter does not know every attention that a CPU may choose."""
    model = build(case).eval().to("meta")
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, *SIZE, device="meta"))
    assert sum(p.numel() for p in model.parameters()) == FINGERPRINTS[case]["params"]
    assert counter.get_total_flops() // 2 == FINGERPRINTS[case]["macs"]


def attend_one_by_one(block: SwinBlock, x: Tensor) -> Tensor:
    """The attention of a block for one `(H, W, C)` map by its definition, query by query, without any padding.

    Windows are cut on an endless grid that starts `shift` px before the map; a token meets the tokens of the map
    that lie in its window.
    """
    height, width, channels = x.shape
    heads, window = block.attn.num_heads, block.window
    qkv = block.attn.qkv(x).view(height, width, 3, heads, channels // heads)
    table = block.attn.relative_position_bias_table.view(2 * window - 1, 2 * window - 1, heads)
    cells = [(row, column) for row in range(height) for column in range(width)]
    tile = {(r, c): ((r - block.shift) // window, (c - block.shift) // window) for r, c in cells}
    out = torch.empty_like(x)
    for r, c in cells:
        keys = [cell for cell in cells if tile[cell] == tile[r, c]]
        scores = [
            (qkv[r, c, 0] * qkv[i, j, 1]).sum(-1) * (channels // heads) ** -0.5
            + table[r - i + window - 1, c - j + window - 1]
            for i, j in keys
        ]
        weights = torch.stack(scores).softmax(0)
        out[r, c] = sum(w[:, None] * qkv[i, j, 2] for w, (i, j) in zip(weights, keys, strict=True)).flatten()
    return block.attn.proj(out)


@pytest.mark.parametrize("shifted", [False, True], ids=["plain", "shifted"])
@pytest.mark.parametrize(
    ("size", "window"),
    [
        pytest.param((8, 8), 4, id="tiled"),
        pytest.param((8, 6), 4, id="padded on the right"),
        pytest.param((5, 8), 4, id="padded below"),
        pytest.param((5, 7), 3, id="padded on both sides, odd window"),
        pytest.param((5, 5), 4, id="three quarters of the windows mostly padding"),
        pytest.param((7, 3), 4, id="window shrunk to the shorter side, then padded"),
        pytest.param((1, 5), 2, id="one row"),
    ],
)
def test_block_follows_its_definition_token_by_token(size: tuple[int, int], window: int, shifted: bool) -> None:
    torch.manual_seed(0)
    block = SwinBlock(8, 2, size, window, shifted=shifted).double().eval()
    block.attn.relative_position_bias_table.data.normal_()
    x = torch.randn(2, *size, 8, dtype=torch.float64)
    with torch.inference_mode():
        mixed = torch.stack([sample + attend_one_by_one(block, block.norm1(sample)) for sample in x])
        want = mixed + block.mlp(block.norm2(mixed))
        torch.testing.assert_close(block(x), want, rtol=0, atol=1e-12)


def test_merging_concatenates_the_row_neighbour_before_the_column_neighbour() -> None:
    merging = PatchMerging(1, 4)
    merging.norm, merging.reduction = nn.Identity(), nn.Identity()
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 2, 2, 1)
    assert merging(x).flatten().tolist() == [1, 3, 2, 4]


@pytest.mark.parametrize(
    ("outputs", "downsample", "shape", "extra"),
    [
        pytest.param(16, False, (2, 16, 10, 14), set(), id="same width: blocks only"),
        pytest.param(24, False, (2, 24, 10, 14), {"norm.weight", "norm.bias", "reduction.weight"}, id="wider"),
        pytest.param(16, True, (2, 16, 5, 7), {"norm.weight", "norm.bias", "reduction.weight"}, id="halved"),
    ],
)
def test_layer_stands_where_a_convolution_stood(
    outputs: int, downsample: bool, shape: tuple[int, ...], extra: set[str]
) -> None:
    conv = nn.Conv2d(16, outputs, 3, 2 if downsample else 1, padding=1)
    layer = SwinLayer(16, outputs, (10, 14), 4, window_size=4, downsample=downsample)
    x = torch.randn(2, 16, 10, 14)
    assert layer(x).shape == conv(x).shape == shape
    assert {key for key in layer.state_dict() if not key.startswith("blocks.")} == extra


def test_layer_options_reach_the_blocks() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 16, 8, 8)
    assert "blocks.0.attn.qkv.bias" not in SwinLayer(16, 16, (8, 8), 4, qkv_bias=False).state_dict()
    for option in ("dropout", "attention_dropout", "drop_path"):
        layer = SwinLayer(16, 16, (8, 8), 4, **{option: 0.5})
        assert not torch.equal(layer(x), layer(x)), option
        assert torch.equal(layer.eval()(x), layer(x)), option
    flat = SwinLayer(16, 16, (4, 4), 4, window_size=4, qk_scale=0.0).eval()
    for block in flat.blocks:
        block.attn.relative_position_bias_table.data.zero_()
    tokens = torch.randn(1, 16, 16)
    mixed = flat.blocks[0].attn(tokens)
    torch.testing.assert_close(mixed, mixed[:, :1].expand_as(mixed))  # scores of 0: all queries see the same mean


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((16, 16, (8, 8), 3), "must divide", id="heads"),
        pytest.param((16, 16, (8, 8), 0), "must divide", id="no heads"),
        pytest.param((16, 16, (0, 8), 4), "1 or more", id="empty map"),
    ],
)
def test_layer_refuses_what_it_cannot_do(arguments: tuple[int, int, tuple[int, int], int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SwinLayer(*arguments)


def test_layer_refuses_an_odd_map_to_halve_and_a_map_of_another_size() -> None:
    with pytest.raises(ValueError, match="even sides"):
        SwinLayer(16, 16, (7, 8), 4, downsample=True)
    with pytest.raises(ValueError, match=r"input_resolution=\(8, 7\)"):
        SwinLayer(16, 16, (7, 8), 4)(torch.zeros(1, 16, 8, 7))


def test_drop_rates_grow_evenly() -> None:
    assert drop_rates(0.3, 4) == pytest.approx([0, 0.1, 0.2, 0.3])
    assert drop_rates(0.3, 1) == [0]
