"""Each option of `track run` that concerns the encoder, with and without: what it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reid import create_backbone, create_encoder
from reid.checkpoint import save_checkpoint
from reid.colour import GATE
from reid.gates import GateCurve
from tests.track.runs import (
    FAST,
    HEIGHT,
    WIDTH,
    Track,
    Walker,
    read_summary,
    read_txt,
    write_sequence,
    write_video,
)
from track.setup import loading

SEEN = ("--tracker", "deepsort", "--no-video", "--device", "cpu")
"""For runs with an encoder."""


def test_reid(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=6)
    base = ("run", clip, *SEEN, "--detector", detections)
    track(*base, "--reid", "none", "--out", "none")
    track(*base, "--reid", "small-cnn", "--out", "cnn")
    none, cnn = (read_summary(Path(name)) for name in ("none", "cnn"))
    assert none["counts"]["crops_embedded"] == none["appearance"]["by_appearance"] == 0
    assert cnn["counts"]["crops_embedded"] == cnn["counts"]["detections"] == 12
    assert cnn["appearance"]["by_appearance"] > 0
    assert cnn["configuration"]["reid"]["embedding_dim"] == 128


def test_reid_colour(track: Track, tmp_path: Path) -> None:
    """No network: everything that an encoder of pictures takes, but no weights, runtime or device."""
    clip, detections = write_video(tmp_path, num_frames=6)
    base = ("run", clip, *SEEN, "--detector", detections, "--reid", "colour")
    done = track(*base, "--out", "o")
    assert done.code == 0, done.err
    summary = read_summary(Path("o"))
    assert summary["counts"]["crops_embedded"] == summary["counts"]["detections"] == 12
    assert summary["appearance"]["by_appearance"] > 0
    reid = summary["configuration"]["reid"]
    assert (reid["name"], reid["embedding_dim"], reid["runtime"]) == ("colour", 1536, None)
    assert summary["configuration"]["tracker"]["max_cosine_distance"] == reid["suggested_gate"] == GATE
    assert track(*base, "--max-cosine", 0.4, "--reid-when", "ambiguous", "--tracker", "strong", "--out", "p").code == 0
    for option, value in (("--reid-weights", detections), ("--reid-runtime", "torch")):
        refused = track(*base, option, value, "--out", "q")
        assert refused.code == 2
        assert f"{option} has no effect with --reid colour" in refused.err
    exported = track("export", "--reid", "colour", "--to", "onnx")
    assert (exported.code, exported.err.count("\n")) == (2, 1)
    assert "--reid colour has no network to export" in exported.err


def test_weights_that_others_publish(track: Track, tmp_path: Path) -> None:
    """As they are downloaded: the classifier goes, which is said, and so is it that no gate came with them."""
    import torch

    clip, detections = write_video(tmp_path, num_frames=3)
    state = create_backbone("osnet-x0-25", num_classes=5).state_dict()
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, "osnet_x0_25_msmt17.pt")
    base = ("run", clip, *SEEN, "--detector", detections, "--reid-runtime", "torch")
    weights = ("--reid-weights", "osnet_x0_25_msmt17.pt")
    done = track(*base, "--reid", "osnet-x0-25", *weights, "--out", "o")
    assert done.code == 0, done.err
    assert "the classifier of 5 identities is left out" in done.err
    assert "osnet_x0_25_msmt17.pt holds no gate, so that of deepsort is used" in done.err
    configuration = read_summary(Path("o"))["configuration"]
    assert configuration["reid"]["embedding_dim"] == 512
    assert configuration["gate"]["source"] == "preset: too few people to measure one"
    refused = track(*base, "--reid", "osnet-x0-5", *weights, "--out", "p")
    assert refused.code == 2
    assert "does not fit osnet-x0-5 (it looks like a checkpoint of osnet-x0-25)" in refused.err


def test_a_checkpoint_with_a_curve_is_asked_by_the_number_of_people_about(track: Track, tmp_path: Path) -> None:
    curve = GateCurve((0.001, 0.01, 0.1), (0.1, 0.2, 0.3), 1000, 50)
    save_checkpoint(Path("mine.safetensors"), create_backbone("small-cnn"), max_cosine_distance=0.3, gate_curve=curve)
    clip, detections = write_video(tmp_path, num_frames=6)
    base = ("run", clip, *SEEN, "--detector", detections, "--reid", "small-cnn", "--reid-runtime", "torch")
    gates = {}
    for name, options in {"curve": (), "hand": ("--max-cosine", 0.25)}.items():
        assert track(*base, "--reid-weights", "mine.safetensors", *options, "--out", name).code == 0
        gates[name] = read_summary(Path(name))["configuration"]["gate"]
    found = gates["curve"]
    assert (found["source"], found["pairs"], found["people"]) == ("curve of the checkpoint", 1000, 50)
    assert found["lowest"] == found["highest"] == pytest.approx(0.2), "two people: each has one stranger"
    assert gates["hand"] == {"source": "--max-cosine", "gate": 0.25}


def test_reid_file(track: Track, tmp_path: Path) -> None:
    """Features that came with the detections decide: two people swap places, and their appearance tells them apart."""
    sequence = write_sequence(tmp_path / "s", num_frames=8)
    left, right = 10, 13  # both inside of the other's motion gate
    rows = [
        [
            frame + 1,
            -1,
            left if (person == 0) == (frame < 5) else right,
            10,
            12,
            24,
            0.9,
            -1,
            -1,
            -1,
            person,
            1 - person,
        ]
        for frame in range(8)
        for person in (0, 1)
    ]
    np.save(sequence / "det" / "s.npy", np.array(rows, np.float64))
    track("run", sequence, "--tracker", "deepsort", "--detector", "public", "--reid", "none", "--out", "none")
    track("run", sequence, "--tracker", "deepsort", "--detector", "public", "--reid", "file", "--out", "file")
    assert read_summary(Path("file"))["configuration"]["reid"]["embedding_dim"] == 2
    assert read_summary(Path("file"))["appearance"]["appearance_decided"] > 0
    x = {name: [r[2] for r in read_txt(Path(name)) if r[1] == 1] for name in ("none", "file")}
    assert x["none"][-1] < 11, "motion alone: whoever stands there"
    assert x["file"][-1] > 12, "by appearance: the same person elsewhere"


def _small_checkpoint(path: Path, gate: float | None) -> Path:
    from reid import create_backbone
    from reid.checkpoint import save_checkpoint

    save_checkpoint(path, create_backbone("small-cnn"), data="nothing", max_cosine_distance=gate)
    return path


def _warnings(printed: str) -> list[str]:
    """The lines without those that say that a network is converted, which is done once."""
    return [line for line in printed.splitlines() if not line.startswith("note: convert")]


def test_reid_weights(track: Track, tmp_path: Path) -> None:
    """Bundled if left out; a checkpoint brings its gate unless the user's own file sets one; random ones warn."""
    clip, detections = write_video(tmp_path, num_frames=3)
    weights = _small_checkpoint(tmp_path / "small.safetensors", gate=0.37)
    (tmp_path / "mine.yaml").write_text("tracker: {max_cosine_distance: 0.11}\n")
    base = ("run", clip, *SEEN, "--detector", detections, "--reid", "small-cnn")
    bundled = track(*base, "--out", "bundled")
    seeded = track(*base, "--out", "seeded", "--reid-weights", "random")
    loaded = track(*base, "--out", "loaded", "--reid-weights", weights)
    track(*base, "--out", "own", "--reid-weights", weights, "--tracker", "mine.yaml")
    assert _warnings(bundled.err) == []
    assert read_summary(Path("bundled"))["configuration"]["reid"]["suggested_gate"] is not None
    assert "small-cnn runs on random weights (seed 0)" in seeded.err
    assert len(_warnings(seeded.err)) == 1, "one loud warning"
    assert _warnings(loaded.err) == []
    gates = [
        read_summary(Path(name))["configuration"]["tracker"]["max_cosine_distance"]
        for name in ("seeded", "loaded", "own")
    ]
    assert gates == [0.2, 0.37, 0.11]


