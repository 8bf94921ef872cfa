"""A backbone without trained weights: repeatable, and not blind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reid.backbones.dogenet import dogenet26
from reid.preprocess import normalise
from reid.seeded import drawn_people, fit_whitening, seeded_backbone, whitening_for

SIZE = (64, 32)


def spread(embeddings: np.ndarray) -> float:
    """Median cosine distance between rows."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return float(np.median(1 - (unit @ unit.T)[np.triu_indices(len(unit), 1)]))


def test_same_seed_same_weights_and_other_seed_other_weights() -> None:
    first, same, other = (seeded_backbone("dogenet26", seed).state_dict() for seed in (7, 7, 8))
    assert all(torch.equal(value, same[key]) for key, value in first.items())
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])


def test_drawn_people_are_the_same_each_time_and_differ_among_themselves() -> None:
    people = drawn_people(5, SIZE, 0)
    assert (people.shape, people.dtype) == ((5, *SIZE, 3), np.uint8)
    np.testing.assert_array_equal(people, drawn_people(5, SIZE, 0))
    assert all(np.abs(people[0].astype(int) - other).mean() > 5 for other in people[1:])


def test_whitening_spreads_embeddings_that_had_collapsed() -> None:
    torch.manual_seed(0)
    backbone = dogenet26(input_size=SIZE).eval()
    whitening = whitening_for(backbone, 0)
    unseen = normalise(drawn_people(32, SIZE, 99), mean=backbone.mean, std=backbone.std)
    with torch.inference_mode():
        embeddings = backbone(unseen).numpy()
    assert spread(embeddings) < 0.01
    assert whitening is not None
    assert spread(whitening(embeddings)) > 0.3


def test_small_cnn_needs_no_whitening() -> None:
    assert whitening_for(seeded_backbone("small-cnn", 0), 0) is None


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_whitening_takes_deviations_to_the_remaining_power(power: float) -> None:
    rows = np.random.default_rng(0).normal(size=(500, 3)) * [8, 4, 1] + 100
    whitening = fit_whitening(rows, components=3, power=power)
    deviation = np.sort(np.linalg.svd(whitening(rows.astype(np.float32)), compute_uv=False))[::-1]
    before = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(deviation / deviation[0], (before / before[0]) ** (1 - power), rtol=1e-4)
    np.testing.assert_allclose(whitening(rows.astype(np.float32)).mean(axis=0), 0, atol=1e-3)
