"""What a command reads is known whatever it is called, and is never replaced."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from track.files.inputs import files_in, refuse_to_replace


@dataclass(frozen=True)
class Inner:
    weights: Path | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class Outer:
    source: str
    detector: str
    inner: Inner
    more: dict[str, Any]
    count: int = 3


def test_files_are_found_at_any_depth_and_names_are_no_files(tmp_path: Path) -> None:
    for name in ("clip.mp4", "det.txt", "weights.pt", "groups.yaml"):
        (tmp_path / name).touch()
    found = files_in(
        Outer(
            str(tmp_path / "clip.mp4"),
            "public",
            Inner(tmp_path / "weights.pt", ("strong", "x" * 5000, "a\0b", str(tmp_path / "det.txt"))),
            {"groups": tmp_path / "groups.yaml", "folder": tmp_path, "absent": tmp_path / "no"},
        )
    )
    assert {path.name for path in found} == {"clip.mp4", "det.txt", "weights.pt", "groups.yaml"}


@pytest.mark.parametrize("how", ["itself", "by ..", "symbolic link", "link to its folder", "hard link", "link there"])
def test_what_would_be_replaced_is_known_by_every_name(tmp_path: Path, how: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    target, other = out / "annotated.mp4", tmp_path / "clip.mp4"
    if how == "link there":  # the earlier "result" is a link to the source
        other.write_text("video")
        target.symlink_to(other)
        read = other
    else:
        target.write_text("video")
        read = {"itself": target, "by ..": out / ".." / "out" / "annotated.mp4"}.get(how, other)
    if how == "symbolic link":
        other.symlink_to(target)
    if how == "hard link":
        os.link(target, other)
    if how == "link to its folder":
        (tmp_path / "elsewhere").symlink_to(out)
        read = tmp_path / "elsewhere" / "annotated.mp4"
    with pytest.raises(ValueError, match=r"would be replaced by the results of its own run: choose another --out$"):
        refuse_to_replace([tmp_path / "absent", read], [out / "tracks.txt", target])


def test_a_file_beside_is_no_reason(tmp_path: Path) -> None:
    for name in ("tracks.txt", "clip.mp4"):
        (tmp_path / name).write_text("same content")
    kept = tmp_path / "clip.mp4"
    refuse_to_replace([kept], [tmp_path / "tracks.txt", tmp_path / "absent"])
    with pytest.raises(ValueError, match="choose another --out"):  # and the same call with the file itself is one
        refuse_to_replace([kept], [tmp_path / "tracks.txt", kept])
