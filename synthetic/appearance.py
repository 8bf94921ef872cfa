"""Who a person is: body, skin, hair, clothes and bag, sampled from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synthetic.fabric import Bgr

SKIN_TONES: tuple[Bgr, ...] = (
    (178, 200, 232),
    (155, 182, 222),
    (128, 160, 205),
    (100, 136, 184),
    (68, 100, 148),
    (46, 68, 106),
)
HAIR_COLOURS: tuple[Bgr, ...] = (
    (24, 22, 24),
    (30, 36, 48),
    (38, 54, 82),
    (52, 82, 124),
    (92, 142, 188),
    (150, 152, 156),
    (34, 56, 120),
)
CLOTH_COLOURS: dict[str, Bgr] = {
    "black": (40, 36, 36),
    "charcoal": (72, 68, 66),
    "grey": (140, 136, 132),
    "white": (232, 232, 230),
    "navy": (92, 52, 34),
    "blue": (176, 100, 44),
    "sky": (222, 186, 138),
    "red": (48, 44, 186),
    "wine": (54, 30, 104),
    "orange": (44, 122, 226),
    "yellow": (64, 196, 234),
    "olive": (58, 92, 96),
    "green": (76, 122, 52),
    "mint": (178, 208, 160),
    "teal": (126, 118, 40),
    "purple": (130, 62, 100),
    "pink": (178, 152, 226),
    "beige": (160, 190, 210),
    "brown": (52, 78, 112),
    "denim": (130, 92, 62),
}
_BOTTOM_COLOURS = ("black", "charcoal", "grey", "navy", "denim", "denim", "beige", "brown", "olive", "white", "wine")
_SHOE_COLOURS = ("black", "black", "white", "brown", "grey", "red", "navy")
_PATTERN_ODDS = {"plain": 0.46, "hoops": 0.16, "checks": 0.13, "pinstripes": 0.08, "dots": 0.07, "blocks": 0.10}


@dataclass(frozen=True)
class Garment:
    """One piece of clothing.

    `kind`: top `tee|shirt|sweater|tank`, outer `jacket|coat`, bottom `trousers|jeans|shorts|skirt`.
    `scale_m` is the period of the pattern in metres; `fit` widens the cloth (1 is close to the body).
    """

    kind: str
    colour: Bgr
    accent: Bgr
    pattern: str = "plain"
    scale_m: float = 0.08
    fit: float = 1.0
    print_kind: str = "none"


@dataclass(frozen=True)
class Hair:
    """Hair: `kind` is one of `short|long|bun|ponytail|afro|bald`."""

    kind: str
    colour: Bgr


@dataclass(frozen=True)
class Bag:
    """Luggage: `kind` is one of `backpack|shoulder|handbag`; the shoulder bag hangs at `side` (0 left, 1 right)."""

    kind: str
    colour: Bgr
    side: int = 0


@dataclass(frozen=True)
class Identity:
    """Everything that stays with a person while pose, view and light change.

    `build` scales all widths (1 is average), `shoulders` and `hips` scale theirs on top of it; `seed` draws the
    folds of the cloth. Frozen and hashable: two identities are the same person if and only if they are equal.
    """

    seed: int
    height_m: float
    build: float
    shoulders: float
    hips: float
    skin: Bgr
    hair: Hair
    top: Garment
    outer: Garment | None
    bottom: Garment
    shoes: Bgr
    bag: Bag | None
    hat: Garment | None
    glasses: bool
    beard: bool


def _colour(rng: np.random.Generator, names: tuple[str, ...] | None = None) -> Bgr:
    """Draw a cloth colour and shift it a little, so that no two reds are the same red."""
    choices = names if names is not None else tuple(CLOTH_COLOURS)
    base = np.array(CLOTH_COLOURS[choices[int(rng.integers(len(choices)))]], np.float64)
    shifted = np.clip(base * rng.uniform(0.85, 1.15) + rng.normal(0, 6, 3), 12, 245)
    return int(shifted[0]), int(shifted[1]), int(shifted[2])


def _contrasting(rng: np.random.Generator, colour: Bgr) -> Bgr:
    """Draw a colour that differs visibly from the given one (at least 90 in BGR distance, if 20 draws find it)."""
    for _ in range(20):
        other = _colour(rng)
        if float(np.linalg.norm(np.subtract(other, colour))) > 90:
            break
    return other


def _top(rng: np.random.Generator) -> Garment:
    kind = str(rng.choice(["tee", "shirt", "sweater", "tank"], p=[0.42, 0.25, 0.27, 0.06]))
    colour = _colour(rng)
    pattern = str(rng.choice(list(_PATTERN_ODDS), p=list(_PATTERN_ODDS.values())))
    prints = ["none", "none", "badge", "bar", "text"] if pattern == "plain" and kind != "shirt" else ["none"]
    return Garment(
        kind,
        colour,
        _contrasting(rng, colour),
        pattern,
        float(rng.uniform(0.045, 0.13)),
        float(rng.uniform(1.0, 1.16)),
        str(rng.choice(prints)),
    )


def _outer(rng: np.random.Generator) -> Garment | None:
    if rng.random() > 0.4:
        return None
    kind = str(rng.choice(["jacket", "coat"], p=[0.7, 0.3]))
    colour = _colour(rng)
    pattern = str(rng.choice(["plain", "blocks", "checks"], p=[0.75, 0.15, 0.1]))
    return Garment(kind, colour, _contrasting(rng, colour), pattern, 0.16, float(rng.uniform(1.08, 1.2)))


def _bottom(rng: np.random.Generator, slender: bool) -> Garment:
    odds = [0.34, 0.38, 0.1, 0.18] if slender else [0.42, 0.42, 0.16, 0.0]
    kind = str(rng.choice(["trousers", "jeans", "shorts", "skirt"], p=odds))
    names = ("denim", "navy", "charcoal", "black", "sky") if kind == "jeans" else _BOTTOM_COLOURS
    colour = _colour(rng) if kind == "skirt" else _colour(rng, names)
    pattern = str(rng.choice(["plain", "dots", "checks"], p=[0.7, 0.15, 0.15])) if kind == "skirt" else "plain"
    return Garment(kind, colour, _contrasting(rng, colour), pattern, 0.07, float(rng.uniform(0.95, 1.3)))


def sample_identity(seed: int) -> Identity:
    """Return the person of this seed; the same seed is the same person, on every machine."""
    rng = np.random.default_rng([seed, 0x1D])
    slender = bool(rng.random() < 0.5)
    kinds = ["long", "ponytail", "bun", "short", "afro"] if slender else ["short", "short", "short", "bald", "afro"]
    skin = SKIN_TONES[int(rng.integers(len(SKIN_TONES)))]
    hair = Hair(str(rng.choice(kinds)), HAIR_COLOURS[int(rng.integers(len(HAIR_COLOURS)))])
    top = _top(rng)
    outer = _outer(rng)
    bottom = _bottom(rng, slender)
    bag = None
    if rng.random() < 0.5:
        bag = Bag(str(rng.choice(["backpack", "shoulder", "handbag"])), _colour(rng), int(rng.integers(2)))
    hat = None
    if rng.random() < 0.14:
        hat_colour = _colour(rng)
        hat = Garment(str(rng.choice(["cap", "beanie"])), hat_colour, _contrasting(rng, hat_colour))
    return Identity(
        seed=seed,
        height_m=float(np.clip(rng.normal(1.66 if slender else 1.78, 0.06), 1.5, 1.98)),
        build=float(np.clip(rng.normal(0.97 if slender else 1.06, 0.09), 0.82, 1.35)),
        shoulders=float(rng.normal(0.93 if slender else 1.04, 0.03)),
        hips=float(rng.normal(1.06 if slender else 0.97, 0.04)),
        skin=skin,
        hair=hair,
        top=top,
        outer=outer,
        bottom=bottom,
        shoes=_colour(rng, _SHOE_COLOURS),
        bag=bag,
        hat=hat,
        glasses=bool(rng.random() < 0.18),
        beard=bool(not slender and rng.random() < 0.3),
    )


def similar_identity(identity: Identity, seed: int) -> Identity:
    """Return a different person who differs from the given one in a single visible detail.

    The detail (top, trousers, hair, shoes or bag) is drawn from `seed`: the hard negatives of re-identification.
    """
    rng = np.random.default_rng([seed, 0x51])
    other = sample_identity(int(rng.integers(1 << 31)))
    detail = str(rng.choice(["top", "bottom", "hair", "shoes", "bag"]))
    if detail == "top":
        colour = _contrasting(rng, identity.top.colour)
        if identity.outer is not None:
            return replace(identity, outer=replace(identity.outer, colour=colour))
        return replace(identity, top=replace(identity.top, colour=colour))
    if detail == "bottom":
        return replace(identity, bottom=replace(identity.bottom, colour=_contrasting(rng, identity.bottom.colour)))
    if detail == "hair":
        kind = "short" if identity.hair.kind != "short" else "bald"
        return replace(identity, hair=Hair(kind, identity.hair.colour), hat=None)
    if detail == "shoes":
        return replace(identity, shoes=_contrasting(rng, identity.shoes))
    bag = None if identity.bag is not None else (other.bag or Bag("backpack", _colour(rng)))
    return replace(identity, bag=bag)
