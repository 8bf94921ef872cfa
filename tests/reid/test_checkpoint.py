"""Checkpoints: what is written is read back, and what does not fit is named."""

from __future__ import annotations

import json
import logging
from importlib import metadata as package
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from reid import create_backbone, create_encoder
from reid.backbones.base import Backbone
from reid.backbones.dogenet import dogenet26
from reid.checkpoint import read_checkpoint, save_checkpoint, store_gate

SIZE = (32, 16)


def saved(folder: Path, backbone: Backbone | None = None) -> Path:
    path = folder / "weights.safetensors"
    save_checkpoint(
        path,
        backbone or dogenet26(input_size=SIZE),
        data="drawn people",
        scores={"rank1": 0.5},
        max_cosine_distance=0.31,
        version="0.1.0",
        commit="abc1234",
    )
    return path


def metadata(path: Path) -> dict[str, str]:
    raw = path.read_bytes()
    return json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]


def rewritten(path: Path, *, tensors: dict[str, torch.Tensor] | None = None, **changes: object) -> Path:
    """The same checkpoint with other tensors or metadata; `None` removes an entry."""
    entries = metadata(path) | {key: json.dumps(value) for key, value in changes.items()}
    kept = {key: value for key, value in entries.items() if value != "null" or key not in changes}
    tensors = load_file(path) if tensors is None else tensors
    path.unlink()  # safetensors before 0.8 maps tensors from the file: they must not change under it
    save_file(tensors, path, kept)
    return path


def test_describes_itself(tmp_path: Path) -> None:
    backbone = dogenet26(input_size=SIZE, num_classes=3)
    backbone.mean, backbone.std = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    info = read_checkpoint(saved(tmp_path, backbone)).info
    assert (info.backbone, info.input_size, info.embedding_dim, info.num_classes) == ("dogenet26", SIZE, 512, 3)
    assert (info.mean, info.std, info.colour) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), "RGB")
    assert (info.max_cosine_distance, info.data, info.scores) == (0.31, "drawn people", {"rank1": 0.5})
    assert (info.version, info.commit, info.format_version) == ("0.1.0", "abc1234", 1)


def test_writing_leaves_nothing_but_the_file(tmp_path: Path) -> None:
    saved(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


def test_loaded_backbone_is_the_saved_one(tmp_path: Path) -> None:
    backbone = dogenet26(input_size=SIZE, num_classes=3)
    backbone.mean = (0.1, 0.2, 0.3)
    loaded = create_backbone("dogenet26", num_classes=3, pretrained=saved(tmp_path, backbone))
    assert (loaded.input_size, loaded.mean) == (SIZE, (0.1, 0.2, 0.3))
    for key, value in backbone.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


def test_encoder_takes_size_and_gate_from_the_checkpoint(tmp_path: Path, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        encoder = create_encoder("dogenet26", weights=saved(tmp_path), device="cpu")
    image = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    got = encoder.encode(image, np.array([[5.0, 5, 40, 50]]), np.empty((0, 0), np.float32))
    assert (encoder.gate, got.shape, caplog.text) == (0.31, (1, 512), "")


@pytest.mark.parametrize("classes", [0, 5], ids=["embeddings only", "another number of identities"])
def test_a_classifier_that_does_not_fit_is_left_out_and_logged(classes: int, tmp_path: Path, caplog) -> None:
    path = saved(tmp_path, dogenet26(input_size=SIZE, num_classes=3))
    with caplog.at_level(logging.INFO, "reid"):
        loaded = create_backbone("dogenet26", num_classes=classes, pretrained=path)
    assert "the classifier of 3 identities is left out (fc.1.bias, fc.1.weight)" in caplog.text
    assert torch.equal(loaded.state_dict()["conv1.weight"], load_file(path)["conv1.weight"])


def test_weights_without_batch_norm_counters_fit(tmp_path: Path) -> None:
    path = saved(tmp_path)
    without = {key: value for key, value in load_file(path).items() if not key.endswith("num_batches_tracked")}
    loaded = create_backbone("dogenet26", pretrained=rewritten(path, tensors=without))
    assert torch.equal(loaded.state_dict()["conv1.weight"], without["conv1.weight"])


def test_checkpoint_for_another_backbone_says_what_to_type(tmp_path: Path) -> None:
    wanted = r"weights\.safetensors holds dogenet26, but --reid dogenet50 was asked; use --reid dogenet26"
    with pytest.raises(ValueError, match=wanted):
        create_encoder("dogenet50", weights=saved(tmp_path), device="cpu")


def test_half_precision_is_half_as_large_and_comes_back_as_float32(tmp_path: Path) -> None:
    backbone = dogenet26(input_size=SIZE)
    backbone.state_dict()["bn1.running_var"][0] = 1e6  # beyond float16
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_checkpoint(full, backbone)
    save_checkpoint(half, backbone, half=True)
    assert half.stat().st_size < 0.6 * full.stat().st_size
    loaded = create_backbone("dogenet26", pretrained=half).state_dict()
    for key, value in backbone.state_dict().items():
        assert loaded[key].dtype == value.dtype, key
        assert torch.equal(loaded[key], value.half().float() if value.ndim > 1 else value), key


def test_half_precision_refuses_values_that_it_cannot_hold(tmp_path: Path) -> None:
    backbone = dogenet26(input_size=SIZE)
    backbone.state_dict()["conv1.weight"][0] = 1e6
    with pytest.raises(ValueError, match=r"conv1\.weight holds values that float16 cannot"):
        save_checkpoint(tmp_path / "w.safetensors", backbone, half=True)
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_the_installed_one_where_none_is_given(tmp_path: Path) -> None:
    info = save_checkpoint(tmp_path / "w.safetensors", dogenet26(input_size=SIZE))
    assert info.version == package.version("track-reid")


def test_a_file_of_another_project_comes_without_a_description(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.ones(2)}}, tmp_path / "w.pth")
    checkpoint = read_checkpoint(tmp_path / "w.pth")
    assert (checkpoint.info, list(checkpoint.tensors)) == (None, ["a"])


