"""Each option of `track run`, with and without: what it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import app.setup
from app.config import RunConfig
from detectors import Detections, DetectorOptions
from reid import create_encoder
from tests.app.runs import (
    FAST,
    HEIGHT,
    WIDTH,
    Track,
    Walker,
    read_csv,
    read_summary,
    read_txt,
    states,
    write_detections,
    write_sequence,
    write_video,
)

SEEN = ("--tracker", "deepsort", "--no-video", "--device", "cpu")
"""For runs with an encoder."""


def _ids(folder: Path) -> set[float]:
    return set(read_txt(folder)[:, 1])


def test_detector(track: Track, tmp_path: Path) -> None:
    """A name, or a file of detections."""
    clip, detections = write_video(tmp_path)
    assert track("run", clip, *FAST, "--detector", detections, "--out", "file").code == 0
    assert track("run", clip, *FAST, "--detector", "motion", "--out", "motion").code == 0
    used = [read_summary(Path(name))["configuration"]["detector"] for name in ("file", "motion")]
    assert used == [{"asked": str(detections), "used": "public"}, {"asked": "motion", "used": "motion"}]
    assert (Path("file") / "tracks.txt").read_bytes() != (Path("motion") / "tracks.txt").read_bytes()


class _FakeYolo:
    """Two classes; keeps what it was asked for."""

    name = "yolo"
    needs_images = True

    def __init__(self, options: DetectorOptions) -> None:
        self.options = options
        self.class_names = {0: "person", 2: "car"}
        self._keep = [key for key, name in self.class_names.items() if name in (options.classes or ("person", "car"))]

    def detect(self, image: npt.NDArray[np.uint8] | None, frame_index: int) -> Detections:
        xyxy = np.array([[10, 10, 20, 30], [50, 10, 70, 30]], np.float32)
        class_ids = np.array([0, 2], np.int64)
        return Detections(xyxy, np.full(2, 0.8, np.float32), class_ids)[np.isin(class_ids, self._keep)]


@pytest.fixture
def yolo(monkeypatch: pytest.MonkeyPatch) -> list[_FakeYolo]:
    """The fake detectors that were made, in place of any real one."""
    made: list[_FakeYolo] = []

    def create(name: str, options: DetectorOptions) -> _FakeYolo:
        made.append(_FakeYolo(options))
        return made[-1]

    monkeypatch.setattr(app.setup, "create_detector", create)
    return made


def test_classes(track: Track, tmp_path: Path, yolo: list[_FakeYolo]) -> None:
    clip, _ = write_video(tmp_path)
    track("run", clip, *FAST, "--out", "all")
    track("run", clip, *FAST, "--out", "one", "--classes", "car")
    track("run", clip, *FAST, "--out", "both", "--classes", " person , car")
    classes = {name: {row["class"] for row in read_csv(Path(name))} for name in ("all", "one", "both")}
    assert classes == {"all": {"person", "car"}, "one": {"car"}, "both": {"person", "car"}}


@pytest.mark.parametrize(
    ("option", "value", "field", "expected"),
    [
        pytest.param("--iou", "0.3", "iou", 0.3, id="iou"),
        pytest.param("--imgsz", "320", "image_size", 320, id="imgsz"),
        pytest.param("--conf", "0.6", "confidence", 0.6, id="conf"),
        pytest.param("--device", "cpu", "device", "cpu", id="device"),
    ],
)
def test_options_that_a_detector_gets(
    track: Track, tmp_path: Path, yolo: list[_FakeYolo], option: str, value: str, field: str, expected: Any
) -> None:
    """Their effect inside of YOLO is the business of tests/detectors."""
    clip, _ = write_video(tmp_path, num_frames=2)
    assert track("run", clip, *FAST).err == ""
    assert track("run", clip, *FAST, option, value).err == ""
    default = getattr(DetectorOptions(), field)
    assert [getattr(detector.options, field) for detector in yolo] == [default, expected]


@pytest.mark.parametrize(("option", "value"), [("--iou", "0.5"), ("--imgsz", "320")])
def test_an_option_of_yolo_without_yolo_is_told_to_have_no_effect(
    track: Track, tmp_path: Path, option: str, value: str
) -> None:
    result = track("run", write_sequence(tmp_path / "s"), *FAST, "--detector", "public", "--no-video", option, value)
    assert result.code == 0
    assert result.err.splitlines() == [f"warning: {option} has no effect: it is of YOLO, but the detector is public"]


@pytest.mark.slow
def test_options_of_yolo_with_real_weights(track: Track, shared: Path) -> None:
    """The same frames: one class only, or surer boxes only, are fewer boxes."""
    pytest.importorskip("openvino")
    pytest.importorskip("ultralytics")
    clip = shared / "data" / "towncentre" / "clip.mp4"
    weights = shared / "weights" / "yolo11n_int8_openvino_model"
    base = ("run", clip, *FAST, "--no-video", "--end", "0.08", "--detector", weights, "--device", "cpu")
    for name, options in {"plain": (), "cars": ("--classes", "car"), "sure": ("--conf", "0.6")}.items():
        assert track(*base, "--out", name, *options).code == 0
    plain, cars, sure = (read_summary(Path(name))["counts"]["detections"] for name in ("plain", "cars", "sure"))
    assert cars < sure < plain


def test_conf(track: Track, tmp_path: Path) -> None:
    """The second walker's score is 0.4."""
    sequence = write_sequence(tmp_path / "s")
    track("run", sequence, *FAST, "--detector", "public", "--out", "all")
    track("run", sequence, *FAST, "--detector", "public", "--out", "sure", "--conf", "0.5")
    assert _ids(Path("all")) == {1, 2}
    assert _ids(Path("sure")) == {1}
    assert read_txt(Path("sure"))[:, 6].min() > 0.5


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


