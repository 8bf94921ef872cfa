"""The clip, the stand-ins that make a comparison quick, and a count of what was computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.track.commands.compare.clips import CROSSING, annotate
from tests.track.runs import write_video
from track.commands.compare import compare as compare_module


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`clip.mp4` with two people who meet, `clip.txt` with their detections, `gt.txt`; the cache is the test's own."""
    # not by TRACK_CACHE, which holds the converted networks too: those may be shared
    monkeypatch.setattr("track.scenes.cache.cache_folder", lambda kind: tmp_path / "cache" / kind)
    monkeypatch.setattr("track.scenes.load.LoadMeter.others", lambda meter: 0.0)  # whatever else runs here
    write_video(tmp_path, CROSSING, 20)
    annotate(tmp_path / "gt.txt")
    return tmp_path / "clip.mp4"


class ColourEncoder:
    """The mean colour of a crop, in place of a network that takes seconds to load."""

    name, embedding_dim, needs_images, gate, gate_curve = "small-cnn", 3, True, None, None
    runtime, precision, device, input_size = "numpy", None, "cpu", None

    def encode(self, image: Any, xyxy: Any, features: Any) -> Any:
        boxes = np.clip(xyxy, 0, [96, 64, 96, 64]).astype(int).tolist()
        rows = [image[y : max(b, y + 1), x : max(r, x + 1)].mean(axis=(0, 1)) for x, y, r, b in boxes]
        vectors = np.array(rows, np.float32).reshape(-1, 3) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are replaced by `ColourEncoder`."""
    load = compare_module.load_encoder
    monkeypatch.setattr(
        compare_module,
        "load_encoder",
        lambda config: load(config) if config.reid in ("none", "file") else ColourEncoder(),
    )


@pytest.fixture
def quick(colours: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the plot, too."""
    monkeypatch.setattr("track.commands.compare.report.plot_comparison", lambda path, comparison: path.write_bytes(b""))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts frames that went through a detector, and scenes by encoders."""
    done: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Any]:
        original = getattr(compare_module, name)

        def call(*arguments: Any) -> Any:
            done[name.removesuffix("_scene")] += 1
            return original(*arguments)

        return call

    for name in ("detect_scene", "embed_scene"):
        monkeypatch.setattr(compare_module, name, counted(name))
    return done
