"""How well a network tells held-out people apart, while it trains and at its end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from reid.backbones.base import Backbone
from reid.data import Split
from reid.encoder import unit_length
from reid.preprocess import normalise
from reid.ranking import Labels, RankingScores, rank
from reid.training.crops import CropStore
from reid.training.job import Watch

__all__ = ["Embedded", "HeldOut", "embed", "evaluate"]

BATCH = 64


@dataclass(frozen=True)
class HeldOut:
    """Query and gallery of people who are not in the training data, with their crops."""

    query: Split
    gallery: Split
    query_crops: CropStore
    gallery_crops: CropStore


@dataclass(frozen=True)
class Embedded:
    """The embeddings of a `HeldOut`, `(Q, D)` and `(G, D)`, of unit length."""

    query: npt.NDArray[np.float32]
    gallery: npt.NDArray[np.float32]


def embed(backbone: Backbone, held_out: HeldOut, device: torch.device, watch: Watch) -> Embedded:
    """Embed query and gallery; `backbone` is in `eval()` mode and on `device`."""
    total, done = len(held_out.query_crops) + len(held_out.gallery_crops), 0
    results = []
    for crops in (held_out.query_crops, held_out.gallery_crops):
        parts = []
        for start in range(0, len(crops), BATCH):
            rows = np.arange(start, min(start + BATCH, len(crops)))
            with torch.inference_mode():
                batch = normalise(crops[rows], mean=backbone.mean, std=backbone.std, device=device)
                parts.append(backbone.embed(batch).float().cpu().numpy())
            done += len(rows)
            watch.loading("evaluation", done, total)
        results.append(unit_length(np.concatenate(parts), backbone.name))
    return Embedded(*results)


def evaluate(backbone: Backbone, held_out: HeldOut, device: torch.device, watch: Watch) -> RankingScores:
    """Rank the gallery for each query by cosine distance (see `reid.ranking.rank`)."""
    embedded = embed(backbone, held_out, device, watch)
    return rank(embedded.query, embedded.gallery, Labels.of(held_out.query, held_out.gallery))
