"""Networks of the user's own: `my_net.py:MyNet` is an encoder like those of this project."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid import create_backbone, create_encoder, is_encoder
from reid.backbone_encoder import RuntimeEncoder
from reid.backbones.base import IMAGENET_MEAN, IMAGENET_STD
from reid.checkpoint import read_checkpoint, save_checkpoint
from reid.runtimes import cache
from reid.seeded import drawn_people
from reid.training.teacher import load_teacher

NET = """
import torch
from torch import nn


class MyNet(nn.Module):
    input_size = (32, 16)

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8 * 4, 12)

    def forward(self, crops):
        maps = torch.relu(self.norm(self.conv(crops)))
        return self.head(nn.functional.adaptive_avg_pool2d(maps, (4, 1)).flatten(1))
"""
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and returns the name of its network."""

    def to_file(text: str = NET, name: str = "MyNet", file: str = "my_net.py") -> str:
        (tmp_path / file).write_text(text)
        return f"{tmp_path / file}:{name}"

    return to_file


def embed(name: str, **options: Any) -> np.ndarray:
    encoder = create_encoder(name, **{"runtime": "torch", "device": "cpu", **options})
    assert isinstance(encoder, RuntimeEncoder)
    return encoder.embed_crops(drawn_people(5, encoder.input_size, 1))


def definition(net: torch.nn.Module, size: tuple[int, int], mean: Any, std: Any) -> np.ndarray:
    """RGB, `(value / 255 - mean) / std`, the user's forward, unit length."""
    rgb = torch.from_numpy(drawn_people(5, size, 1)[..., ::-1].copy()).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(row).view(1, 3, 1, 1) for row in (mean, std))
    with torch.no_grad():
        return torch.nn.functional.normalize(net.eval()((rgb - mean) / std)).numpy()


