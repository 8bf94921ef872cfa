"""What happens to finished tracks: joined, dropped, extended, filled, smoothed; never in two places at once."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracker.offline.joining import best_links, chained
from tracker.offline.linking import LinkConfig, TrackedDetections, link_tracks
from tracker.pairs import Pairs

FRAME_S = 0.1
KEEP_ALL = LinkConfig(least_probability=0.0)


def walk(track_id, frames, x=100.0, y=100.0, speed=3.0, *, height=80.0, score=0.9, class_id=0, look=None):
    """Rows (frame, id, x1, y1, x2, y2, score, class, embedding...) of one who walks evenly."""
    look = () if look is None else look
    return [
        (f, track_id, x + speed * f, y, x + speed * f + height / 2, y + height, score, class_id, *look) for f in frames
    ]


def detections(*walks):
    rows = np.array([row for walk_ in walks for row in walk_], np.float64).reshape(sum(map(len, walks)), -1)
    ints = rows[:, [0, 1, 7]].astype(np.int64)
    return TrackedDetections(
        ints[:, 0], ints[:, 1], rows[:, 2:6], rows[:, 6], ints[:, 2], rows[:, 8:].astype(np.float32)
    )


def link(*walks, config=KEEP_ALL, frame_s=FRAME_S):
    return link_tracks(detections(*walks), frame_s, config)


def test_two_halves_of_one_walk_become_one_track():
    linked = link(walk(1, range(10)), walk(2, range(15, 25)))
    assert set(linked.ids) == {1}
    np.testing.assert_array_equal(linked.frames, np.arange(25))
    assert linked.report.links == 1
    assert linked.report.filled == 5


def test_the_gap_is_filled_along_the_walk_and_says_so():
    linked = link(walk(1, range(10)), walk(2, range(15, 25)))
    np.testing.assert_array_equal(np.flatnonzero(linked.detection < 0), np.arange(10, 15))
    expected = np.array([row[2:6] for row in walk(1, range(25))])
    np.testing.assert_allclose(linked.xyxy[10:15], expected[10:15], atol=2)


def test_three_pieces_become_one_chain():
    linked = link(walk(7, range(8)), walk(3, range(11, 19)), walk(5, range(22, 30)))
    assert set(linked.ids) == {7}, "the id of the first piece"
    assert linked.report.links == 2


def test_people_who_are_there_at_the_same_moment_never_join():
    linked = link(walk(1, range(11)), walk(2, range(10, 20)))
    assert set(linked.ids) == {1, 2}


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (walk(2, range(31, 41)), "2.2 s are more than 2 s"),
        (walk(2, range(15, 25), x=220), "a height and a half away"),
        (walk(2, range(15, 25), y=80, height=130), "half as tall again"),
        (walk(2, range(15, 25), class_id=1), "a car is no person"),
    ],
)
def test_what_does_not_fit_stays_apart(second, why):
    assert set(link(walk(1, range(10)), second).ids) == {1, 2}, why


@pytest.mark.parametrize("rate", [5, 60])
def test_seconds_count_and_not_frames(rate):
    """A gap of 1 s is linked and one of 3 s is not, at 5 frames a second as at 60."""
    speed, count = 9 / rate, 2 * rate
    for gap_s, ids in ((1, {1}), (3, {1, 2})):
        start = count - 1 + gap_s * rate
        linked = link(
            walk(1, range(count), speed=speed), walk(2, range(start, start + count), speed=speed), frame_s=1 / rate
        )
        assert set(linked.ids) == ids


def test_another_appearance_vetoes_and_the_same_appearance_allows_more():
    near, far = {"x": 100.0}, {"x": 118.0}
    red, blue = (1.0, 0.0), (0.0, 1.0)
    first = walk(1, range(10), look=red)
    assert set(link(first, walk(2, range(15, 25), **near, look=red)).ids) == {1}
    assert set(link(first, walk(2, range(15, 25), **near, look=blue)).ids) == {1, 2}
    assert set(link(first, walk(2, range(15, 25), **far, look=red)).ids) == {1}
    assert set(link(walk(1, range(10)), walk(2, range(15, 25), **far)).ids) == {1, 2}


def test_unseen_appearance_decides_nothing():
    nobody = (0.0, 0.0)
    linked = link(walk(1, range(10), look=(1.0, 0.0)), walk(2, range(15, 25), look=nobody))
    assert set(linked.ids) == {1}


def test_a_track_that_was_never_sure_goes_as_a_whole():
    """Detections of score 0.9 go on for long, those of 0.2 come and go: what is like those is dropped."""
    sure = walk(1, range(60))
    flicker = [row for f in range(0, 60, 2) for row in walk(0, [f], x=600 + 97 * (f % 7), speed=0, score=0.2)]
    doubtful = walk(2, range(20, 24), x=400, y=400, score=0.2)
    config = replace(KEEP_ALL, least_probability=0.6)
    linked = link(sure, flicker, doubtful, config=config)
    assert set(linked.ids) == {1}
    assert (linked.report.dropped, linked.report.dropped_boxes) == (1, 4)
    assert set(link(sure, flicker, doubtful).ids) == {1, 2}


def test_what_belongs_to_nobody_is_taken_in_where_a_track_must_have_been():
    track = walk(1, [*range(10), *range(12, 20)])
    spare = [*walk(0, [10, 20], score=0.3), *walk(0, [11, 21], x=300, score=0.3)]
    linked = link(track, spare)
    assert linked.report.taken_in == 2
    assert linked.frames[linked.detection >= 0].tolist() == [*range(11), *range(12, 21)]
    assert link(track, spare, config=replace(KEEP_ALL, extend_iou=1.0)).report.taken_in == 0


def test_what_the_border_cuts_off_is_not_taken_in():
    seen = detections(walk(1, range(20)), walk(0, [20, 21]))
    linked = link_tracks(replace(seen, cut_off=seen.frames == 21), FRAME_S, KEEP_ALL)
    assert linked.frames.tolist() == [*range(21)]
    assert link_tracks(seen, FRAME_S, KEEP_ALL).frames.tolist() == [*range(22)], "where nobody knows of a border, it is"


def test_in_a_gap_too_the_path_is_better_than_half_a_box():
    half = [(*row[:4], row[4] - 10, *row[5:]) for row in walk(0, [10])]
    seen = detections(walk(1, [*range(10), *range(11, 20)]), half)
    linked = link_tracks(replace(seen, cut_off=seen.frames == 10), FRAME_S, KEEP_ALL)
    assert (linked.report.taken_in, linked.report.filled) == (0, 1)
    expected = np.array([row[2:6] for row in walk(1, [10])])
    np.testing.assert_allclose(linked.xyxy[linked.frames == 10], expected, atol=1)


def test_a_track_may_be_cut_off_where_the_run_showed_it():
    seen = detections(walk(1, range(20)))
    linked = link_tracks(replace(seen, cut_off=np.ones(20, np.bool_)), FRAME_S, KEEP_ALL)
    np.testing.assert_array_equal(linked.detection, np.arange(20))


def jittering(track_id, score, y):
    """A walk whose detections lie beside it by some px, the same ones for each track."""
    offsets = np.random.default_rng(3).normal(0, 2, 40)
    rows = walk(track_id, range(40), y=y, score=score)
    return [(*row[:2], row[2] + by, row[3], row[4] + by, *row[5:]) for row, by in zip(rows, offsets, strict=True)]


def test_sure_boxes_move_less_in_smoothing():
    flicker = [row for number in range(40) for row in walk(0, [number], x=800 + 150 * (number % 5), score=0.3)]
    seen = detections(jittering(1, 0.9, y=100), jittering(2, 0.3, y=500), flicker)

    def moved(score_noise):
        linked = link_tracks(seen, FRAME_S, replace(KEEP_ALL, score_noise=score_noise, extend_iou=1.0))
        by = np.abs(linked.xyxy - seen.xyxy[linked.detection])
        return by[linked.ids == 1].mean(), by[linked.ids == 2].mean()

    (sure, doubtful), (sure_plain, doubtful_plain) = moved(0.9), moved(0.0)
    assert sure_plain == pytest.approx(doubtful_plain)
    assert sure < doubtful < doubtful_plain


def test_a_gap_longer_than_allowed_stays_open():
    linked = link(walk(1, [*range(10), *range(40, 50)]))
    assert set(linked.ids) == {1}
    assert linked.report.filled == 0


def test_without_smoothing_detected_boxes_stay_as_they_were():
    shaky = [row[:3] + (row[3] + row[0] % 2,) + row[4:] for row in walk(1, range(20))]
    linked = link(shaky, config=replace(KEEP_ALL, smooth=False))
    np.testing.assert_array_equal(linked.xyxy, detections(shaky).xyxy)
    smooth = link(shaky)
    assert np.abs(np.diff(smooth.xyxy[:, 1], 2)).mean() < 0.5 * np.abs(np.diff(linked.xyxy[:, 1], 2)).mean()


def test_nothing_gives_nothing():
    linked = link_tracks(detections(walk(0, range(3))), FRAME_S, KEEP_ALL)
    assert len(linked.ids) == 0
    empty = TrackedDetections(*(np.empty(0, np.int64),) * 2, np.empty((0, 4)), np.empty(0), np.empty(0, np.int64))
    assert len(link_tracks(empty, FRAME_S).ids) == 0


costs = st.lists(st.floats(0, 1.3), min_size=16, max_size=16)


@given(costs)
def test_links_are_the_best_of_all_sets(values):
    """Against all ways to link 4 ends to 4 starts, where a link not made costs 1."""
    table = np.array(values).reshape(4, 4)
    rows, columns = np.nonzero(table < 1)
    before, after = best_links(Pairs(rows, columns, table[rows, columns]))
    found = sum(table[before, after]) + 4 - len(before)
    least = min(sum(min(table[i, j], 1.0) for i, j in enumerate(order)) for order in itertools.permutations(range(4)))
    assert found == pytest.approx(least, abs=1e-4)


def test_chains_follow_the_links():
    assert chained(5, np.array([3, 0]), np.array([1, 3])) == [[0, 3, 1], [2], [4]]


@st.composite
def runs(draw):
    """Up to six walkers on few lanes, with gaps, overlaps, doubtful scores and detections of nobody."""
    walks = []
    for track_id in range(1, draw(st.integers(1, 6)) + 1):
        start, length = draw(st.integers(0, 40)), draw(st.integers(1, 15))
        lane, score = draw(st.sampled_from([0.0, 30.0, 300.0])), draw(st.sampled_from([0.2, 0.5, 0.9]))
        frames = [f for f in range(start, start + length) if f in (start,) or draw(st.booleans())]
        walks.append(walk(track_id, frames, x=lane + track_id, score=score))
    lone = draw(st.lists(st.integers(0, 60), max_size=10, unique=True))
    return detections(*walks, walk(0, lone, x=15.0, score=0.3)) if lone else detections(*walks)


@settings(max_examples=60, deadline=None)
@given(runs(), st.randoms(use_true_random=False))
def test_nobody_is_in_two_places_and_nothing_is_lost(seen, random):
    config = LinkConfig(least_probability=0.4)
    linked = link_tracks(seen, FRAME_S, config)
    places = list(zip(linked.frames.tolist(), linked.ids.tolist(), strict=True))
    assert len(places) == len(set(places)), "no id has two boxes in a frame"
    assert np.isfinite(linked.xyxy).all()
    kept = linked.detection[linked.detection >= 0]
    assert len(kept) == len(set(kept.tolist())), "no detection is shown twice"
    for track_id in np.unique(seen.ids[seen.ids > 0]).tolist():
        rows = np.flatnonzero(seen.ids == track_id)
        shown = np.isin(rows, kept)
        assert shown.all() or not shown.any(), "a track stays, or goes as a whole"
        if shown.all():
            assert len(set(linked.ids[np.isin(linked.detection, rows)].tolist())) == 1, "and is not torn apart"
    assert linked.report.dropped_boxes + len(kept) == (seen.ids > 0).sum() + linked.report.taken_in


@settings(max_examples=40, deadline=None)
@given(runs(), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_tracks_matter(seen, random):
    order = list(range(len(seen.ids)))
    random.shuffle(order)
    names = list(range(1, 8))
    random.shuffle(names)
    new_id = np.array([0, *names])
    shuffled = TrackedDetections(
        seen.frames[order], new_id[seen.ids[order]], seen.xyxy[order], seen.scores[order], seen.class_ids[order]
    )
    config = LinkConfig(least_probability=0.4)
    one, other = link_tracks(seen, FRAME_S, config), link_tracks(shuffled, FRAME_S, config)
    assert one.report == other.report

    def boxes(linked, rename):
        ids = rename[linked.ids]
        by = np.lexsort((ids, linked.frames))
        return np.column_stack((linked.frames, ids, np.round(linked.xyxy, 6)))[by]

    np.testing.assert_allclose(boxes(one, new_id), boxes(other, np.arange(8)), atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    score=st.floats(0.01, 1.0),
    speed=st.floats(0, 60),
    steps=st.lists(st.integers(1, 3), min_size=2, max_size=80),
    jitter=st.floats(0, 5),
)
@example(0.95, 45.0, [1] * 40, 0.0)
def test_who_is_alone_is_never_dropped(score, speed, steps, jitter):
    """However low its scores, however far it goes, however often it is missed: there is nothing to compare it with."""
    frames = [0, *itertools.accumulate(steps)]
    random = np.random.default_rng(len(frames))
    rows = walk(1, frames, speed=speed, score=score)
    shaky = [(*row[:6], min(max(score + random.normal(0, 0.05), 0.01), 1), *row[7:]) for row in rows]
    moved = [(*row[:2], *(np.array(row[2:6]) + np.tile(random.normal(0, jitter, 2), 2)), *row[6:]) for row in shaky]
    linked = link(moved, config=LinkConfig())
    assert linked.report.dropped == 0
    assert set(linked.frames[linked.detection >= 0]) == set(frames)


def test_two_who_are_no_surer_than_each_other_both_stay():
    """Both go too fast for boxes to overlap from frame to frame, so that all scores seem to be worth little."""
    fast = [walk(1, range(60), speed=50, score=0.9), walk(2, range(60), x=4000, y=400, speed=-50, score=0.9)]
    assert set(link(*fast, config=LinkConfig()).ids) == {1, 2}


def test_the_surest_of_all_stays_and_the_others_are_measured_by_it():
    doubtful = walk(2, range(20, 24), x=400, y=400, score=0.2)
    flicker = [row for f in range(0, 60, 2) for row in walk(0, [f], x=600 + 97 * (f % 7), speed=0, score=0.2)]
    linked = link(walk(1, range(60)), flicker, doubtful, config=LinkConfig())
    assert (set(linked.ids), linked.report.dropped) == ({1}, 1)


def relabelled(rows, classes):
    """The same rows with these classes, in turn."""
    return [(*row[:7], class_id, *row[8:]) for row, class_id in zip(rows, itertools.cycle(classes), strict=False)]


def test_a_vote_gives_each_box_of_a_track_the_class_of_most():
    """Also in a gap, over both pieces, and by scores as online: five doubtful sights do not outvote four sure ones."""
    pieces = relabelled(walk(1, range(10)), [2, 2, 5]), relabelled(walk(2, range(15, 25)), [2])
    vote = replace(KEEP_ALL, class_vote=True)
    assert set(link(*pieces, config=vote).class_ids) == {2}
    assert link(*pieces).class_ids.tolist() == [2, 2, 5] * 3 + [2] * 16, "without, that of its own detection"
    unsure = relabelled(walk(1, range(5), score=0.2), [5]) + relabelled(walk(1, range(5, 9), score=0.9), [2])
    assert set(link(unsure, config=vote).class_ids) == {2}


@pytest.mark.parametrize(
    ("groups", "ids"),
    [
        pytest.param("", {1, 2}, id="none: the same class alone"),
        pytest.param("2 5, 7 8", {1}, id="one group"),
        pytest.param("2 7, 5 8", {1, 2}, id="two groups"),
        pytest.param("2 7", {1, 2}, id="one is named, the other not"),
    ],
)
def test_groups_say_which_classes_may_be_one_object(groups, ids):
    pieces = walk(1, range(10), class_id=2), walk(2, range(15, 25), class_id=5)
    assert set(link(*pieces, config=replace(KEEP_ALL, class_groups=groups)).ids) == ids


@pytest.mark.parametrize(("groups", "taken_in"), [("", 0), ("2 5", 1), ("2 7", 0)])
def test_groups_say_what_may_be_taken_in(groups, taken_in):
    track = walk(1, [*range(10), *range(11, 20)], class_id=2)
    spare = walk(0, [10], class_id=5, score=0.3)
    assert link(track, spare, config=replace(KEEP_ALL, class_groups=groups)).report.taken_in == taken_in


def test_no_box_is_filled_in_where_there_was_no_picture():
    seen = detections(walk(1, [*range(10), *range(16, 26)]))
    linked = link_tracks(seen, FRAME_S, KEEP_ALL, missing=np.array([[11, 12], [14, 14]]))
    assert linked.frames.tolist() == [*range(11), 13, *range(15, 26)]
    assert linked.report.filled == 3


def test_frames_that_are_missing_break_no_chain_of_detections():
    """Every third picture is missing: what scores are worth is learned as if there had been none."""
    frames = [f for f in range(90) if f % 3 != 2]
    missing = np.array([[f, f] for f in range(2, 89, 3)])
    flicker = [row for f in frames for row in walk(0, [f], x=600 + 97 * (f % 7), speed=0, score=0.2)]
    doubtful = walk(2, frames[20:28], x=400, y=400, score=0.2)
    seen = detections(walk(1, frames), flicker, doubtful)
    linked = link_tracks(seen, FRAME_S, missing=missing)
    assert set(linked.ids) == {1}, "the doubtful one is told from the sure one"
