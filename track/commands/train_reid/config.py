"""What `track train-reid` was asked for, resolved: options on top of a recipe, or of an interrupted training."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry import unknown_name
from registry.defaults import DEFAULT_ENCODER
from registry.devices import check_device_name
from registry.user_folders import expanded
from reid.data.market1501 import EXPECTED
from reid.registry import ALL_NAMES, BACKBONES, OTHER_NAMES, WITHOUT_NETWORK, is_backbone, own_network
from reid.training.recipe import Recipe, family_recipe, load_recipe
from reid.training.state import check_same, read_config
from track.setup.given_weights import IMAGENET, check_given

__all__ = ["TrainConfig", "TrainOptions", "resolve"]

DEFAULT_FALSE_MATCH_RATE = 0.01
SMOKE_RECIPE, SMOKE_REID, SMOKE_DATA = "smoke", "dogenet26", "synthetic:120"


@dataclass(frozen=True)
class TrainOptions:
    """The command line as typed; `None` where an option was not given."""

    data: str | None = None
    reid: str | None = None
    recipe: str | None = None
    pretrained: Path | None = None
    smoke: bool = False
    epochs: int | None = None
    batch: str | None = None
    lr: float | None = None
    input_size: str | None = None
    eval_every: int | None = None
    false_match_rate: float | None = None
    out: Path | None = None
    resume: Path | None = None
    amp: str | None = None
    device: str = "auto"
    workers: int = 2
    seed: int | None = None


@dataclass(frozen=True)
class TrainConfig:
    """The training that they mean; see `reid.training.Job`."""

    sources: tuple[str, ...]
    reid: str
    recipe: Recipe
    pretrained: Path | None
    false_match_rate: float
    out: Path | None
    resume: Path | None
    amp: str
    device: str
    workers: int
    seed: int


def resolve(options: TrainOptions) -> TrainConfig:
    """The whole configuration, checked.

    Raises:
        ValueError: an option that does not fit, alone, with another, or with the interrupted training.
        FileNotFoundError: a file that is not there.
    """
    _check(options)
    if options.resume is not None:
        return _resumed(options, options.resume)
    reid, recipe = _reid_and_recipe(options)
    data = options.data or (SMOKE_DATA if options.smoke else None)
    if data is None:
        raise ValueError(f"--data is missing, expected {EXPECTED}; to try it out: track train-reid --smoke")
    return TrainConfig(
        sources=_names(data),
        reid=reid,
        recipe=recipe,
        pretrained=_lasting(options.pretrained),
        false_match_rate=_or(options.false_match_rate, DEFAULT_FALSE_MATCH_RATE),
        out=options.out,
        resume=None,
        amp=_or(options.amp, "no"),
        device=options.device,
        workers=options.workers,
        seed=_or(options.seed, 0),
    )


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _check(options: TrainOptions) -> None:
    check_device_name(options.device)
    if not 1 <= options.workers <= 256:
        raise ValueError(f"--workers is {options.workers}, expected 1 to 256 threads")
    if options.seed is not None and not 0 <= options.seed < 1 << 63:
        raise ValueError(f"--seed is {options.seed}, expected a whole number from 0 to 2**63 - 1")
    if options.amp not in (None, "no", "bf16", "fp16"):
        raise ValueError(f"--amp is {options.amp!r}, expected no, bf16 or fp16")
    rate = options.false_match_rate
    if rate is not None and not 0 < rate < 1:
        raise ValueError(f"--false-match-rate is {rate:g}, expected a share between 0 and 1, such as 0.01")
    check_given("--pretrained", options.pretrained)
    if options.resume is not None and options.out is not None:
        raise ValueError("--resume goes on in its own folder; leave --out out")
    if options.resume is not None and options.smoke:
        raise ValueError("--resume goes on with the training as it was; leave --smoke out")
    if options.smoke and options.recipe is not None:
        raise ValueError("--smoke has a recipe of its own; leave --recipe or --smoke out")


def _reid_and_recipe(options: TrainOptions) -> tuple[str, Recipe]:
    """Backbone and recipe; each decides the other where only one is given."""
    if options.reid is not None:
        _check_reid(options.reid)
    name = SMOKE_RECIPE if options.smoke else options.recipe
    if name is None:
        reid = options.reid or DEFAULT_ENCODER
        name = family_recipe(_target(reid))
    recipe, own = load_recipe(name, **_overrides(options))
    reid = options.reid or own or DEFAULT_ENCODER
    _check_typed(options, reid, f"recipe {name}")
    _check_reid(reid)
    if options.smoke and options.reid not in (None, own) and options.input_size is None:
        recipe = dataclasses.replace(recipe, input_size=None)  # the recipe's own size is for its own backbone
    return reid, recipe


def _target(reid: str) -> str:
    return next((entry.target for entry in BACKBONES.entries() if entry.name == reid), "")


def _check_reid(reid: str) -> None:
    if reid in WITHOUT_NETWORK:
        raise ValueError(f"--reid {reid} has no network to train; name a backbone, such as --reid {DEFAULT_ENCODER}")
    if not is_backbone(reid):
        hint = f"Choose with --reid NAME. {OTHER_NAMES}"
        raise unknown_name("backbone", reid, BACKBONES.names(), where=ALL_NAMES, hint=hint)


def _check_typed(options: TrainOptions, reid: str, where: str) -> None:
    """Own code runs where a person typed its name: a recipe or a folder may come from anybody."""
    if options.reid is None and own_network(reid) is not None:
        raise ValueError(f"{where} names {reid}, code of your own, which runs where you name it: add --reid {reid}")


def _overrides(options: TrainOptions) -> dict[str, Any]:
    """The options that stand over fields of the recipe; `None` where not given."""
    ids, crops = _pair(options.batch, "--batch", "16x4, identities x crops of each") or (None, None)
    size = _pair(options.input_size, "--input-size", "256x128, height x width in px")
    return {
        "epochs": options.epochs,
        "ids_per_batch": ids,
        "crops_per_id": crops,
        "lr": options.lr,
        "input_size": size,
        "eval_every": options.eval_every,
    }


def _pair(text: str | None, option: str, expected: str) -> tuple[int, int] | None:
    """`16x4` as two numbers."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", text.strip())
    if match is None:
        raise ValueError(f"{option} is {text!r}, expected two numbers such as {expected}")
    return int(match[1]), int(match[2])


