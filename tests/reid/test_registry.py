"""Names, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from reid import BACKBONES, ENCODERS, create_backbone, create_encoder, is_encoder

ROOT = Path(__file__).resolve().parents[2]


def test_every_backbone_is_an_encoder() -> None:
    assert ENCODERS.names() == ("none", "file", "colour", *BACKBONES.names())


def test_every_backbone_bears_its_public_name() -> None:
    with torch.device("meta"):  # shapes without memory: some have 200 million parameters
        assert [create_backbone(name).name for name in BACKBONES.names()] == list(BACKBONES.names())


def test_any_network_of_timm_is_an_encoder() -> None:
    encoder = create_encoder("timm:resnet18", weights=Path("random"), device="cpu")
    crops = encoder.encode(np.zeros((64, 64, 3), np.uint8), np.array([[0.0, 0, 32, 64]]), np.empty((1, 0), np.float32))
    assert (encoder.name, crops.shape) == ("timm:resnet18", (1, 512))
    assert is_encoder("timm:resnet18")
    assert not is_encoder("timn:resnet18")


@pytest.mark.parametrize("create", [create_backbone, create_encoder], ids=["backbone", "encoder"])
def test_unknown_name_tells_the_closest_and_where_all_are_listed(create) -> None:
    with pytest.raises(ValueError, match=r"'dogenet5'\. Did you mean 'dogenet50'.*track models"):
        create("dogenet5")


@pytest.mark.parametrize("name", ["none", "file", "colour"])
def test_encoders_without_network_refuse_weights(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"encoder {name} has no network"):
        create_encoder(name, weights=tmp_path / "weights.safetensors")


def test_unavailable_device_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'cuda:99' is not available here; use one of: auto, .*cpu"):
        create_encoder("dogenet50", device="cuda:99")


@pytest.mark.parametrize("module", ["torch", "cv2", "ultralytics"])
def test_importing_the_package_leaves_heavy_modules_alone(module: str) -> None:
    code = f"import sys, reid; reid.ENCODERS.names(); reid.create_encoder('none'); sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
