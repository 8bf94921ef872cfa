"""The walk cycle: a phase of the gait becomes joint positions in metres.

Body frame: x to the person's left, y up, z forward; the origin lies on the ground below the pelvis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats64 = npt.NDArray[np.float64]

REFERENCE_HEIGHT_M = 1.75
"""Height for which the segment lengths below are stated; others scale with it (Drillis and Contini 1966)."""

# Joint angles in degrees over one gait cycle that starts at heel strike, read off the curves of level walking in
# Winter, Biomechanics and Motor Control of Human Movement, ch. 4 (natural cadence).
_CYCLE = np.array([0.0, 0.08, 0.15, 0.30, 0.40, 0.50, 0.60, 0.70, 0.78, 0.87, 0.95])
_HIP = np.array([24.0, 23.0, 19.0, 5.0, -5.0, -12.0, -7.0, 10.0, 21.0, 26.0, 25.0])
_KNEE = np.array([4.0, 13.0, 18.0, 9.0, 5.0, 11.0, 36.0, 60.0, 52.0, 22.0, 3.0])
_ANKLE = np.array([0.0, -6.0, -1.0, 6.0, 9.0, 5.0, -16.0, -8.0, 0.0, 2.0, 1.0])
# The cycle ends where it begins.
_CYCLE = np.append(_CYCLE, 1.0)
_HIP, _KNEE, _ANKLE = (np.append(angles, angles[0]) for angles in (_HIP, _KNEE, _ANKLE))
_TAPS, _TAP_WEIGHTS = np.array([-0.03, 0.0, 0.03]), np.array([0.25, 0.5, 0.25])


@dataclass(frozen=True)
class Pose:
    """What the body is doing.

    `phase` in [0, 1) starts at the left heel strike; `stride` 0 stands, 1 walks, 1.3 hurries. `arms` names what the
    (left, right) arm does: `swing`, `pocket`, `phone`, `carry` or `strap`. `turn_deg` turns the head to the left.
    """

    phase: float = 0.0
    stride: float = 1.0
    arms: tuple[str, str] = ("swing", "swing")
    turn_deg: float = 0.0


@dataclass(frozen=True)
class Skeleton:
    """Joint positions (3,) in metres; pairs are (2, 3) with row 0 left, row 1 right."""

    pelvis: Floats64
    neck: Floats64
    chin: Floats64
    crown: Floats64
    hips: Floats64
    knees: Floats64
    ankles: Floats64
    heels: Floats64
    toes: Floats64
    shoulders: Floats64
    elbows: Floats64
    wrists: Floats64
    fingers: Floats64


def stride_length(height_m: float, stride: float = 1.0) -> float:
    """Return the way in metres that one whole cycle (two steps) covers, so that the feet do not slide."""
    return 1.36 * stride * height_m / REFERENCE_HEIGHT_M


def _curve(angles: Floats64, phase: float) -> float:
    """Interpolate a table over the cycle; three taps round its corners."""
    return float(np.interp((phase + _TAPS) % 1.0, _CYCLE, angles) @ _TAP_WEIGHTS)


def _swing(length: float, angle_deg: float, spread_deg: float = 0.0) -> Floats64:
    """Return a hanging segment's vector: `angle_deg` forward, `spread_deg` to the left."""
    angle, spread = np.radians(angle_deg), np.radians(spread_deg)
    return length * np.array([np.sin(spread), -np.cos(angle) * np.cos(spread), np.sin(angle) * np.cos(spread)])


def _leg(hip: Floats64, phase: float, stride: float, scale: float, side: float) -> list[Floats64]:
    """Return knee, ankle, heel and toe of one leg; `side` is +1 left, -1 right."""
    gain = min(stride, 1.0) * (1 + 0.6 * max(stride - 1.0, 0.0))
    thigh_deg = gain * _curve(_HIP, phase)
    shin_deg = thigh_deg - gain * _curve(_KNEE, phase) - 2.0 * (1 - min(stride, 1.0))
    foot_deg = shin_deg + gain * _curve(_ANKLE, phase)
    knee = hip + _swing(0.425 * scale, thigh_deg, -1.5 * side)
    ankle = knee + _swing(0.41 * scale, shin_deg, -1.0 * side)
    pitch, splay = np.radians(foot_deg), np.radians(7.0 * side)
    forward = np.array([np.sin(splay), np.sin(pitch), np.cos(pitch) * np.cos(splay)])
    down = np.array([0.0, -np.cos(pitch), np.sin(pitch)])
    sole = ankle + 0.045 * scale * down
    return [knee, ankle, sole - 0.045 * scale * forward, sole + 0.15 * scale * forward]