def _names(text: str) -> tuple[str, ...]:
    """Where the data is, independent of the present folder."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError(f"--data is {text!r}, expected folders separated by commas")
    return tuple(name if name.startswith("synthetic:") else str(expanded(name).resolve()) for name in names)


def _lasting(weights: Path | None) -> Path | None:
    """Where the weights are, independent of the present folder."""
    is_path = weights is not None and str(weights) != IMAGENET
    return expanded(weights).resolve() if weights is not None and is_path else weights


def _resumed(options: TrainOptions, folder: Path) -> TrainConfig:
    """The interrupted training; what the command line adds must be the same."""
    saved = read_config(folder)
    try:
        fields = {item.name: saved[item.name] for item in dataclasses.fields(Recipe)}
        size = fields["input_size"]
        recipe = Recipe(**{**fields, "input_size": None if size is None else (int(size[0]), int(size[1]))})
        sources, reid, seed, amp = tuple(saved["data"]), str(saved["reid"]), int(saved["seed"]), str(saved["amp"])
        rate = float(saved["false_match_rate"])
        pretrained = None if saved["pretrained"] is None else Path(saved["pretrained"])
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"{folder}/config.json is not that of a training, or of another version: {error}") from error
    _check_typed(options, reid, f"the training in {folder}")
    asked = dict(fields) if options.recipe is None else dataclasses.asdict(load_recipe(options.recipe)[0])
    asked |= {key: value for key, value in _overrides(options).items() if value is not None}
    asked |= {"data": sources if options.data is None else _names(options.data)}
    asked |= {"reid": options.reid or reid, "seed": _or(options.seed, seed), "amp": _or(options.amp, amp)}
    asked["pretrained"] = saved["pretrained"] if options.pretrained is None else str(_lasting(options.pretrained))
    asked["false_match_rate"] = _or(options.false_match_rate, rate)
    check_same(folder, {key: saved[key] for key in asked}, asked)
    return TrainConfig(
        sources=sources,
        reid=reid,
        recipe=recipe,
        pretrained=pretrained,
        false_match_rate=rate,
        out=None,
        resume=folder,
        amp=amp,
        device=options.device,
        workers=options.workers,
        seed=seed,
    )
