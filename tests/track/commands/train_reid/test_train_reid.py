"""`track train-reid`: what it says, what it refuses, and how it goes on."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from reid.calibration import Calibration, calibrate
from reid.checkpoint import read_checkpoint
from reid.registry import BACKBONES
from tests.reid.training.people import write_people
from tests.reid.training.runs import without_pictures
from tests.reid.training.tiny import NAME, TARGET, tiny
from tests.track.runs import Result, Track
from track.commands.train_reid.config import TrainOptions, resolve
from track.terminal.interrupt import StoppedError


@pytest.fixture(autouse=True)
def tiny_backbone() -> Iterator[None]:
    BACKBONES.add(NAME, TARGET, "for tests")
    yield
    del BACKBONES._entries[NAME]


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than a training here; tests/reid/training looks at them."""
    without_pictures(monkeypatch)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write_people(tmp_path / "people", num_train=8, num_test=6, crops=8)


def train(track: Track, people: Path, *more: object) -> Result:
    return track("train-reid", "--data", people, "--reid", NAME, "--batch", "4x4", "--device", "cpu", *more)


def test_it_trains_and_says_what_came_out(track: Track, people: Path) -> None:
    result = train(track, people, "--epochs", 2, "--eval-every", 1, "--out", "out")
    assert result.code == 0
    assert "train        64           8        2" in result.err  # the counts, before anything else
    assert result.err.index("before training: held-out rank-1") < result.err.index("epoch 1/2: loss")
    assert "(before -> after training, 12 queries)" in result.out
    assert Path("out/best.safetensors").is_file()
    assert "already finished" not in result.err


@pytest.mark.parametrize("overlap", [0.1, 0.9])
def test_it_says_what_to_type_next_unless_appearance_cannot_decide(
    track: Track, people: Path, monkeypatch: pytest.MonkeyPatch, overlap: float
) -> None:
    def measured(*arguments: Any, **options: Any) -> Calibration:
        return dataclasses.replace(calibrate(*arguments, **options), overlap=overlap)

    monkeypatch.setattr("reid.training.run.calibrate", measured)
    result = train(track, people, "--epochs", 1, "--out", "out")
    typed = f"next: track run video.mp4 --reid {NAME} --reid-weights out/best.safetensors"
    assert (typed in result.out) == (overlap == 0.1)
    assert ("appearance cannot decide" in result.err) == (overlap == 0.9)


@pytest.mark.parametrize(
    ("num_test", "has_gate"),
    [
        pytest.param(2, False, id="2 people held out"),
        pytest.param(19, False, id="19 people, one too few"),
        pytest.param(20, True, id="20 people"),
    ],
)
def test_the_checkpoint_has_a_gate_only_where_enough_people_were_measured(
    track: Track, tmp_path: Path, num_test: int, has_gate: bool
) -> None:
    """With fewer it is measured and told, not stored."""
    people = write_people(tmp_path / "some", num_train=4, num_test=num_test, crops=4)
    result = train(track, people, "--epochs", 1, "--out", "out")
    assert result.code == 0, result.err
    assert f"rank-1 rests on {num_test} people: " in result.out
    assert (f"no gate was stored: {num_test} people measured, 20 or more are needed" in result.err) != has_gate
    info = read_checkpoint(Path("out/best.safetensors")).info
    assert info is not None
    assert (info.max_cosine_distance is not None) == has_gate
    assert info.scores["num_identities"] == num_test


def test_a_finished_training_can_be_named_again_and_another_configuration_cannot(track: Track, people: Path) -> None:
    train(track, people, "--epochs", 1, "--out", "out")
    again = track("train-reid", "--resume", "out")
    assert again.code == 0
    assert "it had already finished all 1 epochs" in again.err
    other = track("train-reid", "--resume", "out", "--lr", 0.5, "--seed", 3)
    assert other.code == 2
    assert "lr was 0.0005, now 0.5" in other.err
    assert "seed was 0, now 3" in other.err
    assert other.err.count("\n") == 1


