"""How an encoder is trained: one frozen object, read from YAML and checked once at the edge."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from registry import unknown_name
from registry.defaults import DEFAULT_ENCODER
from registry.settings import read_settings
from registry.shipped import recipe_names, recipe_path

__all__ = ["Recipe", "family_recipe", "load_recipe"]

OPTIMIZERS = ("adamw", "sgd")
_ABOUT = ("description", "reid", "expect")
"""Keys of a recipe file that describe it; all others are fields of `Recipe`."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training does, besides the data, the backbone and the seed.

    Attributes:
        input_size: `(H, W)` px of the crops; `None` takes the backbone's own.
        epochs: passes over the training crops.
        ids_per_batch: identities P of a batch (Hermans et al. 2017).
        crops_per_id: crops K of each of them.
        optimizer: `adamw` or `sgd` (Nesterov momentum 0.9).
        lr: learning rate at the end of the warm-up; it then falls as half a cosine to `final_lr_share` of it.
        final_lr_share: see `lr`.
        warmup_epochs: over which the learning rate grows evenly from a hundredth of `lr`.
        weight_decay: of all weights with two or more dimensions; not of norms and biases.
        max_gradient: the gradient's norm is cut down to it; 0 leaves it.
        label_smoothing: of the identity loss (Szegedy et al. 2016).
        identity_weight: factor of the identity loss; 0 leaves it out, as with the next two weights.
        triplet_weight: factor of the batch-hard triplet loss (Hermans et al. 2017).
        margin: of the triplet loss, on distances between embeddings of unit length (0 to 2); 0 takes the soft margin.
        contrast_weight: factor of the supervised contrastive loss (Khosla et al. 2020); not of the picture's contrast,
            which is `image_contrast`.
        temperature: of the contrastive loss: cosine similarities are divided by it.
        teacher: a trained encoder to imitate (see `reid.training.teacher`): a backbone whose weights come with the
            package, or the path of a checkpoint; `None` for none.
        teacher_weight: factor of the imitation loss; without a teacher there is none.
        ema_decay: of the moving average of the weights that is evaluated and deployed; 0 takes the weights themselves.
        flip: probability of a mirrored crop.
        pad: largest shift of a crop, px, the border filled with the mean colour.
        erase: probability that a rectangle is erased (Zhong et al. 2020).
        brightness: largest relative change of brightness, drawn evenly; so are the next three.
        image_contrast: change of the picture's contrast, around its mean grey.
        saturation: towards and away from grey.
        white_balance: of red, green and blue apart, as cameras differ.
        eval_every: epochs between two evaluations.
        threads: of torch on a CPU; 0 leaves as many as it takes by itself. Small steps are done sooner by one: the
            threads wait for each other longer than they compute.
    """

    input_size: tuple[int, int] | None = None
    epochs: int = 60
    ids_per_batch: int = 16
    crops_per_id: int = 4
    optimizer: str = "adamw"
    lr: float = 3.5e-4
    final_lr_share: float = 0.01
    warmup_epochs: float = 5.0
    weight_decay: float = 5e-4
    max_gradient: float = 5.0
    label_smoothing: float = 0.1
    identity_weight: float = 1.0
    triplet_weight: float = 1.0
    margin: float = 0.3
    contrast_weight: float = 0.0
    temperature: float = 0.1
    teacher: str | None = None
    teacher_weight: float = 1.0
    ema_decay: float = 0.998
    flip: float = 0.5
    pad: int = 8
    erase: float = 0.5
    brightness: float = 0.2
    image_contrast: float = 0.15
    saturation: float = 0.1
    white_balance: float = 0.0
    eval_every: int = 5
    threads: int = 0

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {self.optimizer!r}, expected one of {', '.join(OPTIMIZERS)}")
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                option = f" ({_OPTIONS[name]})" if name in _OPTIONS else ""
                raise ValueError(f"{name}{option} is {value:g}, expected a number from {low:g} to {high:g}")
        if self.teacher is not None and not (self.teacher and self.teacher_weight):
            raise ValueError(
                f"teacher is {self.teacher!r} with teacher_weight {self.teacher_weight:g}, expected a backbone or a "
                "checkpoint and a weight above 0; leave both out for no teacher"
            )
        if self.teacher is None and self.teacher_weight != 1:
            raise ValueError(f"teacher_weight is {self.teacher_weight:g} without a teacher; name one, or leave it out")
        if self.teacher is None and not self.identity_weight + self.triplet_weight + self.contrast_weight:
            raise ValueError(
                "identity_weight, triplet_weight and contrast_weight are all 0 and there is no teacher, expected "
                "one of them above it"
            )
        if self.lr <= 0:
            raise ValueError(f"lr is {self.lr:g}, expected a number above 0, such as 0.00035")
        if self.input_size is not None and not all(8 <= side <= 4096 for side in self.input_size):
            raise ValueError(f"input_size is {self.input_size}, expected height and width from 8 to 4096 px")

    @property
    def batch(self) -> int:
        """Crops of a batch, over all processes."""
        return self.ids_per_batch * self.crops_per_id


_RANGES = (
    ("epochs", 1, 100_000),
    ("ids_per_batch", 2, 4096),
    ("crops_per_id", 2, 4096),
    ("lr", 0, 10),
    ("final_lr_share", 0, 1),
    ("warmup_epochs", 0, 100_000),
    ("weight_decay", 0, 1),
    ("max_gradient", 0, 1e9),
    ("label_smoothing", 0, 0.9),
    ("identity_weight", 0, 100),
    ("triplet_weight", 0, 100),
    ("margin", 0, 2),
    ("contrast_weight", 0, 100),
    ("temperature", 0.01, 10),
    ("teacher_weight", 0, 100),
    ("ema_decay", 0, 0.99999),
    ("flip", 0, 1),
    ("pad", 0, 512),
    ("erase", 0, 1),
    ("brightness", 0, 0.9),
    ("image_contrast", 0, 0.9),
    ("saturation", 0, 1),
    ("white_balance", 0, 0.9),
    ("eval_every", 1, 100_000),
    ("threads", 0, 1024),
)
_OPTIONS = {"ids_per_batch": "P of --batch PxK", "crops_per_id": "K of --batch PxK"}
"""Fields that the command line calls otherwise."""


def family_recipe(target: str) -> str:
    """The recipe of a backbone's family, from its entry in the registry (`reid.backbones.swin:swin_t` -> `swin`)."""
    family = target.partition(":")[0].rpartition(".")[2].replace("_", "-")
    return family if family in recipe_names() else "default"


