"""Scores without a piece: TrackEval is the oracle for all pieces, for each piece's counts, and for what is left."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from evaluation import EvalOptions, GroundTruth
from evaluation.evaluate import prepare_rows
from evaluation.metrics import combine, measure
from evaluation.pieces import (
    SCORES,
    Interval,
    Pieces,
    count_pieces,
    jackknife_interval,
    joined,
    num_pieces,
    scores_without_each,
)
from evaluation.prepare import Prepared, prepare
from evaluation.reading import read_rows
from evaluation.rows import NO_CLASS, TrackRows
from evaluation.rules import RULES

LENGTH, NUM = 60, 6


def rows(frames: np.ndarray, ids: np.ndarray, tlwh: np.ndarray) -> TrackRows:
    count = len(frames)
    return TrackRows(Path("rows"), frames, ids, tlwh, np.ones(count), np.full(count, NO_CLASS))


def scene(seed: int, *, crowded: bool = True, switches: bool = True) -> Prepared:
    """People with tracks that miss, jitter, switch and see ghosts; far apart there is one match for each at most."""
    random = np.random.default_rng(seed)
    people = 8
    frames, ids = np.divmod(np.arange(LENGTH * people), people)
    places = random.uniform(0, 120 if crowded else 3000, (people, 2)) + ([0, 0] if crowded else [[0, 1e4]])
    places = places + (0 if crowded else 400 * np.arange(people)[:, None])
    walk = np.cumsum(random.normal(0, 2, (LENGTH, people, 2)), axis=0)
    truth = np.concatenate((places[ids] + walk[frames, ids], np.full((len(ids), 2), [40, 90])), axis=1)
    found = truth + random.normal(0, 5 if crowded else 3, truth.shape)
    kept = (random.random(len(ids)) > 0.15) & (frames % 17 > 0)
    track = ids + 100 * (frames // (10 + 3 * (ids % 4))) if switches else ids
    ghosts = random.random(len(ids)) > 0.95
    boxes = np.concatenate((found[kept], found[ghosts] + [9000, 0, 0, 0]))
    prediction = rows(
        np.concatenate((frames[kept], frames[ghosts])) + 1, np.concatenate((track[kept], track[ghosts] + 5000)), boxes
    )
    truth_rows = rows(frames + 1, ids, truth)
    truth_rows = truth_rows[random.random(len(ids)) > 0.1]
    options = EvalOptions(rules="mot15", first=1, last=LENGTH, force=True)
    _, (prepared,) = prepare_rows(GroundTruth("scene", Path("gt.txt"), LENGTH), truth_rows, prediction, options)
    return prepared


def part(prepared: Prepared, kept: np.ndarray) -> Prepared:
    """Some of the frames, which is what TrackEval sees of a sequence that was cut; unused ids are left out."""
    chosen = [number for number, frame in enumerate(prepared.frames) if kept[frame - 1]]
    gt, pred = ([each[i] for i in chosen] for each in (prepared.gt_ids, prepared.pred_ids))
    dense = []
    for ids in (gt, pred):
        labels = np.unique(np.concatenate([np.empty(0, np.int64), *ids]))
        dense.append((labels, tuple(np.searchsorted(labels, each) for each in ids)))
    return Prepared(
        tuple(prepared.frames[i] for i in chosen),
        int(kept.sum()),
        dense[0][1],
        dense[1][1],
        tuple(prepared.similarity[i] for i in chosen),
        dense[0][0],
        dense[1][0],
    )


def by_trackeval(*parts: Prepared) -> list[float]:
    scores = combine([measure(each) for each in parts]).scores
    return [scores[name] for name in SCORES]


def piece_of_frame(num_frames: int, num: int) -> np.ndarray:
    return np.arange(num_frames) * num // num_frames


@pytest.mark.parametrize("seed", range(6))
def test_with_all_pieces_the_scores_are_trackevals(seed: int) -> None:
    prepared = scene(seed)
    (first, *without) = scores_without_each([count_pieces(prepared, NUM)])
    assert first == pytest.approx(by_trackeval(prepared), abs=1e-9)
    assert len(without) == NUM


@pytest.mark.parametrize("seed", range(6))
def test_of_several_sequences_they_are_those_of_all_boxes_together(seed: int) -> None:
    scenes = [scene(seed), scene(seed + 50, crowded=False), scene(seed + 99)]
    scores = scores_without_each([count_pieces(each, NUM) for each in scenes])
    assert scores[0] == pytest.approx(by_trackeval(*scenes), abs=1e-9)
    assert scores.shape == (1 + 3 * NUM, 3)


@pytest.mark.parametrize("seed", range(4))
def test_idf1_without_a_piece_is_that_of_the_sequence_cut(seed: int) -> None:
    prepared, scores = scene(seed), scores_without_each([count_pieces(scene(seed), NUM)])
    for piece in range(NUM):
        cut = part(prepared, piece_of_frame(LENGTH, NUM) != piece)
        assert scores[1 + piece, 1] == pytest.approx(by_trackeval(cut)[1], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_all_scores_without_a_piece_are_those_of_the_sequence_cut_where_no_match_depends_on_another(seed: int) -> None:
    prepared = scene(seed, crowded=False, switches=False)
    scores = scores_without_each([count_pieces(prepared, NUM)])
    for piece in range(NUM):
        cut = part(prepared, piece_of_frame(LENGTH, NUM) != piece)
        assert scores[1 + piece] == pytest.approx(by_trackeval(cut), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_misses_false_boxes_and_switches_of_a_piece_are_what_its_frames_add_in_trackeval(seed: int) -> None:
    """CLEAR goes through a sequence once, so its counts up to the end of a piece do not know what follows."""
    prepared = scene(seed)
    counts = count_pieces(prepared, NUM).clear
    before = np.zeros(3)
    for piece in range(NUM):
        so_far = measure(part(prepared, piece_of_frame(LENGTH, NUM) <= piece)).scores
        now = np.array([so_far["FN"], so_far["FP"], so_far["IDSW"]])
        assert counts[piece].tolist() == (now - before).tolist()
        before = now
    assert before[2] > 0


@pytest.mark.parametrize("name", ["KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
def test_real_sequences(shared: Path, tmp_path: Path, name: str) -> None:
    """IDF1 to the last digit; HOTA matches anew what is left, which moves it by tenths at most."""
    file = shared / "data" / "mot15" / name / "gt" / "gt.txt"
    random, truth = np.random.default_rng(0), read_rows(file)
    found = truth[random.random(len(truth)) > 0.2]
    tlwh = found.tlwh + random.normal(0, 0.06, found.tlwh.shape) * found.tlwh[:, 2:3]
    ids = found.ids + 1000 * (found.frames // (20 + 7 * (found.ids % 5)))
    found = dataclasses.replace(found, tlwh=tlwh, ids=ids)
    _, (prepared,) = prepare_rows(GroundTruth(name, file), truth, found, EvalOptions(force=True))
    scores = scores_without_each([count_pieces(prepared, 5)])
    assert scores[0] == pytest.approx(by_trackeval(prepared), abs=1e-9)
    for piece in range(5):
        hota, idf1, mota = by_trackeval(part(prepared, piece_of_frame(prepared.num_frames, 5) != piece))
        assert scores[1 + piece, 1] == pytest.approx(idf1, abs=1e-9)
        assert scores[1 + piece, 0] == pytest.approx(hota, abs=0.3)
        assert scores[1 + piece, 2] == pytest.approx(mota, abs=3)  # a switch inside of the piece is seen after the cut


def test_a_switch_leaves_with_the_piece_in_which_it_is_seen() -> None:
    """One person, frame-perfect, whose id changes once: without that piece MOTA is 100."""
    frames, box = np.arange(1, 41), np.tile([0.0, 0, 40, 90], (40, 1))
    options = EvalOptions(rules="mot15", force=True)
    truth, tracks = rows(frames, np.ones(40, np.int64), box), rows(frames, np.where(frames > 25, 8, 7), box)
    _, (prepared,) = prepare_rows(GroundTruth("one", Path("gt.txt"), 40), truth, tracks, options)
    mota = scores_without_each([count_pieces(prepared, 4)])[:, 2]
    assert mota == pytest.approx([97.5, 100 - 100 / 30, 100 - 100 / 30, 100, 100 - 100 / 30])


def test_pieces_that_are_left_are_the_sequence_cut() -> None:
    prepared = scene(3, crowded=False, switches=False)
    half = count_pieces(prepared, NUM).only(slice(3, None))
    assert len(half) == 3
    assert scores_without_each([half])[0] == pytest.approx(by_trackeval(part(prepared, np.arange(LENGTH) >= 30)))


def test_classes_of_a_sequence_are_left_out_together() -> None:
    classes = [scene(1), scene(2)]
    counts = [count_pieces(each, NUM) for each in classes]
    together = scores_without_each([joined(counts)])
    assert len(together) == 1 + NUM
    assert together[0] == pytest.approx(by_trackeval(*classes), abs=1e-9)
    cut = [count.only(np.arange(1, NUM)) for count in counts]
    assert together[1] == pytest.approx(scores_without_each(cut)[0], abs=1e-9)


NUMBERS = {
    "a minute": ((30, 1800), 12),
    "half the rate is the same time": ((15, 900), 12),
    "a third of it, rounded up": ((10, 600), 12),
    "short: quarters": ((25, 71), 4),
    "shorter than four frames": ((25, 3), 3),
    "nothing": ((25, 0), 1),
}


@pytest.mark.parametrize(("given", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_number_of_pieces(given: tuple[float, int], expected: int) -> None:
    assert num_pieces(*given) == expected


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="num is 0, expected 1 piece or more"):
        count_pieces(scene(0), 0)
    with pytest.raises(ValueError, match=r"frame 1 has boxes, expected frames 2-61 alone"):
        count_pieces(scene(0), 3, first=2)


def nothing(gt: bool) -> Prepared:
    """A sequence in which nobody was found, or nobody is."""
    truth = rows(np.arange(1, 21), np.ones(20, np.int64), np.tile([0.0, 0, 9, 9], (20, 1)))
    none = rows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 4)))
    away = dataclasses.replace(truth, flags=np.zeros(20))
    return prepare(truth, none, RULES["mot15"], 20) if gt else prepare(away, truth, RULES["mot15"], 20)


def test_where_nobody_was_found_or_nobody_is_all_scores_are_0() -> None:
    assert scores_without_each([count_pieces(nothing(True), 4)]) == pytest.approx(np.zeros((5, 3)))
    without_people = scores_without_each([count_pieces(nothing(False), 4)])
    assert without_people[:, :2] == pytest.approx(np.zeros((5, 2)))


def test_the_interval_of_a_mean_is_students() -> None:
    """The jackknife of a mean is its standard error: 1, 2, ..., 9 have mean 5 and error sqrt(7.5 / 9)."""
    values = np.arange(1.0, 10.0)
    without = (values.sum() - values) / 8
    interval = jackknife_interval(np.array([5.0, *without]))
    reach = 2.306004135 * np.sqrt(7.5 / 9)  # Student's t, 8 degrees of freedom, 97.5 %
    assert (interval.low, interval.high) == pytest.approx((5 - reach, 5 + reach))
    assert jackknife_interval(np.array([5.0, *without]), 0.99).low < interval.low


def test_without_two_pieces_anything_is_possible() -> None:
    assert jackknife_interval(np.array([3.0, 0.0])) == Interval(3.0, -np.inf, np.inf, 1)


def drawn(random: np.random.Generator, quality: np.ndarray) -> Pieces:
    """Counts of one person and one track, of pieces that are independent of one another: boxes and matches."""
    boxes = random.integers(40, 160, len(quality)).astype(float)
    matched = random.binomial(boxes.astype(int), quality).astype(float)
    hota = np.repeat(matched[:, None, None], 19, axis=2)
    clear = np.column_stack((boxes - matched, boxes - matched, np.zeros(len(quality))))
    return Pieces(np.zeros((1, 2), np.int64), hota, matched[:, None], boxes[:, None], boxes[:, None], clear)


@pytest.mark.parametrize(("confidence", "lowest", "highest"), [(0.95, 0.91, 0.98), (0.8, 0.75, 0.86)])
def test_the_interval_covers_the_true_difference_as_often_as_it_says(
    confidence: float, lowest: float, highest: float
) -> None:
    """Two trackers of which one finds 5 % more; pieces differ in how hard they are, which both trackers share."""
    random, repeats, num = np.random.default_rng(0), 400, 15
    differences = []
    for _ in range(repeats):
        hard = random.uniform(0.5, 0.9, num)
        one, other = (scores_without_each([drawn(random, hard + more)]) for more in (0.05, 0.0))
        differences.append((one - other).mean(axis=1))
    true = float(np.mean([each[0] for each in differences]))
    intervals = [jackknife_interval(each, confidence) for each in differences]
    covered = np.mean([each.low <= true <= each.high for each in intervals])
    assert lowest <= covered <= highest
