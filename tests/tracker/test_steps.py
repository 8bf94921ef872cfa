"""The compiled steps of a frame against NumPy's: equal to the last bit, but for sums over embeddings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import TrackerConfig, steps_numpy
from tracker.gallery import Gallery
from tracker.measured import Measured
from tracker.pairs import Pairs
from tracker.steps import Steps, choose_steps
from tracker.table import CONFIRMED, TENTATIVE, TrackTable

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.sampled_from([0, 1, 3, 12, 60, 300])
"""The last makes so many pairs that candidates are searched for."""
STATE = ("mean", "covariance", "counters", "measures")
STRONG = TrackerConfig(
    measured_noise=2.2,
    score_noise=0.7,
    calibrated_scores=True,
    birth_score=0.6,
    confirm_evidence=2.0,
    miss_evidence=2.0,
    max_age_s=1.0,
    recover_s=0.35,
    tentative_penalty=0.2,
    doubt_penalty=0.2,
    border_wait_s=0.5,
    border_share=0.7,
)


@pytest.fixture(scope="module")
def compiled():
    pytest.importorskip("numba", reason="numba is not installed, so there is nothing to compare")
    return choose_steps(compiled=True)


def boxes(rng, count):
    low = rng.uniform((-20, -20), (1900, 1000), (count, 2))
    return np.concatenate((low, low + rng.uniform(1, 150, (count, 2))), axis=1)


def detections(rng, count, dim=5):
    xyxy = boxes(rng, count)
    return Measured(
        xyxy,
        steps_numpy.admit(xyxy, np.ones(count, np.float32), -1e6, 1e6),
        rng.random(count).astype(np.float32),
        rng.integers(0, 5, count),
        steps_numpy.normalised(rng.normal(size=(count, dim)).astype(np.float32)),
        rng.permutation(count),
        0,
    )


def table(rng, count):
    """Tracks of any age and kind."""
    tracks = TrackTable()
    rows = tracks.add(count)
    tracks.mean[rows, :, 0] = detections(rng, count).xyah
    tracks.mean[rows, :, 1] = rng.normal(0, (3, 3, 0.01, 1), (count, 4))
    tracks.covariance[rows, :, 0::2] = rng.uniform(0.1, 400, (count, 4, 2))
    tracks.covariance[rows, :, 1] = rng.uniform(-0.1, 0.1, (count, 4))
    tracks.state[rows] = rng.choice([TENTATIVE, CONFIRMED], count)
    tracks.misses[rows] = tracks.time_since_update[rows] = rng.integers(0, 4, count)
    tracks.log_odds[rows] = rng.uniform(-3, 8, count)
    tracks.seen_s[rows] = rng.uniform(8, 10, count)
    tracks.whole_area[rows] = rng.choice([0.0, 900.0], count)
    tracks.cut_area[rows] = rng.choice([500.0, 700.0, np.inf], count)
    return tracks


def some(rng, count):
    return np.flatnonzero(rng.random(count) < 0.8)


def state(tracks):
    return [getattr(tracks, name).copy() for name in STATE]


def as_arrays(returned):
    if returned is None:
        return []
    if isinstance(returned, Pairs):
        return [returned.tracks, returned.detections, returned.costs]
    return list(returned) if isinstance(returned, tuple) else [returned]


def assert_equal(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def by_both(compiled, do, tracks):
    """What `do(steps, tracks)` returns, and the columns that it leaves, by each of the steps from the same start."""
    start, found = state(tracks), []
    for steps in (steps_numpy, compiled):
        for name, before in zip(STATE, start, strict=True):
            getattr(tracks, name)[:] = before
        returned = do(steps, tracks)
        found.append([*as_arrays(returned), *state(tracks)])
    return found


def test_both_offer_all_steps_and_no_others(compiled):
    steps = sorted(name for name in vars(Steps) if not name.startswith("_"))
    assert sorted(steps_numpy.__all__) == sorted(compiled.__all__) == steps


@given(SEEDS, COUNTS, st.booleans(), st.sampled_from([TrackerConfig(), STRONG]))
def test_prediction(compiled, seed, count, looked, config):
    tracks = table(np.random.default_rng(seed), count)
    tracks.mean[: count // 9, 3] = (1.0, -2.0)  # heights that a long prediction drives below zero
    assert_equal(*by_both(compiled, lambda s, t: s.predict(t, config.noise, looked=looked), tracks))


@given(SEEDS, COUNTS, COUNTS, st.floats(0.1, 50))
def test_pairs_within_the_motion_gate(compiled, seed, num_tracks, num_detections, gate):
    rng = np.random.default_rng(seed)
    tracks, seen = table(rng, num_tracks), detections(rng, num_detections)
    innovation = tracks.covariance[..., 0] + rng.uniform(0.1, 900, (num_tracks, 4)) * (1, 1, 1e-3, 1)
    chosen = some(rng, num_tracks), some(rng, num_detections)
    assert_equal(
        *by_both(compiled, lambda s, t: s.motion_pairs(t, innovation, chosen[0], seen.xyah, chosen[1], gate), tracks)
    )


@given(SEEDS, COUNTS, COUNTS, st.floats(0, 1))
def test_pairs_that_overlap(compiled, seed, num_tracks, num_detections, most):
    rng = np.random.default_rng(seed)
    seen = detections(rng, num_detections)
    tracks, columns = some(rng, num_tracks), some(rng, num_detections)
    expected = boxes(rng, len(tracks))
    near = min(len(tracks), num_detections)
    expected[:near] = seen.xyxy[:near] + rng.normal(0, 5, (near, 4))
    given_both = expected, tracks, seen.xyxy, columns, most
    assert_equal(*(as_arrays(steps.overlaps(*given_both)) for steps in (steps_numpy, compiled)))


@given(SEEDS, COUNTS, st.booleans())
def test_correction(compiled, seed, count, trusted):
    rng = np.random.default_rng(seed)
    tracks, seen = table(rng, count), detections(rng, count)
    rows = some(rng, count)
    matched, shares = rng.permutation(count)[: len(rows)], rng.uniform(0.05, 1, len(rows)) if trusted else None
    innovation = tracks.covariance[..., 0] + rng.uniform(0.1, 9, (count, 4))
    assert_equal(*by_both(compiled, lambda s, t: s.correct(t, rows, innovation, seen.xyah, matched, shares), tracks))


@given(SEEDS, COUNTS, st.sampled_from([None, (1920, 1080)]), st.booleans())
def test_what_is_remembered(compiled, seed, count, frame_size, border):
    rng = np.random.default_rng(seed)
    tracks, seen, rows = table(rng, count), detections(rng, count), some(rng, count)
    seen.xyxy[: count // 3, 0] = rng.uniform(-12, 12, count // 3)  # some lie on the border
    matched = rng.permutation(count)[: len(rows)]
    assert_equal(
        *by_both(compiled, lambda s, t: s.remember(t, rows, seen, matched, 10.5, frame_size, border=border), tracks)
    )


@given(SEEDS, COUNTS, st.sampled_from([TrackerConfig(), TrackerConfig(max_age=1), STRONG]))
def test_who_dies_and_who_is_shown(compiled, seed, count, config):
    tracks = table(np.random.default_rng(seed), count)
    assert_equal(*by_both(compiled, lambda s, t: s.dying(t, config, 10.0), tracks))
    assert_equal(*by_both(compiled, lambda s, t: s.shown(t, config), tracks))
    rows = steps_numpy.shown(tracks, config)
    assert_equal([steps_numpy.corners(tracks, rows)], [compiled.corners(tracks, rows)])


@given(SEEDS, COUNTS)
def test_what_is_admitted_at_a_glance(compiled, seed, count):
    rng = np.random.default_rng(seed)
    xyxy, scores = boxes(rng, count), rng.random(count).astype(np.float32)
    for spoil in (None, np.nan, np.inf, 1e7, -1e7):
        if spoil is not None and count:
            xyxy[rng.integers(count), rng.integers(4)] = spoil
        results = [steps.admit(xyxy, scores, -2000.0, 4000.0) for steps in (steps_numpy, compiled)]
        assert [result is None for result in results] in ([True, True], [False, False])
        if results[0] is not None:
            assert_equal([results[0]], [results[1]])
    if count:
        scores[0] = np.nan
        assert compiled.admit(boxes(rng, count), scores, -1e6, 1e6) is None


@given(SEEDS, st.integers(1, 12), st.integers(1, 12), st.integers(1, 4))
def test_rivals_and_nearest(compiled, seed, num_tracks, num_detections, deepest):
    rng = np.random.default_rng(seed)
    tracks, columns = map(np.copy, np.nonzero(rng.random((num_tracks, num_detections)) < 0.4))
    pairs = Pairs(tracks, columns, rng.integers(0, 5, len(tracks)) / 4)
    rivals = steps_numpy.contested(pairs)
    assert_equal([rivals], [compiled.contested(pairs)])
    assert_equal([steps_numpy.mutually_nearest(pairs)], [compiled.mutually_nearest(pairs)])
    if len(pairs):
        level = rng.integers(1, deepest + 1, num_tracks)[tracks]
        matched = np.flatnonzero(steps_numpy.mutually_nearest(pairs) & (rng.random(len(pairs)) < 0.7))
        once = np.unique(columns[matched], return_index=True)[1]
        arguments = pairs, level, rivals, matched[np.sort(once)]
        assert_equal([steps_numpy.nearest_in_turn(*arguments)], [compiled.nearest_in_turn(*arguments)])


@settings(max_examples=50)
@given(SEEDS, st.integers(1, 12), st.integers(1, 6), st.floats(-0.5, 1.5))
def test_distances_of_galleries(compiled, seed, num_slots, size, gate):
    """Asked frame after frame, while some galleries grow and some are cleared: outlines must follow."""
    rng = np.random.default_rng(seed)
    galleries = Gallery(size), Gallery(size)
    looks = rng.normal(size=(num_slots, 6))
    for gallery in galleries:
        gallery.reserve(num_slots, 6)
    for _ in range(12):
        seen = detections(rng, num_slots, 6)
        near = looks + rng.choice([0.3, 2.0]) * rng.normal(size=looks.shape)
        embeddings = steps_numpy.normalised(near.astype(np.float32))
        np.testing.assert_allclose(compiled.normalised(near.astype(np.float32)), embeddings, rtol=1e-6)
        grows, cleared = some(rng, num_slots), np.flatnonzero(rng.random(num_slots) < 0.1)
        slots, queries = rng.integers(0, num_slots, 20), rng.integers(0, num_slots, 20)
        for steps, gallery in zip((steps_numpy, compiled), galleries, strict=True):
            if rng.random() < 0.5:
                steps.distances(gallery, slots, embeddings, queries, gate)
            gallery.clear(cleared)
        for steps, gallery in zip((steps_numpy, compiled), galleries, strict=True):
            steps.push(gallery, grows[: num_slots // 2], embeddings, grows[: num_slots // 2])
        asked = slots, seen.embeddings, queries
        exact, fast = steps_numpy.distances(galleries[0], *asked, None), compiled.distances(galleries[1], *asked, None)
        np.testing.assert_allclose(fast, exact, atol=1e-6)
        enough = compiled.distances(galleries[1], *asked, gate)
        decided = np.abs(exact - gate) > 1e-5
        assert_equal([(enough <= gate)[decided]], [(exact <= gate)[decided]])


@pytest.mark.parametrize("tilt", [0.0, 1e-4, 3e-4, 1e-3])
def test_outlines_of_galleries_that_are_nearly_one_direction(compiled, tilt):
    """There a root in float32 is worst; queries lie a little inside of the gate, seen from the one that is tilted."""
    rng, gate = np.random.default_rng(0), 0.2
    for margin in (1e-5, 1e-4, 3e-4):
        for _ in range(30):
            towards, aside = np.linalg.qr(rng.normal(size=(128, 2)))[0].T
            looks = np.repeat(towards[None], 100, axis=0)
            looks[0] += tilt * aside
            looks = steps_numpy.normalised(looks.astype(np.float32))
            across = aside - (aside @ looks[0]) * looks[0]
            cosine = 1 - gate + margin
            query = cosine * looks[0] + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across)
            gallery, here = Gallery(100), np.array([0])
            gallery.reserve(1, 128)
            for look in looks:
                gallery.push(here, look[None])
            queries = steps_numpy.normalised(query[None].astype(np.float32))
            for _ in range(2):
                found = compiled.distances(gallery, np.repeat(here, 16), queries, np.repeat(here, 16), gate)
            assert gallery.outlines.drawn_at[0] == 100, "the test is of no use without an outline"
            assert (found <= gate).all()


def test_rows_without_a_length_become_zero(compiled):
    rows = np.array([[0, 0], [np.nan, 1], [np.inf, 1], [3, 4]], np.float32)
    np.testing.assert_allclose(compiled.normalised(rows), [[0, 0], [0, 0], [0, 0], [0.6, 0.8]], rtol=1e-6)


def _add_one(number):
    return number + 1


@pytest.mark.parametrize("problem", [EOFError, OSError, RuntimeError], ids=["damaged", "full disk", "no folder"])
def test_a_cache_that_is_of_no_use_costs_nothing_but_time(compiled, monkeypatch, problem):
    def fails(*_):
        raise problem("no cache today")

    monkeypatch.setattr("numba.core.caching.FunctionCache.load_overload", fails)
    assert compiled._compiled(_add_one, "i")(1) == 2


def test_what_numba_does_not_understand_is_told_as_a_missing_package(compiled):
    with pytest.raises(ImportError, match=r"numba [\d.]+ cannot compile <lambda>"):
        compiled._compiled(lambda number: number.nothing, "i")
