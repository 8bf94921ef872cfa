"""Trained weights by path: files as the authors, torchvision and timm save them, with their networks as oracles."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from reid import create_backbone
from reid.backbones.base import Backbone
from reid.backbones.swin import resize_relative_table
from reid.checkpoint import save_checkpoint
from reid.pretrained import load_pretrained

timm = pytest.importorskip("timm")
torchvision = pytest.importorskip("torchvision")

SIZE = (64, 32)


def randomised(network: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """In `eval()` mode, with running statistics and norms away from 0 and 1, so that exchanged ones are noticed."""
    generator = torch.Generator().manual_seed(seed)
    for value in network.state_dict().values():
        if value.is_floating_point() and value.ndim == 1:
            value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return network.eval()


def crops(height: int, width: int) -> Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def assert_equal_outputs(ours: Backbone, theirs: torch.nn.Module) -> None:
    batch = crops(*ours.input_size).double()
    with torch.inference_mode():
        torch.testing.assert_close(ours.double().eval()(batch), theirs.double()(batch), rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def timm_swin() -> torch.nn.Module:
    torch.manual_seed(0)
    return randomised(timm.create_model("swin_tiny_patch4_window7_224", num_classes=11))


def official_swin(timms: dict[str, Tensor]) -> dict[str, Tensor]:
    """timm's state under the keys of the official release, with the buffers that it holds."""
    state = {}
    for key, value in timms.items():
        stage = re.match(r"layers\.(\d)\.downsample", key)
        if stage:
            key = key.replace(stage[0], f"layers.{int(stage[1]) - 1}.downsample")
        state[key.replace("head.fc", "head")] = value
        if key.endswith("bias_table"):
            state[key.replace("bias_table", "index")] = torch.zeros(49, 49, dtype=torch.int64)
    return state | {"layers.0.blocks.1.attn_mask": torch.zeros(64, 49, 49)}


@pytest.mark.parametrize("form", ["official", pytest.param("timm", marks=pytest.mark.slow)])
def test_swin_gives_the_numbers_of_timm_with_a_file_of_either_form(
    form: str, timm_swin: torch.nn.Module, tmp_path: Path
) -> None:
    state = {key: value.float() for key, value in timm_swin.state_dict().items()}
    path = tmp_path / "swin_tiny_patch4_window7_224.pth"
    torch.save({"model": official_swin(state)} if form == "official" else state, path)
    loaded = load_pretrained("swin-t", path, num_classes=11, input_size=(224, 224))
    assert loaded.info is None
    assert_equal_outputs(loaded.backbone, timm_swin)


