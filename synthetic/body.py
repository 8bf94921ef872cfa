"""The body as parts: tapered tubes with an elliptic section, hung on the skeleton and wrapped in the outfit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from synthetic.appearance import Identity
from synthetic.fabric import Image
from synthetic.outfit import Outfit, outfit_of
from synthetic.skeleton import REFERENCE_HEIGHT_M, Pose, Skeleton, pose_skeleton

Table = npt.NDArray[np.float64]

# (height above the pelvis, half width, half depth, forward shift of the section) in metres, of a body 1.75 m tall.
_TORSO = np.array(
    [
        (0.585, 0.054, 0.055, 0.000),
        (0.566, 0.066, 0.063, -0.004),
        (0.548, 0.094, 0.076, -0.006),
        (0.524, 0.135, 0.092, -0.006),
        (0.495, 0.159, 0.104, -0.004),
        (0.440, 0.166, 0.116, 0.000),
        (0.380, 0.166, 0.121, 0.004),
        (0.310, 0.160, 0.120, 0.007),
        (0.210, 0.146, 0.108, 0.008),
        (0.110, 0.149, 0.108, 0.000),
        (0.010, 0.166, 0.118, -0.012),
        (-0.080, 0.172, 0.120, -0.014),
        (-0.160, 0.170, 0.116, -0.010),
        (-0.450, 0.190, 0.130, 0.000),
    ]
)
# (share of the way from crown to chin, half width, half depth, forward shift) of the bare head.
_HEAD = np.array(
    [
        (0.00, 0.004, 0.006, -0.012),
        (0.04, 0.032, 0.042, -0.010),
        (0.12, 0.055, 0.070, -0.008),
        (0.25, 0.071, 0.090, -0.006),
        (0.42, 0.076, 0.097, -0.003),
        (0.60, 0.073, 0.092, 0.002),
        (0.75, 0.066, 0.078, 0.010),
        (0.88, 0.053, 0.060, 0.020),
        (0.96, 0.037, 0.042, 0.028),
        (1.00, 0.016, 0.022, 0.034),
    ]
)
_STATIONS = 28
_FLAT = np.zeros(_STATIONS)
_SHARES = np.linspace(0, 1, _STATIONS)
_UP = np.array([0.0, 1.0, 0.0])
_THIGH_M = 0.088
"""Half depth that a skirt keeps around each thigh, m."""


@dataclass(frozen=True)
class Part:
    """A tube from `start` to `end` (body frame, m); the tables hold its section at even stations along the way.

    `half_width` lies across the direction `heading_rad` (0 forward, positive to the left), `half_depth` along it;
    `shift` moves the section's centre that way. `round_start` and `round_end` are the lengths of the closing caps.
    """

    start: Table
    end: Table
    half_width: Table
    half_depth: Table
    texture: Image
    shift: Table = field(default_factory=lambda: _FLAT)
    heading_rad: float = 0.0
    round_start: float = 0.0
    round_end: float = 0.0


def _at(left: float, up: float, forward: float) -> Table:
    """Return a vector of the body frame, m."""
    return np.array((left, up, forward))


@lru_cache(maxsize=8192)
def _radius_table(radii: tuple[float, ...]) -> Table:
    """Return a limb's radius at the stations, from radii at even distances along it."""
    return np.interp(_SHARES, np.linspace(0, 1, len(radii)), radii)


def _limb(
    start: Table, end: Table, radii: tuple[float, ...], texture: Image, caps: tuple[float, float] = (1.0, 1.0)
) -> Part:
    """Return a round limb; `radii` at even distances, `caps` as shares of the radius at each end."""
    table = _radius_table(radii)
    return Part(start, end, table, table, texture, _FLAT, 0.0, caps[0] * radii[0], caps[1] * radii[-1])


@lru_cache(maxsize=4096)
def _trunk_tables(
    identity: Identity, span: tuple[float, float], grow: tuple[float, float]
) -> tuple[Table, Table, Table]:
    """Return half width, half depth and shift (m) of the clothed trunk between two heights above the pelvis."""
    scale = identity.height_m / REFERENCE_HEIGHT_M
    heights = np.linspace(span[0], span[1], _STATIONS)
    width, depth, shift = (np.interp(heights, _TORSO[::-1, 0], _TORSO[::-1, column]) for column in (1, 2, 3))
    upper = np.clip((heights - 0.1) / 0.3, 0, 1)
    waist = 1 - 0.9 * max(identity.hips - 1, 0.0) * np.exp(-(((heights - 0.2) / 0.09) ** 2))
    breadth = (upper * identity.shoulders + (1 - upper) * identity.hips) * waist
    # A heavy build shows at the belly first: depth grows faster than width below the chest.
    belly = 1 + (identity.build - 1) * (1.3 + 0.9 * np.exp(-(((heights - 0.12) / 0.16) ** 2)))
    factor, margin = grow
    below_neck = np.clip((0.585 - heights) / 0.08, 0.15, 1.0)
    cloth = 1 + (factor - 1) * below_neck
    # Cloth stands off the hips a little, so that the seat does not show through a shirt.
    slack = margin * (below_neck + 0.9 * np.clip((0.08 - heights) / 0.1, 0, 1))
    width = width * scale * identity.build * breadth * cloth + slack
    return width, depth * scale * belly * cloth + slack, shift * scale


