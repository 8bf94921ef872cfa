"""A data set of little people, a tiny network, and a training of a second with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reid.data import ReidData
from reid.registry import BACKBONES
from reid.training import Job, Recipe
from tests.reid.training.people import SIZE, load_people, write_people
from tests.reid.training.runs import run, without_pictures
from tests.reid.training.tiny import NAME, TARGET

RECIPE = Recipe(
    input_size=SIZE,
    epochs=3,
    ids_per_batch=4,
    crops_per_id=4,
    lr=2e-3,
    warmup_epochs=0.5,
    contrast_weight=0.5,
    ema_decay=0.9,
    pad=2,
    erase=0.3,
    eval_every=2,
)
"""Six steps an epoch on the people below."""


@pytest.fixture(scope="package", autouse=True)
def tiny_backbone() -> Iterator[None]:
    """The tiny network under a name, for the tests of this package alone."""
    BACKBONES.add(NAME, TARGET, "for tests")
    yield
    del BACKBONES._entries[NAME]


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty files for pictures, which take longer than a training here; `reference`, made before, has real ones."""
    without_pictures(monkeypatch)


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve people to train on, twenty to test on, which is as many as a gate needs, two cameras."""
    return write_people(tmp_path_factory.mktemp("people") / "set", num_train=12, num_test=20, crops=8)


@pytest.fixture(scope="session")
def people_data(people: Path) -> ReidData:
    return load_people(people)


@pytest.fixture
def make_job(people_data: ReidData, tmp_path: Path) -> Callable[..., Job]:
    """A job in a new folder, or in the one that is named."""

    def make(folder: str = "run", **changes: object) -> Job:
        (tmp_path / folder).mkdir(exist_ok=True)
        settings = {"reid": NAME, "recipe": RECIPE, "workers": 1, "sources": ("people",), **changes}
        return Job(data=people_data, out=tmp_path / folder, **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="package")
def reference(people_data: ReidData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing interrupted."""
    out = tmp_path_factory.mktemp("reference")
    run(Job(reid=NAME, data=people_data, sources=("people",), recipe=RECIPE, out=out, workers=1))
    return out
