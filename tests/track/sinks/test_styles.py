"""Each style draws what its name says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.track.rows.test_identities import frame_tracks
from track.rows.types import RowState
from track.sinks.labels import Label, Labels
from track.sinks.styles import STYLES, create_drawer

SIZE, GREY = (640, 360), 120
TRACKS = frame_tracks(0, {3: (100, 100, 50, 150)})


@pytest.fixture
def unlabelled(monkeypatch: pytest.MonkeyPatch) -> list[Label]:
    """Labels are noted instead of drawn."""
    seen: list[Label] = []
    monkeypatch.setattr(Labels, "draw", lambda _self, _image, labels: seen.extend(labels))
    return seen


def drawn(style: str, **options: object) -> np.ndarray:
    image = np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8)
    return (create_drawer(style, SIZE, 25, {0: "person"}, **options).draw_on(image, TRACKS) != GREY).any(axis=2)


TOP, FEET, NEAR, FAR = (100, 125), (250, 125), (250, 103), (30, 500)
"""Rows and columns: the middle of the upper and the lower edge, beside the feet, nowhere near."""
WHERE = {
    "boxes": (TOP, FEET),
    "ellipse": (NEAR,),
    "dots": (FEET,),
    "heat": (FEET, NEAR),
    "blur": (),
    "none": (),
}


@pytest.mark.parametrize("style", STYLES)
def test_where_a_style_draws(style: str, unlabelled: list[Label]) -> None:
    mask = drawn(style)
    places = {"top": TOP, "feet": FEET, "near": NEAR, "far": FAR}
    found = {name for name, (row, column) in places.items() if mask[row - 1 : row + 2, column - 1 : column + 2].any()}
    assert found >= {name for name, place in places.items() if place in WHERE[style]}
    assert "far" not in found
    assert ("top" in found) == (style == "boxes")
    assert mask.any() == bool(WHERE[style])
    assert [label.track_id for label in unlabelled] == ([3] if style in ("boxes", "ellipse", "dots") else [])


@pytest.mark.parametrize("style", ["boxes", "ellipse", "dots"])
def test_a_guess_is_drawn_with_less_ink(style: str, unlabelled: list[Label]) -> None:
    def ink(state: RowState) -> int:
        image = np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8)
        tracks = replace(TRACKS, states=np.full(1, state, np.uint8))
        drawer = create_drawer(style, SIZE, 25, {0: "person"})
        return int((drawer.draw_on(image, tracks) != GREY).any(axis=2).sum())

    assert ink(RowState.PREDICTED) < ink(RowState.DETECTED)


def test_names_stand_in_place_of_the_class(unlabelled: list[Label]) -> None:
    drawn("boxes", names={3: "Anna"})
    assert [label.name for label in unlabelled] == ["Anna"]


@pytest.mark.parametrize(("trail_s", "is_long"), [(None, True), (0.0, False), (0.4, False), (3.0, True)])
def test_trails_are_as_long_as_they_are_to_be(trail_s: float | None, is_long: bool, unlabelled: list[Label]) -> None:
    """Somebody walks for a second: whether the way of the first moment is still there at its end."""
    drawer = create_drawer("dots", SIZE, 25, {}, trail_s=trail_s)
    for frame in range(26):
        image = np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8)
        drawer.draw_on(image, frame_tracks(frame, {3: (100 + 10 * frame, 100, 50, 150)}))
    assert (image[250, 130:160] != GREY).any() == is_long


def test_who_stands_is_hotter_than_who_walks() -> None:
    drawer = create_drawer("heat", SIZE, 25, {})
    for frame in range(50):
        image = np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8)
        drawer.draw_on(image, frame_tracks(frame, {1: (100, 100, 40, 100), 2: (200 + 8 * frame, 100, 40, 100)}))
    stands, walks = image[200, 120].astype(int), image[200, 420].astype(int)
    assert stands[2] - stands[0] > walks[2] - walks[0], "red is hot, blue is cold"


def test_an_unknown_style_names_the_closest() -> None:
    with pytest.raises(ValueError, match="Did you mean 'ellipse'"):
        create_drawer("elipse", SIZE, 25, {})
