"""What stands in docs/ can be typed: Python that runs, YAML that loads, options that exist, files that are there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.track.media import write_clip
from track.cli import COMMANDS, main
from track.places.file import read_places
from track.setup.class_groups import numbered
from tracker.class_groups import parse_groups
from tracker.presets import load_preset

DOCS = sorted((Path(__file__).parents[1] / "docs").rglob("*.md"))
OF_BENCHMARKS = {
    "--disturbed",
    "--only",
    "--page",
    "--peers",
    "--tune",
    "--minutes",
    "--base",
    "--candidate",
    "--mirrored",
    "--encoder",
    "--qualities",
    "--sources",
    "--variants",
    "--turns",
}
OF_PIP = {"--no-deps", "--target"}
ZONES = "# zones.yaml"
"""A block that begins so holds lines and zones; all others are presets."""
OF_TORCHRUN = {"--nproc-per-node", "--no-python"}


def test_every_preset_in_the_docs_loads(tmp_path: Path) -> None:
    texts = [text for page in DOCS for text in _blocks(page, "yaml") if not text.startswith(ZONES)]
    assert texts
    for number, text in enumerate(texts):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        load_preset(str(file))


def test_the_lines_and_zones_in_the_docs_are_read(tmp_path: Path) -> None:
    texts = [text for page in DOCS for text in _blocks(page, "yaml") if text.startswith(ZONES)]
    assert texts
    for number, text in enumerate(texts):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        read_places(file, (1920, 1080))


def test_the_classes_in_the_docs_are_taken(tmp_path: Path) -> None:
    (page,) = [page for page in DOCS if page.name == "classes.md"]
    (text,) = [block for block in _blocks(page, "yaml") if "class_groups" in block]
    (tmp_path / "traffic.yaml").write_text(text)
    preset = load_preset(str(tmp_path / "traffic.yaml"))
    of_coco = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
    assert preset.config.class_vote
    assert parse_groups(numbered(preset.class_groups, of_coco)) == {2: 2, 5: 2, 7: 2, 1: 1, 3: 1}


def test_every_option_in_the_docs_exists(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    known = set()
    for words in ([], *([command.name] for command in COMMANDS)):
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        known |= set(re.findall(r"--[a-z][a-z0-9-]+", capsys.readouterr().out))
    named = {name for page in DOCS for name in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", page.read_text())}
    assert named - OF_BENCHMARKS - OF_PIP - OF_TORCHRUN <= known


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_file_the_docs_link_exists(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text())
    assert not [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder: a video of their own, and runs of it."""
    monkeypatch.chdir(tmp_path)
    clip = write_clip(tmp_path / "walk.mp4", 12)
    with pytest.raises(SystemExit) as end:
        main(["run", str(clip), "--detector", "motion", "--reid", "none", "--no-video", "--out", "runs/shop"])
    assert end.value.code == 0
    shutil.copytree("runs/shop", "runs/walk")
    (tmp_path / "zones.yaml").write_text("lines: {door: {from: [0.5, 1], to: [0.5, 0]}}\n")
    with pytest.raises(SystemExit):
        main(["zones", "runs/shop", "--zones", "zones.yaml"])
    return tmp_path


@pytest.mark.parametrize("page", [page for page in DOCS if _blocks(page, "python")], ids=lambda page: page.name)
def test_the_python_in_the_docs_runs(page: Path, folder: Path) -> None:
    """A block that begins with the name of a file is that file; the commands of the page that name it run."""
    for code in _blocks(page, "python"):
        if name := re.match(r"# (\w+\.py)\n", code):
            (folder / name[1]).write_text(code)
        exec(compile(code, page.name, "exec"), {"__name__": "page"})
    for command in re.findall(r"^track (run walk.mp4 .*\.py:.*)$", page.read_text(), re.MULTILINE):
        with pytest.raises(SystemExit) as end:
            main([*command.split(), "--no-video"])
        assert end.value.code == 0, command
