"""What a configuration comes to: decided once, before the first frame."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from reid import NoEncoder
from tests.track.runs import run_config, write_sequence, write_video
from track.setup.parts import Models
from track.setup.plan import Plan, RowsPlan, resolve
from track.sources import open_source
from tracker import DeepSort


@pytest.fixture
def clip(tmp_path: Path) -> tuple[Path, Path]:
    return write_video(tmp_path, num_frames=4)


def _resolved(clip: tuple[Path, Path], **options: Any) -> Plan:
    config = run_config(*clip, clip[0].parent / "o", **options)
    with open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source:
        return resolve(config, source)


@pytest.mark.parametrize(
    ("options", "at_the_end", "draws_on_the_way", "keeps_detections"),
    [
        pytest.param({}, False, True, False, id="plain"),
        pytest.param({"online": True}, False, True, False, id="--online"),
        pytest.param({"video": False}, False, False, False, id="--no-video"),
        pytest.param({"smooth": True}, True, False, False, id="--smooth"),
        pytest.param({"offline": True}, True, False, True, id="--offline"),
        pytest.param({"keep_embeddings": True}, False, True, True, id="--keep-embeddings"),
    ],
)
def test_what_follows_from_the_options(
    clip: tuple[Path, Path], options: dict[str, Any], at_the_end: bool, draws_on_the_way: bool, keeps_detections: bool
) -> None:
    plan = _resolved(clip, **options)
    assert plan.rows.come_at_the_end is at_the_end
    assert plan.draws_on_the_way is draws_on_the_way
    assert plan.keeps_detections is keeps_detections
    assert plan.size == (96, 64)


def test_links_are_made_as_the_tracker_would(clip: tuple[Path, Path]) -> None:
    """By its gate, its votes and its groups of classes."""
    base = _resolved(clip, offline=True)
    assert base.rows.links is not None
    settings = dataclasses.replace(base.models.tracker.config, class_vote=True, class_groups="2 5")
    assert (base.rows.links.class_vote, base.rows.links.class_groups) == (False, "")
    preset = dataclasses.replace(run_config(*clip, Path("o")).tracker, config=settings)
    links = _resolved(clip, offline=True, tracker=preset, reid="small-cnn", max_cosine=0.3, device="cpu").rows.links
    assert links is not None
    assert (links.max_cosine, links.class_vote, links.class_groups) == (0.3, True, "2 5")


def test_the_source_is_read_again_from_the_same_place(clip: tuple[Path, Path]) -> None:
    plan = _resolved(clip, start_s=0.1, end_s=0.3)
    assert plan.read_again is not None
    with plan.read_again() as source:
        assert [frame.index for frame in source] == [1, 2]


def test_without_pictures_nothing_is_drawn(tmp_path: Path) -> None:
    config = run_config(write_sequence(tmp_path / "s"), "public", tmp_path / "o")
    with open_source(config.source) as source:
        plan = resolve(config, source)
    assert (config.video, plan.draws, plan.draws_on_the_way) == (True, False, False)


def test_a_plan_is_fixed(clip: tuple[Path, Path]) -> None:
    plan = _resolved(clip)
    for part, name in ((plan, "every"), (plan.rows, "online"), (plan.models, "tracker")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, None)
    assert RowsPlan().come_at_the_end is False
    assert isinstance(plan.models, Models)
    assert isinstance(plan.models.encoder, NoEncoder)
    assert isinstance(plan.models.tracker, DeepSort)