def test_reid_file(track: Track, tmp_path: Path) -> None:
    """Features that came with the detections decide: two people swap places, and their looks tell them apart."""
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
    assert x["file"][-1] > 12, "by looks: the same person elsewhere"


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


def test_tracker(track: Track, tmp_path: Path) -> None:
    """A person seen for two frames only is confirmed where `n_init` is 2."""
    (tmp_path / "quick.yaml").write_text("tracker:\n  n_init: 2\n")
    sequence = write_sequence(tmp_path / "s", [Walker(5, 5, last=2)])
    track("run", sequence, *FAST, "--detector", "public", "--out", "preset", "--tracker", "deepsort")
    track("run", sequence, *FAST, "--detector", "public", "--out", "own", "--tracker", "quick.yaml")
    assert _ids(Path("preset")) == set()
    assert _ids(Path("own")) == {1}
    assert read_summary(Path("own"))["configuration"]["tracker"]["preset"] == "quick.yaml"


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

    monkeypatch.setattr(app.setup, "create_encoder", recording)
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


def test_out(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "street")
    for _ in range(2):
        track("run", sequence, *FAST, "--detector", "public")
    track("run", sequence, *FAST, "--detector", "public", "--out", "a/b")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["street", "street-2"]
    assert sorted(path.name for path in Path("a/b").iterdir()) == ["summary.json", "tracks.csv", "tracks.txt"]


def test_overwrite(track: Track, tmp_path: Path) -> None:
    """An earlier run goes as a whole, foreign files stay."""
    clip, detections = write_video(tmp_path)
    base = ("run", clip, *FAST, "--detector", detections, "--out", "o")
    track(*base)
    (Path("o") / "notes.md").write_text("mine")
    assert track(*base, "--no-video").code == 2
    assert (Path("o") / "annotated.mp4").exists()
    assert track(*base, "--no-video", "--overwrite").code == 0
    assert sorted(path.name for path in Path("o").iterdir()) == ["notes.md", "summary.json", "tracks.csv", "tracks.txt"]


def test_no_video(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    base = ("run", clip, *FAST, "--detector", detections)
    track(*base, "--out", "with")
    track(*base, "--out", "without", "--no-video")
    assert sorted(
        {path.name for path in Path("with").iterdir()} - {path.name for path in Path("without").iterdir()}
    ) == ["annotated.mp4"]
    assert (Path("with") / "tracks.txt").read_bytes() == (Path("without") / "tracks.txt").read_bytes()


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        pytest.param((), range(1, 21), id="all"),
        pytest.param(("--start", "0.5"), range(6, 21), id="start"),
        pytest.param(("--end", "0.5"), range(1, 6), id="end"),
        pytest.param(("--start", "0.5", "--end", "1.5"), range(6, 16), id="both"),
    ],
)
def test_start_and_end(track: Track, tmp_path: Path, options: tuple[str, ...], frames: range) -> None:
    """Seconds; frames keep the number that they have in the source (10 frames/s)."""
    assert track("run", write_sequence(tmp_path / "s"), *FAST, "--detector", "public", "--out", "o", *options).code == 0
    assert sorted(set(read_txt(Path("o"))[:, 0])) == list(frames)
    assert read_summary(Path("o"))["counts"]["frames"] == len(frames)
    assert float(read_csv(Path("o"))[0]["time_s"]) == pytest.approx((frames[0] - 1) / 10)


