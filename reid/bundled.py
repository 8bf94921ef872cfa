"""The weights that an encoder runs on when nobody names any: those that come with this package."""

from __future__ import annotations

from pathlib import Path

from reid.registry import own_network

__all__ = ["RANDOM", "bundled_names", "bundled_weights", "chosen_weights"]

RANDOM = "random"
"""In place of a path: a seeded initialisation instead of trained weights."""
FOLDER = Path(__file__).with_name("weights")


def bundled_names() -> tuple[str, ...]:
    """The backbones whose weights come with the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.safetensors")))


def bundled_weights(name: str) -> Path | None:
    """The checkpoint of backbone `name` in the package, `None` where there is none."""
    return FOLDER / f"{name}.safetensors" if name in bundled_names() else None


def chosen_weights(name: str, weights: Path | None) -> Path | None:
    """What backbone `name` is to run on; `None` is a seeded initialisation.

    Args:
        name: public name.
        weights: a path, `random`, or `None` for the bundled ones, or for the user's own network what it builds itself.

    Raises:
        ValueError: nothing was asked for, and nothing is bundled.
    """
    if weights is not None:
        return None if str(weights) == RANDOM else weights
    bundled = bundled_weights(name)
    if bundled is None and own_network(name) is not None:
        return None
    if bundled is None:
        raise ValueError(
            f"no trained weights of {name} come with this package (only of {', '.join(bundled_names())}); give a"
            f" checkpoint with --reid-weights FILE, train one with: track train-reid --reid {name} --data DATA, or"
            f" try it untrained with --reid-weights {RANDOM}"
        )
    return bundled
