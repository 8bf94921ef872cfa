"""The bad inputs cover what there is: every command, every option, and hundreds of kinds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from torture.bad_inputs import SLOTS, all_cases, kinds
from torture.damage import BYTES, PLACES, TEXTS
from torture.scene import VALID
from track.cli import COMMANDS


def cases(seed: int) -> list[tuple[str, tuple[str, ...]]]:
    return [(case.kind, case.words) for case in all_cases(random.Random(seed))]


def test_every_command_has_a_valid_line_and_bad_ones() -> None:
    names = {command.name for command in COMMANDS}
    assert set(VALID) == names
    assert {slot.command for slot in SLOTS} == names - {"models"}  # which reads nothing
    assert {kind.split()[0].rstrip(":") for kind, _ in cases(0)} >= names


def test_every_option_that_takes_a_value_is_tried() -> None:
    tried = {kind for kind, _ in cases(0)}
    for command in COMMANDS:
        valued = [each.opts[0] for each in command.load().params if not getattr(each, "is_flag", False)]
        assert {f"{command.name} {name}: a value that makes no sense" for name in valued} <= tried


def test_there_are_more_kinds_than_the_goal() -> None:
    found = all_cases(random.Random(0))
    assert len(kinds(found)) >= 400
    assert len(found) >= 1000


def test_a_seed_says_which() -> None:
    assert cases(3) == cases(3)
    assert cases(3) != cases(4)


def test_what_makes_sense_is_no_bad_input() -> None:
    """A seed in six wrote a run into the root folder of the machine, and accused the run of it."""
    words = {word for seed in range(40) for _, line in cases(seed) for word in line}
    assert "--out=." in words
    assert not words & {"--out=/", "--epochs=1_000"}


@pytest.mark.parametrize("kind", [*BYTES, *TEXTS])
def test_a_damaged_file_is_another_file(kind: str) -> None:
    whole = b"frame,id,x\n" + b"".join(b"%d,2,12.5,a: 1=2\n" % number for number in range(200))
    assert {**BYTES, **TEXTS}[kind](whole, random.Random(0)) != whole


@pytest.mark.parametrize("kind", PLACES)
def test_what_stands_in_a_place_is_no_whole_file(tmp_path: Path, kind: str) -> None:
    PLACES[kind](tmp_path / "x")
    assert not (tmp_path / "x").is_file() or (tmp_path / "x").read_bytes() == b"hello\n"
