"""Networks for tests of what runs them."""

from __future__ import annotations

import torch

from reid import create_backbone
from reid.runtimes.network import Network


def network(name: str, seed: int = 0) -> Network:
    """A backbone with random weights, as if trained: nothing whitens its embeddings."""
    torch.manual_seed(seed)
    return Network(create_backbone(name).eval())