def test_max_cosine(track: Track, tmp_path: Path) -> None:
    """What is typed outranks the checkpoint's gate, and the user's own file."""
    clip, detections = write_video(tmp_path, num_frames=3)
    weights = _small_checkpoint(tmp_path / "small.safetensors", gate=0.37)
    (tmp_path / "mine.yaml").write_text("tracker: {max_cosine_distance: 0.11}\n")
    base = ("run", clip, *SEEN, "--detector", detections, "--reid", "small-cnn", "--reid-weights", weights)
    track(*base, "--out", "typed", "--max-cosine", "0.05")
    track(*base, "--out", "both", "--max-cosine", "0.05", "--tracker", "mine.yaml")
    gates = [read_summary(Path(name))["configuration"]["tracker"]["max_cosine_distance"] for name in ("typed", "both")]
    assert gates == [0.05, 0.05]


@pytest.fixture
def embeddings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, npt.NDArray[np.float32]]]:
    """Device and first embeddings of each run."""
    seen: list[tuple[str, npt.NDArray[np.float32]]] = []
    create = create_encoder

    def recording(*arguments: Any, **options: Any) -> Any:
        encoder = create(*arguments, **options)
        xyxy = np.array([[10, 10, 30, 50], [40, 10, 60, 50]], np.float32)
        image = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3)
        seen.append((str(getattr(encoder, "device", None)), encoder.encode(image, xyxy, np.empty((2, 0), np.float32))))
        return encoder

    monkeypatch.setattr(loading, "create_encoder", recording)
    return seen


