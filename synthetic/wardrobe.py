"""Who walks down a real street: mostly dark, grey and blue clothes, uniforms, and families of look-alikes.

`synthetic.appearance` draws colourful people for a demo; here the statistics follow a street in a temperate town, where
colour alone tells few people apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from synthetic.appearance import CLOTH_COLOURS, HAIR_COLOURS, SKIN_TONES, Bag, Garment, Hair, Identity
from synthetic.fabric import Bgr

__all__ = ["FAMILY_BLOCK", "FAMILY_SIZE", "family_of", "sample_pedestrian"]

FAMILY_BLOCK = 8
"""Of so many identities in a row ..."""
FAMILY_SIZE = 4
"""... the first so many are look-alikes of one another."""

_Odds = dict[str, float]
_OUTER_ODDS: _Odds = {
    "black": 0.30,
    "charcoal": 0.14,
    "navy": 0.15,
    "grey": 0.09,
    "brown": 0.07,
    "beige": 0.06,
    "olive": 0.05,
    "denim": 0.04,
    "white": 0.03,
    "wine": 0.02,
    "red": 0.02,
    "blue": 0.03,
}
_TOP_ODDS: _Odds = {
    "white": 0.21,
    "black": 0.18,
    "grey": 0.12,
    "charcoal": 0.08,
    "navy": 0.11,
    "sky": 0.06,
    "blue": 0.04,
    "beige": 0.05,
    "red": 0.04,
    "pink": 0.03,
    "wine": 0.02,
    "olive": 0.02,
    "green": 0.02,
    "yellow": 0.01,
    "purple": 0.01,
}
_BOTTOM_ODDS: _Odds = {
    "black": 0.26,
    "charcoal": 0.12,
    "navy": 0.16,
    "denim": 0.22,
    "grey": 0.08,
    "beige": 0.08,
    "brown": 0.04,
    "olive": 0.02,
    "white": 0.02,
}
_SHOE_ODDS: _Odds = {"black": 0.5, "brown": 0.16, "white": 0.15, "grey": 0.1, "navy": 0.05, "red": 0.02, "beige": 0.02}
_BAG_ODDS: _Odds = {
    "black": 0.42,
    "brown": 0.14,
    "navy": 0.1,
    "grey": 0.1,
    "beige": 0.06,
    "white": 0.06,
    "red": 0.05,
    "green": 0.03,
    "blue": 0.04,
}
_HAIR_ODDS = (0.28, 0.26, 0.18, 0.10, 0.08, 0.08, 0.02)
_TOP_PATTERNS: _Odds = {"plain": 0.74, "hoops": 0.08, "checks": 0.06, "pinstripes": 0.03, "dots": 0.03, "blocks": 0.06}
_ANY_COLOUR = 0.04
"""Share of garments whose colour is drawn from the whole colour wheel."""


def _draw(rng: np.random.Generator, odds: _Odds) -> str:
    weights = np.array(list(odds.values()))
    return list(odds)[int(rng.choice(len(odds), p=weights / weights.sum()))]


def _colour(rng: np.random.Generator, odds: _Odds) -> Bgr:
    """Draw a cloth colour: a name by its odds, then a shade of it."""
    if rng.random() < _ANY_COLOUR:
        hsv = np.array([[[rng.integers(180), rng.integers(90, 230), rng.integers(50, 230)]]], np.uint8)
        base = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float64)
    else:
        base = np.array(CLOTH_COLOURS[_draw(rng, odds)], np.float64)
    shade = np.exp(rng.normal(0, 0.16)) * np.exp(rng.normal(0, 0.06, 3))
    # Worn and washed cloth is greyer than its name.
    base = base.mean() + (base - base.mean()) * rng.uniform(0.4, 1.0)
    mixed = np.clip(base * shade + rng.normal(0, 3, 3), 12, 242)
    return int(mixed[0]), int(mixed[1]), int(mixed[2])


def _apart(rng: np.random.Generator, colour: Bgr, odds: _Odds, distance: float) -> Bgr:
    """Draw a colour that lies at least so far away in BGR, or the farthest of twelve."""
    draws = [_colour(rng, odds) for _ in range(12)]
    gaps = [float(np.linalg.norm(np.subtract(other, colour))) for other in draws]
    far = [other for other, gap in zip(draws, gaps, strict=True) if gap >= distance]
    return far[0] if far else draws[int(np.argmax(gaps))]


def _hair(rng: np.random.Generator, slender: bool) -> Hair:
    kinds = ["long", "long", "ponytail", "bun", "short", "afro"] if slender else ["short", "short", "short", "bald"]
    return Hair(str(rng.choice(kinds)), HAIR_COLOURS[int(rng.choice(len(HAIR_COLOURS), p=_HAIR_ODDS))])


def _top(rng: np.random.Generator, cold: bool) -> Garment:
    odds = [0.1, 0.35, 0.55, 0.0] if cold else [0.5, 0.24, 0.2, 0.06]
    kind = str(rng.choice(["tee", "shirt", "sweater", "tank"], p=odds))
    colour, pattern = _colour(rng, _TOP_ODDS), _draw(rng, _TOP_PATTERNS)
    prints = ["none"] * 4 + ["badge", "bar", "text"] if pattern == "plain" and kind != "shirt" else ["none"]
    accent = _apart(rng, colour, _TOP_ODDS, 70)
    scale_m, fit = float(rng.uniform(0.03, 0.13)), float(rng.uniform(1.0, 1.22))
    return Garment(kind, colour, accent, pattern, scale_m, fit, str(rng.choice(prints)))


def _outer(rng: np.random.Generator, top: Garment) -> tuple[Garment, Garment]:
    """Return top and jacket or coat; a closed one hides the top behind its own cloth."""
    kind = str(rng.choice(["jacket", "coat"], p=[0.6, 0.4]))
    colour = _colour(rng, _OUTER_ODDS)
    pattern = _draw(rng, {"plain": 0.88, "blocks": 0.08, "checks": 0.04})
    outer = Garment(kind, colour, _apart(rng, colour, _OUTER_ODDS, 60), pattern, 0.16, float(rng.uniform(1.08, 1.36)))
    if rng.random() < 0.55:
        return Garment("sweater", colour, outer.accent, "plain", 0.08, 1.05), outer
    return top, outer


def _bottom(rng: np.random.Generator, slender: bool, cold: bool) -> Garment:
    short = 0.03 if cold else 0.2
    skirt = (0.1 if cold else 0.22) if slender else 0.0
    kind = _draw(rng, {"trousers": 0.55, "jeans": 0.45, "shorts": short, "skirt": skirt})
    colour = _colour(rng, _TOP_ODDS if kind == "skirt" else _BOTTOM_ODDS)
    pattern = _draw(rng, {"plain": 0.7, "dots": 0.15, "checks": 0.15}) if kind == "skirt" else "plain"
    return Garment(kind, colour, _apart(rng, colour, _TOP_ODDS, 70), pattern, 0.07, float(rng.uniform(0.92, 1.4)))


def _bag(rng: np.random.Generator) -> Bag:
    kind = _draw(rng, {"backpack": 0.36, "shoulder": 0.38, "handbag": 0.26})
    return Bag(kind, _colour(rng, _BAG_ODDS), int(rng.integers(2)))


def _uniform(person: Identity, rng: np.random.Generator) -> Identity:
    """Return the person in working clothes: a road worker's vest, a dark suit, or a guard's black."""
    kind = str(rng.choice(["road", "suit", "guard"]))
    black: Bgr = (38, 35, 35)
    if kind == "road":
        vest = Garment("sweater", (60, 190, 225), (190, 190, 185), "hoops", 0.24, 1.2)
        return replace(person, top=vest, outer=None, bottom=Garment("trousers", (80, 46, 32), black))
    if kind == "suit":
        shirt = Garment("shirt", (225, 222, 220), black)
        suit = Garment("jacket", (62, 46, 42), black, fit=1.1)
        return replace(person, top=shirt, outer=suit, bottom=Garment("trousers", (60, 44, 40), black), shoes=black)
    cloth = Garment("sweater", black, (200, 200, 200), print_kind="bar", fit=1.15)
    return replace(person, top=cloth, outer=None, bottom=Garment("trousers", black, black), shoes=black, bag=None)


def _stranger(rng: np.random.Generator, seed: int) -> Identity:
    slender, cold = bool(rng.random() < 0.5), bool(rng.random() < 0.55)
    top, outer = _top(rng, cold), None
    if rng.random() < (0.86 if cold else 0.12):
        top, outer = _outer(rng, top)
    hat = None
    if rng.random() < (0.2 if cold else 0.08):
        hat_colour = _colour(rng, _BAG_ODDS)
        hat = Garment("beanie" if cold else "cap", hat_colour, _apart(rng, hat_colour, _TOP_ODDS, 60))
    person = Identity(
        seed=seed,
        height_m=float(np.clip(rng.normal(1.65 if slender else 1.77, 0.07), 1.45, 2.0)),
        build=float(np.clip(rng.normal(1.02 if slender else 1.12, 0.12), 0.82, 1.5)),
        shoulders=float(rng.normal(0.95 if slender else 1.04, 0.04)),
        hips=float(rng.normal(1.06 if slender else 0.98, 0.05)),
        skin=SKIN_TONES[int(rng.integers(len(SKIN_TONES)))],
        hair=_hair(rng, slender),
        top=top,
        outer=outer,
        bottom=_bottom(rng, slender, cold),
        shoes=_colour(rng, _SHOE_ODDS),
        bag=_bag(rng) if rng.random() < 0.55 else None,
        hat=hat,
        glasses=bool(rng.random() < 0.2),
        beard=bool(not slender and rng.random() < 0.3),
    )
    return _uniform(person, rng) if rng.random() < 0.05 else person


def _other_top(person: Identity, rng: np.random.Generator) -> Identity:
    if person.outer is not None:
        colour = _apart(rng, person.outer.colour, _OUTER_ODDS, 35)
        closed = person.top.colour == person.outer.colour
        top = replace(person.top, colour=colour) if closed else person.top
        return replace(person, top=top, outer=replace(person.outer, colour=colour))
    return replace(person, top=replace(person.top, colour=_apart(rng, person.top.colour, _TOP_ODDS, 35)))


def _other_bottom(person: Identity, rng: np.random.Generator) -> Identity:
    return replace(person, bottom=replace(person.bottom, colour=_apart(rng, person.bottom.colour, _BOTTOM_ODDS, 35)))


def _other_hair(person: Identity, rng: np.random.Generator) -> Identity:
    draws = [_hair(rng, bool(rng.random() < 0.5)) for _ in range(12)]
    others = [hair for hair in draws if hair.kind != person.hair.kind]
    return replace(person, hair=others[0] if others else Hair("bald", person.hair.colour), hat=None)


def _other_shoes(person: Identity, rng: np.random.Generator) -> Identity:
    return replace(person, shoes=_apart(rng, person.shoes, _SHOE_ODDS, 80))


def _other_bag(person: Identity, rng: np.random.Generator) -> Identity:
    if person.bag is None:
        return replace(person, bag=_bag(rng))
    if rng.random() < 0.5:
        return replace(person, bag=None)
    return replace(person, bag=replace(person.bag, colour=_apart(rng, person.bag.colour, _BAG_ODDS, 60)))


def _other_body(person: Identity, rng: np.random.Generator) -> Identity:
    sign = -1.0 if person.build > 1.05 else 1.0
    return replace(person, build=person.build + sign * float(rng.uniform(0.16, 0.26)))


_DETAILS: tuple[Callable[[Identity, np.random.Generator], Identity], ...] = (
    _other_top,
    _other_bottom,
    _other_hair,
    _other_shoes,
    _other_bag,
    _other_body,
)


def family_of(index: int) -> int | None:
    """Return the index of the person whom this one resembles in all but one detail, `None` for a stranger."""
    place = index % FAMILY_BLOCK
    return index - place if 0 < place < FAMILY_SIZE else None


def sample_pedestrian(seed: int, index: int) -> Identity:
    """Return the person of this index in the town of this seed, the same on every call and machine.

    Half of the people have look-alikes: they wear what the head of their family wears, except for one detail (top,
    bottom, hair, shoes, bag or build), each member another.
    """
    head = family_of(index)
    if head is None:
        return _stranger(np.random.default_rng([seed, index, 0x57]), seed=index * 977 + seed)
    rng = np.random.default_rng([seed, index, 0xFA])
    order = np.random.default_rng([seed, head, 0xFA]).permutation(len(_DETAILS))
    changed = _DETAILS[int(order[index - head - 1])](sample_pedestrian(seed, head), rng)
    height_m = float(np.clip(changed.height_m + rng.normal(0, 0.03), 1.45, 2.0))
    return replace(changed, seed=index * 977 + seed, height_m=height_m)
