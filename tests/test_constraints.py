"""constraints.txt, the tested set, fits pyproject.toml, and says nothing about the machine that wrote it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [Requirement(line) for line in LINES if not line.startswith("#")]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
SYSTEMS = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")]


def named() -> list[str]:
    """All that pyproject.toml asks for: to build, to run, extras, and the tools."""
    project = PYPROJECT["project"]
    groups = [*project["optional-dependencies"].values(), *PYPROJECT["dependency-groups"].values()]
    return sorted(
        {*PYPROJECT["build-system"]["requires"], *project["dependencies"], *(row for rows in groups for row in rows)}
    )


def pinned(name: str, python: str, system: str, machine: str) -> list[Version]:
    """The versions that constraints.txt gives a package on such a machine."""
    here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system}
    here |= {"platform_machine": machine, "platform_python_implementation": "CPython"}
    rows = [pin for pin in PINS if canonicalize_name(pin.name) == canonicalize_name(name)]
    fitting = [pin for pin in rows if pin.marker is None or pin.marker.evaluate(here)]
    return [Version(next(iter(pin.specifier)).version) for pin in fitting]


@pytest.mark.parametrize("text", named())
def test_what_is_asked_for_is_pinned_once_within_its_bounds(text: str) -> None:
    """If this fails after a change of pyproject.toml: `make lock UPGRADE=` adds what is missing."""
    wanted = Requirement(text)
    for python in PYTHONS:
        for system, machine in SYSTEMS:
            versions = pinned(wanted.name, python, system, machine)
            assert len(versions) == 1, (python, system, machine)
            assert wanted.specifier.contains(versions[0], prereleases=True)


@pytest.mark.parametrize("text", named())
def test_bounds_say_the_lowest_version_that_was_tried(text: str) -> None:
    """`make test-lowest` installs exactly these."""
    assert [spec.operator for spec in Requirement(text).specifier] == [">="]


def test_lines_are_names_and_versions_alone() -> None:
    pin = re.compile(r"[a-z0-9-]+==[0-9a-z.]+( ; [^/]+)?")  # no host, no path, no local build of a version
    assert [line for line in LINES if not line.startswith("#") and not pin.fullmatch(line)] == []
    assert len(PINS) > len(named())


def test_packages_of_one_system_are_asked_of_no_other() -> None:
    of_linux = [pin.name for pin in PINS if pin.name.startswith("nvidia-") and pin.name != "nvidia-ml-py"]
    assert of_linux
    for name in [*of_linux, "triton"]:
        assert pinned(name, "3.11", "win32", "AMD64") == []
        assert pinned(name, "3.11", "darwin", "arm64") == []