def test_it_starts_from_weights_of_any_origin(track: Track, people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a learning rate of nearly nothing they stay what they are; a later folder does not matter to their path."""
    weights = tiny().state_dict()
    torch.save({"state_dict": weights}, "theirs.pth")
    result = train(track, people, "--epochs", 1, "--lr", 1e-9, "--pretrained", "theirs.pth", "--out", "out")
    assert result.code == 0
    trained = load_file("out/last.safetensors")
    assert torch.allclose(trained["layers.0.weight"], weights["layers.0.weight"], atol=1e-6)
    assert json.loads(Path("out/config.json").read_text())["pretrained"] == str(Path("theirs.pth").resolve())
    monkeypatch.chdir(people)
    assert track("train-reid", "--resume", "../out").code == 0


def test_weights_of_another_network_are_refused_before_the_first_step(track: Track, people: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3, 3)}, "other.pth")
    result = train(track, people, "--pretrained", "other.pth", "--out", "out")
    assert result.code == 2
    assert "other.pth" in result.err.splitlines()[-1]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ([], "--data is missing"),
        (["--data", "nowhere"], "nowhere not found: expected a folder laid out like Market-1501"),
        (["--data", "synthetic"], "write synthetic:500"),
        (["--data", "people", "--batch", "16"], "--batch is '16', expected two numbers such as 16x4"),
        (["--data", "people", "--batch", "16x4"], "use --batch 8x4"),
        (["--data", "people", "--input-size", "9x9"], "input_size is"),
        (["--data", "people", "--reid", "colour"], "--reid colour has no network to train"),
        (["--data", "people", "--reid", "dogenet51"], "Did you mean 'dogenet50'"),
        (["--data", "people", "--recipe", "none"], "unknown recipe"),
        (["--data", "people", "--pretrained", "no.safetensors"], "--pretrained no.safetensors not found"),
        (["--data", "people", "--amp", "fp8"], "--amp is 'fp8'"),
        (["--data", "people", "--amp", "fp16", "--device", "cpu"], "fp16 needs a CUDA device"),
        (["--data", "people", "--device", "gpu"], "--device is 'gpu'"),
        (["--data", "people", "--workers", "0"], "--workers is 0"),
        (["--data", "people", "--seed", "-1"], "--seed is -1"),
        (["--data", "people", "--lr", "0"], "lr is 0"),
        (["--data", "people", "--false-match-rate", "1"], "--false-match-rate is 1"),
        (["--data", "people,"], "expected folders separated by commas"),
        (["--resume", "nowhere"], "nowhere holds no training to resume"),
        (["--resume", "people", "--out", "x"], "leave --out out"),
        (["--smoke", "--recipe", "swin"], "leave --recipe or --smoke out"),
    ],
)
def test_bad_input_is_one_line_and_code_2(track: Track, people: Path, typed: list[str], message: str) -> None:
    if "input_size" in message:
        typed = [*typed, "--reid", "dogenet26"]
        message = "multiples of 16 px"
    result = track("train-reid", *typed)
    last = result.err.strip().splitlines()[-1]
    assert result.code == 2
    assert last.startswith("track: error:")
    assert message in last


@pytest.mark.parametrize(
    ("key", "value"), [("pretrained", None), ("pretrained", 5), ("seed", "x"), ("seed", float("inf")), ("lr", "fast")]
)
def test_a_configuration_that_is_none_is_one_line(track: Track, people: Path, key: str, value: object) -> None:
    train(track, people, "--epochs", 1, "--out", "out")
    config = json.loads(Path("out/config.json").read_text())
    del config[key]
    Path("out/config.json").write_text(json.dumps(config if value is None else {**config, key: value}))
    result = track("train-reid", "--resume", "out")
    assert result.code == 2
    assert result.err.startswith("track: error: out/config.json is not that of a training, or of another version: ")
    assert result.err.count("\n") == 1


def test_too_few_people_to_train_on_are_told_before_anything_starts(track: Track, tmp_path: Path) -> None:
    for number in range(3):
        source = write_people(tmp_path / f"set{number}", num_train=1, num_test=1, crops=4)
        shutil.copytree(source / "bounding_box_train", tmp_path / "few" / f"person{number}")
    result = train(track, tmp_path / "few", "--out", "out")
    assert result.code == 2
    assert "2 identities or more are needed to train, found 1 in few besides the 2 held out" in result.err
    assert "training tiny" not in result.err
    assert not Path("out").exists()


def test_a_stop_before_the_first_checkpoint_says_how_to_begin(
    track: Track, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise StoppedError(signal.SIGINT, "nothing was written")

    with monkeypatch.context() as patch:
        patch.setattr("reid.training.trainer.evaluate", stop)
        result = train(track, people, "--epochs", 1, "--out", "out")
    assert "the training had not begun; begin it with: track train-reid --resume out" in result.err
    assert track("train-reid", "--resume", "out").code == 0
    assert Path("out/best.safetensors").is_file()


def test_a_folder_that_holds_something_is_not_written_to(track: Track, people: Path) -> None:
    done = train(track, people, "--out", people)
    assert "is not empty: use another --out" in done.err
    assert "--overwrite" not in done.err, "there is no such option"
    assert not (people / "config.json").exists()


@pytest.mark.parametrize(
    ("option", "value", "key", "expected"),
    [
        ("epochs", 7, "epochs", 7),
        ("lr", 0.01, "lr", 0.01),
        ("eval_every", 3, "eval_every", 3),
        ("batch", "6x3", "batch", 18),
        ("input_size", "64x32", "input_size", (64, 32)),
    ],
)
def test_each_option_of_the_recipe_arrives(option: str, value: object, key: str, expected: object) -> None:
    config = resolve(TrainOptions(data="people", **{option: value}))  # type: ignore[arg-type]
    assert getattr(config.recipe, key) == expected
    assert getattr(resolve(TrainOptions(data="people")).recipe, key) != expected


def test_backbone_decides_the_recipe_and_a_recipe_the_backbone() -> None:
    assert resolve(TrainOptions(data="x", reid="swin-s")).recipe.weight_decay == 0.05
    assert resolve(TrainOptions(data="x", recipe="market1501-swin-t")).reid == "swin-t"
    assert resolve(TrainOptions(data="x")).reid == "dogenet50"
    assert resolve(TrainOptions(smoke=True)).sources[0].startswith("synthetic:")


@pytest.mark.slow
def test_smoke_lifts_held_out_people_far_above_where_they_were(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path / "cache"))
    assert track("train-reid", "--smoke", "--out", "out").code == 0
    rows = Path("out/metrics.csv").read_text().splitlines()
    first, last = (dict(zip(rows[0].split(","), row.split(","), strict=True)) for row in (rows[1], rows[-1]))
    assert float(first["rank1"]) < 0.2
    assert float(last["rank1"]) > float(first["rank1"]) + 0.4
    assert json.loads(Path("out/config.json").read_text())["data"][0].startswith("synthetic:")
