"""Crops come to their size as the networks' own projects bring them there."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import functional
from torchvision.transforms.functional import InterpolationMode

from reid import create_backbone
from reid.checkpoint import read_checkpoint, save_checkpoint
from reid.cropping import crop_batch
from reid.data import read_crops
from reid.pretrained import load_pretrained
from reid.resizing import resized
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.network import facts_of

PICTURE = np.random.default_rng(0).integers(0, 256, (301, 111, 3), np.uint8)
THEIRS = {
    "smooth-linear": InterpolationMode.BILINEAR,  # torchreid: `T.Resize(size)` of a PIL image
    "smooth-cubic": InterpolationMode.BICUBIC,  # fast-reid: `T.Resize(size, interpolation=3)`
    "nearest": InterpolationMode.NEAREST,
}


@pytest.mark.parametrize("way", THEIRS)
@pytest.mark.parametrize("size", [(256, 128), (64, 32), (384, 40)])
def test_smooth_ways_are_those_of_torchvision_on_rgb(way: str, size: tuple[int, int]) -> None:
    rgb = Image.fromarray(PICTURE[..., ::-1])
    want = np.asarray(functional.resize(rgb, list(size), THEIRS[way]))[..., ::-1]
    assert np.array_equal(resized(PICTURE, size, way), want)


def test_the_default_is_opencvs_linear_way() -> None:
    assert np.array_equal(resized(PICTURE, (64, 32)), cv2.resize(PICTURE, (32, 64), interpolation=cv2.INTER_LINEAR))


@pytest.mark.parametrize("way", ["linear", "smooth-linear", "smooth-cubic"])
def test_boxes_of_a_frame_and_files_of_crops_are_resized_alike(way: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "crop.png"), PICTURE[10:200, 5:80])
    box = np.array([[5, 10, 80, 200]], np.float32)
    cut = crop_batch(PICTURE, box, input_size=(128, 64), fill=(0, 0, 0), resize=way)
    read = read_crops([tmp_path / "crop.png"], (128, 64), resize=way).images
    want = resized(np.ascontiguousarray(PICTURE[10:200, 5:80]), (128, 64), way)
    assert np.array_equal(cut[0], want)
    assert np.array_equal(read[0], want)


@pytest.mark.parametrize(
    ("name", "size", "way"),
    [
        ("osnet-x0-25", (256, 128), "smooth-linear"),
        ("osnet-ain-x1-0", (256, 128), "smooth-linear"),
        ("mlfn", (256, 128), "smooth-linear"),
        ("fastreid-bot-r50", (256, 128), "smooth-cubic"),
        ("fastreid-sbs-r50-ibn", (384, 128), "smooth-cubic"),
        ("mobilenetv2", (224, 224), "linear"),
        ("dogenet50", (128, 64), "linear"),
    ],
)
def test_families_are_fed_as_their_projects_feed_them(name: str, size: tuple[int, int], way: str) -> None:
    backbone = create_backbone(name)
    assert (backbone.input_size, backbone.resize) == (size, way)
    assert backbone.mean == (0.485, 0.456, 0.406)
    assert facts_of(backbone).resize == way, "an export says so too"


def test_a_checkpoint_keeps_the_way_and_one_from_before_means_linear(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, create_backbone("osnet-x0-25", input_size=(64, 32)))
    assert read_checkpoint(path).info.resize == load_pretrained("osnet-x0-25", path).backbone.resize == "smooth-linear"
    facts = facts_of(create_backbone("osnet-x0-25"))
    texts = facts.to_strings()
    assert EncoderFacts.from_strings("x.onnx", texts).resize == "smooth-linear"
    del texts["resize"]
    assert EncoderFacts.from_strings("x.onnx", texts).resize == "linear"
    with pytest.raises(ValueError, match="resize must be one of linear, nearest, smooth-linear, smooth-cubic"):
        EncoderFacts.from_strings("x.onnx", texts | {"resize": '"area"'})
