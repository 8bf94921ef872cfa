"""`zones.yaml`: what is read from it, what is refused, and that what was written is read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.track.places.people import SQUARE, UPWARD
from track.places.file import places_as_yaml, read_places
from track.places.types import Line, Places, Zone

SIZE = (1000, 500)
OF_THE_ISSUE = """
lines: {door: {from: [0.5, 1.0], to: [0.5, 0.0]}}
zones: {counter: {polygon: [[0.6, 0.4], [1, 0.4], [1, 1], [0.6, 1]]}}
"""


def read(tmp_path: Path, text: str, size: tuple[int, int] | None = SIZE) -> Places:
    path = tmp_path / "zones.yaml"
    path.write_text(text, encoding="utf-8")
    return read_places(path, size)


def test_shares_become_px(tmp_path: Path) -> None:
    places = read(tmp_path, OF_THE_ISSUE)
    assert places.lines == (Line("door", (500, 500), (500, 0)),)
    assert places.zones == (Zone("counter", ((600, 200), (1000, 200), (1000, 500), (600, 500))),)
    assert places.in_px


def test_px_for_the_whole_file_if_any_number_is_above_1(tmp_path: Path) -> None:
    places = read(tmp_path, "lines: {door: {from: [500, 1], to: [500, 0]}}")
    assert places.lines == (Line("door", (500, 1), (500, 0)),)
    assert read(tmp_path, "lines: {door: {from: [500, 1], to: [500, 0]}}", None) == places, (
        "for which no size is needed"
    )


def test_a_zone_may_say_its_first_corner_again_at_its_end(tmp_path: Path) -> None:
    text = "zones: {a: {polygon: [[0, 0], [1, 0], [1, 1], [0, 0]]}}"
    assert read(tmp_path, text).zones[0].polygon == ((0, 0), (1000, 0), (1000, 500))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    odd = Zone("=1+1 'x' \U0001f6aa <b>", SQUARE.polygon)
    places = Places((UPWARD,), (odd,), in_px=True)
    back = read(tmp_path, places_as_yaml(places, (1000, 1000)), (1000, 1000))
    assert back.names == places.names
    assert back.lines[0].start == pytest.approx(UPWARD.start)
    assert back.zones[0].polygon[2] == pytest.approx(SQUARE.polygon[2], abs=0.01)


ZONE = "zones: {a: {polygon: %s}}"
BAD = {
    "endless digits": ("lines: {a: {from: [1" + "0" * 400 + ", 1], to: [0, 0]}}", ["line a", "expected two numbers"]),
    "empty": ("", ["names no line and no zone", "lines: {door: {from"]),
    "no mapping": ("[1, 2]", ["holds list", "lines: {door"]),
    "not YAML": ("lines: [", ["not valid YAML"]),
    "another key": ("zone: {}", ["unknown key 'zone'", "zones"]),
    "lines as a list": ("lines: [{from: [0, 0], to: [1, 1]}]", ["lines holds [", "a name for each"]),
    "a name that YAML takes for yes": (
        "lines: {on: {from: [0, 0], to: [1, 1]}}",
        ["True under lines is no text", "quotes"],
    ),
    "an empty name": ("lines: {'': {from: [0, 0], to: [1, 1]}}", ["''", "1 to 80 letters"]),
    "a name that moves the cursor": ('lines: {"a\\e[31m": {from: [0, 0], to: [1, 1]}}', ["x1b[31m", "can be seen"]),
    "a name of two lines": ('lines: {"a\\nb": {from: [0, 0], to: [1, 1]}}', ["a\\nb", "can be seen"]),
    "a name twice among lines": (
        "lines: {a: {from: [0, 0], to: [1, 1]}, a: {from: [0, 1], to: [1, 1]}}",
        ["a stands there twice"],
    ),
    "a line and a zone of one name": (
        "lines: {a: {from: [0, 0], to: [1, 1]}}\nzones: {a: {polygon: [[0, 0], [1, 0], [1, 1]]}}",
        ["a stands there twice"],
    ),
    "a line without an end": ("lines: {a: {from: [0, 0]}}", ["line a is", "expected {from:"]),
    "a point of three numbers": (
        "lines: {a: {from: [0, 0, 0], to: [1, 1]}}",
        ["line a: from is [0, 0, 0]", "two numbers"],
    ),
    "a word for a number": ("lines: {a: {from: [x, 0], to: [1, 1]}}", ["line a: from is ['x', 0]"]),
    "no number": ("lines: {a: {from: [.nan, 0], to: [1, 1]}}", ["line a: from is [nan, 0]"]),
    "no length": ("lines: {a: {from: [0.5, 0.5], to: [0.5, 0.5]}}", ["line a has no length", "250"]),
    "left of the picture": ("lines: {a: {from: [-0.1, 0], to: [1, 1]}}", ["line a has a point at -0.1, 0", "outside"]),
    "right of the picture, px": (
        "lines: {a: {from: [1200, 0], to: [5, 5]}}",
        ["line a has a point at 1200, 0", "outside of the picture of 1000x500 px"],
    ),
    "below the picture, px": ("lines: {a: {from: [900, 501], to: [5, 5]}}", ["900, 501", "0 to 500"]),
    "a share above 1": ("lines: {a: {from: [0.5, 0], to: [0.5, 1.2]}}", ["1.2 is above 1", "0.5 looks like a share"]),
    "two corners": (ZONE % "[[0, 0], [1, 1]]", ["zone a has 2 corners", "3 to 200"]),
    "an hourglass": (
        ZONE % "[[0, 0], [1, 1], [1, 0], [0, 1]]",
        ["zone a crosses itself", "corner 1 to 2", "corner 3 to 4"],
    ),
    "a spike": (ZONE % "[[0, 0], [1, 0], [0.5, 0], [0.5, 1]]", ["zone a crosses itself"]),
    "a corner on another side": (ZONE % "[[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]]", ["zone a crosses itself"]),
    "all on one line": (ZONE % "[[0, 0], [0.5, 0.5], [1, 1]]", ["zone a crosses itself"]),
    "a corner twice in a row": (ZONE % "[[0, 0], [1, 0], [1, 0], [1, 1]]", ["corner 1000, 0 px twice in a row"]),
    "too many": (
        "zones: {" + ", ".join(f"z{i}: {{polygon: [[0, 0], [1, 0], [1, 1]]}}" for i in range(101)) + "}",
        ["101 places", "100 at most"],
    ),
}


@pytest.mark.parametrize(("text", "fragments"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_one_sentence(tmp_path: Path, text: str, fragments: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        read(tmp_path, text)
    sentence = str(error.value)
    assert "zones.yaml" in sentence
    assert [fragment for fragment in fragments if fragment not in sentence] == [], sentence
    assert "\n" not in sentence


def test_shares_need_the_size_of_the_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="size is not known here: add --size 1920x1080, or write px"):
        read(tmp_path, OF_THE_ISSUE, None)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"track zones VIDEO --save .*none.yaml"):
        read_places(tmp_path / "none.yaml", SIZE)
