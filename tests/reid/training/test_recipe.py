"""Recipes: those that ship, a user's own, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.shipped import recipe_names
from reid.registry import BACKBONES
from reid.training.recipe import Recipe, family_recipe, load_recipe
from tests.reid.training.tiny import NAME


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_ships_is_valid(name: str) -> None:
    recipe, reid = load_recipe(name)
    assert recipe.batch >= 4, "two crops of two people, or there is nothing to compare"
    assert reid is None or reid in BACKBONES


PUBLISHED = ("osnet", "fastreid", "mobilenetv2", "mlfn")
"""Families that come with trained weights; from scratch they take the recipe of any other network."""


def test_every_backbone_has_a_recipe_of_its_family() -> None:
    families = {entry.name: family_recipe(entry.target) for entry in BACKBONES.entries() if entry.name != NAME}
    assert families["swin-t"] == "swin"
    assert families["dogex50"] == "dogenet"
    assert families["swin-resnet50"] == "swin-resnet"
    assert {name for name, family in families.items() if family == "default"} == {
        name for name in families if name.startswith(PUBLISHED)
    }
    assert family_recipe("") == "default"  # any network of timm


@pytest.mark.parametrize("reid", ["small-cnn", "dogenet50", "swin-t", "dilateformer-t"])
def test_the_recipes_for_the_real_data_name_their_backbone(reid: str) -> None:
    assert load_recipe(f"market1501-{reid}")[1] == reid


@pytest.mark.parametrize("name", [name for name in recipe_names() if not name.startswith("market1501")])
def test_a_recipe_from_random_weights_learns_from_the_whole_batch(name: str) -> None:
    """Batch-hard triplets from random weights pull all embeddings into one point."""
    recipe, _ = load_recipe(name)
    assert recipe.triplet_weight == 0
    assert recipe.contrast_weight == 1 or recipe.teacher


def test_options_stand_over_the_recipe_where_they_were_given() -> None:
    plain, _ = load_recipe("dogenet")
    recipe, _ = load_recipe("dogenet", epochs=3, lr=None)
    assert recipe.epochs == 3
    assert recipe.lr == plain.lr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", r"unknown key 'epoch'. Did you mean 'epochs'"),
        ("epochs: many", r"epochs is 'many', expected a valid integer"),
        ("epochs: 0", r"epochs is 0, expected a number from 1 to 100000"),
        ("lr: 0.0", r"lr is 0, expected a number above 0"),
        ("temperature: 0.0", r"temperature is 0, expected a number from 0.01 to 10"),
        (
            "{identity_weight: 0.0, triplet_weight: 0.0}",
            r"are all 0 and there is no teacher, expected one of them above it",
        ),
        ("contrast: 0.1", r"unknown key 'contrast'. Did you mean 'image_contrast' or 'contrast_weight'"),
        ("optimizer: adam", r"optimizer is 'adam', expected one of adamw, sgd"),
        ("input_size: [4, 4]", r"input_size is \(4, 4\), expected height and width from 8"),
        ("reid: [1]", r"reid is \[1\], expected the name of a backbone"),
        ("- 1", r"holds list, expected keys such as"),
        ("a: [", r"is not valid YAML"),
        ("lr: 0.1\nlr: 0.2", r"lr stands there twice, expected each key once"),
        ("threads: -1", r"threads is -1, expected a number from 0 to 1024"),
    ],
)
def test_a_file_that_does_not_fit_says_which_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_recipe(str(tmp_path / "own.yaml"))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown recipe 'swim'. Did you mean 'swin'"):
        load_recipe("swim")


def test_a_missing_file_is_said_to_be_missing() -> None:
    with pytest.raises(FileNotFoundError, match=r"recipe file 'no.yaml' not found"):
        load_recipe("no.yaml")


def test_an_own_file_needs_only_what_it_changes(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("lr: 0.1\ninput_size: [64, 32]\n")
    assert load_recipe(str(tmp_path / "own.yaml")) == (Recipe(lr=0.1, input_size=(64, 32)), None)
