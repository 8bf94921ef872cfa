"""Bad input gets one clear line, exit code 2, and nothing is written or lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from tests.track.runs import (
    FAST,
    Track,
    all_files,
    assert_one_line,
    run_python,
    write_sequence,
    write_video,
)
from track.setup import loading


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A mark for each time that models were loaded."""
    seen: list[str] = []
    load = loading.load_models

    def recording(*arguments: Any) -> Any:
        seen.append("loaded")
        return load(*arguments)

    monkeypatch.setattr("track.setup.plan.load_models", recording)
    return seen


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """`clip.mp4` with `clip.txt`, the sequence `seq` without images, and all that is wrong in other files."""
    write_video(tmp_path, num_frames=4)
    write_sequence(tmp_path / "seq", num_frames=4)
    (tmp_path / "void").mkdir()
    (tmp_path / "zero.mp4").write_bytes(b"")
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 40)
    _headers_only(tmp_path / "no-frames.mp4")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "tracks.txt").write_text("precious")
    (tmp_path / "a-file").write_text("mine")
    return tmp_path


def _headers_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.start_encoding()


CLIP = ("clip.mp4", "--detector", "clip.txt", *FAST)
SEQ = ("seq", "--detector", "public", *FAST)

BEFORE_ANY_MODEL = {
    "no such file": (("nothing.mp4", *FAST), ["'nothing.mp4' not found"]),
    "a folder with nothing in it": (("void", *FAST), ["void holds no pictures"]),
    "a file without bytes": (("zero.mp4", *FAST), ["zero.mp4 is empty (0 bytes)"]),
    "a video without frames": (("no-frames.mp4", *FAST), ["no-frames.mp4"]),
    "not a video": (("noise.mp4", *FAST), ["noise.mp4 cannot be read as a video"]),
    "a text": (("clip.txt", *FAST), ["clip.txt"]),
    "unknown detector": ((*CLIP, "--detector", "moton"), ["'moton'", "Did you mean 'motion'?", "path works too"]),
    "detector path that is not there": ((*CLIP, "--detector", "no/det.txt"), ["no/det.txt"]),
    "detector file of another kind": ((*CLIP, "--detector", "clip.mp4"), ["clip.mp4 ends in .mp4", ".onnx", ".npy"]),
    "unknown encoder": ((*CLIP, "--reid", "dogenet5"), ["'dogenet5'", "Did you mean 'dogenet50'", "track models"]),
    "unknown preset": ((*CLIP, "--tracker", "deepsrt"), ["'deepsrt'", "Did you mean 'deepsort'", "YAML"]),
    "tracker file that is not there": ((*CLIP, "--tracker", "x.yaml"), ["x.yaml", "not found"]),
    "checkpoint that is not there": ((*CLIP, "--reid", "small-cnn", "--reid-weights", "w.pt"), ["w.pt", "not found"]),
    "checkpoint for no network": ((*CLIP, "--reid-weights", "w.pt"), ["--reid-weights has no effect", "none"]),
    "unknown kind of device": ((*CLIP, "--device", "gpu"), ["--device is 'gpu'", "cuda:0"]),
    "output folder that holds files": ((*CLIP, "--out", "full"), ["full exists", "--overwrite"]),
    "output folder that is a file": ((*CLIP, "--out", "a-file"), ["a-file", "it is a file", "--out"]),
    "output folder below a file": ((*CLIP, "--out", "a-file/deep"), ["cannot write to a-file"]),
    "every 0": ((*CLIP, "--every", "0"), ["--every is 0", "from 1 (each frame) to 10000"]),
    "every -1": ((*CLIP, "--every", "-1"), ["--every is -1"]),
    "conf 2": ((*CLIP, "--conf", "2"), ["--conf is 2", "from 0 to 1"]),
    "conf nan": ((*CLIP, "--conf", "nan"), ["--conf is nan", "from 0 to 1"]),
    "iou -0.1": ((*CLIP, "--iou", "-0.1"), ["--iou is -0.1", "from 0 to 1"]),
    "imgsz 1": ((*CLIP, "--imgsz", "1"), ["--imgsz is 1", "32 to 8192"]),
    "seed -1": ((*CLIP, "--seed", "-1"), ["--seed is -1", "0 to"]),
    "start beyond the end": ((*CLIP, "--start", "9"), ["--start 9 is beyond the end", "0.40 s"]),
    "start beyond the end, no images": ((*SEQ, "--start", "9"), ["--start 9 is beyond the end"]),
    "nothing between start and end": ((*SEQ, "--start", "0.11", "--end", "0.12"), ["seq has no frame", "0.11"]),
    "nothing between start and end of a video": ((*CLIP, "--start", "0.11", "--end", "0.12"), ["no frame"]),
    "end before start": ((*CLIP, "--start", "0.2", "--end", "0.1"), ["--end must be after --start (0.2 s)", "0.1"]),
    "negative start": ((*CLIP, "--start", "-1"), ["--start must be 0 s or more", "-1"]),
    "start nan": ((*CLIP, "--start", "nan"), ["--start", "nan"]),
    "online with smooth": ((*CLIP, "--online", "--smooth"), ["--online and --smooth exclude each other"]),
    "online with offline": ((*CLIP, "--online", "--offline"), ["--online and --offline exclude each other"]),
    "smooth with offline": ((*CLIP, "--smooth", "--offline"), ["--smooth has no effect with --offline"]),
    "encoder without images": ((*SEQ, "--reid", "dogenet50"), ["--reid dogenet50 looks at images", "seq has none"]),
    "detector without images": ((*SEQ, "--detector", "motion"), ["--detector motion looks at images", "public"]),
    "nothing between commas": ((*CLIP, "--classes", ","), ["--classes is ','", "person,car"]),
    "no class": ((*CLIP, "--classes", ""), ["--classes is ''", "person,car"]),
    "unknown option": ((*CLIP, "--ovrwrite"), ["--ovrwrite", "--overwrite", "track run --help"]),
    "value of a wrong type": ((*CLIP, "--every", "two"), ["--every", "integer", "you typed: --every two"]),
    "value of a wrong type, joined": ((*CLIP, "--conf=high"), ["Invalid value for '--conf'", "you typed: --conf=high"]),
    "option without its value": ((*CLIP, "--conf"), ["--conf", "requires an argument"]),
    "two sources": (("seq", *CLIP), ["clip.mp4"]),
    "no source": ((), ["Missing argument"]),
}