def test_it_is_described_by_its_attributes(write: Write) -> None:
    name = write()
    assert is_encoder(name)
    backbone = create_backbone(name)
    assert (backbone.name, backbone.input_size, backbone.embedding_dim) == (name, (32, 16), 12)
    assert (backbone.mean, backbone.std) == (IMAGENET_MEAN, IMAGENET_STD)
    assert backbone.training
    assert create_backbone(name, num_classes=7)(torch.zeros(2, 3, 32, 16)).shape == (2, 7)
    assert create_backbone(name, input_size=(48, 24)).input_size == (48, 24)


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param("    mean, std = (0.5, 0.4, 0.3), [0.2, 0.3, 0.4]", id="of the class"),
        pytest.param("    mean, std = torch.tensor([[[0.5]], [[0.4]], [[0.3]]]), (0.2, 0.3, 0.4)", id="a tensor"),
    ],
)
def test_without_weights_it_runs_as_its_constructor_builds_it(attributes: str, write: Write) -> None:
    name = write(NET.replace("    input_size", f"{attributes}\n    input_size"))
    net = create_backbone(name).net
    torch.manual_seed(3)
    expected = definition(type(net)(), (32, 16), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    np.testing.assert_allclose(embed(name, seed=3), expected, atol=1e-6)


def test_a_function_may_make_it(write: Write) -> None:
    name = write(NET + "\n\ndef small():\n    return MyNet()\n\nsmall.input_size = (16, 16)\n", "small")
    assert create_backbone(name).input_size == (32, 16), "the module's own attribute comes first"
    text = (
        NET.replace("    input_size = (32, 16)\n", "")
        + "\n\ndef other():\n    return MyNet()\n\nother.input_size = (16, 16)\n"
    )
    assert create_backbone(write(text, "other", "other.py")).input_size == (16, 16)


def test_random_weights_are_seeded_and_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    name = write()
    same, again, other = (embed(name, weights=Path("random"), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(same, again)
    assert not np.allclose(same, other)
    assert "runs on random weights (seed 1)" in caplog.text


def test_without_weights_nothing_is_drawn_anew_and_nothing_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    name = write()
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(embed(name), embed(name))
    assert not caplog.records


def test_its_state_dict_and_our_checkpoint_load(write: Write, tmp_path: Path) -> None:
    """Also where a layer of its own is called as our classifier."""
    name = write()
    torch.manual_seed(9)
    backbone = create_backbone(name)
    torch.save(backbone.net.state_dict(), tmp_path / "plain.pth")
    save_checkpoint(tmp_path / "ours.safetensors", backbone, max_cosine_distance=0.3)
    expected = definition(backbone.net, (32, 16), IMAGENET_MEAN, IMAGENET_STD)
    for file in ("plain.pth", "ours.safetensors"):
        np.testing.assert_allclose(embed(name, weights=tmp_path / file), expected, atol=1e-6)
    assert create_encoder(name, weights=tmp_path / "ours.safetensors", device="cpu", runtime="torch").gate == 0.3
    info = read_checkpoint(tmp_path / "ours.safetensors").info
    assert info is not None
    assert info.backbone == name


def test_weights_with_a_classifier_of_ours_load_without_it(write: Write, tmp_path: Path) -> None:
    name = write()
    backbone = create_backbone(name, num_classes=5)
    save_checkpoint(tmp_path / "ours.safetensors", backbone)
    expected = definition(backbone.net, (32, 16), IMAGENET_MEAN, IMAGENET_STD)
    np.testing.assert_allclose(embed(name, weights=tmp_path / "ours.safetensors"), expected, atol=1e-6)


def test_a_network_that_shares_weights_can_be_saved(write: Write, tmp_path: Path) -> None:
    name = write(NET.replace("self.norm =", "self.again = self.conv\n        self.norm ="))
    backbone = create_backbone(name)
    save_checkpoint(tmp_path / "tied.safetensors", backbone)
    loaded = create_backbone(name, pretrained=tmp_path / "tied.safetensors")
    assert torch.equal(loaded.net.again.weight, backbone.net.conv.weight)


def test_a_checkpoint_of_another_network_is_refused(write: Write, tmp_path: Path) -> None:
    first, second = write(), write(NET, file="other.py")
    save_checkpoint(tmp_path / "first.safetensors", create_backbone(first))
    with pytest.raises(ValueError, match=r"holds .*my_net\.py:MyNet, but --reid .*other\.py:MyNet was asked"):
        create_encoder(second, weights=tmp_path / "first.safetensors")


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_other_runtimes_run_it(runtime: str, write: Write) -> None:
    name = write()
    np.testing.assert_allclose(embed(name, runtime=runtime), embed(name), atol=1e-5)


def test_a_kept_conversion_is_not_that_of_the_file_as_it_was(write: Write, tmp_path: Path) -> None:
    """The same weights under a changed `forward` are another network; a new process must not find the old one."""
    name = write()
    weights = tmp_path / "w.safetensors"
    save_checkpoint(weights, create_backbone(name))
    create_encoder(name, weights=weights, runtime="openvino", device="cpu")
    assert cache.find_made_from(name, weights) is not None
    write(NET.replace("torch.relu", "torch.tanh"))
    assert cache.find_made_from(name, weights) is None


def test_a_changed_file_changes_the_key_of_a_conversion(write: Write) -> None:
    from reid.backbone_encoder import load_network

    network = load_network(write(), None)
    before = cache.cache_key(network, "openvino")
    write(NET + "# changed\n")
    assert cache.cache_key(network, "openvino") != before


SIZE, RETURN = "(32, 16)", "return self.head"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            f"    input_size = {SIZE}\n",
            "",
            r"has no input_size, expected the height and width .* input_size = \(256, 128\)$",
            id="no input_size",
        ),
        pytest.param(SIZE, "32", r"input_size is 32, expected \(height, width\) in px", id="one number"),
        pytest.param(SIZE, "(32.5, 16)", r"input_size is \(32\.5, 16\), expected", id="no whole numbers"),
        pytest.param(SIZE, f"{SIZE}\n    std = (0, 1, 1)", r"std is \(0, 1, 1\), expected three", id="std of 0"),
        pytest.param(SIZE, f"{SIZE}\n    mean = 0.5", r"mean is 0\.5, expected three", id="mean of one"),
        pytest.param(
            RETURN,
            "return crops  # ",
            r"made of 2 crops of 32x16 px .* shape \(2, 3, 32, 16\), expected \(2, D\): one vector a crop$",
            id="maps",
        ),
        pytest.param(RETURN, "return maps.mean((0, 2, 3))  # ", r"shape \(8,\), expected \(2, D\)", id="one for all"),
        pytest.param(RETURN, "return (maps, maps)  # ", "something of type tuple", id="two things"),
        pytest.param(RETURN, "return crops[:, :, 0, 0].long()  # ", r"of type torch\.int64", id="whole numbers"),
        pytest.param("torch.relu", "torch.rellu", r"^my_net\.py, line 16: AttributeError: .*rellu", id="in forward"),
        pytest.param("(self):", "(self, width):", r"MyNet: TypeError: .*missing 1 .*'width'$", id="arguments"),
        pytest.param("MyNet(nn.Module)", "MyNet(dict)", "an object of type MyNet, expected a torch", id="class"),
    ],
)
def test_a_network_that_cannot_be_is_refused_in_one_sentence(old: str, new: str, message: str, write: Write) -> None:
    with pytest.raises(ValueError, match=message) as error:
        create_encoder(write(NET.replace(old, new)))
    assert "\n" not in str(error.value)


def test_what_is_no_class_or_function(write: Write) -> None:
    with pytest.raises(ValueError, match="of type int, expected a class or function of a network"):
        create_encoder(write("MyNet = 3\n"))


def test_an_input_size_that_it_does_not_take(write: Write) -> None:
    rigid = NET.replace("nn.functional.adaptive_avg_pool2d(maps, (4, 1))", "maps").replace("8 * 4", "8 * 16 * 8")
    assert create_backbone(write(rigid)).embedding_dim == 12
    with pytest.raises(ValueError, match=r"my_net\.py, line 17: RuntimeError: mat1 and mat2"):
        create_backbone(write(rigid), input_size=(64, 32))


def test_a_checkpoint_does_not_choose_the_code_that_runs(write: Write, tmp_path: Path) -> None:
    """A file from anywhere may name anything; only what a person typed is run."""
    name = write(NET + "\nraise RuntimeError('it ran')\n", file="evil.py")
    save_checkpoint(tmp_path / "evil.safetensors", create_backbone("small-cnn"))
    backbone = create_backbone("small-cnn")
    backbone.name = name
    save_checkpoint(tmp_path / "evil.safetensors", backbone)
    with pytest.raises(ValueError, match=r"evil\.py:MyNet, which is somebody's own network"):
        load_teacher(str(tmp_path / "evil.safetensors"))
