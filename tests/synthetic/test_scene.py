"""A scene: walks over time, ground truth that fits the picture, occlusion, leaving and coming back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.appearance import sample_identity
from synthetic.camera import GroundCamera, Sensor
from synthetic.figure import Light, Sprite
from synthetic.scene import Actor, Scene, Visit, plan, render, walk
from synthetic.skeleton import stride_length

CAMERA = GroundCamera(width=160, height=100, focal_px=120, horizon_px=30, height_m=2.4)
GREY = np.full((100, 160, 3), 140, np.float32)
ANNA, BEN = sample_identity(1), sample_identity(2)


def _scene(*actors: Actor, num_frames: int = 50, noise: float = 0.0) -> Scene:
    return Scene(
        camera=CAMERA,
        backdrop=GREY,
        actors=actors,
        props=(),
        light=Light(),
        sensor=Sensor(blur_px=0.0, vignette=0.0, noise=noise),
        fps=25,
        num_frames=num_frames,
        seed=3,
    )


def _crossing(start_x: float, end_x: float, z: float, seconds: float = 2.0) -> tuple[Visit, ...]:
    return (Visit(((-0.1, start_x, z), (seconds, end_x, z))),)


def test_a_straight_walk_keeps_its_speed_and_heading() -> None:
    steps = [step for step in walk(Visit(((0.0, -2.0, 8.0), (4.0, 3.0, 8.0))), ANNA, 25, 101) if step is not None]
    assert len(steps) == 101
    np.testing.assert_allclose([step.speed for step in steps], 1.25, rtol=1e-3)
    np.testing.assert_allclose([step.heading_deg for step in steps], 90.0, atol=0.1)


@pytest.mark.parametrize(
    ("goal", "heading"), [((0.0, 4.0), 0.0), ((4.0, 8.0), 90.0), ((-4.0, 8.0), -90.0), ((0.0, 12.0), 180.0)]
)
def test_heading_is_0_toward_the_camera_and_90_to_the_right(goal: tuple[float, float], heading: float) -> None:
    step = walk(Visit(((0.0, 0.0, 8.0), (3.0, *goal))), ANNA, 25, 50)[25]
    assert step is not None
    assert (step.heading_deg - heading + 180) % 360 - 180 == pytest.approx(0, abs=0.5)


def test_feet_do_not_slide_one_cycle_covers_one_stride() -> None:
    steps = [step for step in walk(Visit(((0.0, 0.0, 8.0), (8.0, 10.8, 8.0))), ANNA, 50, 400) if step is not None]
    phase = np.unwrap([2 * np.pi * step.pose.phase for step in steps]) / (2 * np.pi)
    metres_per_cycle = (steps[-1].x - steps[0].x) / (phase[-1] - phase[0])
    assert metres_per_cycle == pytest.approx(stride_length(ANNA.height_m), rel=0.01)


def test_who_pauses_stands_and_keeps_looking_where_the_walk_led() -> None:
    visit = Visit(((0.0, 0.0, 8.0), (2.0, 2.6, 8.0), (5.0, 2.6001, 8.0), (7.0, 5.2, 8.0)))
    step = walk(visit, ANNA, 25, 200)[int(3.5 * 25)]
    assert step is not None
    assert step.pose.stride == 0.0
    assert step.heading_deg == pytest.approx(90, abs=0.5)


def test_nobody_is_there_before_the_first_and_after_the_last_waypoint() -> None:
    steps = walk(Visit(((1.0, 0.0, 8.0), (2.0, 1.3, 8.0))), ANNA, 10, 40)
    assert [step is not None for step in steps] == [10 <= frame <= 20 for frame in range(40)]


@pytest.mark.parametrize(
    "waypoints", [((0.0, 0.0, 8.0),), ((0.0, 0.0, 8.0), (0.0, 1.0, 8.0))], ids=["one", "same time"]
)
def test_a_walk_needs_increasing_times(waypoints: tuple[tuple[float, float, float], ...]) -> None:
    with pytest.raises(ValueError, match="increasing times"):
        walk(Visit(waypoints), ANNA, 25, 10)


def test_the_box_fits_the_pixels_that_differ_from_the_backdrop() -> None:
    scene = replace(_scene(Actor(4, ANNA, _crossing(-1.0, 1.0, 5.0))), light=Light(sun=0.0, sky=1.2))
    image, truth = next(render(scene, [20]))
    changed = np.abs(image.astype(int) - 140).max(axis=2) > 12
    rows, cols = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    found = (cols[0], rows[0], cols[-1] + 1, rows[-1] + 1)
    assert truth.ids.tolist() == [4]
    np.testing.assert_allclose(truth.xyxy[0], found, atol=2.0)
    assert truth.visibility[0] == pytest.approx(1.0, abs=1e-3)


def test_who_is_behind_is_hidden_but_keeps_the_whole_box() -> None:
    behind, front = Actor(1, ANNA, _crossing(-0.1, 0.1, 7.0)), Actor(2, BEN, _crossing(0.1, -0.1, 4.5))
    _, alone = next(render(_scene(behind), [25]))
    _, both = next(render(_scene(behind, front), [25]))
    np.testing.assert_array_equal(both.xyxy[0], alone.xyxy[0])
    assert both.visibility[0] < 0.5
    assert both.visibility[1] == pytest.approx(1.0, abs=1e-3)


def test_a_prop_hides_only_who_is_behind_it() -> None:
    post = Sprite(70, 0, np.zeros((100, 20, 3), np.float32), np.ones((100, 20), np.float32))
    actors = (Actor(1, ANNA, _crossing(-0.05, 0.05, 8.0)), Actor(2, BEN, _crossing(-0.05, 0.05, 4.5)))
    _, truth = next(render(replace(_scene(*actors), props=((6.0, post),)), [25]))
    assert truth.visibility[0] < 0.1
    assert truth.visibility[1] == pytest.approx(1.0, abs=1e-3)


def test_the_same_person_returns_under_the_same_id() -> None:
    away = Visit(((-0.1, 0.0, 5.0), (2.0, 5.0, 5.0)))
    back = Visit(((3.0, 5.0, 5.0), (5.0, 0.0, 5.0)))
    scene = _scene(Actor(9, ANNA, (away, back)), num_frames=125)
    present = [truth.ids.tolist() for _, truth in render(scene, range(0, 125, 12))]
    assert present[0] == [9]
    assert present[-1] == [9]
    assert [] in present
    assert all(ids in ([], [9]) for ids in present)


@settings(max_examples=20, deadline=None)
@given(st.floats(-6, 6), st.floats(-6, 6), st.floats(3.5, 15), st.integers(0, 49))
def test_ground_truth_lies_inside_the_frame(start: float, end: float, z: float, frame: int) -> None:
    scene = _scene(Actor(1, ANNA, _crossing(start, end + 0.01, z)), Actor(2, BEN, _crossing(end, start + 0.01, z + 1)))
    image, truth = next(render(scene, [frame]))
    assert image.shape == (100, 160, 3)
    assert (truth.xyxy[:, :2] >= 0).all()
    assert (truth.xyxy[:, 2:] <= (160, 100)).all()
    assert (truth.xyxy[:, 2:] > truth.xyxy[:, :2]).all()
    assert ((truth.visibility >= 0) & (truth.visibility <= 1 + 1e-4)).all()
    assert len(set(truth.ids.tolist())) == len(truth.ids)


def test_frames_do_not_depend_on_one_another() -> None:
    scene = _scene(Actor(1, ANNA, _crossing(-2.0, 2.0, 5.0)), num_frames=12, noise=2.0)
    in_order = [image for image, _ in render(scene)]
    backwards = [image for image, _ in render(scene, range(11, -1, -1))]
    np.testing.assert_array_equal(in_order, backwards[::-1])
    assert len(plan(scene)) == 12


def test_the_shadow_falls_away_from_the_sun_and_darkens_only() -> None:
    for azimuth, side in ((-60.0, 1), (60.0, -1)):
        actor = Actor(1, ANNA, _crossing(-0.01, 0.01, 5.0))
        image, truth = next(render(replace(_scene(actor), light=Light(azimuth_deg=azimuth, elevation_deg=40)), [25]))
        x1, _, x2, _ = truth.xyxy[0]
        darkness = 140 - image.astype(float).mean(axis=2)
        darkness[:, max(int(x1) - 2, 0) : int(x2) + 2] = 0
        assert darkness.min() >= -1
        left, right = darkness[:, :80].sum(), darkness[:, 80:].sum()
        assert (right - left) * side > 500