def test_swin_takes_the_published_weights_to_reid_crops(
    timm_swin: torch.nn.Module, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = official_swin({key: value.float() for key, value in timm_swin.state_dict().items()})
    torch.save({"model": state}, tmp_path / "swin.pth")
    with caplog.at_level(logging.INFO):
        loaded = load_pretrained("swin-t", tmp_path / "swin.pth").backbone.state_dict()
    assert "swin.pth: 12 position tables interpolated for crops of 128x64 px" in caplog.text
    assert "the classifier of 11 identities is left out (head.bias, head.weight)" in caplog.text
    key = "layers.1.blocks.1.attn.relative_position_bias_table"
    assert torch.equal(loaded[key], resize_relative_table(state[key], 8))
    assert torch.equal(loaded["layers.2.downsample.norm.weight"], state["layers.2.downsample.norm.weight"])


@pytest.mark.slow
def test_timms_swin_takes_a_file_of_either_form(timm_swin: torch.nn.Module, tmp_path: Path) -> None:
    state = {key: value.float() for key, value in timm_swin.state_dict().items()}
    for number, held in enumerate((state, {"model": official_swin(state)})):
        torch.save(held, tmp_path / f"{number}.pth")
        name = "timm:swin_tiny_patch4_window7_224"
        loaded = load_pretrained(name, tmp_path / f"{number}.pth", num_classes=11, input_size=(224, 224))
        assert_equal_outputs(loaded.backbone, timm_swin)


@pytest.mark.parametrize("form", ["pth", pytest.param("safetensors", marks=pytest.mark.slow)])
def test_resnet50_is_torchvisions_with_its_state_dict(form: str, tmp_path: Path) -> None:
    theirs = randomised(torchvision.models.resnet50(num_classes=5))
    path = tmp_path / f"resnet50.{form}"
    (save_file if form == "safetensors" else torch.save)(theirs.state_dict(), path)
    assert_equal_outputs(load_pretrained("resnet50", path, num_classes=5, input_size=SIZE).backbone, theirs)


@pytest.mark.parametrize(
    ("name", "timms"),
    [
        pytest.param("resnet50", "resnet50", marks=pytest.mark.slow),
        ("resnet26", "resnet26"),
        ("efficientnet-b0", "tf_efficientnet_b0"),
    ],
)
def test_convolutional_networks_take_timms_state_dict(name: str, timms: str, tmp_path: Path) -> None:
    theirs = randomised(timm.create_model(timms, num_classes=5))
    save_file(theirs.state_dict(), tmp_path / "model.safetensors", {"format": "pt"})
    loaded = load_pretrained(name, tmp_path / "model.safetensors", num_classes=5, input_size=SIZE)
    assert_equal_outputs(loaded.backbone, theirs)


def test_timms_position_table_is_resized_as_timm_does(tmp_path: Path) -> None:
    """The oracle is timm's own loading into a network of the other size."""
    torch.manual_seed(0)
    published = timm.create_model("test_vit", num_classes=5)
    torch.save(published.state_dict(), tmp_path / "vit.pth")
    given = {"state_dict": published.state_dict(), "num_classes": 5}
    theirs = timm.create_model(
        "test_vit", num_classes=5, img_size=(128, 64), pretrained=True, pretrained_cfg_overlay=given
    ).eval()
    assert theirs.pos_embed.shape != published.pos_embed.shape
    loaded = load_pretrained("timm:test_vit", tmp_path / "vit.pth", num_classes=5, input_size=(128, 64))
    assert_equal_outputs(loaded.backbone, theirs)


def test_timms_own_weights_come_back_from_our_checkpoint_at_another_size(tmp_path: Path) -> None:
    torch.manual_seed(0)
    backbone = create_backbone("timm:test_vit", num_classes=3, input_size=(160, 160))
    save_checkpoint(tmp_path / "w.safetensors", backbone)
    same = load_pretrained("timm:test_vit", tmp_path / "w.safetensors", num_classes=3).backbone
    assert all(torch.equal(value, backbone.state_dict()[key]) for key, value in same.state_dict().items())
    other = load_pretrained("timm:test_vit", tmp_path / "w.safetensors", num_classes=3, input_size=(128, 64)).backbone
    assert torch.equal(other.state_dict()["head.weight"], backbone.state_dict()["head.weight"])
    assert other.eval()(crops(128, 64)).isfinite().all()


CROSSFORMER_BUFFERS = {
    "layers.0.blocks.0.attn.biases": torch.ones(169, 2),
    "layers.0.blocks.0.attn.relative_position_index": torch.ones(49, 49),
}


@pytest.mark.parametrize(
    ("name", "wrapper", "prefix", "buffers"),
    [
        pytest.param("crossformer-t", "model", "", CROSSFORMER_BUFFERS, id="CrossFormer with the branch's buffers"),
        pytest.param("dilateformer-t", "model", "", {}, id="DilateFormer"),
        pytest.param("dogenet50", "state_dict", "module.", {}, id="DogeNet"),
        pytest.param("botnet50-l1", "state_dict", "module.", {}, id="BoTNet"),
        pytest.param("shiba26", "state_dict", "module.", {}, id="Shiba"),
        pytest.param("small-cnn", "net_dict", "", {}, id="small CNN"),
    ],
)
def test_files_as_the_authors_save_them_give_the_same_network(
    name: str, wrapper: str, prefix: str, buffers: dict[str, Tensor], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The keys of these networks are held against the published lists in the tests of the backbones."""
    torch.manual_seed(0)
    author = create_backbone(name, num_classes=5)
    state = {prefix + key: value for key, value in (author.state_dict() | buffers).items()}
    torch.save({wrapper: state, "epoch": 12}, tmp_path / "w.pth.tar")
    with caplog.at_level(logging.INFO):
        loaded = load_pretrained(name, tmp_path / "w.pth.tar", num_classes=5)
    own = loaded.backbone.state_dict()
    assert loaded.info is None
    assert [key for key, value in author.state_dict().items() if not torch.equal(own[key], value)] == []
    assert caplog.text == ""


def test_a_checkpoint_of_this_project_brings_its_description(tmp_path: Path) -> None:
    backbone = create_backbone("dogenet26", num_classes=3, input_size=SIZE)
    backbone.mean = (0.1, 0.2, 0.3)
    save_checkpoint(tmp_path / "w.safetensors", backbone, max_cosine_distance=0.3)
    loaded = load_pretrained("dogenet26", str(tmp_path / "w.safetensors"))
    assert loaded.info is not None
    assert loaded.info.max_cosine_distance == 0.3
    assert (loaded.backbone.input_size, loaded.backbone.mean) == (SIZE, (0.1, 0.2, 0.3))


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        pytest.param("dogenet26", True, id="position terms"),
        pytest.param("shiba26", False, id="convolutions"),
    ],
)
def test_our_checkpoint_goes_to_another_input_size_and_says_so(
    name: str, tables: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_checkpoint(tmp_path / "w.safetensors", create_backbone(name, input_size=(64, 64)))
    with caplog.at_level(logging.INFO):
        backbone = load_pretrained(name, tmp_path / "w.safetensors", input_size=(128, 64)).backbone
    assert "w.safetensors was trained with crops of 64x64 px (height x width) and now takes 128x64" in caplog.text
    assert ("position tables interpolated for crops of 128x64 px" in caplog.text) == tables
    assert backbone.eval()(crops(128, 64)).isfinite().all()


@pytest.mark.slow
def test_the_relative_tables_of_swin_resnet_are_resized_to_the_windows() -> None:
    with torch.device("meta"):
        backbone = create_backbone("swin-resnet50", input_size=(128, 64))
        own = backbone.state_dict()
        tables = {key: torch.ones(13**2, value.shape[1]) for key, value in own.items() if key.endswith("table")}
    adapted = backbone.adapt_state(own | tables)  # of the window 7, that of 224x224
    assert len(tables) == 28
    assert {key: value.shape for key, value in adapted.items()} == {key: value.shape for key, value in own.items()}


def test_the_small_cnn_says_which_size_it_takes(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "w.safetensors", create_backbone("small-cnn"))
    with pytest.raises(ValueError, match="small-cnn takes crops of 128x64 px only, but got"):
        load_pretrained("small-cnn", tmp_path / "w.safetensors", input_size=(256, 128))


def test_weights_of_another_network_are_named(tmp_path: Path) -> None:
    torch.save({"net_dict": create_backbone("small-cnn", num_classes=7).state_dict()}, tmp_path / "ckpt.t7")
    with pytest.raises(ValueError, match=r"ckpt\.t7 does not fit dogenet26: .*looks like a checkpoint of small-cnn$"):
        load_pretrained("dogenet26", tmp_path / "ckpt.t7")


def test_weights_of_another_timm_network_are_listed_under_their_own_keys(tmp_path: Path) -> None:
    torch.save(timm.create_model("test_vit").state_dict(), tmp_path / "vit.pth")
    with pytest.raises(ValueError, match=r"not fit timm:test_resnet: .*missing: net\.conv1.*left over: net\.cls_token"):
        load_pretrained("timm:test_resnet", tmp_path / "vit.pth")


def test_an_unknown_name_is_told_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown backbone 'dognet26'.*dogenet26"):
        create_backbone("dognet26", pretrained=tmp_path / "absent.pth")