def _trunk(
    identity: Identity, skeleton: Skeleton, span: tuple[float, float], grow: tuple[float, float], texture: Image
) -> Part:
    """Return the piece of the trunk between two heights above the pelvis (m at reference height).

    `grow` is added cloth: a factor and a margin in metres.
    """
    scale = identity.height_m / REFERENCE_HEIGHT_M
    up = (skeleton.neck - skeleton.pelvis) / (0.575 * scale)
    start = skeleton.pelvis + up * span[0] * scale
    end = skeleton.pelvis + (up if span[1] > 0 else _UP) * span[1] * scale
    width, depth, shift = _trunk_tables(identity, span, grow)
    return Part(start, end, width, depth, texture, shift)


def _skirted(part: Part, skeleton: Skeleton, share: float, flare: float) -> Part:
    """Widen the lower part of a skirt or coat so that the stepping legs stay inside; `share` is where it begins."""
    along = np.clip((_SHARES - share) / (1 - share), 0, 1)
    reach = float(np.ptp(skeleton.knees[:, 2])) / 2
    middle = float(skeleton.knees[:, 2].mean() - skeleton.pelvis[2])
    shift = part.shift * (1 - along) + along * middle
    # The hem follows the legs; what it moves by is added to the depth, so that the seat stays covered.
    depth = np.maximum(part.half_depth + np.abs(shift - part.shift), along * reach + _THIGH_M)
    widen = 1 + flare * along
    return replace(part, half_width=part.half_width * widen, half_depth=depth * widen, shift=shift)


def _legs(identity: Identity, skeleton: Skeleton, outfit: Outfit) -> list[Part]:
    scale = identity.height_m / REFERENCE_HEIGHT_M * (0.5 + 0.5 * identity.build)
    fit = identity.bottom.fit
    kind = identity.bottom.kind
    parts = []
    for side in (0, 1):
        hip, knee, ankle = skeleton.hips[side], skeleton.knees[side], skeleton.ankles[side]
        toe, heel = skeleton.toes[side], skeleton.heels[side]
        thigh = (0.084, 0.086, 0.076, 0.066, 0.058)
        shin = (0.055, 0.057, 0.055, 0.046, 0.037)
        bare_shin = (0.050, 0.054, 0.050, 0.038, 0.033)
        wide = tuple(scale * (radius * (1 + 0.25 * (fit - 1))) for radius in thigh)
        if kind in ("trousers", "jeans"):
            ends = tuple(
                scale * (radius * (1 + (fit - 0.9) * 0.8 * share) + 0.004)
                for radius, share in zip(shin, (0.1, 0.4, 0.7, 1.0, 1.5), strict=True)
            )
            parts.append(_limb(hip, knee, (*wide[:4], ends[0] * 1.02), outfit.thigh))
            parts.append(_limb(knee, ankle + 0.02 * (ankle - knee) / 0.4, ends, outfit.shin, (0.9, 0.25)))
        elif kind == "shorts":
            cut = hip + 0.82 * (knee - hip)
            parts.append(_limb(hip, knee, tuple(0.92 * radius for radius in wide), outfit.skin))
            cloth = tuple(radius * (1.04 + 0.12 * fit * k) for k, radius in enumerate(wide[:3]))
            parts.append(_limb(hip, cut, (wide[0], *cloth[1:]), outfit.thigh, (1.0, 0.1)))
            parts.append(_limb(knee, ankle, tuple(scale * r for r in bare_shin), outfit.skin))
        else:
            parts.append(_limb(hip, knee, tuple(0.88 * radius for radius in wide), outfit.skin))
            parts.append(_limb(knee, ankle, tuple(scale * r for r in bare_shin), outfit.skin))
        foot = identity.height_m / REFERENCE_HEIGHT_M
        parts.append(
            _limb(heel, toe, tuple(foot * r for r in (0.036, 0.040, 0.040, 0.038, 0.027)), outfit.shoe, (0.8, 1))
        )
        parts.append(_limb(ankle, heel + 0.35 * (toe - heel), (0.036 * foot, 0.041 * foot), outfit.shoe))
    return parts


