"""BoTNet-50: ResNet-50 with self-attention instead of 3x3 convolutions at its end (Srinivas et al. 2021).

Written from the definition of github.com/StephenTaylor1998/DogeNet, of which no code is used; parameter names are the
keys of its checkpoints. 14 and 19 M parameters, total stride 32, 2048-d embedding, weights tied to the input size.

Deviations from the paper, all of that definition: the attention's position term (see `PositionAttention`), a bias in
the shortcuts, stage 4 keeps its stride of 2, and `botnet50-l2` has 3 blocks in stage 3 instead of ResNet-50's 6.
"""

from __future__ import annotations

from torch import nn

from reid.backbones.layers import Core, NeckNet, Plan, PositionAttention, attention_core

__all__ = ["botnet50_l1", "botnet50_l2"]

PLAN = Plan(planes=(64, 128, 256, 512), strides=(1, 2, 2, 2), kernel=7, pool=True)


def _bottleneck_core(attention_from: int) -> Core:
    def core(stage: int, planes: int, stride: int, size: tuple[int, int]) -> nn.Module:
        if stage < attention_from:
            return nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
        return attention_core(PositionAttention(planes, size), stride)

    return core


def botnet50_l1(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """BoTNet-50 with attention in stage 4 only, depths 3, 4, 6, 3."""
    core = _bottleneck_core(4)
    return NeckNet("botnet50-l1", PLAN, (3, 4, 6, 3), core, num_classes=num_classes, input_size=input_size)


def botnet50_l2(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """BoTNet-50 with attention in stages 3 and 4, depths 3, 4, 3, 3."""
    core = _bottleneck_core(3)
    return NeckNet("botnet50-l2", PLAN, (3, 4, 3, 3), core, num_classes=num_classes, input_size=input_size)
