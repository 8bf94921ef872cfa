"""Batches: P different identities with K crops each, the same for the same seed and epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.training.sampler import epoch_batches

counts = st.lists(st.integers(1, 9), min_size=4, max_size=12)


def batches_of(
    sizes: list[int], *, ids: int, crops: int, seed: int = 0, epoch: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return labels, epoch_batches(labels, ids_per_batch=ids, crops_per_id=crops, seed=seed, epoch=epoch)


@given(counts, st.integers(2, 4), st.integers(2, 5), st.integers(0, 5))
def test_each_batch_has_p_different_identities_with_k_crops(sizes: list[int], ids: int, crops: int, epoch: int) -> None:
    labels, batches = batches_of(sizes, ids=ids, crops=crops, epoch=epoch)
    groups = labels[batches].reshape(len(batches), ids, crops)
    assert (groups == groups[..., :1]).all()
    assert all(len(set(row)) == ids for row in groups[..., 0].tolist())


@given(counts, st.integers(2, 4), st.integers(2, 5))
def test_every_epoch_has_as_many_batches_as_the_groups_fill(sizes: list[int], ids: int, crops: int) -> None:
    expected = sum(-(-size // crops) for size in sizes) // ids
    assert {len(batches_of(sizes, ids=ids, crops=crops, epoch=epoch)[1]) for epoch in range(4)} == {expected}


def test_where_everything_divides_an_epoch_is_each_crop_once() -> None:
    _, batches = batches_of([8] * 6, ids=3, crops=4)
    assert sorted(batches.ravel()) == list(range(48))


def test_a_group_repeats_no_crop_while_its_identity_has_others() -> None:
    _, batches = batches_of([5] * 8, ids=4, crops=4)
    assert all(len(set(group)) == 4 for group in batches.reshape(-1, 4).tolist())


def test_an_identity_with_one_image_is_that_image_k_times() -> None:
    labels, batches = batches_of([1, 4, 4, 4], ids=4, crops=4)
    (group,) = [group for group in batches.reshape(-1, 4) if labels[group[0]] == 0]
    assert len(set(group.tolist())) == 1


def test_an_identity_with_many_crops_is_spread_over_the_epoch() -> None:
    labels, batches = batches_of([40, *[8] * 20], ids=5, crops=4)
    at = np.flatnonzero((labels[batches] == 0).any(1))
    assert at[0] < len(batches) / 4
    assert at[-1] > 3 * len(batches) / 4


def test_order_depends_on_seed_and_epoch_and_nothing_else() -> None:
    first = batches_of([8] * 6, ids=3, crops=4, seed=1, epoch=2)[1]
    np.random.default_rng().random()
    assert (first == batches_of([8] * 6, ids=3, crops=4, seed=1, epoch=2)[1]).all()
    assert (first != batches_of([8] * 6, ids=3, crops=4, seed=2, epoch=2)[1]).any()
    assert (first != batches_of([8] * 6, ids=3, crops=4, seed=1, epoch=3)[1]).any()


@pytest.mark.parametrize("sizes", [[], [4]])
def test_no_batch_is_named_where_none_fits(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"the training data has {len(sizes)}; add people, expected 2 or more"):
        batches_of(sizes, ids=16, crops=4)


def test_too_few_identities_are_an_error_that_names_a_batch_that_fits() -> None:
    with pytest.raises(ValueError, match=r"needs 16 identities, but the training data has 3; use --batch 3x4"):
        batches_of([4, 4, 4], ids=16, crops=4)
