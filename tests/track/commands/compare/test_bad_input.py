"""What `track compare` refuses: one line, before any work."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.track.commands.compare.clips import RANDOM_CNN, annotate
from tests.track.runs import Track, all_files, write_sequence

BAD = {
    "unknown encoder": (("--reid", "none,small-cn"), ["small-cn", "Did you mean", "small-cnn"]),
    "an encoder twice": (("--reid", "none,none"), ["--reid names none twice"]),
    "a tracker twice": (("--tracker", "strong,strong"), ["--tracker names strong twice"]),
    "unknown tracker": (("--tracker", "stron"), ["stron", "strong"]),
    "an empty name": (("--reid", "none,"), ["--reid", "none,dogenet50"]),
    "no weights": (("--reid", "none,swin-s"), ["no trained weights of swin-s", "--reid-weights swin-s=FILE"]),
    "weights not there": (("--reid-weights", "small-cnn=no.pth"), ["--reid-weights small-cnn=no.pth", "not found"]),
    "no weights at all": (("--reid-weights", "clip.txt"), ["NAME=FILE"]),
    "weights of nobody": (("--reid-weights", "swin-t=random"), ["swin-t", "none,small-cnn"]),
    "weights without a network": (("--reid-weights", "none=random"), ["none has no network"]),
    "weights twice": ((*RANDOM_CNN, *RANDOM_CNN), ["small-cnn twice"]),
    "not weights": (("--reid-weights", "small-cnn=clip.txt"), ["clip.txt", "safetensors"]),
    "no ground truth there": (("--gt", "no.txt"), ["--gt no.txt not found"]),
    "empty ground truth": (("--gt", "empty.txt"), ["is empty"]),
    "ground truth of later frames": (("--gt", "late.txt"), ["late.txt", "does not belong to clip", "frames 1001-1020"]),
    "ground truth of the frame before": (
        ("--gt", "sixth.txt", "--start", "0.52"),  # the seventh is at 0.6 s
        ["sixth.txt does not belong to clip: it has frames 6-6, but frames 7-20 are tracked"],
    ),
    "ground truth of other places": (("--gt", "beside.txt"), ["does not belong to clip", "outside of 96x64"]),
    "ground truth of others": (("--gt", "others.txt"), ["does not belong to clip", "hardly overlap"]),
    "both forms": (("--json", "--csv"), ["exclude each other"]),
    "a folder in use": (("--out", "used"), ["--overwrite"]),
    "an unwritable folder": (("--out", "clip.txt"), ["cannot write to clip.txt"]),
    "no such detector": (("--detector", "motoin"), ["motoin", "motion"]),
    "a span beyond": (("--start", "99"), ["--start 99"]),
}


@pytest.mark.parametrize(("arguments", "fragments"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_before_any_work(
    track: Track, clip: Path, work: Counter[str], arguments: tuple[str, ...], fragments: list[str]
) -> None:
    annotate(Path("late.txt"), shift=1000)
    annotate(Path("beside.txt"), offset=500)
    Path("others.txt").write_text("".join(f"{f},1,{40 + f % 2},0,8,8,1,1,1\n" for f in range(1, 21)))
    Path("sixth.txt").write_text("6,1,2,4,12,24,1,1,1\n")
    Path("empty.txt").write_text("")
    Path("used").mkdir()
    Path("used/notes.txt").write_text("mine")
    before = all_files(Path("used"))
    options = ["--detector", "clip.txt", "--reid", "none,small-cnn"]
    for name in arguments[::2]:
        if name in options:
            del options[options.index(name) : options.index(name) + 2]
    result = track("compare", "clip.mp4", *options, *arguments)
    assert result.code == 2, result
    (line,) = result.err.splitlines()
    assert line.startswith("track: error: ")
    for fragment in fragments:
        assert fragment in line, line
    assert work["embed"] == 0
    assert work["detect"] == ("hardly overlap" in fragments)
    assert not Path("runs").exists()
    assert all_files(Path("used")) == before


@pytest.mark.parametrize(("source", "fragments"), {"no pictures": ("seq", ["--reid small-cnn", "none"])}.values())
def test_a_network_needs_pictures(track: Track, tmp_path: Path, source: str, fragments: list[str]) -> None:
    write_sequence(tmp_path / source)
    result = track("compare", source, "--reid", "small-cnn")
    assert result.code == 2
    assert all(fragment in result.err for fragment in fragments)
