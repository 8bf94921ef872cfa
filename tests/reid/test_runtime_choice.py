"""Which runtime a network gets: the fastest that works, converted once and found again."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
import torch

from reid import create_encoder
from reid.runtimes import cache, choose
from reid.runtimes.choose import fastest_runtime, open_runtime, runtime_device
from reid.runtimes.missing import require
from reid.runtimes.network import Network
from reid.seeded import drawn_people
from tests.reid.networks import network

CPU = torch.device("cpu")

# What is converted once is found again


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "runtimes"


def test_a_conversion_is_kept_and_used_again(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crops = drawn_people(3, (128, 64), 1)
    first = open_runtime(network("small-cnn"), "openvino", "cpu").run(crops)
    (entry,) = own_cache.iterdir()
    assert sorted(file.name for file in entry.iterdir()) == ["digest.txt", "network.bin", "network.xml"]

    def never(*_: object) -> None:
        raise AssertionError("converted again")

    with monkeypatch.context() as patch:
        patch.setattr(choose, "convert_to_openvino", never)
        again = open_runtime(network("small-cnn"), "openvino", "cpu").run(crops)
    assert first.tobytes() == again.tobytes()
    (entry / "network.bin").write_bytes(b"")  # damaged: made anew
    assert open_runtime(network("small-cnn"), "openvino", "cpu").run(crops).tobytes() == first.tobytes()
    assert (entry / "network.bin").stat().st_size > 1_000_000


def test_other_weights_facts_or_runtimes_are_other_entries() -> None:
    made = network("small-cnn")
    moved = network("small-cnn")
    moved.backbone.mean = (0.5, 0.5, 0.5)
    keys = [
        cache.cache_key(made, "openvino"),
        cache.cache_key(made, "onnx"),
        cache.cache_key(network("small-cnn", 1), "openvino"),
        cache.cache_key(Network(made.backbone, seed=0), "openvino"),
        cache.cache_key(moved, "openvino"),
    ]
    assert len(set(keys)) == len(keys)
    assert cache.cache_key(network("small-cnn"), "openvino") == keys[0]


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path / "file"))
    assert open_runtime(network("small-cnn"), "openvino", "cpu").name == "openvino"


def test_a_write_that_fails_leaves_no_entry(own_cache: Path) -> None:
    def full(folder: Path) -> None:
        (folder / "network.xml").write_text("half of it")
        raise OSError(28, "No space left on device")

    cache.store("some-key", full)
    assert list(own_cache.iterdir()) == []


def test_the_oldest_entries_go(own_cache: Path) -> None:
    for number in range(cache.KEPT + 2):
        cache.store(f"key-{number}", lambda folder: None)
        if number >= 2:
            assert cache.find("key-0") is not None, "used again each time"
    assert len(list(own_cache.iterdir())) == cache.KEPT


# Choosing


def test_auto_takes_the_fastest_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fastest_runtime(CPU, "dogenet50") == "openvino"
    assert fastest_runtime(CPU, "dilateformer-t") == "torch"
    assert fastest_runtime(torch.device("cuda:0"), "dogenet50") == "torch"
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert fastest_runtime(CPU, "dogenet50") == "onnx"
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert fastest_runtime(CPU, "dogenet50") == "torch"


@pytest.mark.parametrize("package", ["openvino", "nncf", "onnxscript"])
def test_a_missing_package_is_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    extra = "onnx" if package == "onnxscript" else "openvino"
    with pytest.raises(ImportError, match=rf"{package} is not installed; type: pip install 'track-reid\[{extra}\]'"):
        require(package)


def broken(*_: object) -> None:
    raise RuntimeError("operator not understood")


def test_a_conversion_that_fails_falls_back_in_auto_with_a_warning(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(choose, "convert_to_openvino", broken)
    with caplog.at_level(logging.WARNING, "reid"):
        assert open_runtime(network("small-cnn"), "auto", "cpu").name == "torch"
    assert [record.getMessage() for record in caplog.records] == [
        "small-cnn runs in PyTorch, since OpenVINO failed: operator not understood"
    ]
    with pytest.raises(ValueError, match="does not run in OpenVINO: operator not understood; use --reid-runtime torch"):
        open_runtime(network("small-cnn"), "openvino", "cpu")


def test_a_conversion_with_other_numbers_is_not_used(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert = choose.convert_to_openvino
    other = network("small-cnn", 1).graph()
    monkeypatch.setattr(choose, "convert_to_openvino", lambda _, facts: convert(other, facts))
    with pytest.raises(ValueError, match="its embeddings differ from PyTorch's by"):
        open_runtime(network("small-cnn"), "openvino", "cpu")
    assert not own_cache.exists()


def test_unknown_runtime_tells_the_closest() -> None:
    with pytest.raises(ValueError, match=r"'openvin'\. Did you mean 'openvino'\?"):
        create_encoder("small-cnn", runtime="openvin")


def test_openvino_runs_on_the_cpu_only() -> None:
    with pytest.raises(ValueError, match="OpenVINO runs on the CPU, but --device is cuda:0"):
        runtime_device("openvino", "cuda:0")


@pytest.mark.parametrize("name", ["none", "file", "colour"])
def test_encoders_without_network_refuse_a_runtime(name: str) -> None:
    with pytest.raises(ValueError, match=f"--reid {name} has no network to run in onnx"):
        create_encoder(name, runtime="onnx")
