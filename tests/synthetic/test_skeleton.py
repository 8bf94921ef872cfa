"""The walk: bones keep their length, feet stay on the ground and do not slide, left and right mirror each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.skeleton import Pose, pose_skeleton, stride_length

phases = st.floats(0, 1, exclude_max=True)
heights = st.floats(1.5, 2.0)
strides = st.floats(0, 1.3)
BONES = (("hips", "knees"), ("knees", "ankles"), ("heels", "toes"), ("shoulders", "elbows"), ("elbows", "wrists"))


@settings(max_examples=100, deadline=None)
@given(phases, strides, heights)
def test_bones_keep_their_length_and_grow_with_height(phase: float, stride: float, height: float) -> None:
    standing = pose_skeleton(Pose(0.0, 0.0), 1.75)
    walking = pose_skeleton(Pose(phase, stride), height)
    for upper, lower in BONES:
        expected = np.linalg.norm(getattr(standing, lower) - getattr(standing, upper), axis=1) * height / 1.75
        found = np.linalg.norm(getattr(walking, lower) - getattr(walking, upper), axis=1)
        np.testing.assert_allclose(found, expected, rtol=0.01)


@settings(max_examples=100, deadline=None)
@given(phases, strides, heights)
def test_the_lower_foot_stands_on_the_ground(phase: float, stride: float, height: float) -> None:
    skeleton = pose_skeleton(Pose(phase, stride), height)
    soles = np.concatenate([skeleton.heels, skeleton.toes])
    assert soles[:, 1].min() == pytest.approx(0.028 * height / 1.75, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(heights)
def test_a_standing_person_has_the_stated_height(height: float) -> None:
    assert pose_skeleton(Pose(0.0, 0.0), height).crown[1] == pytest.approx(height, rel=0.02)


@settings(max_examples=50, deadline=None)
@given(phases)
def test_half_a_cycle_later_left_is_right(phase: float) -> None:
    now, later = pose_skeleton(Pose(phase)), pose_skeleton(Pose((phase + 0.5) % 1))
    mirror = np.array([-1.0, 1.0, 1.0])
    for joint in ("knees", "ankles", "toes", "elbows", "wrists"):
        np.testing.assert_allclose(getattr(now, joint)[0], getattr(later, joint)[1] * mirror, atol=1e-9)


def test_the_supporting_foot_does_not_slide() -> None:
    # Left foot flat between 15 % and 45 % of its cycle: relative to the body it goes back as fast as the body goes on.
    early, late = pose_skeleton(Pose(0.15)).ankles[0, 2], pose_skeleton(Pose(0.45)).ankles[0, 2]
    assert early - late == pytest.approx(0.30 * stride_length(1.75), rel=0.2)


def test_an_arm_swings_against_its_leg() -> None:
    skeleton = pose_skeleton(Pose(0.0))  # the left heel strikes: left leg ahead, left arm behind
    assert skeleton.ankles[0, 2] > skeleton.ankles[1, 2] + 0.3
    assert skeleton.wrists[0, 2] < skeleton.wrists[1, 2] - 0.2


@pytest.mark.parametrize("kind", ["swing", "pocket", "phone", "carry", "strap"])
def test_every_named_arm_is_reachable(kind: str) -> None:
    skeleton = pose_skeleton(Pose(0.2, 1.0, (kind, "swing")))
    raised = skeleton.wrists[0, 1] > skeleton.elbows[0, 1]
    assert raised == (kind in ("phone", "strap"))


def test_an_unknown_arm_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'wave'.*swing.*pocket"):
        pose_skeleton(Pose(0.0, 1.0, ("wave", "swing")))
