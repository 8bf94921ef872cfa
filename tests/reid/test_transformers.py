"""Swin, SwinResnet, CrossFormer and DilateFormer against what their original codes computed and count.

The tables `fingerprints_*.json` hold parameters, multiply-accumulates and the outputs for the fills of `fill.py`, all
measured on the original codes (for SwinResnet: on the same reading of its description).
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reid import create_backbone
from reid.cost import cost
from tests.reid.fill import error, fill, fingerprints, make_input, size_of

FINGERPRINTS = {
    case: facts
    for family in ("swin", "crossformer", "dilateformer")
    for case, facts in fingerprints(family).items()
    if not case.startswith("swint_layer")
}
CLASSES = {"swin-resnet50": 10}
FAST = {"swin-t@256x128", "crossformer-t@224x224", "dilateformer-t@128x64"}
"""One of each family, in the fill that also notices exchanged tensors."""
FAST_TO_COUNT = {"swin-t", "swin-resnet50", "dilateformer-t"}
CROSSFORMER = "crossformer"
"""Leaves out some of the original's multiplications: see `test_backbones_crossformer.py`."""


def build(case: str) -> nn.Module:
    name = case.split("@")[0]
    return create_backbone(name, num_classes=CLASSES.get(name, 1000), input_size=size_of(case))


@pytest.mark.parametrize(
    ("case", "mode"),
    [
        pytest.param(
            case, mode, id=f"{case}-{mode}", marks=[] if case in FAST and mode == "keyed" else [pytest.mark.slow]
        )
        for case, facts in FINGERPRINTS.items()
        for mode in ("kind", "keyed")
        if mode in facts
    ],
)
def test_equals_the_original_network(case: str, mode: str) -> None:
    model = fill(build(case), mode)
    seen = []
    # The embeddings; in SwinResnet, whose classifier has a hidden layer, what the originals' numbers call so.
    last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numpy()))
    with torch.inference_mode():
        logits = model(make_input(*size_of(case)))
    want = FINGERPRINTS[case][mode]
    assert error(logits.numpy(), want["output"]) < 1e-9  # relative; other definitions differ by 1e-5 and more
    if "embedding" in want:
        assert error(seen[-1], want["embedding"]) < 1e-9


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[] if case.split("@")[0] in FAST_TO_COUNT else [pytest.mark.slow])
        for case in FINGERPRINTS
        if not case.startswith(CROSSFORMER)
    ],
)
def test_has_the_published_number_of_parameters_and_multiplications(case: str) -> None:
    name = case.split("@")[0]
    counted = cost(name, size_of(case), num_classes=CLASSES.get(name, 1000))
    assert [counted.parameters, counted.macs] == [FINGERPRINTS[case]["params"], FINGERPRINTS[case]["macs"]]
