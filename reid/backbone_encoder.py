"""From the name of a backbone to an encoder: its network with weights, in a runtime."""

from __future__ import annotations

import logging
from pathlib import Path

from registry.devices import resolve_device
from registry.own_code import same_part
from reid.backbones.base import Backbone
from reid.bundled import chosen_weights
from reid.calibration import warn_of_overlap
from reid.pretrained import load_pretrained
from reid.registry import own_network
from reid.runtime_encoder import RuntimeEncoder
from reid.runtimes import cache, check_runtime
from reid.runtimes.choose import Opened, is_exported, open_exported, open_runtime
from reid.runtimes.network import Network, facts_of, graph_of
from reid.runtimes.torch_runtime import TorchRuntime
from reid.seeded import Whitening, seeded_backbone

__all__ = ["BackboneEncoder", "RuntimeEncoder", "create_backbone_encoder", "load_network"]

logger = logging.getLogger(__name__)


class BackboneEncoder(RuntimeEncoder):
    """A backbone in memory as an encoder, in PyTorch and float32.

    Args:
        backbone: taken over, put into `eval()` mode and moved to the device.
        device: as for `registry.devices.resolve_device`.
        batch_size: as for `RuntimeEncoder`.
        gate: suggested maximum cosine distance, from the checkpoint.
        whitening: for a backbone without trained weights (see `reid.seeded`).
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        device: str = "auto",
        batch_size: int = 32,
        gate: float | None = None,
        whitening: Whitening | None = None,
    ) -> None:
        runtime = TorchRuntime(graph_of(backbone, whitening), resolve_device(device))
        super().__init__(runtime, facts_of(backbone, gate), batch_size=batch_size)


def create_backbone_encoder(
    name: str, *, weights: Path | None, device: str, seed: int, batch_size: int, runtime: str
) -> RuntimeEncoder:
    """The encoder of backbone `name`: trained or exported weights, or (with a warning) a seeded initialisation.

    `weights` is as for `reid.bundled.chosen_weights`, or what `track export` wrote.
    """
    check_runtime(runtime)
    resolve_device(device)  # before any model is built
    opened = (
        _exported(name, weights, runtime, device)
        if weights is not None and is_exported(weights)
        else _in_memory(name, weights, seed, runtime, device)
    )
    if opened.facts.seed is not None:
        logger.warning(
            "%s runs on random weights (seed %d), which see colours and layout only: identities by appearance are weak",
            name,
            opened.facts.seed,
        )
    return RuntimeEncoder(opened.runtime, opened.facts, batch_size=batch_size)


def load_network(
    name: str, weights: Path | None, *, seed: int = 0, input_size: tuple[int, int] | None = None
) -> Network:
    """Backbone `name` with its bundled weights, those of a checkpoint, or seeded ones.

    Args:
        name: as for `reid.registry.backbone_factory`.
        weights: as for `reid.bundled.chosen_weights`; a path as for `reid.pretrained.load_pretrained`.
        seed: of random weights.
        input_size: `(H, W)` px; `None` leaves the checkpoint's, or the backbone's own.

    Raises:
        ValueError, FileNotFoundError: no weights were named and none are bundled, or they do not fit.
    """
    is_built_by_user = weights is None and own_network(name) is not None
    weights = chosen_weights(name, weights)
    if is_built_by_user:  # seeded, since a constructor that loads no weights draws them
        return Network(seeded_backbone(name, seed, input_size=input_size))
    if weights is None:
        return Network(seeded_backbone(name, seed, input_size=input_size), seed=seed)
    loaded = load_pretrained(name, weights, input_size=input_size)
    if loaded.info is None:
        return Network(loaded.backbone.eval())
    warn_of_overlap(name, loaded.info.scores)
    info = loaded.info
    return Network(loaded.backbone.eval(), info.max_cosine_distance, scores=info.scores, gate_curve=info.gate_curve)


def _in_memory(name: str, weights: Path | None, seed: int, runtime: str, device: str) -> Opened:
    """A network that is built, and converted where that is not kept; see `reid.opening` for the short way next time."""
    network = load_network(name, weights, seed=seed)
    facts, key = network.facts(), cache.cache_key(network, "openvino")
    opened = Opened(open_runtime(network, runtime, device), facts)
    checkpoint = chosen_weights(name, weights)
    if opened.runtime.name == "openvino" and checkpoint is not None and checkpoint.is_file():
        cache.note_origin(key, name, checkpoint, network.scores)
    return opened


def _exported(name: str, path: Path, runtime: str, device: str) -> Opened:
    opened = open_exported(path, runtime, device)
    if not same_part(opened.facts.backbone, name):
        held = opened.facts.backbone
        raise ValueError(f"{path.name} holds {held}, but --reid {name} was asked; use --reid {held}")
    return opened
