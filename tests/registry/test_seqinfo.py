"""`seqinfo.ini`: what is read, and the one sentence for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.seqinfo import SequenceInfo, read_seqinfo


def _write(folder: Path, *lines: str) -> Path:
    (folder / "seqinfo.ini").write_text("\n".join(["[Sequence]", *lines]), encoding="utf-8")
    return folder


def test_what_motchallenge_writes(tmp_path: Path) -> None:
    lines = ("name=S1", "imDir=img1", "frameRate=29.97", "seqLength=71", "imWidth=640", "imHeight=480", "imExt=.jpg")
    info = read_seqinfo(_write(tmp_path, *lines))
    assert info == SequenceInfo(tmp_path / "seqinfo.ini", 29.97, 71, 640, 480, "img1")


def test_what_is_not_said_is_none(tmp_path: Path) -> None:
    assert read_seqinfo(_write(tmp_path, "seqLength=")) == SequenceInfo(tmp_path / "seqinfo.ini")
    assert read_seqinfo(tmp_path / "elsewhere") is None


WRONG = {
    "a length out of reason": (
        "seqLength=1000000000",
        ["seqLength is '1000000000'", "whole number from 1 to 100,000,000"],
    ),
    "more digits than an integer takes": (f"seqLength={'9' * 5000}", ["seqLength=", "5,000 letters"]),
    "half a frame": ("seqLength=7.5", ["seqLength is '7.5'", "whole number"]),
    "a word": ("seqLength=many", ["seqLength='many' must be a positive number", "seqLength=<frames>"]),
    "no length": ("seqLength=0", ["seqLength='0' must be a positive number"]),
    "no number": ("frameRate=nan", ["frameRate='nan' must be a positive number"]),
    "an endless rate": ("frameRate=1e400", ["frameRate is '1e400'"]),
    "a rate of nothing": ("frameRate=1e-300", ["frameRate is '1e-300'"]),
    "a width out of reason": ("imWidth=1e18", ["imWidth is '1e18'"]),
    "pictures above the sequence": ("imDir=../../x", ["imDir='../../x' leads out of the sequence", "imDir=img1"]),
    "pictures above, from within": ("imDir=img1/../../x", ["leads out of the sequence"]),
    "pictures above, as Windows writes it": ("imDir=..\\x", ["leads out of the sequence"]),
    "pictures from the root": ("imDir=/etc", ["leads out of the sequence"]),
    "pictures on another drive": ("imDir=C:x", ["leads out of the sequence"]),
    "a name that moves the cursor": ("imDir=a\x1b[2J", ["leads out of the sequence"]),
    "a key twice": ("imDir=a\nimDir=b", ["expected a [Sequence] section"]),
    "a file out of reason": ("x" * 200_000, ["expected a [Sequence] section"]),
}


@pytest.mark.parametrize(("line", "fragments"), WRONG.values(), ids=WRONG.keys())
def test_what_none_can_have_is_one_sentence(tmp_path: Path, line: str, fragments: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        read_seqinfo(_write(tmp_path, line))
    text = str(error.value)
    assert "seqinfo.ini" in text
    assert text.isprintable()
    assert [fragment for fragment in fragments if fragment not in text] == []


def test_a_folder_of_pictures_may_be_a_link_to_where_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    folder = tmp_path / "S1"
    folder.mkdir()
    (folder / "img1").symlink_to(tmp_path / "disk")
    info = read_seqinfo(_write(folder, "imDir=img1"))
    assert info is not None
    assert info.image_folder == "img1"
