"""Entry points of other distributions: listed without being imported, and a bad one stops no other."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.own_code import OwnCode
from registry.plugins import DETECTORS_GROUP, ENCODERS_GROUP, plugins

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a distribution with entry points, as an installed one looks."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str, *points: str, group: str = ENCODERS_GROUP) -> Path:
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{point}\n" for point in points))
        return tmp_path

    return make


def test_plugins_are_found_by_group_without_being_imported(install: Install) -> None:
    install("brought", "osnet = brought_nets.osnet:OSNet")
    found = plugins(ENCODERS_GROUP)
    assert found["osnet"].code == OwnCode("osnet", "brought_nets.osnet", "OSNet")
    assert found["osnet"].summary == "plug-in of brought 1.0"
    assert "osnet" not in plugins(DETECTORS_GROUP)


@pytest.mark.parametrize(
    ("points", "told"),
    [
        pytest.param(["dogenet50 = x:Y"], "'dogenet50' of bad 1.0 .* is left out: this name is taken", id="taken"),
        pytest.param(["fine = x.y"], "'fine' of bad 1.0 .* expected package.module:Name", id="no name in it"),
        pytest.param(["fine = x y:Z"], "'fine' of bad 1.0 .* names 'x y:Z', expected", id="no module"),
    ],
)
def test_a_bad_one_is_told_by_name_and_stops_no_other(
    points: list[str], told: str, install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("bad", *points)
    install("good", "osnet = nets:OSNet")
    with caplog.at_level(logging.WARNING):
        found = plugins(ENCODERS_GROUP, taken=("dogenet50",))
    assert list(found) == ["osnet"]
    (record,) = caplog.records
    assert re.search(told, record.getMessage())


def test_of_two_with_one_name_the_second_is_told(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("first", "osnet = nets:OSNet")
    install("second", "osnet = other:OSNet")
    assert len(plugins(ENCODERS_GROUP)) == 1
    assert "has one of this name too" in caplog.text
