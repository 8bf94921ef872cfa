"""A tracker that was saved and loaded goes on as if nothing had happened, through any kind of file."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import pickle

import numpy as np
import pytest

from tests.tracker.scenes import crowd
from tracker import AppearanceOnDemand, DeepSort, TrackerConfig
from tracker.presets import load_preset

STRONG = load_preset("strong").config
CONFIGS = {
    "deepsort": TrackerConfig(gallery_size=7),
    "strong": dataclasses.replace(STRONG, gallery_size=5),
    "all else": dataclasses.replace(
        STRONG, border_wait_s=1.5, border_share=0.7, class_vote=True, low_score=0.3, appearance_momentum=0.0
    ),
}


def through_npz(state):
    """Nested keys become paths, and back."""
    flat = {}

    def flatten(part, path):
        for key, value in part.items():
            if isinstance(value, dict):
                flatten(value, f"{path}{key}/")
            else:
                flat[f"{path}{key}"] = value

    flatten(state, "")
    file = io.BytesIO()
    np.savez(file, **flat)
    file.seek(0)
    nested = {}
    with np.load(file, allow_pickle=False) as found:
        for path, value in found.items():
            *folders, name = path.split("/")
            part = nested
            for folder in folders:
                part = part.setdefault(folder, {})
            part[name] = value
    return nested


def through_json(state):
    return json.loads(json.dumps(state, default=np.ndarray.tolist))


def saved(tracker, through):
    fresh = DeepSort(tracker.config)
    fresh.load_state_dict(through(tracker.state_dict()))
    return fresh


AWAY_AND_BACK = {
    "as it is": lambda tracker: saved(tracker, dict),
    "npz": lambda tracker: saved(tracker, through_npz),
    "json": lambda tracker: saved(tracker, through_json),
    "pickle": lambda tracker: pickle.loads(pickle.dumps(tracker)),
    "deepcopy": copy.deepcopy,
}


def steps(seed, num_frames):
    """Arguments of `update` or `coast` for each frame: embeddings that come and go, camera motion, empty frames."""
    rng = np.random.default_rng(seed)
    for number, frame in enumerate(crowd(seed, num_people=9, num_frames=num_frames)):
        named = {"time_s": number / 25, "motion": None}
        if number % 5 == 0:
            named["motion"] = np.array([[1, 0, rng.normal()], [0, 1.01, rng.normal()]])
        if number % 11 == 3:
            yield number, None, named
            continue
        appearance = {} if number < 8 or number % 9 == 0 else {"embeddings": frame.features}
        classes = rng.integers(0, 3, len(frame.xyxy))
        yield number, (frame.xyxy, frame.scores, classes), named | appearance | {"frame_size": (640, 360)}


def step(tracker, positional, named):
    tracks = tracker.coast(**named) if positional is None else tracker.update(*positional, **named)
    return [column.tolist() for found in (tracks, tracker.tentative()) for column in dataclasses.astuple(found)]


def assert_goes_on(config, seed, num_frames, moment, away_and_back):
    whole, other = DeepSort(config), DeepSort(config)
    for number, positional, named in steps(seed, num_frames):
        if number == moment:
            other = away_and_back(other)
        assert step(other, positional, named) == step(whole, positional, named), f"frame {number}"
    assert other.evidence == whole.evidence
    assert len(other) == len(whole)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("way", AWAY_AND_BACK)
def test_frames_with_a_save_and_load_equal_those_without(config, way):
    for seed, moment in enumerate(np.random.default_rng(0).integers(0, 60, 3).tolist()):
        assert_goes_on(config, seed, 70, moment, AWAY_AND_BACK[way])


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("way", AWAY_AND_BACK)
def test_ten_thousand_frames(config, way):
    moment = int(np.random.default_rng(len(way)).integers(0, 10_000))
    assert_goes_on(config, 5, 10_000, moment, AWAY_AND_BACK[way])


@pytest.mark.parametrize("way", [dict, through_npz, through_json], ids=["as it is", "npz", "json"])
def test_appearance_on_demand_goes_on_too(way):
    def play(moment):
        tracker, demand, asked = DeepSort(STRONG), AppearanceOnDemand(4), []
        for number, frame in enumerate(crowd(2, num_people=8, num_frames=60)):
            if number == moment:
                tracker = saved(tracker, way)
                state = way(demand.state_dict())
                demand = AppearanceOnDemand(4)
                demand.load_state_dict(state)
            known = demand.wanted(tracker, frame.xyxy)
            embeddings = np.where(known[:, None], frame.features, 0)
            tracks = tracker.update(frame.xyxy, frame.scores, embeddings=embeddings, known=known)
            demand.note(tracker, known)
            asked.append((known.tolist(), tracks.ids.tolist(), tracks.xyxy.tolist()))
        return asked

    whole = play(None)
    assert 0 < sum(sum(known) for known, *_ in whole) < sum(len(known) for known, *_ in whole)
    assert play(31) == whole


def leaves(state, path=""):
    for key, value in state.items():
        yield from leaves(value, f"{path}{key}.") if isinstance(value, dict) else [(f"{path}{key}", value)]


def after(num_frames, config=None):
    tracker = DeepSort(config)
    for _, positional, named in steps(0, num_frames):
        step(tracker, positional, named)
    return tracker


def test_a_state_holds_arrays_numbers_and_strings_alone():
    for key, value in leaves(after(30, STRONG).state_dict()):
        assert isinstance(value, np.ndarray | int | float | str), key
        assert not isinstance(value, np.ndarray) or value.dtype != object, key


def test_a_state_is_of_its_moment_and_what_is_loaded_is_a_copy():
    tracker = after(30, STRONG)
    state = tracker.state_dict()
    before = through_json(state)
    other = saved(tracker, lambda _: state)
    for _, positional, named in steps(1, 10):
        step(tracker, positional, named)
        step(other, positional, named)
    assert through_json(state) == before


def test_two_trackers_from_one_copy_share_nothing():
    tracker = after(30)
    other = copy.deepcopy(tracker)
    before = [column.tolist() for column in dataclasses.astuple(other.confirmed())]
    tracker.coast()
    assert [column.tolist() for column in dataclasses.astuple(other.confirmed())] == before


def without(state, key):
    *folders, name = key.split(".")
    part = state
    for folder in folders:
        part = part[folder]
    part.pop(name)


@pytest.mark.parametrize("key", [key for key, _ in leaves(DeepSort(CONFIGS["all else"]).state_dict())])
def test_a_key_that_is_missing_is_named(key):
    tracker = after(12, CONFIGS["all else"])
    before, state = through_json(tracker.state_dict()), tracker.state_dict()
    without(state, key)
    with pytest.raises(ValueError, match=rf"the state lacks '{key.split('.')[-1]}', expected one that state_dict"):
        tracker.load_state_dict(state)
    assert through_json(tracker.state_dict()) == before, "a state that is refused changes nothing"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"version": 2}, r"the state has version 2, expected 1", id="of another version"),
        pytest.param(
            {"kind": "AppearanceOnDemand"},
            "the state is one of AppearanceOnDemand, expected one of DeepSort",
            id="kind",
        ),
        pytest.param({"table": 3}, "table in the state is int, expected a dictionary", id="a number for a part"),
        pytest.param({"births": "many"}, "births in the state is 'many', expected a number", id="a word for a number"),
        pytest.param({"ids": [1, 2]}, "ids in the state is list, expected one value", id="a list for a number"),
    ],
)
def test_what_is_no_state_of_this_tracker(change, message):
    tracker = after(12)
    with pytest.raises(ValueError, match=message):
        tracker.load_state_dict(tracker.state_dict() | change)


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        pytest.param("table", "mean", np.zeros((1, 4, 3)), r"mean in the state has shape \(1, 4, 3\)", id="shape"),
        pytest.param("table", "birth", np.zeros(99), r"birth in the state has shape \(99,\)", id="length"),
        pytest.param("table", "slot", ["a"], "slot in the state is no array of int64", id="words"),
        pytest.param("table", "free_slots", [0, 0], "slot and free_slots in the state are", id="slots twice"),
        pytest.param("gallery", "pushed", [-1], "pushed in the state is", id="counts"),
        pytest.param("gallery", "vectors", np.zeros((1, 3)), r"vectors in the state has shape \(1, 3\)", id="gallery"),
        pytest.param("calibration", "judged", np.zeros((2, 9999)), "expected at most 2000", id="too many scores"),
    ],
)
def test_arrays_that_do_not_fit(part, key, value, message):
    tracker = after(25)
    state = tracker.state_dict()
    state[part][key] = value
    with pytest.raises(ValueError, match=message):
        tracker.load_state_dict(state)


def test_other_settings_are_refused_by_the_first_that_differs():
    state = after(12, TrackerConfig(max_age=20, n_init=2)).state_dict()
    with pytest.raises(ValueError, match="saved with max_age 20, but this tracker has max_age 30"):
        DeepSort().load_state_dict(state)


def test_another_refresh_is_refused():
    with pytest.raises(ValueError, match="saved with refresh 4, but here it is 5"):
        AppearanceOnDemand(5).load_state_dict(AppearanceOnDemand(4).state_dict())
