"""From the name of a network to its encoder, by the shortest way: a kept conversion needs no PyTorch.

Importing PyTorch and building the network only to find out that its conversion is in the cache takes four seconds. So a
conversion also knows from which checkpoint, byte for byte, it was made (`reid.runtimes.cache`).
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from reid.bundled import chosen_weights
from reid.runtime_encoder import RuntimeEncoder
from reid.runtimes import AUTO, FASTEST_IN_TORCH, cache, check_runtime
from reid.runtimes.missing import installed

__all__ = ["create_network_encoder"]

logger = logging.getLogger(__name__)

ACCELERATORS = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Linux: drivers of NVIDIA, of AMD, and of either under Windows. Whether PyTorch can use them, only it can tell."""


def create_network_encoder(
    name: str, *, weights: Path | None, device: str, seed: int, batch_size: int, runtime: str
) -> RuntimeEncoder:
    """As `reid.backbone_encoder.create_backbone_encoder`, which is asked where no conversion is kept."""
    check_runtime(runtime)
    kept = _kept_conversion(name, weights, device, batch_size, runtime)
    if kept is not None:
        return kept
    from reid.backbone_encoder import create_backbone_encoder

    return create_backbone_encoder(
        name, weights=weights, device=device, seed=seed, batch_size=batch_size, runtime=runtime
    )


def _kept_conversion(
    name: str, weights: Path | None, device: str, batch_size: int, runtime: str
) -> RuntimeEncoder | None:
    """The encoder of an OpenVINO network that was converted from this checkpoint; `None` where there is none."""
    wanted = runtime == "openvino" or (runtime == AUTO and not name.startswith(FASTEST_IN_TORCH))
    on_cpu = device == "cpu" or (device == AUTO and (runtime == "openvino" or not _may_have_accelerator()))
    if not (wanted and on_cpu and installed("openvino")):
        return None
    checkpoint = chosen_weights(name, weights)
    found = None if checkpoint is None or not checkpoint.is_file() else cache.find_made_from(name, checkpoint)
    if found is None:
        return None
    from reid.runtimes.openvino_runtime import load_openvino

    try:
        opened, facts = load_openvino(found.folder / cache.OPENVINO_FILE)
    except (ValueError, OSError) as error:
        logger.info("a kept conversion is damaged: %s", error)
        return None
    if found.scores:
        from reid.calibration import warn_of_overlap

        warn_of_overlap(name, found.scores)
    return RuntimeEncoder(opened, facts, batch_size=batch_size)


def _may_have_accelerator() -> bool:
    """Whether PyTorch could find something faster than the CPU here."""
    return not sys.platform.startswith("linux") or any(map(os.path.exists, ACCELERATORS))