def test_seed_and_device(track: Track, tmp_path: Path, embeddings: list[tuple[str, npt.NDArray[np.float32]]]) -> None:
    """`--seed` is of random weights; `--device` says where it runs."""
    clip, detections = write_video(tmp_path, num_frames=2)
    base = ("run", clip, *SEEN, "--detector", detections, "--reid", "small-cnn", "--reid-weights", "random")
    for seed in ("0", "0", "7"):
        assert track(*base, "--seed", seed).code == 0
    assert [device for device, _ in embeddings] == ["cpu"] * 3
    first, again, other = (vectors for _, vectors in embeddings)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_reid_runtime(track: Track, tmp_path: Path, embeddings: list[tuple[str, npt.NDArray[np.float32]]]) -> None:
    """Where the encoder runs; the numbers are the same but for half precision."""
    clip, detections = write_video(tmp_path, num_frames=2)
    base = ("run", clip, *SEEN, "--detector", detections, "--reid", "small-cnn")
    runtimes = ("torch", "openvino", "auto", "torch-bf16")
    for name in runtimes:
        done = track(*base, "--out", name, "--overwrite", "--reid-runtime", name)
        assert done.code == 0
        used = read_summary(Path(name))["configuration"]["reid"]
        assert (used["runtime"], used["precision"]) == {
            "torch": ("torch", "fp32"),
            "torch-bf16": ("torch", "bf16"),
        }.get(name, ("openvino", "fp32"))
        assert f"small-cnn ran in {used['runtime']} ({used['precision']}, cpu)" in done.out
    plain, openvino, auto, half = (vectors for _, vectors in embeddings)
    np.testing.assert_allclose(openvino, plain, atol=1e-5)
    np.testing.assert_array_equal(auto, openvino)
    assert 1e-5 < np.abs(half - plain).max() < 0.05
    assert "Did you mean 'openvino'" in track(*base, "--reid-runtime", "openvin").err
    idle = track("run", clip, "--detector", detections, "--reid", "none", "--reid-runtime", "torch")
    assert (idle.code, "--reid-runtime has no effect with --reid none" in idle.err) == (2, True)


def test_keep_embeddings(track: Track, tmp_path: Path) -> None:
    """Every detection, also one that belongs to nobody."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4), Walker(60, 4, first=5, last=6)])
    track("run", sequence, *FAST, "--detector", "public", "--out", "without")
    track("run", sequence, *FAST, "--detector", "public", "--out", "with", "--keep-embeddings")
    assert not Path("without/embeddings.npz").exists()
    with np.load("with/embeddings.npz") as kept:
        assert kept["ids"].tolist().count(1) == 20
        assert kept["ids"].tolist().count(0) == 1
        assert kept["embeddings"].dtype == np.float16


def test_reid_when(track: Track, tmp_path: Path) -> None:
    """Two who walk apart are embedded when they come, and then seldom; the rows stay those of the same people."""
    far_apart = (Walker(2, 4), Walker(70, 36, speed=-1.0))
    clip, detections = write_video(tmp_path, far_apart, num_frames=40)
    base = ("run", clip, "--detector", detections, "--reid", "small-cnn", "--device", "cpu", "--no-video")
    for when in ("always", "ambiguous"):
        result = track(*base, "--reid-when", when, "--out", when)
        assert ("were placed by motion" in result.out) == (when == "ambiguous")
    counts = [read_summary(Path(when))["counts"] for when in ("always", "ambiguous")]
    assert (counts[0]["crops_embedded"], counts[0]["crops_saved"]) == (80, 0)
    assert counts[1]["crops_embedded"] + counts[1]["crops_saved"] == 80
    assert 2 <= counts[1]["crops_embedded"] <= 20
    always, ambiguous = read_txt(Path("always")), read_txt(Path("ambiguous"))
    np.testing.assert_allclose(always[:, :6], ambiguous[:, :6])
    assert "Did you mean 'ambiguous'" in track(*base, "--reid-when", "ambigous").err