@pytest.mark.parametrize(("arguments", "fragments"), BEFORE_ANY_MODEL.values(), ids=BEFORE_ANY_MODEL.keys())
def test_found_before_any_model_loads(
    track: Track, stage: Path, loads: list[str], arguments: tuple[str, ...], fragments: list[str]
) -> None:
    before = all_files(stage)
    assert_one_line(track("run", *arguments), *fragments)
    assert all_files(stage) == before
    assert loads == []


WITH_MODELS = {
    "unknown class": ((*CLIP, "--classes", "persn"), ["'persn'", "Did you mean 'person'"]),
    "detections that are no text": ((*CLIP, "--detector", "clip.npy"), ["clip.npy"]),
    "a broken line of detections": ((*CLIP, "--detector", "broken.txt"), ["broken.txt, line 2", "expected"]),
    "detections that hold corners": (
        (*CLIP, "--detector", "corners.txt"),
        ["corners.txt: the boxes look like x1,y1,x2,y2"],
    ),
    "detections in shares": ((*CLIP, "--detector", "shares.txt"), ["shares.txt: the boxes look like shares"]),
    "public detector without a sequence": ((*CLIP, "--detector", "public"), ["--detector path/to/det.txt"]),
    "features that are not there": ((*SEQ, "--reid", "file"), ["--reid file needs", "--reid none"]),
    "features of a detector": ((*CLIP, "--detector", "motion", "--reid", "file"), ["but the detector is motion"]),
    "device that is not here": ((*CLIP, "--reid", "small-cnn", "--device", "cuda:99"), ["'cuda:99'", "cpu"]),
}


@pytest.mark.parametrize(("arguments", "fragments"), WITH_MODELS.values(), ids=WITH_MODELS.keys())
@pytest.mark.parametrize("place", [(), ("--out", "new/deep"), ("--out", "full", "--overwrite")], ids=" ".join)
def test_found_while_models_load(
    track: Track, stage: Path, arguments: tuple[str, ...], fragments: list[str], place: tuple[str, ...]
) -> None:
    """No folder is left behind, and with `--overwrite` the earlier run is still there."""
    (stage / "broken.txt").write_text("1,-1,1,1,5,5,0.9\n1,-1,x,1,5,5,0.9\n")
    lefts = [(frame, 2 + 5 * frame) for frame in range(1, 13)]
    (stage / "corners.txt").write_text("".join(f"{f},-1,{x},4,{x + 12},28,0.9\n" for f, x in lefts))
    (stage / "shares.txt").write_text("".join(f"{f},-1,{x / 96},0.1,0.125,0.4,0.9\n" for f, x in lefts))
    (stage / "clip.npy").write_text("text")
    (stage / "full" / ".env").write_text("hidden and precious")
    before = all_files(stage)
    assert_one_line(track("run", *arguments, *place), *fragments)
    assert all_files(stage) == before


