"""Peers on a group: what they see, what is kept of what they show, and when they need not run again."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.peers_score import Other, Ours, score_group, tracks_of
from tests.benchmarks.peers_scenes import FPS, NUM_FRAMES, forgetful, member, peer, perfect
from track.scenes.cache import EntryCache
from track.scenes.scene import Embedded


def test_a_peer_sees_each_frame_once_with_its_time_and_no_picture():
    seen = []
    tracks_of(peer("p", lambda frame, _: seen.append(frame) or np.empty((0, 5))), member())
    assert [frame.number for frame in seen] == list(range(1, NUM_FRAMES + 1))
    assert [frame.time_s for frame in seen] == pytest.approx(np.arange(NUM_FRAMES) / FPS)
    assert {frame.image.shape for frame in seen} == {(480, 640, 3)}
    assert not any(frame.image.any() for frame in seen)
    assert {frame.embeddings.shape for frame in seen} == {(2, 0)}


@pytest.mark.parametrize(("embeds", "width"), [(True, 4), (False, 0)])
def test_only_who_embeds_is_given_embeddings(embeds, width):
    rows = np.arange(2 * NUM_FRAMES * 4, dtype=np.float32).reshape(-1, 4)
    seen = []
    of_it = peer("p", lambda frame, _: seen.append(frame.embeddings) or np.empty((0, 5)), embeds=embeds)
    tracks_of(of_it, member(embedded=Embedded(rows, {})))
    assert np.concatenate(seen).tolist() == rows[:, :width].tolist()


def test_a_frame_rate_is_told_to_who_makes_the_tracker():
    told = []
    made = dataclasses.replace(peer("p", perfect), create=lambda fps, options: told.append(fps) or (lambda _: []))
    tracks_of(made, member())
    assert told == [FPS]


@pytest.mark.parametrize(
    "box", [[5, 5, np.nan, 9], [np.inf, 0, np.inf, 9], [5, 5, 5, 9], [5, 9, 9, 5]],
    ids=["no number", "endless", "no width", "upside down"],
)  # fmt: skip
def test_what_is_no_box_is_left_out_and_ids_are_numbered_anew(box):
    rows = tracks_of(peer("p", lambda frame, _: [[100, 0, 0, 9, 9], [3, *box], [8, 1, 1, 9, 9]]), member(num_frames=2))
    assert rows.tolist() == [[1, 2, 0, 0, 9, 9], [1, 1, 1, 1, 9, 9], [2, 2, 0, 0, 9, 9], [2, 1, 1, 1, 9, 9]]


def test_the_scores_are_those_of_the_tracks(tmp_path):
    cache, sequences = EntryCache(tmp_path), [member("a"), member("b")]
    found = score_group(Other(peer("p", perfect)), sequences, cache)
    assert found.scores == pytest.approx(np.full((1 + 8, 3), 100.0))  # four pieces of each
    assert found.pieces == tuple((name, number) for name in "ab" for number in range(4))
    switching = score_group(Other(peer("q", forgetful)), sequences, cache).scores[0]
    # Frames 1-4, then fives, then one: 8 new names for each of two people; IDF1 is the longest spell, 5 of 40 frames.
    assert switching[1:].tolist() == pytest.approx([100 * 5 / 40, 100 * (1 - 8 / 40)])


def test_nothing_shown_is_a_score_too(tmp_path):
    found = score_group(Other(peer("p", lambda *_: np.empty((0, 5)))), [member()], EntryCache(tmp_path))
    assert found.scores[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("change", "runs_again"),
    [
        (lambda peer, member: (peer, member), False),
        (lambda peer, member: (dataclasses.replace(peer, told="in other words"), member), False),
        (lambda peer, member: (peer.with_options({"lasts": 9}), member), True),
        (lambda peer, member: (dataclasses.replace(peer, name="q"), member), True),
        (lambda peer, member: (dataclasses.replace(peer, package="scipy"), member), True),
        (lambda peer, member: (peer, dataclasses.replace(member, fps=5.0)), True),
        (lambda peer, member: (peer, dataclasses.replace(member, truth=member.truth[member.truth.ids == 1])), False),
    ],
    ids=["nothing", "words", "options", "another tracker", "another package", "frame rate", "only the truth"],
)  # fmt: skip
def test_a_peer_runs_again_only_when_its_tracks_may_differ(tmp_path, change, runs_again):
    calls = []
    counting = peer("p", lambda seen, options: calls.append(1) or perfect(seen, options))
    cache = EntryCache(tmp_path)
    score_group(Other(counting), [member()], cache)
    before = len(calls)
    changed, sequence = change(counting, member())
    score_group(Other(changed), [sequence], cache)
    assert (len(calls) > before) == runs_again


def test_other_detections_are_tracked_and_another_truth_is_scored(tmp_path):
    cache, entrant = EntryCache(tmp_path), Other(peer("p", perfect))
    assert score_group(entrant, [member()], cache).scores[0].tolist() == pytest.approx([100, 100, 100])
    assert score_group(entrant, [member(moved_px=200)], cache).scores[0, 1] == 0
    one = member()
    one = dataclasses.replace(one, truth=one.truth[one.truth.ids == 1])
    assert score_group(entrant, [one], cache).scores[0, 2] == pytest.approx(0)  # as many false boxes as people


def test_tracks_of_trials_are_not_kept_but_their_scores_are(tmp_path):
    cache = EntryCache(tmp_path)
    score_group(Other(peer("p", perfect)), [member()], cache, keep_tracks=False)
    assert [path.name.split("-")[0] for path in tmp_path.glob("*.npz")] == ["scores"]


@pytest.mark.parametrize("preset", ["strong --online", "strong --offline", "deepsort"])
def test_our_presets_go_the_way_of_track_run(tmp_path, preset):
    found = score_group(Ours.named(preset), [member()], EntryCache(tmp_path))
    assert found.scores[0, 1] > 80  # IDF1: two people who stand still
    assert Ours.named(preset).name == preset


@pytest.mark.parametrize("text", ["strong --fast", "strong --online --offline", "strong online"])
def test_how_rows_become_final_is_one_of_three(text):
    with pytest.raises(ValueError, match=r"is no preset of ours.*strong --online"):
        Ours.named(text)
