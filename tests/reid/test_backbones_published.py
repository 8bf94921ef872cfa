"""The networks whose weights others publish: equal to the originals, and their checkpoints load.

`published.json` and `published_keys.json` are written by `originals.py`, from the packages of those who published them.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from reid import create_backbone
from reid.backbones.base import Backbone
from reid.fitting import COUNTER, lookalikes
from reid.pretrained import load_pretrained
from tests.reid import originals
from tests.reid.fill import error, fill, make_input, size_of

FINGERPRINTS: dict[str, Any] = json.loads(originals.FINGERPRINTS.read_text())
KEYS: dict[str, dict[str, list[int]]] = json.loads(originals.KEYS.read_text())
LIGHT = ("osnet-x0-25", "osnet-ibn-x1-0", "osnet-ain-x1-0", "mobilenetv2")
FAST = {
    *(f"{name}@{size}" for name in LIGHT for size in ("128x64", "150x70")),
    "osnet-x0-75@128x64",
    "fastreid-sbs-r50-ibn@150x70",  # all that fast-reid adds to a ResNet-50
    "mlfn@128x64",
}
CASES = [pytest.param(case, marks=[] if case in FAST else [pytest.mark.slow]) for case in FINGERPRINTS]
QUICK = ("osnet-x0-25", "fastreid-sbs-r50-ibn", "mobilenetv2", "mlfn")
SOME = [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in originals.NAMES]


def filled(case: str) -> Backbone:
    network = create_backbone(case.split("@")[0], input_size=size_of(case))
    fill(network, "keyed")
    return network


@pytest.mark.parametrize("case", CASES)
def test_equals_the_original_network(case: str) -> None:
    with torch.inference_mode():
        got = filled(case).embed(make_input(*size_of(case))).numpy()
    assert error(got, FINGERPRINTS[case]) < 1e-9


@pytest.mark.parametrize("name", SOME)
def test_equals_the_installed_original(name: str) -> None:
    """On random weights and a random crop, where its package is at hand."""
    if not originals.is_installed(name):
        pytest.skip(f"{originals.package_of(name)} is not installed (see originals.py)")
    torch.manual_seed(0)
    original, embed = originals.original(name)
    original.double().eval()
    network = create_backbone(name).double().eval()
    network.load_state_dict(
        {key: value for key, value in original.state_dict().items() if not key.startswith(network.head_prefixes)}
    )
    crops = torch.randn(2, 3, 128, 64, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(network.embed(crops), embed(crops), rtol=1e-9, atol=1e-9)


def num_classes_of(name: str) -> int:
    return next((KEYS[name][key][0] for key in ("classifier.weight", "heads.weight") if key in KEYS[name]), 0)


@pytest.mark.parametrize("name", originals.NAMES)
def test_has_the_keys_and_shapes_of_the_published_checkpoint_and_no_others(name: str) -> None:
    with torch.device("meta"):
        state = create_backbone(name, num_classes=num_classes_of(name)).state_dict()
    assert {key: list(value.shape) for key, value in state.items() if not key.endswith(COUNTER)} == KEYS[name]


def published(name: str) -> dict[str, Tensor]:
    """A checkpoint with the published keys and shapes and weights of no meaning, as float16 to be small."""
    torch.manual_seed(0)
    return {key: torch.rand(shape, dtype=torch.float16) + 0.5 for key, shape in KEYS[name].items()}


@pytest.mark.parametrize("name", SOME)
def test_a_checkpoint_loads_whole_without_its_classifier_which_is_said(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = published(name)
    torch.save({"state_dict": {f"module.{key}": value for key, value in held.items()}}, tmp_path / "theirs.pth")
    with caplog.at_level(logging.WARNING):
        network = load_pretrained(name, tmp_path / "theirs.pth").backbone
    own = {key: value for key, value in network.state_dict().items() if not key.endswith(COUNTER)}
    assert own.keys() == {key for key in held if not key.startswith(network.head_prefixes)}
    assert all(torch.equal(value, held[key].float()) for key, value in own.items())
    told = [f"the classifier of {num_classes_of(name)} identities is left out"] if num_classes_of(name) else []
    assert [line for line in told if line in caplog.text] == told
    assert len(caplog.records) == len(told)


def as_saved_by_torchreid(held: dict[str, Tensor]) -> dict[str, Any]:
    """`torchreid.utils.save_checkpoint`: rank-1 is a number of NumPy."""
    return {"state_dict": held, "epoch": 60, "rank1": np.float32(0.7), "optimizer": {"state": {}, "param_groups": []}}


def as_saved_early_by_fastreid(held: dict[str, Tensor]) -> dict[str, Any]:
    """The keys of the model zoo's files (issues 486 and 617 of that project)."""
    renamed = {"heads.bottleneck.0.": "heads.bnneck.", "heads.weight": "heads.classifier.weight"}
    old = {}
    for key, value in held.items():
        start = next((start for start in renamed if key.startswith(start)), "")
        old[renamed.get(start, "") + key.removeprefix(start)] = value
    constants = {name: torch.full((1, 3, 1, 1), 120.0) for name in ("pixel_mean", "pixel_std")}
    return {"model": old | constants, "iteration": 17000}


@pytest.mark.parametrize(
    ("name", "save"), [("osnet-x0-25", as_saved_by_torchreid), ("fastreid-bot-r50-ibn", as_saved_early_by_fastreid)]
)
def test_files_load_as_the_projects_wrote_them(name: str, save: Any, tmp_path: Path) -> None:
    held = published(name)
    torch.save(save(held), tmp_path / "model.pth.tar-60")
    network = load_pretrained(name, tmp_path / "model.pth.tar-60").backbone
    heads = network.head_prefixes
    assert all(
        torch.equal(value, held[key].float())
        for key, value in network.state_dict().items()
        if not key.endswith(COUNTER) and not key.startswith(heads)
    )


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("osnet-x0-25", "osnet-x0-5"),
        ("osnet-ibn-x1-0", "osnet-ain-x1-0"),
        ("fastreid-bot-r50", "fastreid-sbs-r50"),
        ("fastreid-sbs-r50-ibn", "fastreid-sbs-r50"),
        ("mlfn", "mobilenetv2"),
    ],
)
def test_a_checkpoint_of_another_of_these_is_named(held: str, asked: str, tmp_path: Path) -> None:
    torch.save(published(held), tmp_path / "theirs.pth")
    with pytest.raises(ValueError, match=rf"does not fit {asked} \(it looks like a checkpoint of {held}\)"):
        load_pretrained(asked, tmp_path / "theirs.pth")


def test_each_is_known_by_its_keys() -> None:
    with torch.device("meta"):
        states = {name: {key: torch.empty(shape) for key, shape in KEYS[name].items()} for name in originals.NAMES}
    assert {name: lookalikes(state) for name, state in states.items()} == {name: [name] for name in states}