def _checkpoint(path: Path, name: str) -> Path:
    from reid import create_backbone
    from reid.checkpoint import save_checkpoint

    save_checkpoint(path, create_backbone(name), data="nothing")
    return path


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _resize(path: Path) -> None:
    """One layer of another shape than the backbone that the header names."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata())
    name = next(key for key, value in tensors.items() if value.ndim == 4)
    tensors[name] = tensors[name][:, :, :1].contiguous()
    save_file(tensors, path, metadata)


CHECKPOINTS: dict[str, tuple[str, Callable[[Path], Any], list[str]]] = {
    "of another backbone": ("dogenet26", lambda path: None, ["holds dogenet26", "--reid dogenet26"]),
    "cut short": ("small-cnn", _cut, ["w.safetensors", "cut short"]),
    "not safetensors": ("small-cnn", lambda path: path.write_bytes(b"hello" * 100), ["no safetensors file"]),
    "a pickle": ("small-cnn", lambda path: path.write_bytes(b"PK\x03\x04" + b"0" * 99), ["PyTorch pickle"]),
    "weights of another shape": ("small-cnn", _resize, ["of another shape"]),
}


@pytest.mark.parametrize(("name", "spoil", "fragments"), CHECKPOINTS.values(), ids=CHECKPOINTS.keys())
def test_checkpoints(track: Track, stage: Path, name: str, spoil: Callable[[Path], Any], fragments: list[str]) -> None:
    spoil(_checkpoint(stage / "w.safetensors", name))
    before = all_files(stage)
    result = track("run", *CLIP, "--reid", "small-cnn", "--reid-weights", "w.safetensors", "--device", "cpu")
    assert_one_line(result, *fragments)
    assert all_files(stage) == before


YAML = {
    "unknown key": (
        "tracker: {max_agee: 3}",
        ["'tracker.max_agee'", "Did you mean 'tracker.max_age'", "configs/deepsort.yaml"],
    ),
    "unknown section": ("trackr: {max_age: 3}", ["'trackr'", "Did you mean 'tracker'"]),
    "a key that is a number": ("tracker: {3: 3}", ["'tracker.3'", "All keys stand in", "configs/deepsort.yaml"]),
    "text for a number": ("tracker: {max_age: long}", ["tracker.max_age is 'long'", "expected a valid integer"]),
    "fraction for a whole number": ("tracker: {n_init: 2.5}", ["tracker.n_init is 2.5", "integer"]),
    "yes for a number": ("tracker: {n_init: true}", ["tracker.n_init is True", "integer"]),
    "nothing for a number": ("tracker: {n_init: }", ["tracker.n_init is None", "integer"]),
    "out of range": ("tracker: {max_iou_distance: 1.5}", ["tracker.max_iou_distance is 1.5", "from 0 to 1"]),
    "negative": ("tracker: {max_age: -2}", ["tracker.max_age is -2", "from 1 to"]),
    "not a number": ("tracker: {motion_gate: .nan}", ["tracker.motion_gate is nan", "above 0"]),
    "a list for the settings": ("tracker: [1, 2]", ["'tracker' holds [1, 2]", "expected settings"]),
    "an empty list for the settings": ("tracker: []", ["'tracker' holds []", "expected settings"]),
    "a number for the settings": ("tracker: 0", ["'tracker' holds 0", "expected settings"]),
    "a number for the description": ("description: 5", ["description is 5", "expected a text"]),
    "a list for the file": ("- 1", ["holds list", "expected keys: description, version, base, kind, tracker"]),
    "broken syntax": ("tracker: {max_age: 3", ["my.yaml is not valid YAML: line 1, column 21: expected ',' or '}'"]),
    "a tab": ("tracker:\n\tmax_age: 3", ["is not valid YAML: line 2, column 1: found character '\\t'"]),
    "an open bracket": (
        "tracker:\n  max_age: [3\n  n_init: 4\n",
        ["line 3, column 9: expected ',' or ']', but got ':' (while parsing a flow sequence from line 2 on)\n"],
    ),
    "a forbidden character": ("a: 1\nb: \x01", ["line 2, column 4: special characters are not allowed"]),
    "two documents": ("a: 1\n---\nb: 2", ["line 2, column 1: expected a single document", "found another document\n"]),
    "no date": ("a: 2020-13-45", ["my.yaml is not valid YAML: line 1, column 4: '2020-13-45' is no valid timestamp"]),
    "no date by its tag": ("a:\n  b: !!timestamp x", ["line 2, column 6: 'x' is no valid timestamp"]),
    "no whole number by its tag": ("a: [1, !!int x]", ["line 1, column 8: 'x' is no valid int"]),
    "neither yes nor no by its tag": ("a: !!bool maybe", ["line 1, column 4: 'maybe' is no valid bool"]),
    "the same key twice": ("tracker: {max_age: 3, max_age: 4}", ["my.yaml", "max_age", "twice"]),
}


@pytest.mark.parametrize(("text", "fragments"), YAML.values(), ids=YAML.keys())
def test_yaml(track: Track, stage: Path, loads: list[str], text: str, fragments: list[str]) -> None:
    """Key, value, and what was expected."""
    (stage / "my.yaml").write_text(text)
    before = all_files(stage)
    assert_one_line(track("run", *CLIP, "--tracker", "my.yaml"), "my.yaml", *fragments)
    assert all_files(stage) == before
    assert loads == []


def test_yaml_that_is_not_text(track: Track, stage: Path) -> None:
    (stage / "my.yaml").write_bytes(b"\xff\xfe\x00\x80")
    assert_one_line(track("run", *CLIP, "--tracker", "my.yaml"), "my.yaml is not valid YAML")


@pytest.mark.parametrize("what", ["video", "seqinfo.ini", "yaml"])
def test_files_that_may_not_be_read(track: Track, stage: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """The system refuses; faked, since the superuser may read everything."""

    def refuse(path: Any, *_: Any, **options: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    before = all_files(stage)
    (stage / "my.yaml").write_text("tracker: {}")
    if what == "video":
        monkeypatch.setattr(av, "open", refuse)
    elif what == "yaml":
        opened = Path.open
        monkeypatch.setattr(
            Path, "open", lambda path, *a, **o: refuse(path) if path.name == "my.yaml" else opened(path, *a, **o)
        )
    else:
        monkeypatch.setattr(Path, "read_text", refuse)
    arguments = {"video": CLIP, "seqinfo.ini": SEQ, "yaml": (*CLIP, "--tracker", "my.yaml")}[what]
    result = track("run", *arguments)
    monkeypatch.undo()
    assert_one_line(result, {"video": "clip.mp4", "seqinfo.ini": "seqinfo.ini", "yaml": "my.yaml"}[what], "Permission")
    (stage / "my.yaml").unlink()
    assert all_files(stage) == before


def test_folder_that_may_not_be_written(
    track: Track, stage: Path, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    before = all_files(stage)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert_one_line(track("run", *CLIP), "cannot write to runs/clip (Permission denied)", "--out")
    assert_one_line(track("run", *CLIP, "--out", "new"), "cannot write to new (Permission denied)", "--out")
    assert loads == []
    assert all_files(stage) == before


def test_output_errors_come_without_a_heavy_import(stage: Path) -> None:
    """In a fresh interpreter: neither torch nor ultralytics has been imported by then."""
    code = (
        "import sys\nfrom track.cli import main\n"
        "try:\n    main(['run', 'clip.mp4', '--reid', 'dogenet50', '--detector', 'yolo', '--out', 'full'])\n"
        "except SystemExit as end:\n    print(end.code, {'torch', 'ultralytics'} & set(sys.modules))\n"
    )
    done = run_python(code, cwd=stage)
    assert done.stdout == "2 set()\n"
    assert "full exists" in done.stderr


def test_a_run_does_not_replace_its_own_source(track: Track, stage: Path, loads: list[str]) -> None:
    (stage / "annotated.mp4").write_bytes((stage / "clip.mp4").read_bytes())
    before = all_files(stage)
    result = track("run", "annotated.mp4", *CLIP[1:], "--out", ".", "--overwrite")
    assert_one_line(result, "annotated.mp4 would be replaced", "--out")
    assert all_files(stage) == before
    assert loads == []
