"""A network in memory before any runtime has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from reid.backbones.base import Backbone
from reid.gates import GateCurve
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.graph import CropsToEmbeddings
from reid.seeded import Whitening, whitening_for

__all__ = ["Network", "facts_of", "graph_of"]


@dataclass(frozen=True)
class Network:
    """A backbone with what else its embeddings depend on.

    Attributes:
        backbone: in `eval()` mode.
        max_cosine_distance: gate that its checkpoint suggests.
        seed: of its random weights, `None` for trained ones; the whitening follows from both, and is fitted when the
            graph is built, which a run with a cached conversion never needs.
        scores: what its checkpoint tells of it.
        gate_curve: the gate by the number of people about, of its checkpoint.
    """

    backbone: Backbone
    max_cosine_distance: float | None = None
    seed: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    gate_curve: GateCurve | None = None

    def graph(self) -> CropsToEmbeddings:
        """The whole way from bytes to embeddings."""
        whitening = None if self.seed is None else whitening_for(self.backbone, self.seed)
        return graph_of(self.backbone, whitening)

    def facts(self) -> EncoderFacts:
        """What its files will say."""
        facts = facts_of(self.backbone, self.max_cosine_distance, self.seed)
        return dataclasses.replace(facts, gate_curve=self.gate_curve)


def graph_of(backbone: Backbone, whitening: Whitening | None) -> CropsToEmbeddings:
    """The graph of a backbone; it takes the backbone over."""
    return CropsToEmbeddings(backbone, (whitening.mean, whitening.projection) if whitening else None)


def facts_of(backbone: Backbone, max_cosine_distance: float | None = None, seed: int | None = None) -> EncoderFacts:
    """The facts of a backbone in float32."""
    return EncoderFacts(
        backbone=backbone.name,
        input_size=backbone.input_size,
        mean=backbone.mean,
        std=backbone.std,
        resize=backbone.resize,
        embedding_dim=backbone.embedding_dim,
        max_cosine_distance=max_cosine_distance,
        seed=seed,
    )
