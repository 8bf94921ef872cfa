"""People on a ground plane: routes over time, shadows, painter's order, and the ground truth of every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.appearance import Identity
from synthetic.camera import GroundCamera, Sensor, expose, motion_blur
from synthetic.figure import Light, Sprite, View, draw_figure
from synthetic.skeleton import Pose, stride_length

Floats = npt.NDArray[np.float32]
_WALKING_SPEED = 1.35
"""m/s at which the stride is the one of the gait tables; slower people take shorter steps."""
_SMOOTHING_S = 0.28
"""Deviation of the Gaussian that rounds a route's corners and its starts and stops, s."""
_SHUTTER = 0.35
"""Share of the frame time that the shutter is open."""
MIN_INSIDE = 0.1
"""Ground truth begins where this share of the silhouette lies inside the frame."""


@dataclass(frozen=True)
class Visit:
    """One stay in the scene: `waypoints` (time s, x m, z m); two in the same place are a pause."""

    waypoints: tuple[tuple[float, float, float], ...]
    arms: tuple[str, str] = ("swing", "swing")


@dataclass(frozen=True)
class Actor:
    """A person of the scene, with the id of the ground truth; each visit is a walk through the view."""

    id: int
    identity: Identity
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Scene:
    """Everything a clip is made of. `props` are (distance m, sprite) of things among the people."""

    camera: GroundCamera
    backdrop: Floats
    actors: tuple[Actor, ...]
    props: tuple[tuple[float, Sprite], ...]
    light: Light
    sensor: Sensor
    fps: int
    num_frames: int
    seed: int


@dataclass(frozen=True)
class Step:
    """Where an actor is and what it does in one frame; `heading_deg` 0 walks toward the camera, 90 to the right."""

    x: float
    z: float
    heading_deg: float
    speed: float
    pose: Pose


@dataclass(frozen=True)
class Truth:
    """The ground truth of one frame, rows sorted by id.

    `xyxy` (N, 4) float32 px are the extents of the drawn silhouettes, also where hidden, clipped to the frame;
    `visibility` (N,) is the share of the whole silhouette, the part outside the frame included, that is seen.
    """

    ids: npt.NDArray[np.int64]
    xyxy: Floats
    visibility: Floats


def walk(visit: Visit, identity: Identity, fps: int, num_frames: int) -> list[Step | None]:
    """Return the actor's step in each frame, `None` before the first waypoint and after the last.

    The phase of the gait follows the way covered, so that the feet stay where they are set down.

    Raises:
        ValueError: Fewer than two waypoints, or their times do not increase.
    """
    times, xs, zs = (np.array(column, np.float64) for column in zip(*visit.waypoints, strict=True))
    if times.size < 2 or (np.diff(times) <= 0).any():
        raise ValueError(f"a visit needs two or more waypoints with increasing times, got times {times.tolist()}")
    pad = 4 * _SMOOTHING_S
    clock = np.arange(times[0] - pad, times[-1] + pad, 1.0 / (4 * fps))
    taps = np.exp(-0.5 * (np.arange(-int(pad * 4 * fps), int(pad * 4 * fps) + 1) / (_SMOOTHING_S * 4 * fps)) ** 2)
    taps /= taps.sum()
    path = np.stack([_extrapolated(clock, times, values) for values in (xs, zs)])
    half = taps.size // 2
    path = np.stack([np.convolve(np.pad(row, half, mode="edge"), taps, mode="valid") for row in path])
    velocity = np.gradient(path, axis=1) * 4 * fps
    speed = np.hypot(velocity[0], velocity[1])
    stride = np.clip(speed / _WALKING_SPEED, 0.0, 1.5) ** 0.6
    lengths = np.maximum(stride_length(identity.height_m) * np.clip(stride, 0.25, 1.3), 0.2)
    phase = np.cumsum(speed / lengths) / (4 * fps) + (identity.seed * 0.37) % 1.0
    heading = _headings(velocity, speed)
    steps: list[Step | None] = []
    for frame in range(num_frames):
        time_s = frame / fps
        if not times[0] <= time_s <= times[-1]:
            steps.append(None)
            continue
        at = int(np.clip(round((time_s - clock[0]) * 4 * fps), 0, clock.size - 1))
        pose = Pose(float(phase[at] % 1.0), float(stride[at] if speed[at] > 0.03 else 0.0), visit.arms)
        steps.append(Step(float(path[0, at]), float(path[1, at]), float(heading[at]), float(speed[at]), pose))
    return steps


