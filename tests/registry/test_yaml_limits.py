"""YAML that says too much in few words is refused in a sentence, before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from registry.yaml_limits import (
    DEEPEST,
    MOST_ALIASES,
    MOST_BYTES,
    MOST_VALUES,
    YamlLimitError,
    check_yaml,
    read_limited,
)

LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 2)}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(LAUGHS, f"line 12: more than {MOST_ALIASES} aliases (*a10); write them out", id="billion laughs"),
        pytest.param(
            f"a: &a [{'x,' * 999}]\nb: &b [{'*a,' * 9}]\nc: [*b, *b]",
            f"line 2: more than {MOST_VALUES} keys and values; shorten it",
            id="few aliases of much",
        ),
        pytest.param("a: &a [*a]", "line 1: *a stands inside of itself; write the value out", id="endless"),
        pytest.param("a: &a {b: [{c: *a}]}", "line 1: *a stands inside of itself; write the value out", id="deeper"),
        pytest.param(
            "a: &a {x: 1}\n" + "b: {" + "<<: *a, " * 50_000 + "}", "more than 256 kB, expected a file", id="merge keys"
        ),
        pytest.param(
            "a: &a {x: 1}\n" + "b: {" + "<<: *a, " * 500 + "}", f"more than {MOST_ALIASES} aliases", id="fewer of them"
        ),
        pytest.param("[" * 5000, f"line 1 is nested more than {DEEPEST} levels deep; flatten it", id="nested lists"),
        pytest.param("{a: " * 5000, f"nested more than {DEEPEST} levels deep", id="nested mappings"),
        pytest.param("a:\n" + "".join(" " * n + "b:\n" for n in range(1, 200)), "levels deep", id="nested by indent"),
        pytest.param("x: 1\n" * MOST_VALUES, f"more than {MOST_VALUES} keys and values", id="many keys"),
        pytest.param("x: " + "y" * MOST_BYTES, "more than 256 kB, expected a file of settings", id="a huge file"),
    ],
)
def test_limits(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(YamlLimitError) as caught:
        check_yaml(path.name, read_limited(path))
    assert str(caught.value).startswith("own.yaml")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a", id="a few aliases"),
        pytest.param("names: {" + ", ".join(f"{n}: name {n}" for n in range(1203)) + "}", id="the classes of LVIS"),
    ],
)
def test_within_the_limits_it_is_what_yaml_reads(text: str) -> None:
    check_yaml("own.yaml", text)
    yaml.safe_load(text)


def test_faults_of_syntax_are_those_of_yaml() -> None:
    with pytest.raises(yaml.YAMLError):
        check_yaml("own.yaml", "a: [")
