"""`track models`: what the encoders cost at a size, the weights on disk, speed, and what it says of bad input."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

import reid.speed
from reid import BACKBONES
from reid.cost import cost
from tests.track.runs import Track
from track.commands.models.on_disk import reid_weights
from track.terminal.options import parse_size


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path))
    return tmp_path


def encoders(track: Track, *arguments: str) -> dict[str, dict[str, Any]]:
    result = track("models", "--json", *arguments)
    assert result.code == 0
    return {entry["name"]: entry for entry in json.loads(result.out)["encoders"]}


def put_weights(path: Path, **metadata: Any) -> None:
    """A safetensors file without tensors, by the format's definition."""
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    header = json.dumps({"__metadata__": texts}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def own_size(name: str) -> list[int]:
    """Published networks keep the size that they were published for."""
    published = {"osnet": [256, 128], "fastreid-bot": [256, 128], "fastreid-sbs": [384, 128], "mlfn": [256, 128]}
    published["mobilenetv2"] = [224, 224]
    return next((size for start, size in published.items() if name.startswith(start)), [128, 64])


def test_every_network_has_its_counts_and_what_is_no_network_has_none(track: Track) -> None:
    found = encoders(track)
    for name in BACKBONES.names():
        assert found[name]["parameters"] > 0, name
        assert found[name]["macs"] < found[name]["flops"], name
        assert found[name]["input_size"] == own_size(name), name
    assert "macs" not in found["none"]
    assert "macs" not in found["file"]
    assert "macs" not in found["colour"]


def test_counts_at_the_size_asked_for(track: Track) -> None:
    for size in ("256x128", "96x32"):  # in the stored table, and not
        height, width = map(int, size.split("x"))
        found = encoders(track, "dogex26", "--input-size", size)["dogex26"]
        counted = cost("dogex26", (height, width))
        assert (found["macs"], found["parameters"]) == (counted.macs, counted.parameters)
        assert found["input_size"] == [height, width]


def test_prints_the_published_table_in_its_units(track: Track) -> None:
    """`Param` and `FLOPS` of DogeNet's table: 14.0M 2377M, 23.5M 4143M, 0.83M 659M."""
    result = track("models", "resnet26", "resnet50", "dogex26", "--input-size", "224x224", "--classes", "10")
    rows = {line.split()[0]: line.split()[1:5] for line in result.out.splitlines() if line.strip()}
    assert rows["resnet26"] == ["14.0M", "2340M", "2377M", "2048"]
    assert rows["resnet50"] == ["23.5M", "4087M", "4143M", "2048"]
    assert rows["dogex26"] == ["0.837M", "637M", "659M", "512"]


def test_a_size_that_a_family_cannot_take_says_why_in_its_row(track: Track) -> None:
    found = encoders(track, "small-cnn", "swin-t", "--input-size", "224x224")
    assert "128x64" in found["small-cnn"]["refused"]
    assert "macs" not in found["small-cnn"]
    assert found["swin-t"]["macs"] == 4_490_566_656 - 768 * 1000  # published with a classifier of 1000


def test_names_show_these_encoders_alone(track: Track) -> None:
    result = track("models", "swin-t", "none")
    assert "swin-t" in result.out
    assert "dogenet50" not in result.out
    assert "trackers" not in result.out


@pytest.mark.parametrize("width", [80, 120])
def test_fits_the_terminal(track: Track, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = track("models")
    assert max(len(line) for line in result.out.splitlines()) <= width
    assert all(name in result.out for name in BACKBONES.names())


def test_lists_the_weights_that_describe_themselves_and_passes_over_others(track: Track, folder: Path) -> None:
    held = {"input_size": [128, 64], "data": "Market-1501", "max_cosine_distance": 0.25}
    put_weights(folder / "mine.safetensors", backbone="dogenet50", **held)
    put_weights(folder / "theirs.safetensors", author="somebody")
    put_weights(folder / "odd.safetensors", backbone="swin-t", input_size=128)
    put_weights(folder / "gate.safetensors", backbone="dogenet50", **{**held, "max_cosine_distance": "high"})
    (folder / "cut.safetensors").write_bytes(b"\x10\x00\x00")
    (folder / "huge.safetensors").write_bytes(b"\xff" * 16)
    (folder / "list.safetensors").write_bytes(struct.pack("<Q", 2) + b"[]")
    mine = [one for one in reid_weights() if one.path.parent == folder]
    assert [(one.path.name, one.backbone, one.max_cosine_distance) for one in mine] == [
        ("mine.safetensors", "dogenet50", 0.25)
    ]
    assert str(folder / "mine.safetensors") in encoders(track)["dogenet50"]["weights"]
    text = "".join(track("models", "dogenet50").out.split())
    assert "mine.safetensors" in text
    assert "Market-1501" in text
    assert "mine.safetensors" not in "".join(track("models", "dogenet26").out.split())


def test_what_a_checkpoint_says_of_itself_is_printed_as_it_is(track: Track, folder: Path) -> None:
    put_weights(folder / "[red]w.safetensors", backbone="dogenet50", input_size=[128, 64], data="[/b] :smile: [set]")
    text = "".join(track("models", "dogenet50").out.split())
    assert "[/b]:smile:[set]" in text
    assert "[red]w.safetensors" in text


def test_time_adds_crops_per_second_for_each_runtime(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(name: str, input_size: tuple[int, int] | None) -> list[tuple[str, float | None]]:
        asked.append((name, input_size))
        return [("torch", 123.44), ("onnx", None)]

    monkeypatch.setattr(reid.speed, "speeds", measured)
    assert "crops_per_s" not in encoders(track, "dogenet26")["dogenet26"]
    assert asked == []
    found = encoders(track, "dogenet26", "none", "--time", "--input-size", "256x128")
    assert found["dogenet26"]["crops_per_s"] == {"torch": 123.4, "onnx": None}
    assert "crops_per_s" not in found["none"]
    assert asked == [("dogenet26", (256, 128))]
    row = next(line for line in track("models", "dogenet26", "--time").out.splitlines() if line.startswith("dogenet26"))
    assert row.split()[5:7] == ["123", "no"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("dogenet5",), "unknown encoder 'dogenet5'", id="name"),
        pytest.param(("--input-size", "128"), "expected HEIGHTxWIDTH", id="one side"),
        pytest.param(("--input-size", "128x"), "expected HEIGHTxWIDTH", id="half a size"),
        pytest.param(("small-cnn", "--input-size", "64x64"), "128x64 px only", id="no network takes it"),
        pytest.param(("--classes", "-1"), "classes", id="classes"),
    ],
)
def test_bad_input_is_one_line(track: Track, arguments: tuple[str, ...], message: str) -> None:
    result = track("models", *arguments)
    assert result.code == 2
    assert message in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(("text", "size"), [("128x64", (128, 64)), (" 224X224 ", (224, 224)), (None, None)])
def test_a_size_is_height_then_width(text: str | None, size: tuple[int, int] | None) -> None:
    assert parse_size(text) == size
