"""Crops in memory, or read again: the same bytes either way."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.preprocess import crop_batch
from reid.training.crops import CropStore


def write_images(folder: Path, sizes: list[tuple[int, int]]) -> list[Path]:
    rng, paths = np.random.default_rng(0), []
    for number, size in enumerate(sizes):
        paths.append(folder / f"{number}.png")
        cv2.imwrite(str(paths[-1]), rng.integers(0, 256, (*size, 3), dtype=np.uint8))
    return paths


def test_crops_are_what_the_encoder_cuts_from_a_frame_that_is_the_crop(tmp_path: Path) -> None:
    paths = write_images(tmp_path, [(40, 20), (32, 16), (90, 70)])
    store = CropStore(paths, (32, 16))
    for row, path in enumerate(paths):
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        box = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
        expected = crop_batch(image, box, input_size=(32, 16), fill=(0, 0, 0))
        assert (store[np.array([row])] == expected).all()


def test_a_set_too_large_for_memory_is_read_anew_and_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = write_images(tmp_path, [(32, 16), (40, 20), (50, 30)])
    kept, anew = CropStore(paths, (32, 16)), CropStore(paths, (32, 16), limit_bytes=10)
    rows = np.array([2, 0, 0])
    assert (kept[rows] == anew[rows]).all()
    assert kept.num_bytes == 3 * 32 * 16 * 3
    assert anew.num_bytes == 0


def test_what_does_not_decode_is_told_and_can_be_dropped(tmp_path: Path) -> None:
    paths = write_images(tmp_path, [(32, 16)] * 3)
    paths[1].write_bytes(b"")
    for limit in (10, 1 << 20):
        store = CropStore([*paths, tmp_path / "absent.png"], (32, 16), limit_bytes=limit)
        assert store.unreadable == [1, 3]
        good = np.array([0, 2])
        expected = store[good]
        assert (store.keep(good)[np.arange(2)] == expected).all()


def test_an_image_that_vanishes_in_the_middle_is_named_once_and_not_each_epoch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = write_images(tmp_path, [(32, 16)] * 3)
    store = CropStore(paths, (32, 16), limit_bytes=10)
    paths[1].unlink()
    for _ in range(3):
        crops = store[np.array([0, 1, 1])]
    assert crops[0].any()
    assert not crops[1:].any()
    assert [record.getMessage() for record in caplog.records] == [
        f"{paths[1]} cannot be read any more; its crop is black from now on"
    ]
