"""The gate against hand arithmetic, scikit-free brute force, and what must hold for any distances."""

from __future__ import annotations

import logging
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.calibration import calibrate, calibrate_distances, pair_distances, warn_of_overlap
from reid.data.types import DISTRACTOR, JUNK
from reid.plots import plot_distances
from reid.ranking import Labels

Floats = npt.NDArray[np.float64]
distances = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(1e-3, 2).map(lambda x: round(x, 3)))


def test_a_gate_that_can_be_found_by_hand() -> None:
    """Of ten different pairs one may match: the gate lies just below the second nearest of them."""
    different = np.array([0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2])
    found = calibrate_distances(np.array([0.1, 0.3, 0.35, 0.45]), different, false_match_rate=0.1)
    assert found.gate == pytest.approx(0.4, abs=2e-6)
    assert found.gate < 0.4
    assert (found.false_match_rate, found.false_non_match_rate) == (0.1, 0.25)
    # At 0.35 one of ten strangers and three of four same pairs match: |0.1 - 0.25| is least at 0.4: 0.2 and 0.25.
    assert (found.eer, found.eer_gate) == (pytest.approx(0.225), 0.4)
    # The four same pairs come before 10, 9, 9 and 8 of the ten strangers.
    assert found.auc == pytest.approx((10 + 9 + 9 + 8) / 40)
    assert found.overlap == pytest.approx(0.2), "both rates at the gate 0.45: two of ten, none of four"
    assert not found.undecided


@given(distances, distances, st.floats(0.001, 0.999))
def test_the_gate_keeps_the_rate_and_no_larger_one_does(same: Floats, different: Floats, rate: float) -> None:
    found = calibrate_distances(same, different, false_match_rate=rate)
    assert np.mean(different <= found.gate) == found.false_match_rate <= rate
    assert np.mean(same > found.gate) == pytest.approx(found.false_non_match_rate)
    assert np.mean(different <= found.gate + 2e-6) > rate or found.gate >= 2


@given(distances, distances, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_a_larger_rate_never_gives_a_smaller_gate(same: Floats, different: Floats, one: float, other: float) -> None:
    low, high = sorted((one, other))
    gates = [calibrate_distances(same, different, false_match_rate=rate).gate for rate in (low, high)]
    assert gates[0] <= gates[1]


@given(distances, distances)
def test_auc_and_overlap_equal_brute_force(same: Floats, different: Floats) -> None:
    found = calibrate_distances(same, different)
    order = (same[:, None] < different).mean() + (same[:, None] == different).mean() / 2
    sums = [np.mean(different <= gate) + np.mean(same > gate) for gate in np.concatenate([same, different])]
    assert found.auc == pytest.approx(order)
    assert found.overlap == pytest.approx(min(1.0, *sums))
    assert 0 <= found.eer <= 1


def test_histograms_that_coincide_cannot_decide_and_say_so(caplog: pytest.LogCaptureFixture) -> None:
    values = np.linspace(0.1, 0.9, 50)
    found = calibrate_distances(values, values)
    assert found.overlap > 0.9
    assert found.undecided
    with caplog.at_level(logging.WARNING):
        warn_of_overlap("small-cnn", found.scores())
    assert "appearance cannot decide" in caplog.text


def test_histograms_that_are_apart_are_silent(caplog: pytest.LogCaptureFixture) -> None:
    found = calibrate_distances(np.linspace(0, 0.2, 50), np.linspace(0.5, 1, 50))
    assert (found.overlap, found.eer, found.auc) == (0, 0, 1)
    with caplog.at_level(logging.WARNING):
        warn_of_overlap("small-cnn", found.scores())
        warn_of_overlap("a checkpoint without calibration", {})
    assert caplog.text == ""


def test_a_network_to_which_all_look_alike_gets_gate_0_and_its_true_rate() -> None:
    found = calibrate_distances(np.zeros(5), np.zeros(5))
    assert (found.gate, found.false_match_rate, found.undecided) == (0.0, 1.0, True)


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_a_rate_outside_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="--false-match-rate"):
        calibrate_distances(np.ones(3), np.ones(3), false_match_rate=rate)


def test_without_pairs_there_is_no_gate() -> None:
    with pytest.raises(ValueError, match="0 pairs of one identity and 3 of different ones"):
        calibrate_distances(np.empty(0), np.ones(3))


def _crowd(seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], Labels]:
    rng = np.random.default_rng(seed)
    query, gallery = (rng.normal(size=(count, 6)).astype(np.float32) for count in (9, 25))
    query, gallery = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery))
    ids = np.array([JUNK, DISTRACTOR, *range(4)])
    labels = Labels(rng.integers(0, 4, 9), rng.choice(ids, 25), rng.integers(0, 3, 9), rng.integers(0, 3, 25))
    return query, gallery, labels


@given(st.integers(0, 500))
def test_pairs_are_those_of_the_protocol(seed: int) -> None:
    query, gallery, of = _crowd(seed)
    same, different = [], []
    for q in range(9):
        for g in range(25):
            distance = 1 - float(query[q] @ gallery[g])
            if of.query_ids[q] == of.gallery_ids[g]:
                same += [distance] if of.query_cameras[q] != of.gallery_cameras[g] else []
            elif of.gallery_ids[g] != JUNK:
                different.append(distance)
    found = pair_distances(query, gallery, of)
    np.testing.assert_allclose(np.sort(found.same), np.sort(same), atol=1e-5)
    np.testing.assert_allclose(np.sort(found.different), np.sort(different), atol=1e-5)
    assert (found.num_same, found.num_different) == (len(same), len(different))


def test_a_sample_is_of_those_pairs_and_follows_the_seed() -> None:
    query, gallery, of = _crowd(1)
    whole = pair_distances(query, gallery, of)
    one, again, other = (pair_distances(query, gallery, of, max_pairs=20, seed=seed) for seed in (0, 0, 1))
    assert len(one.same) == 20
    assert 0 < len(one.different) <= 20
    assert set(np.round(one.different, 5)) <= set(np.round(whole.different, 5))
    assert np.array_equal(one.different, again.different)
    assert not np.array_equal(one.different, other.different)
    assert (one.num_same, one.num_different) == (whole.num_same, whole.num_different)


@pytest.mark.parametrize("title", ["a crowd", "not UTF-8: \udcff\udce4", "no formula: $x_{$", "a line\nend"])
def test_the_plot_is_a_picture_whatever_the_data_are_called(tmp_path: Path, title: str) -> None:
    from reid.data import read_image

    query, gallery, of = _crowd(2)
    plot_distances(tmp_path / "distances.png", calibrate(query, gallery, of), title)
    assert read_image(tmp_path / "distances.png").std() > 5