def _extrapolated(
    clock: npt.NDArray[np.float64], times: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Interpolate linearly; beyond the ends go on at the first and last speed: smoothing then bends nothing there."""
    inner = np.interp(clock, times, values)
    first = (values[1] - values[0]) / (times[1] - times[0])
    last = (values[-1] - values[-2]) / (times[-1] - times[-2])
    inner += np.minimum(clock - times[0], 0) * first + np.maximum(clock - times[-1], 0) * last
    return np.asarray(inner)


def _headings(velocity: npt.NDArray[np.float64], speed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the heading in degrees; who stands keeps the last direction of the walk."""
    angle = np.arctan2(velocity[0], -velocity[1])
    moving = speed > 0.15
    last = np.maximum.accumulate(np.where(moving, np.arange(speed.size), -1))
    first = int(np.argmax(moving))
    return np.asarray(np.degrees(np.unwrap(angle[np.where(last < 0, first, last)])))


def draw_actor(identity: Identity, step: Step, scene: Scene) -> Sprite:
    """Return the sprite of a person at this place of the scene."""
    camera = scene.camera
    ray_deg = float(np.degrees(np.arctan2(step.x, step.z)))
    elevation = float(np.degrees(np.arctan2(camera.height_m - 0.9, step.z)))
    height_px = identity.height_m * camera.pixels_per_m(step.z)
    foot = camera.project(step.x, 0.0, step.z)
    sprite = draw_figure(
        identity,
        step.pose,
        View(step.heading_deg + ray_deg, elevation),
        scene.light,
        height_px=height_px,
        foot=foot,
        supersample=3 if height_px < 130 else 2,
    )
    across = step.speed * np.sin(np.radians(step.heading_deg)) * camera.pixels_per_m(step.z) / scene.fps * _SHUTTER
    if abs(across) < 1:
        return sprite
    layers = motion_blur(np.dstack([sprite.bgr, sprite.alpha]), float(across))
    return Sprite(sprite.left, sprite.top, layers[..., :3], layers[..., 3])


def _inside(sprite: Sprite, camera: GroundCamera) -> tuple[slice, slice, slice, slice] | None:
    """Return the frame's rows and columns under the sprite and the sprite's own, `None` where they do not meet."""
    height, width = sprite.alpha.shape
    x1, y1 = max(sprite.left, 0), max(sprite.top, 0)
    x2, y2 = min(sprite.left + width, camera.width), min(sprite.top + height, camera.height)
    if x1 >= x2 or y1 >= y2:
        return None
    own_y, own_x = slice(y1 - sprite.top, y2 - sprite.top), slice(x1 - sprite.left, x2 - sprite.left)
    return slice(y1, y2), slice(x1, x2), own_y, own_x


def cast_shadow(shadow: Floats, sprite: Sprite, place: tuple[float, float], scene: Scene) -> None:
    """Lay a sprite's silhouette down on the ground, away from the sun, in place (darkest wins).

    Args:
        shadow: Depth of shadow (H, W) in 0..1.
        sprite: What stands there.
        place: Its x and z on the ground, m.
        scene: Camera and light.
    """
    camera, (x, z) = scene.camera, place
    right, up, toward = scene.light.direction()
    scale = camera.pixels_per_m(z)
    foot_x, foot_y = camera.project(x, 0.0, z)
    rows, cols = sprite.alpha.shape
    source = np.array([(0, 0), (cols, 0), (cols, rows), (0, rows)], np.float32)
    target = []
    for col, row in source:
        across = (sprite.left + col - foot_x) / scale
        height = max((foot_y - sprite.top - row) / scale, -0.12)
        target.append(camera.project(x + across - height * right / up, 0.0, z + height * toward / up))
    matrix = cv2.getPerspectiveTransform(source, np.array(target, np.float32))
    laid = cv2.warpPerspective(sprite.alpha, matrix, (camera.width, camera.height), flags=cv2.INTER_LINEAR)
    laid = cv2.GaussianBlur(laid, (0, 0), max(0.6, 0.022 * scale))
    np.maximum(shadow, laid, out=shadow)


def darkened(ground: Floats, shadow: Floats, light: Light) -> Floats:
    """Return the ground (H, W, 3) under this depth of shadow (H, W): without the sun only the sky lights it."""
    share = light.sun / (light.sun + light.sky)
    return np.asarray(ground * (1 - 0.72 * share * shadow)[..., None], np.float32)


def _contact(shadow: Floats, x: float, z: float, camera: GroundCamera) -> None:
    """Add the soft dark spot right under a person, in place."""
    scale = camera.pixels_per_m(z)
    foot_x, foot_y = camera.project(x, 0.0, z)
    spot = np.zeros_like(shadow)
    axes = (int(0.26 * scale * 16), int(0.26 * scale * camera.height_m / z * 16))
    cv2.ellipse(spot, (int(foot_x * 16), int(foot_y * 16)), axes, 0, 0, 360, 0.6, -1, cv2.LINE_AA, 4)
    np.maximum(shadow, cv2.GaussianBlur(spot, (0, 0), max(0.8, 0.05 * scale)), out=shadow)


def _compose(picture: Floats, layers: Sequence[tuple[float, Sprite]], camera: GroundCamera) -> list[float]:
    """Paint the layers from far to near in place; return the seen share of each, in the given order."""
    order = sorted(range(len(layers)), key=lambda index: -layers[index][0])
    for index in order:
        sprite = layers[index][1]
        window = _inside(sprite, camera)
        if window is not None:
            rows, cols, own_y, own_x = window
            picture[rows, cols] *= 1 - sprite.alpha[own_y, own_x, None]
            picture[rows, cols] += sprite.bgr[own_y, own_x]
    seen = [0.0] * len(layers)
    through = np.ones(picture.shape[:2], np.float32)
    for index in reversed(order):
        sprite = layers[index][1]
        window = _inside(sprite, camera)
        if window is not None:
            rows, cols, own_y, own_x = window
            alpha = sprite.alpha[own_y, own_x]
            seen[index] = float((through[rows, cols] * alpha).sum() / max(float(sprite.alpha.sum()), 1e-6))
            through[rows, cols] *= 1 - alpha
    return seen


def _truth(people: Sequence[tuple[int, Sprite]], seen: Sequence[float], camera: GroundCamera) -> Truth:
    rows: list[tuple[int, tuple[float, float, float, float], float]] = []
    for (actor_id, sprite), share in zip(people, seen, strict=True):
        box, window = sprite.xyxy(), _inside(sprite, camera)
        if box is None or window is None:
            continue
        inside = float(sprite.alpha[window[2], window[3]].sum() / sprite.alpha.sum())
        x1, y1 = max(box[0], 0.0), max(box[1], 0.0)
        x2, y2 = min(box[2], float(camera.width)), min(box[3], float(camera.height))
        if inside >= MIN_INSIDE and x2 > x1 and y2 > y1:
            rows.append((actor_id, (x1, y1, x2, y2), share))
    rows.sort()
    return Truth(
        ids=np.array([row[0] for row in rows], np.int64),
        xyxy=np.array([row[1] for row in rows], np.float32).reshape(-1, 4),
        visibility=np.array([row[2] for row in rows], np.float32),
    )


def render_frame(scene: Scene, steps: Sequence[tuple[Actor, Step]], index: int) -> tuple[npt.NDArray[np.uint8], Truth]:
    """Return one frame (H, W, 3) BGR uint8 and its ground truth; noise depends only on the seed and the index."""
    people = [(actor, step, draw_actor(actor.identity, step, scene)) for actor, step in steps]
    shadow = np.zeros(scene.backdrop.shape[:2], np.float32)
    for _, step, sprite in people:
        cast_shadow(shadow, sprite, (step.x, step.z), scene)
        _contact(shadow, step.x, step.z, scene.camera)
    picture = darkened(scene.backdrop, shadow, scene.light)
    layers = [(step.z, sprite) for _, step, sprite in people] + list(scene.props)
    seen = _compose(picture, layers, scene.camera)
    truth = _truth([(actor.id, sprite) for actor, _, sprite in people], seen[: len(people)], scene.camera)
    rng = np.random.default_rng([scene.seed, 0x5E, index])
    return expose(picture, scene.sensor, rng), truth


def plan(scene: Scene) -> list[list[tuple[Actor, Step]]]:
    """Return who is where in each frame."""
    frames: list[list[tuple[Actor, Step]]] = [[] for _ in range(scene.num_frames)]
    for actor in scene.actors:
        for visit in actor.visits:
            for frame, step in enumerate(walk(visit, actor.identity, scene.fps, scene.num_frames)):
                if step is not None:
                    frames[frame].append((actor, step))
    return frames


def render(scene: Scene, indices: Sequence[int] | None = None) -> Iterator[tuple[npt.NDArray[np.uint8], Truth]]:
    """Yield frame and ground truth for each index (all frames by default); frames do not depend on one another."""
    steps = plan(scene)
    for index in indices if indices is not None else range(scene.num_frames):
        yield render_frame(scene, steps[index], index)
