"""Folders that roboflow's package `reid` saves: its configuration decides what the network is fed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reid import create_backbone, create_encoder
from reid.preprocess import normalise
from reid.pretrained import load_pretrained
from reid.saved_model import is_saved_model

NAME = "osnet-x0-25"
PREPROCESSING: dict[str, Any] = {
    "input_size": [64, 32],
    "mean": [0.4, 0.5, 0.6],
    "std": [0.2, 0.3, 0.25],
    "interpolation": "bicubic",
    "to_rgb": True,
    "resize_mode": "stretch",
    "pad_value": 114,
}


def saved(folder: Path, architecture: Any = "osnet_x0_25", **preprocessing: Any) -> Path:
    """As `ReIDModel.save_pretrained` of that package writes it."""
    torch.manual_seed(3)
    folder.mkdir()
    save_file(create_backbone(NAME).state_dict(), folder / "weights.safetensors")
    config = {"architecture": architecture, "preprocessing": {**PREPROCESSING, **preprocessing}}
    (folder / "reid_config.json").write_text(json.dumps(config, indent=2))
    return folder


def test_the_network_and_its_crops_are_as_the_folder_says(tmp_path: Path) -> None:
    loaded = load_pretrained(NAME, saved(tmp_path / "model"))
    assert loaded.info is None, "no gate came with it"
    assert loaded.backbone.input_size == (64, 32)
    assert loaded.backbone.mean == (0.4, 0.5, 0.6)
    assert loaded.backbone.std == (0.2, 0.3, 0.25)
    assert loaded.backbone.resize == "smooth-cubic"
    torch.manual_seed(3)
    want = create_backbone(NAME).state_dict()
    assert all(torch.equal(value, want[key]) for key, value in loaded.backbone.state_dict().items())


def test_an_empty_configuration_means_the_defaults_of_that_package(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    (folder / "reid_config.json").write_text('{"architecture": "osnet_x0_25"}')
    backbone = load_pretrained(NAME, folder).backbone
    assert (backbone.input_size, backbone.resize) == ((256, 128), "smooth-linear")


def test_a_network_of_bgr_gives_of_rgb_crops_what_it_gave_of_bgr(tmp_path: Path) -> None:
    """Mean and deviation stand in the order of the channels that the network takes."""
    folder = saved(tmp_path / "model", to_rgb=False)
    crops = np.random.default_rng(0).integers(0, 256, (3, 64, 32, 3), np.uint8)
    torch.manual_seed(3)
    theirs = create_backbone(NAME, input_size=(64, 32)).eval()
    scaled = (torch.from_numpy(crops) / 255 - torch.tensor(PREPROCESSING["mean"])) / torch.tensor(PREPROCESSING["std"])
    ours = load_pretrained(NAME, folder).backbone.eval()
    with torch.inference_mode():
        want = theirs.embed(scaled.permute(0, 3, 1, 2))
        got = ours.embed(normalise(crops, mean=ours.mean, std=ours.std))
        as_rgb = theirs.embed(normalise(crops, mean=ours.mean, std=ours.std))
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(as_rgb, want, rtol=1e-2)


def test_it_runs_as_weights_of_an_encoder(tmp_path: Path) -> None:
    encoder = create_encoder(NAME, weights=saved(tmp_path / "model"), device="cpu", runtime="torch")
    rows = encoder.encode(np.full((90, 60, 3), 90, np.uint8), [[0, 0, 50, 80]])
    assert rows.shape == (1, 512)
    assert encoder.input_size == (64, 32)
    assert encoder.gate is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"architecture": "fastreid_sbs_resnest50"}, "architecture is 'fastreid_sbs_resnest50', expected osnet_x1_0"),
        ({"architecture": None}, "architecture is None, expected"),
        ({"architecture": "osnet_x1_0"}, "holds osnet-x1-0, but --reid osnet-x0-25 was asked; use --reid osnet-x1-0"),
        ({"resize_mode": "letterbox"}, "resize_mode is 'letterbox', expected 'stretch'"),
        ({"interpolation": "lanczos"}, "interpolation is 'lanczos', expected one of bilinear, bicubic, nearest"),
        ({"to_rgb": "yes"}, "to_rgb is 'yes', expected true or false"),
        ({"input_size": [64]}, r"input_size is \[64\]: input_size must be two whole numbers"),
        ({"input_size": 64}, "input_size is 64: "),
        ({"std": [0.1, 0.0, 0.1]}, "std must be three numbers above 0"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load_pretrained(NAME, saved(tmp_path / "model", **options))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", '{"preprocessing": 3}', "[" * 100_000])
def test_a_damaged_configuration_is_one_sentence(text: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    (folder / "reid_config.json").write_text(text)
    with pytest.raises(ValueError, match=r"reid_config\.json") as caught:
        load_pretrained(NAME, folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights_and_one_without_configuration(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    (folder / "weights.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"no weights\.safetensors"):
        load_pretrained(NAME, folder)
    assert not is_saved_model(tmp_path)
    with pytest.raises(ValueError, match="is not a file"):
        load_pretrained(NAME, tmp_path)