def _arms(identity: Identity, skeleton: Skeleton, outfit: Outfit) -> list[Part]:
    scale = identity.height_m / REFERENCE_HEIGHT_M * (0.45 + 0.55 * identity.build)
    garment = identity.outer or identity.top
    sleeved = garment.kind not in ("tee", "tank")
    margin = {"coat": 0.014, "jacket": 0.012, "sweater": 0.007, "shirt": 0.004}.get(garment.kind, 0.0)
    upper = tuple(scale * (radius + margin) for radius in (0.047, 0.053, 0.049, 0.043))
    lower = tuple(scale * (radius + margin) for radius in (0.042, 0.041, 0.035, 0.030))
    if garment.kind == "tee":
        upper = tuple(scale * radius for radius in (0.048, 0.057, 0.057, 0.041))
    parts = []
    for side in (0, 1):
        shoulder, elbow = skeleton.shoulders[side], skeleton.elbows[side]
        wrist, finger = skeleton.wrists[side], skeleton.fingers[side]
        parts.append(_limb(shoulder, elbow, upper, outfit.upper_sleeve))
        parts.append(_limb(elbow, wrist, lower, outfit.lower_sleeve, (1.0, 0.2 if sleeved else 0.9)))
        palm = tuple(scale * radius for radius in (0.024, 0.034, 0.035, 0.022))
        parts.append(_limb(wrist, finger, palm, outfit.skin, (0.8, 0.9)))
    return parts


def _head(identity: Identity, skeleton: Skeleton, outfit: Outfit, turn_rad: float) -> list[Part]:
    scale = (identity.height_m / REFERENCE_HEIGHT_M) ** 0.5
    width, depth, shift = (scale * np.interp(_SHARES, _HEAD[:, 0], _HEAD[:, column]) for column in (1, 2, 3))
    crown, chin = skeleton.crown, skeleton.chin
    neck_radius = 0.054 * scale * (0.4 + 0.6 * identity.build)
    parts = [
        _limb(
            chin + _at(0, 0.05, -0.015), skeleton.neck - _at(0, 0.03, 0), (neck_radius, neck_radius * 1.1), outfit.skin
        ),
        Part(crown, chin, width, depth, outfit.head, shift, turn_rad),
    ]
    kind = identity.hair.kind
    volume = {"afro": 0.034, "long": 0.016, "bun": 0.010, "ponytail": 0.010}.get(kind, 0.012)
    lift = np.array([0.0, 0.8 * volume, 0.0])
    if outfit.hair is not None and not (identity.hat is not None and kind == "afro"):
        cap = np.clip(_SHARES * 6, 0.2, 1) * volume
        parts.append(Part(crown + lift, chin, width + cap, depth + cap, outfit.hair, shift - 0.006, turn_rad))
    parts += _loose_hair(identity, skeleton, outfit, scale)
    if outfit.hat is not None:
        brim = crown + 0.42 * (chin - crown)
        rows = _SHARES * 0.42
        round_up = np.interp(rows, _HEAD[:, 0], _HEAD[:, 1]) * scale + 0.016
        long_up = np.interp(rows, _HEAD[:, 0], _HEAD[:, 2]) * scale + 0.018
        parts.append(Part(crown + _at(0, 0.018, 0), brim, round_up, long_up, outfit.hat, _FLAT - 0.006, turn_rad))
        if identity.hat is not None and identity.hat.kind == "cap":
            ahead = np.array([np.sin(turn_rad), -0.12, np.cos(turn_rad)])
            start = crown + 0.40 * (chin - crown) + 0.055 * ahead
            visor = _limb(start, start + 0.11 * ahead, (0.05, 0.045, 0.03), outfit.hat)
            parts.append(
                Part(visor.start, visor.end, visor.half_width, 0.3 * visor.half_depth, outfit.hat, _FLAT, 0.0, 0, 0.02)
            )
    return parts


