"""What stands in docs/ can be typed: YAML that loads, options that exist, files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from track.cli import COMMANDS, main
from track.setup.class_groups import numbered
from track.setup.presets import load_preset
from tracker.class_groups import parse_groups

DOCS = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
OF_BENCHMARKS = {
    "--by-sequence",
    "--disturbed",
    "--plateau",
    "--leave-one-out",
    "--also",
    "--write",
    "--only",
    "--last",
}
OF_TORCHRUN = {"--nproc-per-node", "--no-python"}


def test_every_preset_in_the_docs_loads(tmp_path: Path) -> None:
    texts = [text for page in DOCS for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)]
    assert texts
    for number, text in enumerate(texts):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        load_preset(str(file))


def test_the_classes_in_the_docs_are_taken(tmp_path: Path) -> None:
    (page,) = [page for page in DOCS if page.name == "strong.md"]
    (text,) = re.findall(r"```yaml\n(.*?class_groups.*?)```", page.read_text(), re.DOTALL)
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
    assert named - OF_BENCHMARKS - OF_TORCHRUN <= known


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_file_the_docs_link_exists(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text())
    assert not [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]
