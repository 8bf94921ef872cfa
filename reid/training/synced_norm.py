"""Batch normalisation over all processes of a training, so that several processes train as one does."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from reid.training.network import ReidNet, num_processes

__all__ = ["SyncedBatchNorm", "with_synced_norms"]


def with_synced_norms(net: ReidNet, *, cuda: bool = False) -> ReidNet:
    """The network with batch norms over all processes in its backbone; as it was where there is one process.

    PyTorch's own `SyncBatchNorm` needs CUDA and is taken there. The neck sees the rows of all processes as it is.
    """
    if num_processes() > 1:
        if cuda:
            net.backbone = nn.SyncBatchNorm.convert_sync_batchnorm(net.backbone)  # type: ignore[no-untyped-call]
        else:
            _replace(net.backbone)
    return net


def _replace(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, (nn.BatchNorm1d, nn.BatchNorm2d)):
            setattr(module, name, SyncedBatchNorm(child))
        else:
            _replace(child)


class SyncedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """A batch norm whose training statistics are those of the batches of all processes together.

    Args:
        norm: whose weights and settings it takes over; state keys stay the same.
    """

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        self._parameters, self._buffers, self.training = norm._parameters, norm._buffers, norm.training

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 (torch's name)
        """Any number of dimensions."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """`(B, C, ...)` -> the same shape."""
        if not self.training or num_processes() == 1:
            return super().forward(input)
        x = input.float()
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [1 if axis in axes else -1 for axis in range(x.ndim)]
        count = x.numel() // x.shape[1] * num_processes()
        mean = _summed(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = _summed(centred.square().sum(axes)) / count
        self._remember(mean.detach(), variance.detach() * (count / max(count - 1, 1)))
        y = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            y = y * self.weight.view(shape) + self.bias.view(shape)
        return y.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def _summed(values: Tensor) -> Tensor:
    result: Tensor = _Sum.apply(values)
    return result


class _Sum(torch.autograd.Function):
    """The sum over all processes; what they all ask of it is the gradient of each part."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total
