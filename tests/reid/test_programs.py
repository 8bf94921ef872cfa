"""Weights that are programs are opened only for who trusts them, from a program as from the command line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from reid import create_encoder
from reid.backbone_encoder import load_network
from reid.runtimes import torchscript
from reid.runtimes.network import facts_of, graph_of


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, network = tmp_path_factory.mktemp("exported") / "a.torchscript", load_network("small-cnn", None)
    torchscript.save_torchscript(graph_of(network.backbone, None), facts_of(network.backbone), path)
    return path


@pytest.mark.parametrize("kind", [str, Path])
def test_create_encoder_opens_no_program_unasked(
    exported: Path, monkeypatch: pytest.MonkeyPatch, kind: type[str] | type[Path]
) -> None:
    monkeypatch.setattr(torchscript.torch.jit, "load", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(ValueError, match=r"may run code when it is opened, .*: if you trust .*, add trust=True"):
        create_encoder("small-cnn", weights=kind(exported))


def test_who_trusts_it_gets_the_embeddings_of_the_network(exported: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (90, 60, 3), np.uint8)
    boxes = [[5, 5, 40, 80], [0, 0, 60, 90]]
    of_the_file = create_encoder("small-cnn", weights=exported, device="cpu", trust=True).encode(image, boxes)
    of_the_network = create_encoder("small-cnn", device="cpu", runtime="torch").encode(image, boxes)
    np.testing.assert_allclose(of_the_file, of_the_network, atol=1e-5)


def test_an_export_names_no_file_of_the_machine_that_made_it(exported: Path) -> None:
    """PyTorch keeps the lines of source code behind every operation, with their paths."""
    with zipfile.ZipFile(exported) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if "/data/" not in name}
    assert any(b"def forward" in text for text in members.values()), "the program itself is there"
    assert not [name for name, text in members.items() if b".py" in text]


def test_an_unknown_name_speaks_of_no_option_of_the_command_line() -> None:
    with pytest.raises(ValueError, match="small-cnn") as caught:
        create_encoder("small-cmn")
    assert "--" not in str(caught.value)