def _loose_hair(identity: Identity, skeleton: Skeleton, outfit: Outfit, scale: float) -> list[Part]:
    """Return what hangs or sits outside the cap of hair."""
    head = skeleton.crown - skeleton.chin
    back = np.array([0.0, 0.0, -1.0])
    kind = identity.hair.kind
    if kind == "long":
        start = skeleton.chin + 0.55 * head + 0.045 * back
        end = skeleton.neck + _at(0, -0.09, 0) + 0.085 * back
        width = scale * np.interp(_SHARES, [0, 0.5, 1], [0.080, 0.092, 0.080])
        depth = scale * np.interp(_SHARES, [0, 0.5, 1], [0.055, 0.045, 0.030])
        return [Part(start, end, width, depth, outfit.strand, _FLAT, 0.0, 0.03, 0.03)]
    if kind == "ponytail":
        start = skeleton.chin + 0.66 * head + 0.10 * scale * back
        return [_limb(start, start + _at(0, -0.21, -0.035), (0.026, 0.036, 0.034, 0.016), outfit.strand)]
    if kind == "bun":
        start = skeleton.chin + 0.78 * head + 0.10 * scale * back
        return [_limb(start, start + _at(0, 0.02, -0.02), (0.045, 0.045), outfit.strand)]
    return []


def _bag(identity: Identity, skeleton: Skeleton, outfit: Outfit) -> list[Part]:
    if identity.bag is None or outfit.bag is None:
        return []
    scale = identity.height_m / REFERENCE_HEIGHT_M
    box = np.interp(_SHARES, [0, 0.04, 0.12, 0.9, 1], [0.9, 0.97, 1, 1, 0.96])
    if identity.bag.kind == "backpack":
        round_box = np.interp(_SHARES, [0, 0.06, 0.18, 0.85, 1], [0.62, 0.86, 1, 1, 0.9])
        middle = skeleton.pelvis + _at(0, 0, -0.155 * (0.3 + 0.7 * identity.build) * scale - 0.045)
        top, bottom = middle + _at(0, 0.50 * scale, 0), middle + _at(0, 0.09 * scale, -0.01)
        return [Part(top, bottom, 0.145 * round_box, 0.088 * round_box, outfit.bag, _FLAT, np.pi, 0.02, 0.015)]
    side = 1.0 if identity.bag.side == 0 else -1.0
    if identity.bag.kind == "shoulder":
        out = 0.20 * identity.build * max(identity.hips, 1.0) * scale + 0.02
        top = skeleton.pelvis + _at(side * out, 0.06 * scale, -0.02)
        return [Part(top, top + _at(0, -0.22, 0), 0.045 * box, 0.14 * box, outfit.bag, _FLAT, 0.0, 0.01, 0.008)]
    palm = skeleton.fingers[identity.bag.side] + _at(0, 0.03, 0)
    top = palm + _at(0, -0.15, 0)
    handles = [_limb(palm, top + _at(0, 0, reach), (0.007, 0.007), outfit.bag) for reach in (-0.08, 0.08)]
    return [*handles, Part(top, top + _at(0, -0.22, 0), 0.05 * box, 0.15 * box, outfit.bag, _FLAT, 0.0, 0.008, 0.008)]


def body_parts(identity: Identity, pose: Pose) -> list[Part]:
    """Return all parts of this person in this pose, in no particular order (they are drawn with a depth buffer)."""
    outfit = outfit_of(identity)
    top, outer, bottom = identity.top, identity.outer, identity.bottom
    if identity.bag is not None and identity.bag.kind == "handbag":
        left, right = pose.arms
        pose = replace(pose, arms=("carry", right) if identity.bag.side == 0 else (left, "carry"))
    build = identity.build
    skeleton = pose_skeleton(pose, identity.height_m, identity.shoulders * build**0.6, identity.hips * build)
    parts = _legs(identity, skeleton, outfit) + _arms(identity, skeleton, outfit)
    parts += _head(identity, skeleton, outfit, float(np.radians(pose.turn_deg)))
    parts.append(_trunk(identity, skeleton, (0.14, -0.13), (1.0, 0.002), outfit.seat))
    # A top is tucked into a skirt and hangs over trousers.
    hem = {"sweater": -0.06, "shirt": -0.08, "tee": -0.05, "tank": -0.04}.get(top.kind, 0.0)
    hem = 0.11 if bottom.kind == "skirt" else hem
    parts.append(_trunk(identity, skeleton, (0.585, hem), (top.fit, 0.008), outfit.top))
    if outer is not None and outfit.outer is not None:
        low = -0.40 if outer.kind == "coat" else -0.09
        coat = _trunk(identity, skeleton, (0.585, low), (max(outer.fit, top.fit + 0.03), 0.018), outfit.outer)
        parts.append(_skirted(coat, skeleton, 0.6, 0.1) if outer.kind == "coat" else coat)
    if bottom.kind == "skirt" and outfit.skirt is not None:
        skirt = _trunk(identity, skeleton, (0.15, -0.40), (1.0, 0.013), outfit.skirt)
        parts.append(_skirted(skirt, skeleton, 0.27, 0.12 * bottom.fit))
    return parts + _bag(identity, skeleton, outfit)