def load_recipe(name_or_path: str, **overrides: Any) -> tuple[Recipe, str | None]:
    """A recipe by name or from a YAML file with `overrides` on top (`None` leaves the recipe's), and its backbone.

    Raises:
        ValueError: unknown recipe, or keys or values that do not fit: names the key, its value and what was expected.
        FileNotFoundError: no such file.
    """
    is_file = name_or_path.endswith((".yaml", ".yml")) or "/" in name_or_path
    if not is_file and name_or_path not in recipe_names():
        hint = "A path to a YAML file (*.yaml) works too."
        where = f"All stand in {recipe_path(name_or_path).parent}."
        raise unknown_name("recipe", name_or_path, recipe_names(), hint=hint, where=where)
    path = Path(name_or_path) if is_file else recipe_path(name_or_path)
    if not path.is_file():
        raise FileNotFoundError(f"recipe file {name_or_path!r} not found; recipes are {', '.join(recipe_names())}")
    content = read_settings(path, "keys such as 'epochs: 60'")
    reid = content.get("reid")
    if reid is not None and not isinstance(reid, str):
        raise ValueError(f"{path.name}: reid is {reid!r}, expected the name of a backbone, such as {DEFAULT_ENCODER}")
    settings = {key: value for key, value in content.items() if key not in _ABOUT}
    recipe = _validated(path.name, settings)
    given = {key: value for key, value in overrides.items() if value is not None}
    return dataclasses.replace(recipe, **given), reid


def _validated(source: str, settings: Mapping[str, Any]) -> Recipe:
    from pydantic import ConfigDict, ValidationError, create_model

    types = get_type_hints(Recipe)
    where = f"All keys are described in {Path(__file__)}"
    for key in settings:
        if key not in types:
            raise ValueError(f"{source}: {unknown_name('key', str(key), [*types, *_ABOUT], where=where)}")
    fields: dict[str, Any] = {
        item.name: (tuple[int, int] | None if item.name == "input_size" else types[item.name], item.default)
        for item in dataclasses.fields(Recipe)
    }
    if isinstance(settings.get("input_size"), list):  # YAML has no tuples
        settings = {**settings, "input_size": tuple(settings["input_size"])}
    try:
        checked = create_model("RecipeFile", __config__=ConfigDict(strict=True), **fields).model_validate(settings)
        return Recipe(**checked.model_dump())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        expected = first["msg"].removeprefix("Input should be ")
        raise ValueError(f"{source}: {key} is {first['input']!r}, expected {expected}") from error
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
