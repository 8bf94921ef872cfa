"""What a backbone costs: parameters, multiply-accumulates and the width of its embedding, at any input size.

Nothing is computed: the network is built and run on PyTorch's meta device, which knows shapes only. Counting all
networks still takes seconds, so the counts at the usual sizes stand in `costs.json`; `python -m reid.cost` writes it
anew, and the tests hold it against the networks.
"""

from __future__ import annotations

import functools
import json
from dataclasses import astuple, dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reid.factories import create_backbone
from reid.registry import BACKBONES

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Cost", "cost", "stored_cost"]

TABLE = Path(__file__).with_name("costs.json")
TABLE_SIZES = ((128, 64), (256, 128), (224, 224))
PER_NORMALISED = 5  # what fvcore counts for each value of an affine norm in training
PER_POOLED = 1


@dataclass(frozen=True)
class Cost:
    """Counts of one backbone for one crop.

    Attributes:
        name: public name, or `timm:NAME`.
        input_size: `(H, W)` px.
        parameters: learned numbers, without the running statistics of BatchNorm.
        macs: multiply-accumulates of convolutions, linear layers and attention, as the papers count; the products
            of DilateFormer's nine taps are among them, other elementwise arithmetic is not.
        flops: as the table of DogeNet and Shiba counts (fvcore in training mode): `macs`, and 5 for each value that a
            norm writes, and 1 for each that a global average over a map reads.
        embedding_dim: width D of the embedding.
    """

    name: str
    input_size: tuple[int, int]
    parameters: int
    macs: int
    flops: int
    embedding_dim: int


def cost(name: str, input_size: tuple[int, int] | None = None, *, num_classes: int = 0) -> Cost:
    """Count one backbone.

    Args:
        name: one of `BACKBONES.names()`, or `timm:NAME`.
        input_size: `(H, W)` px; `None` for the network's own.
        num_classes: identities of a classifier to count as well; 0 for none.

    Raises:
        ValueError: unknown name, or a size that the network cannot take.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network = create_backbone(name, num_classes=num_classes, input_size=input_size).eval()
        crop = torch.empty(1, 3, *network.input_size)
    # Hooks count what is a product in the definition but not in the code, and norms, whose operators have another name
    # from one release of PyTorch to the next; an operator that the counter does not know would be left out in silence.
    elementwise, normalised = _count_elementwise(network), _count_norms(network)
    mean = torch.ops.aten.mean
    with torch.inference_mode(), FlopCounterMode(display=False, custom_mapping={mean: _average}) as counter:
        network(crop)
    counts = {str(operation): count for operation, count in counter.get_flop_counts().get("Global", {}).items()}
    pooled = counts.pop(str(mean), 0)
    macs = sum(counts.values()) // 2 + sum(elementwise)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Cost(name, network.input_size, parameters, macs, macs + sum(normalised) + pooled, network.embedding_dim)


def _count_elementwise(network: nn.Module) -> list[int]:
    """Receives, while the network runs, what each module with `elementwise_macs` says of its input."""
    found: list[int] = []

    def note(module: Any, inputs: tuple[Tensor, ...]) -> None:
        found.append(module.elementwise_macs(inputs[0]))

    for module in network.modules():
        if hasattr(module, "elementwise_macs"):
            module.register_forward_pre_hook(note)
    return found


def _count_norms(network: nn.Module) -> list[int]:
    """Receives, while the network runs, what each of its norms adds to `Cost.flops`."""
    from torch import nn

    found: list[int] = []

    def note(_: Any, inputs: tuple[Tensor, ...]) -> None:
        found.append(PER_NORMALISED * inputs[0].numel())

    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.InstanceNorm2d)):
            module.register_forward_pre_hook(note)
    return found


def _average(shape: tuple[int, ...], dims: list[int] | None, *_: Any, **__: Any) -> int:
    """What a mean over a map adds to `Cost.flops`, by the shape of its input; other means add nothing."""
    is_global = len(shape) == 4 and dims is not None and sorted(dim % 4 for dim in dims) == [2, 3]
    return PER_POOLED * prod(shape) if is_global else 0


def stored_cost(name: str, input_size: tuple[int, int] | None = None) -> Cost | None:
    """The counts of `cost` without a classifier from the table, at once and without PyTorch; `None` if not in there."""
    size = input_size or _table()["own sizes"].get(name)
    row = _table()["costs"].get(f"{name}@{size[0]}x{size[1]}") if size else None
    return Cost(name, (size[0], size[1]), *row) if row else None


@functools.cache
def _table() -> Any:
    return json.loads(TABLE.read_text())


def _write_table() -> None:
    """Count all named backbones at the usual sizes; a size that a family cannot take has no row."""
    own_sizes, costs = {}, {}
    for name in BACKBONES.names():
        own = cost(name)
        own_sizes[name] = own.input_size
        for size in dict.fromkeys((*TABLE_SIZES, own.input_size)):
            try:
                counted = own if size == own.input_size else cost(name, size)
            except ValueError:
                continue
            costs[f"{name}@{size[0]}x{size[1]}"] = astuple(counted)[2:]
    rows = [json.dumps({"own sizes": own_sizes})[1:-1]]
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(row)}" for key, row in costs.items())
    TABLE.write_text("{" + rows[0] + ',\n"costs": {\n' + lines + "\n}}\n")


if __name__ == "__main__":
    _write_table()