def no_file(path: Path) -> Path:
    return path.with_name("absent.safetensors")


def folder(path: Path) -> Path:
    return path.parent


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    path.write_text("404: not found\n" * 20)
    return path


def cut_short(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-100])
    return path


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        pytest.param(no_file, FileNotFoundError, r"absent\.safetensors does not exist", id="missing"),
        pytest.param(folder, ValueError, "is not a file", id="folder"),
        pytest.param(empty, ValueError, "cut short or damaged", id="empty"),
        pytest.param(text, ValueError, "cut short or damaged", id="text"),
        pytest.param(cut_short, ValueError, "cut short or damaged", id="cut short"),
        pytest.param(
            lambda p: rewritten(p, backbone=None),
            ValueError,
            r"does not describe itself \(no backbone in its metadata",
            id="no name",
        ),
        pytest.param(lambda p: rewritten(p, input_size=[3]), ValueError, "cannot be understood", id="bad size"),
        pytest.param(lambda p: rewritten(p, mean=[0.5, float("nan"), 0.5]), ValueError, "finite", id="mean not finite"),
        pytest.param(lambda p: rewritten(p, std=[1, float("inf"), 1]), ValueError, "finite", id="std not finite"),
        pytest.param(lambda p: rewritten(p, std=[1, 0, 1]), ValueError, "above 0", id="std of zero"),
        pytest.param(lambda p: rewritten(p, max_cosine_distance=7), ValueError, "between 0 and 2", id="bad gate"),
        pytest.param(lambda p: rewritten(p, format_version=2), ValueError, "format 2, but", id="from the future"),
        pytest.param(lambda p: rewritten(p, colour="BGR"), ValueError, "takes BGR crops", id="other colour order"),
    ],
)
def test_unusable_file_is_named_with_the_reason(spoil, error, message, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        read_checkpoint(spoil(saved(tmp_path)))


def missing(state: dict[str, torch.Tensor]) -> None:
    for key in [key for key in state if key.startswith("layer1.")]:
        del state[key]


def left_over(state: dict[str, torch.Tensor]) -> None:
    state["head.weight"] = torch.zeros(1)


def misshapen(state: dict[str, torch.Tensor]) -> None:
    state["conv1.weight"] = torch.zeros(64, 3, 7, 7)


def not_finite(state: dict[str, torch.Tensor]) -> None:
    state["bn1.bias"][0] = torch.nan


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            missing, r"does not fit dogenet26: \d+ missing: layer1\.0\.conv1\.weight, .* and \d+ more", id="missing"
        ),
        pytest.param(left_over, r"1 left over: head\.weight", id="left over"),
        pytest.param(misshapen, r"1 of another shape: conv1\.weight", id="another shape"),
        pytest.param(not_finite, r"1 not finite: bn1\.bias", id="NaN"),
    ],
)
def test_weights_that_do_not_fit_are_listed(spoil, message: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    state = load_file(path)
    spoil(state)
    with pytest.raises(ValueError, match=message):
        create_backbone("dogenet26", pretrained=rewritten(path, tensors=state))


def test_a_gate_is_stored_and_nothing_else_changes(tmp_path: Path) -> None:
    """Halved tensors stay halved, and metadata of a later version stays."""
    path = tmp_path / "half.safetensors"
    save_checkpoint(path, dogenet26(input_size=SIZE, num_classes=3), scores={"rank1": 0.5}, version="7", half=True)
    rewritten(path, trained_by="somebody")
    tensors, before = load_file(path), metadata(path)
    store_gate(path, 0.42, {"overlap": 0.1})
    after = metadata(path)
    assert {key for key in before if before[key] != after[key]} == {"max_cosine_distance", "scores"}
    assert (after["max_cosine_distance"], json.loads(after["scores"])) == ("0.42", {"rank1": 0.5, "overlap": 0.1})
    assert after["trained_by"] == '"somebody"'
    assert any(value.dtype == torch.float16 for value in tensors.values())
    for key, value in load_file(path).items():
        assert value.dtype == tensors[key].dtype
        assert torch.equal(value, tensors[key]), key
    assert [entry.name for entry in tmp_path.iterdir()] == ["half.safetensors"]


def test_a_file_of_another_project_takes_no_gate(tmp_path: Path) -> None:
    torch.save(dogenet26(input_size=SIZE).state_dict(), tmp_path / "other.pth")
    content = (tmp_path / "other.pth").read_bytes()
    with pytest.raises(ValueError, match=r"no place for a gate; leave --store-gate out and pass .* --max-cosine"):
        store_gate(tmp_path / "other.pth", 0.42, {})
    assert (tmp_path / "other.pth").read_bytes() == content
