"""An identity's clothes, skin and hair as textures, wrapped around the body parts.

A texture's rows run from the upper (proximal) end of a part to the lower one, its columns once around: the middle
column faces forward, a quarter of the way to the right the person's left side, the borders the back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from synthetic.appearance import Garment, Identity
from synthetic.fabric import Bgr, Floats, Image, as_bgra, cloth, folds, plain, smooth_noise

TORSO_ROWS, TORSO_COLS = 168, 264
LIMB_ROWS, LIMB_COLS = 96, 80
HEAD_ROWS, HEAD_COLS = 72, 144


@dataclass(frozen=True)
class Outfit:
    """Textures (rows, cols, 4) BGRA uint8 of one identity; `None` where the identity does not wear the piece."""

    top: Image
    upper_sleeve: Image
    lower_sleeve: Image
    outer: Image | None
    seat: Image
    thigh: Image
    shin: Image
    skirt: Image | None
    skin: Image
    head: Image
    hair: Image | None
    strand: Image
    shoe: Image
    bag: Image | None
    hat: Image | None


def _columns(cols: int) -> Floats:
    """Return each column's angle around the body in degrees, -180..180, 0 in front, positive to the person's left."""
    return np.asarray((np.arange(cols) + 0.5) / cols * 360 - 180, np.float32)


def _garment_cloth(garment: Garment, rows: int, cols: int, depth: float, rng: np.random.Generator) -> Floats:
    return cloth(garment.pattern, rows, cols, garment.colour, garment.accent, garment.scale_m, depth, rng)


def _darker(colour: Bgr, factor: float) -> Bgr:
    return int(colour[0] * factor), int(colour[1] * factor), int(colour[2] * factor)


def _paint_print(picture: Floats, kind: str, colour: Bgr, rng: np.random.Generator) -> None:
    """Paint the print of the chest (and a larger one on the back) in place."""
    rows, cols = picture.shape[:2]
    middle, shade = cols // 2, tuple(float(value) for value in colour)
    if kind == "badge":
        cv2.circle(picture, (middle, int(0.38 * rows)), int(0.085 * rows), shade, -1, cv2.LINE_AA)
    elif kind == "bar":
        picture[int(0.34 * rows) : int(0.46 * rows)] = shade
    elif kind == "text":
        for line, width in enumerate(rng.integers(12, 26, 3)):
            top = int(rows * (0.30 + 0.06 * line))
            cv2.rectangle(picture, (middle - int(width), top), (middle + int(width), top + 5), shade, -1)
        cv2.rectangle(picture, (0, int(0.28 * rows)), (22, int(0.5 * rows)), shade, -1)
        cv2.rectangle(picture, (cols - 22, int(0.28 * rows)), (cols, int(0.5 * rows)), shade, -1)


def _paint_neckline(picture: Floats, identity: Identity, kind: str) -> None:
    """Paint collar, neckline, button row or hood seam in place."""
    rows, cols = picture.shape[:2]
    angle, row = _columns(cols)[None, :], np.arange(rows)[:, None] / rows
    skin = np.array(identity.skin, np.float32)
    if kind == "shirt":
        picture[(row < 0.16 - np.abs(angle) / 160) & (np.abs(angle) < 22)] = skin * 0.92
        picture[(np.abs(angle) < 1.6) & (row > 0.1)] *= 0.8
        picture[np.broadcast_to(row < 0.045, picture.shape[:2])] *= 1.08
    elif kind == "tank":
        picture[(row < 0.2 - np.abs(angle) / 500) & (np.abs(angle) < 60)] = skin * 0.95
        picture[(row < 0.13) & (np.abs(angle) > 120)] = skin * 0.95
    else:
        picture[(row < 0.075 - np.abs(angle) / 1500) & (np.abs(angle) < 60)] = skin * 0.93
        picture[np.broadcast_to((row > 0.975), picture.shape[:2])] *= 0.86


def _paint_straps(picture: Floats, identity: Identity) -> None:
    """Paint the straps of a backpack or of a shoulder bag across the chest in place."""
    if identity.bag is None:
        return
    rows, cols = picture.shape[:2]
    angle, row = _columns(cols)[None, :], np.arange(rows)[:, None] / rows
    colour = np.array(_darker(identity.bag.colour, 0.85), np.float32)
    if identity.bag.kind == "backpack":
        centre = 34 + 20 * row
        picture[(np.abs(np.abs(angle) - centre) < 8.5) & (row < 0.62)] = colour
    elif identity.bag.kind == "shoulder":
        sign = 1.0 if identity.bag.side == 0 else -1.0
        front = -38 + 110 * (row - 0.12) / 0.7
        back = 180 - (38 - 100 * (row - 0.12) / 0.7)
        wrapped = np.abs(np.abs(angle * sign - back) % 360)
        picture[((np.abs(angle * sign - front) < 6) | (wrapped < 6) | (wrapped > 354)) & (row > 0.1)] = colour


def _top_texture(identity: Identity, rng: np.random.Generator) -> Image:
    picture = _garment_cloth(identity.top, TORSO_ROWS, TORSO_COLS, 0.11, rng)
    _paint_print(picture, identity.top.print_kind, identity.top.accent, rng)
    _paint_neckline(picture, identity, identity.top.kind)
    if identity.outer is None:
        _paint_straps(picture, identity)
    return as_bgra(picture)


def _outer_texture(identity: Identity, outer: Garment, rng: np.random.Generator) -> Image:
    """Return the jacket or coat: open in front over the top, with lapels, seams and pockets."""
    picture = _garment_cloth(outer, TORSO_ROWS, TORSO_COLS, 0.13, rng)
    row = np.broadcast_to(np.arange(TORSO_ROWS)[:, None] / TORSO_ROWS, (TORSO_ROWS, TORSO_COLS))
    angle = np.broadcast_to(_columns(TORSO_COLS)[None, :], row.shape)
    opening = 9 + 20 * np.clip(1 - row / 0.55, 0, 1) + 7 * np.clip(row - 0.7, 0, 1) / 0.3
    inside = np.abs(angle) < opening
    lapel = (np.abs(np.abs(angle) - opening - 5) < 5) & (row < 0.5)
    picture[lapel] *= 1.15
    picture[np.abs(np.abs(angle) - opening) < 1.5] *= 0.6
    picture[np.abs(np.abs(angle) - 90) < 1.4] *= 0.85
    pocket = (np.abs(np.abs(angle) - 58) < 16) & (np.abs(row - 0.74) < 0.006)
    picture[pocket] *= 0.6
    _paint_straps(picture, identity)
    return as_bgra(picture, ~inside)


def _leg_textures(identity: Identity, rng: np.random.Generator) -> tuple[Image, Image, Image]:
    """Return seat, thigh and shin."""
    bottom, skin = identity.bottom, identity.skin
    bare = plain(LIMB_ROWS, LIMB_COLS, skin, skin, 1.0) * folds(LIMB_ROWS, LIMB_COLS, 0.03, rng)[..., None]
    seat = _garment_cloth(bottom, 72, TORSO_COLS, 0.10, rng)
    seat[:9] *= 0.82
    seat[:, [TORSO_COLS // 2, TORSO_COLS // 2 - 1]] *= 0.85
    if bottom.kind == "skirt":
        return as_bgra(seat), as_bgra(bare), as_bgra(bare)
    thigh = _garment_cloth(bottom, LIMB_ROWS, LIMB_COLS, 0.09, rng)
    shin = _garment_cloth(bottom, LIMB_ROWS, LIMB_COLS, 0.11, rng)
    if bottom.kind == "jeans":
        fade = np.exp(-((_columns(LIMB_COLS)[None, :] / 55) ** 2)) * np.sin(np.linspace(0, np.pi, LIMB_ROWS))[:, None]
        thigh *= 1 + 0.35 * fade[..., None].astype(np.float32)
        shin[-6:] *= 0.85
    for piece in (thigh, shin):
        piece[:, [LIMB_COLS // 4, 3 * LIMB_COLS // 4]] *= 0.86
    if bottom.kind == "shorts":
        thigh[-4:] *= 0.8
        return as_bgra(seat), as_bgra(thigh), as_bgra(bare)
    shin[-22:] *= (1 + 0.08 * smooth_noise(22, LIMB_COLS, (5, 26), rng))[..., None]
    return as_bgra(seat), as_bgra(thigh), as_bgra(shin)


def _sleeve_textures(identity: Identity, rng: np.random.Generator) -> tuple[Image, Image]:
    """Return the upper and the lower sleeve; bare skin where the garment leaves the arm free."""
    garment = identity.outer or identity.top
    skin = plain(LIMB_ROWS, LIMB_COLS, identity.skin, identity.skin, 1.0)
    bare = skin * folds(LIMB_ROWS, LIMB_COLS, 0.03, rng)[..., None]
    if garment.kind == "tank":
        return as_bgra(bare), as_bgra(bare)
    upper = _garment_cloth(garment, LIMB_ROWS, LIMB_COLS, 0.12, rng)
    if garment.pattern == "blocks":
        upper = plain(LIMB_ROWS, LIMB_COLS, garment.accent, garment.accent, 1.0)
        upper *= folds(LIMB_ROWS, LIMB_COLS, 0.12, rng)[..., None]
    if garment.kind == "tee":
        hem = int(0.66 * LIMB_ROWS)
        upper[hem - 3 : hem] *= 0.8
        upper[hem:] = bare[hem:] * np.clip(np.linspace(0.72, 1.15, LIMB_ROWS - hem), 0, 1)[:, None, None]
        return as_bgra(upper), as_bgra(bare)
    lower_garment = garment if garment.pattern != "blocks" else Garment(garment.kind, garment.colour, garment.accent)
    lower = _garment_cloth(lower_garment, LIMB_ROWS, LIMB_COLS, 0.16, rng)
    lower[-7:] *= 0.85
    return as_bgra(upper), as_bgra(lower)


def _head_texture(identity: Identity, rng: np.random.Generator) -> Image:
    """Return the bare head: brows, eyes, nose, mouth, ears and beard as a few soft strokes."""
    skin = identity.skin
    picture = plain(HEAD_ROWS, HEAD_COLS, skin, skin, 1.0)
    angle, row = _columns(HEAD_COLS)[None, :], np.arange(HEAD_ROWS)[:, None] / HEAD_ROWS
    hair = np.array(identity.hair.colour, np.float32)

    def blot(
        centre_deg: float, centre_row: float, width_deg: float, height: float, colour: Floats, share: float
    ) -> None:
        # Beyond 4.5 deviations a stroke changes nothing: 255 levels times exp(-20) is a millionth of a level.
        near = np.flatnonzero(np.abs(angle[0] - centre_deg) < 4.5 * width_deg)
        rows = np.flatnonzero(np.abs(row[:, 0] - centre_row) < 4.5 * height)
        part = (slice(rows[0], rows[-1] + 1), slice(near[0], near[-1] + 1))
        away = -(((angle[:, part[1]] - centre_deg) / width_deg) ** 2) - ((row[part[0]] - centre_row) / height) ** 2
        weight = share * np.exp(away)[..., None]
        picture[part] = picture[part] * (1 - weight) + colour * weight

    tone = np.array(skin, np.float32)
    blush = tone * np.array([0.82, 0.85, 0.98], np.float32)
    for side in (-1.0, 1.0):
        blot(23 * side, 0.47, 15, 0.07, tone * 0.66, 0.75)
        blot(22 * side, 0.425, 14, 0.022, hair * 0.7, 0.85)
        blot(22 * side, 0.495, 7, 0.028, np.array((28, 26, 30), np.float32), 0.9)
        blot(38 * side, 0.66, 18, 0.1, blush, 0.5)
        blot(92 * side, 0.56, 12, 0.09, tone * 0.72, 0.7)
    blot(0, 0.57, 6, 0.1, np.minimum(tone * 1.12, 255), 0.6)
    blot(0, 0.68, 12, 0.03, tone * 0.62, 0.6)
    blot(0, 0.79, 16, 0.025, tone * np.array([0.62, 0.55, 0.8], np.float32), 0.85)
    if identity.beard:
        weight = np.clip((row - 0.66) / 0.08, 0, 1) * np.clip((100 - np.abs(angle)) / 15, 0, 1)
        weight = weight * (1 - 0.6 * np.exp(-((angle / 15) ** 2) - ((row - 0.79) / 0.03) ** 2))
        picture[:] = picture * (1 - 0.8 * weight[..., None]) + hair * (0.8 * weight[..., None])
    if identity.glasses:
        frame = (np.abs(row - 0.49) < 0.055) & (np.abs(np.abs(angle) - 23) < 16)
        picture[frame] *= 0.45
        picture[(np.abs(row - 0.465) < 0.014) & (np.abs(angle) < 95)] = 30
    picture *= folds(HEAD_ROWS, HEAD_COLS, 0.02, rng)[..., None]
    return as_bgra(picture)


def _strand_texture(identity: Identity, rng: np.random.Generator) -> Floats:
    """Return hair: fine strands that run down."""
    picture = plain(HEAD_ROWS, HEAD_COLS, identity.hair.colour, identity.hair.colour, 1.0)
    strands = smooth_noise(HEAD_ROWS, HEAD_COLS, (30, 3), rng) + 0.7 * smooth_noise(HEAD_ROWS, HEAD_COLS, (20, 12), rng)
    return np.asarray(picture * np.clip(1 + 0.16 * strands, 0.5, 1.7)[..., None], np.float32)


def _hair_texture(identity: Identity, strands: Floats) -> Image | None:
    """Return the cap of hair, open where the face is; `None` for a bald head."""
    kind = identity.hair.kind
    if kind == "bald":
        return None
    angle, row = np.abs(_columns(HEAD_COLS))[None, :], np.arange(HEAD_ROWS)[:, None] / HEAD_ROWS
    edge = np.sin(np.arange(HEAD_COLS) * 1.7)[None, :] * 0.012
    front, side, back = {"short": (0.27, 0.50, 0.80), "afro": (0.30, 0.62, 0.86), "long": (0.27, 0.98, 1.1)}.get(
        kind, (0.26, 0.48, 0.84)
    )
    hairline = np.interp(
        angle, [0, 42, 62, 84, 104, 125, 180], [front, front + 0.04, side * 0.9, side, side, back, back]
    )
    return as_bgra(strands, row < hairline + edge)


def _hat_texture(hat: Garment, rng: np.random.Generator) -> Image:
    picture = _garment_cloth(hat, HEAD_ROWS, HEAD_COLS, 0.06, rng)
    if hat.kind == "beanie":
        picture[-22:] *= 0.85
    return as_bgra(picture)


def _bag_texture(colour: Bgr, rng: np.random.Generator) -> Image:
    """Return bag cloth with a lid seam and a front pocket."""
    picture = cloth("plain", LIMB_ROWS, LIMB_COLS, colour, colour, 1.0, 0.07, rng)
    picture[28:31] *= 0.6
    picture[56:58, 22:58] *= 0.65
    picture[56:84, [22, 57]] *= 0.65
    return as_bgra(picture)


@lru_cache(maxsize=2048)
def outfit_of(identity: Identity) -> Outfit:
    """Return the textures of this identity; computed once (about 10 ms), the same on every call."""
    rng = np.random.default_rng([identity.seed, 0x0F])
    seat, thigh, shin = _leg_textures(identity, rng)
    upper_sleeve, lower_sleeve = _sleeve_textures(identity, rng)
    strands = _strand_texture(identity, rng)
    skin = plain(LIMB_ROWS, LIMB_COLS, identity.skin, identity.skin, 1.0)
    shoe = plain(24, 48, identity.shoes, identity.shoes, 1.0) * folds(24, 48, 0.08, rng)[..., None]
    shoe[:, :6] = shoe[:, :6] * 0.4 + 0.6 * 110
    shoe[:, -6:] = shoe[:, -6:] * 0.4 + 0.6 * 110
    skirt = _garment_cloth(identity.bottom, 140, TORSO_COLS, 0.2, rng) if identity.bottom.kind == "skirt" else None
    return Outfit(
        top=_top_texture(identity, rng),
        upper_sleeve=upper_sleeve,
        lower_sleeve=lower_sleeve,
        outer=None if identity.outer is None else _outer_texture(identity, identity.outer, rng),
        seat=seat,
        thigh=thigh,
        shin=shin,
        skirt=None if skirt is None else as_bgra(skirt),
        skin=as_bgra(skin),
        head=_head_texture(identity, rng),
        hair=_hair_texture(identity, strands),
        strand=as_bgra(strands),
        shoe=as_bgra(shoe),
        bag=None if identity.bag is None else _bag_texture(identity.bag.colour, rng),
        hat=None if identity.hat is None else _hat_texture(identity.hat, rng),
    )
