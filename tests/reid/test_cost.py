"""What backbones cost: against the published table, arithmetic by hand, and a counter of another kind."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from reid import BACKBONES
from reid.cost import TABLE, TABLE_SIZES, Cost, cost, stored_cost

SLOW = [pytest.mark.slow]
# The table of DogeNet and Shiba at 224x224: name, classes, parameters and FLOPS, both as fvcore counts the original
# code in training. The printed rows round them: 14.0M and 2377M. Where the printed row of Shiba belongs to an older
# state of that code, the -table variants are that state.
PUBLISHED = [
    ("resnet26", 10, 13_966_666, 2_377_083_392),
    ("resnet50", 10, 23_528_522, 4_142_827_008),
    ("botnet50-l1", 10, 18_847_050, 4_093_604_352),
    ("botnet50-l2", 10, 14_346_826, 3_849_447_936),
    ("dogenet26", 10, 917_538, 685_035_648),
    ("dogenet-2x1x3x2", 10, 1_044_306, 684_278_400),
    ("dogenet50", 10, 1_224_858, 1_042_977_152),
    ("dogex26", 10, 837_090, 658_994_304),
    ("dogex50", 10, 1_126_938, 1_013_511_296),
    ("shibax26", 10, 824_546, 452_469_888),
    ("shibax50", 10, 1_111_706, 795_923_072),
    ("efficientnet-b0", 1000, 5_288_548, 421_872_480),
    ("shiba26-table", 10, 746_298, 379_743_360),
    ("shiba50-table", 10, 937_514, 581_701_760),
    ("shiba26", 10, 827_402, 415_922_304),
    ("shiba50", 10, 990_602, 717_785_216),
]


@pytest.mark.parametrize(("name", "classes", "parameters", "flops"), PUBLISHED)
def test_counts_every_row_of_the_published_table(name: str, classes: int, parameters: int, flops: int) -> None:
    counted = cost(name, (224, 224), num_classes=classes)
    assert (counted.parameters, counted.flops) == (parameters, flops)


def test_counts_what_the_layers_multiply() -> None:
    """Small CNN at 128x64 by hand: convolutions of its four stages and the linear layer, no shortcut forgotten."""
    stem = 9 * (3 * 32 + 32 * 32) * 128 * 64
    first = 4 * 9 * 32 * 32 * 64 * 32
    second = (9 * 32 * 64 + 3 * 9 * 64 * 64 + 32 * 64) * 32 * 16
    third = (9 * 64 * 128 + 3 * 9 * 128 * 128 + 64 * 128) * 16 * 8
    assert cost("small-cnn").macs == stem + first + second + third + 16384 * 128


@pytest.mark.parametrize(("name", "per_image"), [("shibax26", 4.0), ("resnet50", 4.0), ("swin-t", 4.0)])
def test_four_times_the_pixels_are_four_times_the_work_where_attention_is_local(name: str, per_image: float) -> None:
    ratio = cost(name, (256, 128)).macs / cost(name, (128, 64)).macs
    assert ratio == pytest.approx(per_image, rel=0.02)


def test_names_the_width_the_size_and_the_parameters_of_the_network() -> None:
    counted = cost("dogenet50")
    assert (counted.name, counted.input_size, counted.embedding_dim) == ("dogenet50", (128, 64), 512)
    assert counted.parameters == 1_216_154 - 512 * 10 - 10  # published with ten classes


def test_a_classifier_adds_one_linear_layer() -> None:
    bare, full = cost("swin-t"), cost("swin-t", num_classes=7)
    assert full.parameters - bare.parameters == 768 * 7 + 7
    assert full.macs - bare.macs == full.flops - bare.flops == 768 * 7


def test_flops_add_norms_and_global_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tiny(nn.Module):
        input_size, embedding_dim = (4, 6), 2

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm, self.last = nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.LayerNorm(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.norm(self.conv(x)).mean((2, 3)))

    monkeypatch.setattr("reid.cost.create_backbone", lambda *_, **__: Tiny())
    counted = cost("tiny")
    assert counted.macs == 3 * 2 * 24
    assert counted.flops == counted.macs + 5 * 48 + 48 + 5 * 2
    assert counted.parameters == 3 * 2 + 2 + 4 + 4


def test_counts_a_network_of_timm_as_our_own_of_the_same_definition() -> None:
    theirs, ours = cost("timm:resnet50", (128, 64)), cost("resnet50", (128, 64))
    assert (theirs.parameters, theirs.macs) == (ours.parameters, ours.macs)
    assert theirs.name == "timm:resnet50"


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [("small-cnn", (224, 224), "128x64"), ("swin-t", (100, 64), "multiples of 32"), ("dogenet5", None, "dogenet50")],
)
def test_refuses_what_the_network_cannot_be(name: str, size: tuple[int, int] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cost(name, size)


LIGHT = ("small-cnn@128x64", "dogex26@224x224", "dilateformer-t@128x64", "swin-t@256x128", "crossformer-s@128x64")


@pytest.mark.parametrize(
    "case", [pytest.param(f"{name}@{height}x{width}", marks=[] if f"{name}@{height}x{width}" in LIGHT else SLOW)
             for name in BACKBONES.names() for height, width in TABLE_SIZES]
)  # fmt: skip
def test_the_stored_table_is_what_the_networks_cost(case: str) -> None:
    name, text = case.split("@")
    height, width = map(int, text.split("x"))
    try:
        counted: Cost | None = cost(name, (height, width))
    except ValueError:
        counted = None  # a size that the family cannot take has no row
    assert stored_cost(name, (height, width)) == counted


def test_the_stored_table_knows_every_name_and_its_own_size() -> None:
    for name in BACKBONES.names():
        stored = stored_cost(name)
        assert stored is not None
        assert stored.name == name
    assert json.loads(TABLE.read_text())["own sizes"].keys() == set(BACKBONES.names())
    assert stored_cost("swin-t", (64, 64)) is None
    assert stored_cost("timm:resnet50") is None
