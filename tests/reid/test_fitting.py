"""Weights into a backbone: what fits goes in, what was changed on purpose is logged, anything else is listed."""

from __future__ import annotations

import logging

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from reid import BACKBONES, create_backbone
from reid.backbones.base import Backbone
from reid.fitting import load_state, lookalikes

SIZE = (32, 16)


def small(num_classes: int = 0, size: tuple[int, int] = SIZE, seed: int = 0) -> Backbone:
    torch.manual_seed(seed)
    return create_backbone("dogenet26", num_classes=num_classes, input_size=size)


def on_meta(name: str, **options: object) -> Backbone:
    with torch.device("meta"):
        return create_backbone(name, **options)


def assert_same(backbone: Backbone, state: dict[str, Tensor]) -> None:
    own = backbone.state_dict()
    assert own.keys() == state.keys()
    assert [key for key, value in state.items() if not torch.equal(own[key], value)] == []


def test_weights_that_fit_go_in_and_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    backbone, other = small(3), small(3, seed=1)
    with caplog.at_level(logging.INFO):
        load_state(backbone, other.state_dict(), "w.pth")
    assert_same(backbone, other.state_dict())
    assert caplog.text == ""


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_come_out_as_float32(dtype: torch.dtype) -> None:
    backbone, other = small(), small(seed=1)
    state = {k: v.to(dtype) if v.is_floating_point() else v for k, v in other.state_dict().items()}
    load_state(backbone, state, "w.pth")
    got = backbone.state_dict()["conv1.weight"]
    assert got.dtype == torch.float32
    assert torch.equal(got, state["conv1.weight"].float())


def test_step_counters_may_be_absent() -> None:
    backbone, other = small(), small(seed=1)
    held = {k: v for k, v in other.state_dict().items() if not k.endswith("num_batches_tracked")}
    load_state(backbone, held, "w.pth")
    assert_same(backbone, other.state_dict())


@pytest.mark.parametrize(
    ("here", "there", "message"),
    [
        pytest.param(
            0, 7, "w.pth: the classifier of 7 identities is left out (fc.1.bias, fc.1.weight)", id="none here"
        ),
        pytest.param(3, 7, "identities is left out (fc.1.bias, fc.1.weight); the one of 3 is untrained", id="others"),
        pytest.param(3, 0, "w.pth: the one of 3 is untrained", id="none there"),
    ],
)
def test_a_classifier_of_another_width_is_left_out_and_logged(
    here: int, there: int, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    backbone, other = small(here), small(there, seed=1)
    before = {key: value.clone() for key, value in backbone.state_dict().items() if key.startswith("fc.")}
    with caplog.at_level(logging.INFO):
        load_state(backbone, other.state_dict(), "w.pth")
    assert message in caplog.text
    trunk = {key: value for key, value in other.state_dict().items() if not key.startswith("fc.")}
    assert_same(backbone, trunk | before)


@pytest.mark.parametrize("size", [(64, 32), (32, 64), (32, 16)])
def test_position_terms_are_interpolated_along_their_own_axis(
    size: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    backbone, other = small(size=size), small(size=(64, 32), seed=1)
    with caplog.at_level(logging.INFO):
        load_state(backbone, other.state_dict(), "w.pth")
    got, held = backbone.state_dict(), other.state_dict()
    rows, columns = size[0] // 8, size[1] // 8
    for key, axis, length in (("rel_h", 4, columns), ("rel_w", 3, rows)):
        name = f"layer3.0.conv2.0.{key}"
        assert got[name].shape[axis] == length
        for head in range(4):
            for channel in (0, 5, 23):
                line = held[name][0, head, channel].flatten()
                want = F.interpolate(line[None, None], size=length, mode="linear", align_corners=False)
                torch.testing.assert_close(got[name][0, head, channel].flatten(), want[0, 0])
    assert ("position tables interpolated for crops of" in caplog.text) == (size != (64, 32))


def test_a_position_term_of_two_is_spread_over_four_by_hand() -> None:
    """With the half-pixel rule the samples lie at -1/4, 1/4, 3/4 and 5/4 of the two, held at the ends."""
    backbone, state = small(size=(64, 32)), small(size=(32, 16)).state_dict()
    key = "layer3.0.conv2.0.rel_h"
    state[key] = torch.tensor([1.0, 5.0]).expand(1, 4, 24, 1, 2)
    load_state(backbone, state, "w.pth")
    assert backbone.state_dict()[key][0, 2, 7, 0].tolist() == [1.0, 2.0, 4.0, 5.0]


def without(state: dict[str, Tensor], start: str) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not key.startswith(start)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda s: without(s, "bn1.bias"), "does not fit dogenet26: 1 missing: bn1.bias$", id="missing"),
        pytest.param(
            lambda s: s | {"extra.a": torch.ones(1), "b": torch.ones(1)}, "2 left over: extra.a, b$", id="left over"
        ),
        pytest.param(
            lambda s: s | {"conv1.weight": torch.ones(64, 3, 7, 7), "bn1.bias": torch.tensor(1.0)},
            r"2 of another shape: conv1\.weight \(64x3x7x7, expected 64x3x3x3\), "
            r"bn1\.bias \(one number, expected 64\)$",
            id="shape",
        ),
        pytest.param(
            lambda s: s | {"bn1.bias": torch.full((64,), torch.inf)}, r"1 not finite: bn1\.bias$", id="not finite"
        ),
        pytest.param(
            lambda s: s | {"conv1.weight": torch.ones(64, 3, 3, 3, dtype=torch.int8)},
            r"1 without floating-point numbers: conv1\.weight$",
            id="integers",
        ),
        pytest.param(
            lambda s: s | {"layer3.0.conv2.0.rel_h": torch.ones(1, 4, 24, 7, 7)},
            r"1 of another shape: layer3\.0\.conv2\.0\.rel_h",
            id="a position term over two axes",
        ),
        pytest.param(
            lambda s: without(s, "conv1.") | {"stem.weight": s["conv1.weight"]},
            r"1 missing: conv1\.weight; 1 left over: stem\.weight$",
            id="both",
        ),
    ],
)
def test_what_does_not_fit_is_listed_and_changes_nothing(change, message: str) -> None:
    backbone, other = small(), small(seed=1)
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    with pytest.raises(ValueError, match=f"^w.pth .*{message}"):
        load_state(backbone, change(dict(other.state_dict())), "w.pth")
    assert_same(backbone, before)


