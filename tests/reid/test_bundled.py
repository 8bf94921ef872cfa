"""The weights that come with the package: complete, described, and told by their model cards as they are."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import pytest

from registry.defaults import DEFAULT_ENCODER
from reid import BACKBONES, create_encoder
from reid.bundled import FOLDER, bundled_names, chosen_weights
from reid.checkpoint import read_checkpoint


def test_some_backbones_have_weights() -> None:
    assert {"small-cnn", DEFAULT_ENCODER} <= set(bundled_names()) <= set(BACKBONES.names())


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_weights_describe_themselves_and_run_without_a_warning(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    info = read_checkpoint(FOLDER / f"{name}.safetensors").info
    assert info is not None
    assert (info.backbone, info.num_classes) == (name, 0), "a classifier of drawn people is of no use to anybody"
    assert info.data
    encoder = create_encoder(name, device="cpu")
    assert encoder.gate == info.max_cosine_distance
    assert encoder.gate is not None
    image = np.random.default_rng(0).integers(0, 256, (200, 100, 3), np.uint8)
    rows = encoder.encode(image, np.array([[5.0, 5, 60, 120]]), np.empty((1, 0), np.float32))
    assert rows.shape == (1, info.embedding_dim)
    assert math.isclose(float(np.linalg.norm(rows)), 1, rel_tol=1e-5)
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("name", bundled_names())
def test_the_model_card_gives_the_checkpoints_own_scores(name: str) -> None:
    info = read_checkpoint(FOLDER / f"{name}.safetensors").info
    assert info is not None
    assert info.max_cosine_distance is not None
    card = (FOLDER / f"{name}.md").read_text()
    for text in (
        f"| rank-1 | {100 * info.scores['rank1']:.1f} % |",
        f"| mAP | {100 * info.scores['mAP']:.1f} % |",
        f"| gate | {info.max_cosine_distance:.3f} |",
    ):
        assert text in card


@pytest.mark.parametrize(
    ("name", "weights", "expected"),
    [
        pytest.param("small-cnn", None, FOLDER / "small-cnn.safetensors", id="left out: bundled"),
        pytest.param("swin-l", Path("mine.pth"), Path("mine.pth"), id="named"),
        pytest.param("swin-l", Path("random"), None, id="random"),
        pytest.param("small-cnn", Path("random"), None, id="random although there are some"),
    ],
)
def test_which_weights_are_taken(name: str, weights: Path | None, expected: Path | None) -> None:
    assert chosen_weights(name, weights) == expected


def test_a_backbone_without_weights_says_how_to_get_some() -> None:
    with pytest.raises(
        ValueError,
        match=r"no trained weights of swin-l .*small-cnn.*--reid-weights FILE.*train-reid --reid swin-l.*random",
    ):
        create_encoder("swin-l", device="cpu")
