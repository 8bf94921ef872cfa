"""Eight-bit networks: ranges of the activations come from crops, weights are rounded channel by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from reid.runtimes.facts import EncoderFacts
from reid.runtimes.missing import require
from reid.runtimes.openvino_runtime import describe
from reid.runtimes.quiet import quiet

__all__ = ["FEWEST_CROPS", "quantised"]

FEWEST_CROPS = 100
"""With fewer crops the ranges are those of a few people."""
BATCH = 1


def quantised(model: Any, facts: EncoderFacts, crops: npt.NDArray[np.uint8], *, has_layer_norm: bool) -> Any:
    """An `openvino.Model` with weights and activations in int8 (post-training quantisation by NNCF).

    Args:
        model: in float32.
        facts: that the result will carry.
        crops: `(N, H, W, 3)` uint8 BGR, at least `FEWEST_CROPS`.
        has_layer_norm: whether it is a transformer, whose residual stream NNCF treats with a scheme of its own. On
            DogeNet, a CNN with some attention, that scheme fails: smallest cosine to float32 0.35 instead of 0.97.

    Raises:
        ValueError: too few crops.
        ImportError: NNCF is missing.
    """
    if len(crops) < FEWEST_CROPS:
        raise ValueError(
            f"int8 needs {FEWEST_CROPS} crops or more to take its ranges from, but got {len(crops)}; use a longer"
            " video, or one with more people"
        )
    batches = [crops[start : start + BATCH] for start in range(0, len(crops) - BATCH + 1, BATCH)]
    with quiet():
        nncf = require("openvino", "nncf")
        result = nncf.quantize(
            model,
            nncf.Dataset(batches),
            subset_size=len(batches),
            model_type=nncf.ModelType.TRANSFORMER if has_layer_norm else None,
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(names=_last_products(model), validate=False),
        )
    describe(result, facts)
    return result


def _last_products(model: Any) -> list[str]:
    """The whitening of an untrained network: it magnifies small differences, which eight bits would round away."""
    node = model.output(0).get_node().input_value(0).get_node()
    return [node.get_friendly_name()] if node.get_type_name() == "MatMul" else []