@pytest.mark.parametrize(("number", "rest"), [(20, ""), (21, " and 1 more")])
def test_twenty_keys_are_listed_one_by_one(number: int, rest: str) -> None:
    backbone = small()
    extra = {f"x{index}": torch.ones(1) for index in range(number)}
    listed = ", ".join(f"x{index}" for index in range(20)) + rest
    with pytest.raises(ValueError, match=f"{number} left over: {listed}$"):
        load_state(backbone, backbone.state_dict() | extra, "w.pth")


@pytest.mark.parametrize(
    ("held", "asked"),
    [("dogenet50", "dogenet26"), ("swin-s", "swin-t"), ("small-cnn", "resnet50"), ("resnet26", "timm:test_resnet")],
)
def test_weights_of_another_backbone_are_recognised(held: str, asked: str) -> None:
    tensors = {key: torch.zeros(value.shape) for key, value in on_meta(held, num_classes=3).state_dict().items()}
    with pytest.raises(ValueError, match=f"does not fit {asked}: .*; it looks like a checkpoint of {held}$"):
        load_state(create_backbone(asked) if asked.startswith("timm:") else on_meta(asked), tensors, "w.pth")


@pytest.mark.slow
def test_every_backbone_is_recognised_by_its_own_keys() -> None:
    told = {name: lookalikes(on_meta(name).state_dict()) for name in BACKBONES.names()}
    assert {name: names for name, names in told.items() if names != [name]} == {}


def test_weights_of_no_known_backbone_are_like_none() -> None:
    assert lookalikes({"a.weight": torch.ones(3, 3)}) == []


@pytest.mark.parametrize(
    ("asked", "message"), [("swin-t", r"12 of another shape: layers\.0\..*105x3"), ("dogenet26", "missing")]
)
def test_position_tables_of_windows_that_are_not_square_are_listed(asked: str, message: str) -> None:
    state = on_meta("swin-t").state_dict()
    odd = {key: torch.zeros(105, value.shape[1]) for key, value in state.items() if key.endswith("bias_table")}
    weights = {key: odd.get(key, torch.zeros(value.shape)) for key, value in state.items()}
    with pytest.raises(ValueError, match=rf"w\.pth does not fit {asked}: .*{message}"):
        load_state(create_backbone(asked), weights, "w.pth")