def _arm_angles(kind: str, opposite_hip_deg: float) -> tuple[float, float, float, float]:
    """Return upper-arm angle, its spread, elbow flexion and the forearm's inward turn, in degrees."""
    if kind == "pocket":
        return -12.0 + 0.12 * opposite_hip_deg, 13.0, 34.0, 12.0
    if kind == "phone":
        return 14.0 + 0.1 * opposite_hip_deg, 8.0, 98.0, 22.0
    if kind == "carry":
        return 0.25 * opposite_hip_deg, 9.0, 8.0, 0.0
    if kind == "strap":
        return 22.0, 10.0, 118.0, 26.0
    if kind == "swing":
        return 0.85 * opposite_hip_deg - 7.0, 7.0, 14.0 + 0.45 * max(opposite_hip_deg, 0.0), 4.0
    raise ValueError(f"unknown arm {kind!r}: expected swing, pocket, phone, carry or strap")


def _arm(
    shoulder: Floats64, angles: tuple[float, float, float, float], scale: float, side: float
) -> tuple[Floats64, Floats64, Floats64]:
    """Return elbow, wrist and finger tip of one arm."""
    upper_deg, spread_deg, flexion_deg, inward_deg = angles
    elbow = shoulder + _swing(0.29 * scale, upper_deg, side * spread_deg)
    fore = _swing(1.0, upper_deg + flexion_deg, side * (0.5 * spread_deg - inward_deg))
    return elbow, elbow + 0.25 * scale * fore, elbow + 0.39 * scale * fore


def pose_skeleton(
    pose: Pose, height_m: float = REFERENCE_HEIGHT_M, shoulders: float = 1.0, hips: float = 1.0
) -> Skeleton:
    """Return the joints of a person of this height in this pose, the lower foot on the ground.

    Args:
        pose: Phase of the walk, stride, arms and head.
        height_m: Height of the standing person.
        shoulders: Factor on the breadth of the shoulders.
        hips: Factor on the breadth of the hips.

    Raises:
        ValueError: An arm of the pose has an unknown name.
    """
    scale = height_m / REFERENCE_HEIGHT_M
    phases = (pose.phase % 1.0, (pose.phase + 0.5) % 1.0)
    gain = min(pose.stride, 1.3)
    hip_deg = [gain * _curve(_HIP, phase) for phase in phases]
    twist = np.radians(0.22 * (hip_deg[0] - hip_deg[1]))
    legs, arms = [], []
    hip_rows, shoulder_rows = [], []
    for index, side in enumerate((1.0, -1.0)):
        hip = scale * np.array([0.088 * hips * side, 0.0, 0.25 * 0.088 * side * np.sin(twist)])
        hip_rows.append(hip)
        legs.append(_leg(hip, phases[index], pose.stride, scale, side))
        breadth = 0.168 * shoulders
        lean = 0.012 * gain
        shoulder = scale * np.array([breadth * side * np.cos(twist), 0.478, lean - breadth * side * np.sin(twist)])
        shoulder_rows.append(shoulder)
        arms.append(_arm(shoulder, _arm_angles(pose.arms[index], hip_deg[1 - index]), scale, side))
    lowest = min(float(point[1]) for leg in legs for point in leg[2:])
    up = np.array([0.0, 0.028 * scale - lowest, 0.0])
    nod = scale * np.array([0.0, 0.0, 0.025 + 0.012 * gain])
    return Skeleton(
        pelvis=up,
        neck=up + scale * np.array([0.0, 0.575, 0.004 + 0.012 * gain]),
        chin=up + scale * np.array([0.0, 0.600, 0.0]) + nod,
        crown=up + scale * np.array([0.0, 0.835, 0.0]) + nod,
        hips=np.array(hip_rows) + up,
        knees=np.array([leg[0] for leg in legs]) + up,
        ankles=np.array([leg[1] for leg in legs]) + up,
        heels=np.array([leg[2] for leg in legs]) + up,
        toes=np.array([leg[3] for leg in legs]) + up,
        shoulders=np.array(shoulder_rows) + up,
        elbows=np.array([arm[0] for arm in arms]) + up,
        wrists=np.array([arm[1] for arm in arms]) + up,
        fingers=np.array([arm[2] for arm in arms]) + up,
    )