def test_every(track: Track, tmp_path: Path) -> None:
    """The detector looks at frames 1, 4, 7, ...; in between boxes are predicted, and no frame is left out."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4)], num_frames=30)
    track("run", sequence, *FAST, "--detector", "public", "--out", "each")
    track("run", sequence, *FAST, "--detector", "public", "--out", "third", "--every", "3")
    assert [read_summary(Path(name))["counts"]["detections"] for name in ("each", "third")] == [30, 10]
    found = {int(row["frame"]): row["state"] for row in read_csv(Path("third"))}
    assert list(found) == list(range(1, 31))
    assert {frame for frame, state in found.items() if state == "detected"} == set(range(7, 31, 3))
    assert states(Path("each")) == {"tentative", "detected"}
    last = read_txt(Path("third"))[-1]
    assert last[2] == pytest.approx(2 + 29, abs=2.0), "predictions follow the motion"


def test_online(track: Track, tmp_path: Path) -> None:
    """The rows of a run without it, less those that were filled in afterwards."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4), Walker(80, 36, -1.0, first=6, last=14)])
    track("run", sequence, *FAST, "--detector", "public", "--out", "whole")
    track("run", sequence, *FAST, "--detector", "public", "--out", "online", "--online")
    whole, online = read_csv(Path("whole")), read_csv(Path("online"))
    assert online == [row for row in whole if row["state"] != "tentative"]
    assert len(whole) - len(online) == 2 * 2, "two boxes of each of two people come before their third"


def test_smooth(track: Track, tmp_path: Path) -> None:
    """The same boxes by frame and id, less shaky: the detections jump by 2 px up and down each frame."""
    shaky = [Walker(2, 10 + 2 * (frame % 2), first=frame, last=frame + 1) for frame in range(20)]
    sequence = write_sequence(tmp_path / "s", shaky)
    track("run", sequence, *FAST, "--detector", "public", "--out", "plain")
    track("run", sequence, *FAST, "--detector", "public", "--out", "smooth", "--smooth")
    plain, smooth = read_txt(Path("plain")), read_txt(Path("smooth"))
    np.testing.assert_array_equal(plain[:, :2], smooth[:, :2])
    assert states(Path("smooth")) == {"smoothed"}
    shake = [np.abs(np.diff(rows[:, 3], 2)).mean() for rows in (plain, smooth)]
    assert shake[1] < 0.5 * shake[0]


def test_smooth_draws_what_it_writes(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    result = track("run", clip, *FAST, "--detector", detections, "--out", "o", "--smooth")
    summary = read_summary(Path("o"))
    assert result.code == 0
    assert summary["files"] == ["annotated.mp4", "tracks.txt", "tracks.csv", "summary.json"]
    assert summary["counts"]["frames"] == 12


def test_offline(track: Track, tmp_path: Path) -> None:
    """Somebody is not seen for 0.8 s: two tracks online, one with the gap filled offline."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4, 0.3, last=12), Walker(2, 4, 0.3, first=20)], 40)
    track("run", sequence, *FAST, "--detector", "public", "--out", "plain")
    track("run", sequence, *FAST, "--detector", "public", "--out", "offline", "--offline")
    assert set(read_txt(Path("plain"))[:, 1]) == {1, 2}
    assert set(read_txt(Path("offline"))[:, 1]) == {1}
    assert len(read_txt(Path("offline"))) == 40


def test_offline_draws_what_it_writes(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    result = track("run", clip, *FAST, "--detector", detections, "--out", "o", "--offline")
    assert result.code == 0
    assert read_summary(Path("o"))["files"] == ["annotated.mp4", "tracks.txt", "tracks.csv", "summary.json"]


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


def test_debug(track: Track, tmp_path: Path) -> None:
    quiet, loud = track("run", "nothing.mp4"), track("run", "nothing.mp4", "--debug")
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err
    assert quiet.code == loud.code == 2
    assert loud.err.splitlines()[-1] == quiet.err.strip(), "the one line stays the last"


def test_every_option_is_tested_here() -> None:
    """An option without a test of its effect is an error."""
    import inspect

    from app.cli import run_command

    tested = Path(__file__).read_text()
    options = [f"--{name.replace('_', '-')}" for name in inspect.signature(run_command).parameters if name != "source"]
    assert len(options) == 24
    assert [option for option in options if f'"{option}"' not in tested] == []


def test_defaults_are_those_of_the_python_interface() -> None:
    """`RunConfig(source)` and `track run source` ask for the same."""
    import inspect

    from app.cli import run_command

    renamed = {"no_video": "video", "start": "start_s", "end": "end_s"}
    default = RunConfig("x")
    for name, parameter in inspect.signature(run_command).parameters.items():
        if name in ("source", "debug", "tracker", "classes"):
            continue
        value = None if name in ("every", "reid_when") else getattr(default, renamed.get(name, name))  # of the preset
        assert parameter.default == (not value if name == "no_video" else value), name


def test_detections_file_helper_is_one_based(tmp_path: Path) -> None:
    path = write_detections(tmp_path / "det.txt", [Walker(1, 2)], 1)
    assert path.read_text() == "1,-1,1.0,2,12.0,24.0,0.9,-1,-1,-1\n"
