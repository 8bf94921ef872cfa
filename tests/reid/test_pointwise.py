"""The 1x1 convolution that trains as a product, against `nn.Conv2d` with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from reid.backbones.pointwise import Pointwise


def pair(stride: int, *, bias: bool) -> tuple[Pointwise, nn.Conv2d]:
    ours, plain = Pointwise(6, 10, stride, bias=bias), nn.Conv2d(6, 10, 1, stride, bias=bias)
    plain.load_state_dict(ours.state_dict())
    return ours.double(), plain.double()


def gradients(conv: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    x = x.detach().requires_grad_()
    out = conv(x)
    weights = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view(out.shape)
    return out, *torch.autograd.grad((out * weights).sum(), (x, *conv.parameters()))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 4), (5, 3), (1, 1)])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_values_and_gradients_are_those_of_a_convolution(
    size: tuple[int, int], stride: int, bias: bool, layout: torch.memory_format
) -> None:
    ours, plain = pair(stride, bias=bias)
    x = torch.randn(2, 6, *size, dtype=torch.float64).contiguous(memory_format=layout)
    for got, expected in zip(gradients(ours, x), gradients(plain, x), strict=True):
        torch.testing.assert_close(got, expected, atol=1e-12, rtol=1e-12)


def test_what_comes_out_stays_channels_last() -> None:
    x = torch.randn(2, 6, 8, 4).contiguous(memory_format=torch.channels_last)
    assert Pointwise(6, 10)(x).is_contiguous(memory_format=torch.channels_last)


def test_an_encoder_that_is_not_trained_runs_the_convolution_itself() -> None:
    ours, plain = pair(1, bias=True)
    x = torch.randn(2, 6, 8, 4, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours.eval()(x), plain(x))
