"""Where a user's caches and weights lie, by each environment variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.user_folders import cache_folder, expanded, weights_folder


@pytest.mark.parametrize(
    ("variables", "cache", "weights"),
    [
        pytest.param({}, "~/.cache/track-reid/compare", "~/.cache/track-reid/weights", id="nothing set"),
        pytest.param({"XDG_CACHE_HOME": "/c"}, "/c/track-reid/compare", "/c/track-reid/weights", id="the desktop's"),
        pytest.param(
            {"XDG_CACHE_HOME": "/c", "TRACK_CACHE": "/t"},
            "/t/compare",
            "/c/track-reid/weights",
            id="our caches elsewhere",
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "/c", "TRACK_WEIGHTS": "~/w"}, "/c/track-reid/compare", "~/w", id="weights elsewhere"
        ),
        pytest.param(
            {"TRACK_CACHE": "", "XDG_CACHE_HOME": ""},
            "~/.cache/track-reid/compare",
            "~/.cache/track-reid/weights",
            id="empty is not set",
        ),
    ],
)
def test_each_variable_has_its_meaning(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], cache: str, weights: str
) -> None:
    for name in ("XDG_CACHE_HOME", "TRACK_CACHE", "TRACK_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder("compare") == Path(cache).expanduser()
    assert weights_folder() == Path(weights).expanduser()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("~", "/h", id="the home folder"),
        pytest.param("~/w.pt", "/h/w.pt", id="a file in it"),
        pytest.param("a/~/w.pt", "a/~/w.pt", id="a folder called ~"),
        pytest.param("~no such user.pt", "~no such user.pt", id="a file whose name begins so"),
    ],
)
def test_a_tilde_is_a_home_folder_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, typed: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert expanded(typed) == Path(expected)
