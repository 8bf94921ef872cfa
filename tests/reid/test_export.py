"""Exported networks: read back by their own runtimes, checked against PyTorch, and nothing left of a failure."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import reid.export
from reid import create_backbone, create_encoder
from reid.backbone_encoder import BackboneEncoder
from reid.backbones.small_cnn import SmallCnn
from reid.export import TARGETS, check_export, default_path, export_network
from reid.runtimes.choose import is_exported, open_exported
from reid.runtimes.compare import Limit
from reid.runtimes.network import Network
from reid.seeded import drawn_people
from tests.track.runs import run_python

CROPS = drawn_people(20, (128, 64), 11)


def network() -> Network:
    """A network that says of itself to be trained."""
    torch.manual_seed(2)
    return Network(create_backbone("small-cnn").eval(), max_cosine_distance=0.31)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One export to each format."""
    folder = tmp_path_factory.mktemp("exported")
    paths = {to: folder / default_path("small-cnn", to, "fp32") for to in TARGETS}
    for to, path in paths.items():
        result = export_network(network(), path, to=to, crops=CROPS)
        assert result.agreement.difference < 1e-4
        assert result.agreement.num_crops == 20
        assert result.num_bytes > 4 * 2_801_952, "four bytes a parameter"
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in paths.values())
    return paths


@pytest.mark.parametrize("to", TARGETS)
def test_an_export_runs_as_an_encoder_with_its_gate_and_pytorchs_embeddings(exported: dict[str, Path], to: str) -> None:
    encoder = create_encoder("small-cnn", weights=exported[to], device="cpu", trust=to == "torchscript")
    image = np.random.default_rng(0).integers(0, 256, (200, 100, 3), np.uint8)
    boxes = np.array([[5, 5, 60, 120], [20, 30, 90, 190], [3, 3, 50, 99]], np.float32)
    none = np.empty((3, 0), np.float32)
    expected = BackboneEncoder(network().backbone, device="cpu").encode(image, boxes, none)
    np.testing.assert_allclose(encoder.encode(image, boxes, none), expected, rtol=0, atol=1e-5)
    assert encoder.gate == 0.31
    assert encoder.encode(image, boxes[:0], none[:0]).shape == (0, 128)


def stored_facts(to: str, path: Path) -> dict[str, str]:
    """What the files say of themselves, read without our code."""
    if to == "onnx":
        import onnx

        return {row.key: row.value for row in onnx.load(str(path)).metadata_props}
    if to == "openvino":
        import openvino

        table = openvino.Core().read_model(str(path / f"{path.name}.xml")).get_rt_info(["track"]).value
        return {f"track.{key}": item for key, item in table.items()}
    extra = {"track.json": ""}
    torch.jit.load(str(path), _extra_files=extra)
    return {f"track.{key}": text for key, text in json.loads(extra["track.json"]).items()}


@pytest.mark.parametrize("to", TARGETS)
def test_an_export_says_how_to_feed_it(exported: dict[str, Path], to: str) -> None:
    facts = {key: json.loads(text) for key, text in stored_facts(to, exported[to]).items() if key.startswith("track.")}
    wanted = {
        "backbone": "small-cnn",
        "input_size": [128, 64],
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "embedding_dim": 128,
        "max_cosine_distance": 0.31,
        "seed": None,
        "precision": "fp32",
        "crops": "BGR uint8 (N, H, W, 3)",
        "colour": "RGB",
        "format_version": 1,
        "gate_curve": None,
        "resize": "linear",
    }
    assert {key.removeprefix("track."): value for key, value in facts.items()} == {
        **wanted,
        "version": facts["track.version"],
    }


@pytest.mark.parametrize(
    ("name", "runtime", "message"),
    [
        pytest.param(
            "swin-t", "auto", r"holds small-cnn, but --reid swin-t was asked; use --reid small-cnn", id="name"
        ),
        pytest.param("small-cnn", "openvino", r"does not run in openvino; use one of: auto, onnx", id="runtime"),
    ],
)
def test_an_export_is_used_for_what_it_is(exported: dict[str, Path], name: str, runtime: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create_encoder(name, weights=exported["onnx"], device="cpu", runtime=runtime)


@pytest.mark.parametrize("to", TARGETS)
def test_a_file_cut_short_is_one_clear_error(exported: dict[str, Path], to: str, tmp_path: Path) -> None:
    short = tmp_path / exported[to].name
    if to == "openvino":
        short.mkdir()
        for file in exported[to].iterdir():
            (short / file.name).write_bytes(file.read_bytes()[:1000])
    else:
        short.write_bytes(exported[to].read_bytes()[:1000])
    with pytest.raises(ValueError, match="cut short or damaged"):
        open_exported(short, device="cpu")


def test_an_onnx_network_of_others_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, save

    shape = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", shape[:1], shape[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    save(model, str(tmp_path / "theirs.onnx"))
    with pytest.raises(ValueError, match=r"theirs\.onnx does not describe itself"):
        open_exported(tmp_path / "theirs.onnx", device="cpu")


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        pytest.param("embedding_dim", "64", "gives 128 numbers a crop, but 64 by its metadata", id="width"),
        pytest.param("input_size", "[64, 32]", "does not take crops of 64x32 px", id="size"),
    ],
)
def test_metadata_that_the_network_belies(
    exported: dict[str, Path], key: str, text: str, message: str, tmp_path: Path
) -> None:
    import onnx

    model = onnx.load(str(exported["onnx"]))
    next(entry for entry in model.metadata_props if entry.key == f"track.{key}").value = text
    onnx.save(model, str(tmp_path / "odd.onnx"))
    with pytest.raises(ValueError, match=message):
        open_exported(tmp_path / "odd.onnx", device="cpu")


def test_only_a_folder_with_a_network_counts_as_an_export(exported: dict[str, Path], tmp_path: Path) -> None:
    assert is_exported(exported["openvino"])
    assert not is_exported(tmp_path), "a folder of somebody's, which may be called imagenet"


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.onnx not found"):
        open_exported(tmp_path / "none.onnx")
    with pytest.raises(ValueError, match=r"is a folder with none, expected one OpenVINO \.xml"):
        open_exported(tmp_path)
    (tmp_path / "alone.xml").write_text("<net/>")
    with pytest.raises(FileNotFoundError, match=r"alone\.bin not found: the weights of alone\.xml"):
        open_exported(tmp_path)


@pytest.mark.parametrize("to", ["openvino", "torchscript"])
def test_half_is_half_as_large_and_near(exported: dict[str, Path], to: str, tmp_path: Path) -> None:
    result = export_network(network(), tmp_path / default_path("x", to, "fp16"), to=to, precision="fp16", crops=CROPS)
    assert result.num_bytes < 0.51 * 4 * 2_801_952 + 100_000
    assert result.agreement.cosine >= 0.999
    assert result.agreement.difference > 1e-5, "not float32 under another name"
    assert open_exported(result.path, device="cpu").runtime.precision == "fp16"


@pytest.mark.slow
def test_half_onnx(tmp_path: Path) -> None:
    result = export_network(network(), tmp_path / "x.onnx", to="onnx", precision="fp16", crops=CROPS)
    assert result.num_bytes < 0.51 * 4 * 2_801_952 + 100_000
    assert result.agreement.cosine >= 0.999


@pytest.mark.slow
def test_int8_is_a_quarter_as_large_and_near(tmp_path: Path) -> None:
    result = export_network(
        network(),
        tmp_path / "x",
        to="openvino",
        precision="int8",
        crops=CROPS,
        calibration=drawn_people(120, (128, 64), 12),
    )
    assert result.num_bytes < 0.27 * 4 * 2_801_952 + 200_000
    assert result.agreement.cosine >= 0.98
    assert open_exported(tmp_path / "x", device="cpu").facts.precision == "int8"


@pytest.mark.parametrize(
    ("count", "message"), [(None, "give --calibrate VIDEO"), (99, "needs 100 crops or more .* but got 99")]
)
def test_int8_needs_enough_crops(tmp_path: Path, count: int | None, message: str) -> None:
    calibration = None if count is None else drawn_people(count, (128, 64), 0)
    with pytest.raises(ValueError, match=message):
        export_network(network(), tmp_path / "x", to="openvino", precision="int8", crops=CROPS, calibration=calibration)
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_far_from_pytorch_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of float32, held against float16."""
    path = tmp_path / "x.torchscript"
    path.write_text("an earlier export")
    monkeypatch.setitem(reid.export.LIMITS, "fp16", Limit(1e-6, 0.9999999))
    with pytest.raises(ValueError, match=r"is too far from PyTorch: largest difference .*nothing was written"):
        export_network(network(), path, to="torchscript", precision="fp16", crops=CROPS, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["x.torchscript"]
    assert path.read_text() == "an earlier export"


class Frozen(SmallCnn):
    """Its trace holds for batches of four only: what follows from the fifth crop on is forgotten."""

    def embed(self, crops: torch.Tensor) -> torch.Tensor:
        """`(B, 128)`."""
        rows = [super(Frozen, self).embed(crops[row : row + 1]) for row in range(int(crops.shape[0]))]
        return torch.cat(rows)


def test_a_trace_that_froze_its_batch_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must have shape|too far"):
        export_network(Network(Frozen().eval()), tmp_path / "x.torchscript", to="torchscript", crops=CROPS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["openvino", "torchscript"])
def test_an_earlier_export_is_replaced_only_when_asked(tmp_path: Path, to: str) -> None:
    path = tmp_path / default_path("x", to, "fp32")
    export_network(network(), path, to=to, crops=CROPS)
    with pytest.raises(FileExistsError, match="is there already; choose another --out, or replace it with --overwrite"):
        export_network(network(), path, to=to, crops=CROPS)
    torch.manual_seed(9)
    other = Network(create_backbone("small-cnn").eval(), max_cosine_distance=0.5)
    export_network(other, path, to=to, crops=CROPS, overwrite=True)
    assert open_exported(path, device="cpu").facts.max_cosine_distance == 0.5
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("out", "to", "precision", "message"),
    [
        pytest.param("x.onnx", "onnx", "int8", "int8 is not possible with --to onnx; use --to openvino", id="int8"),
        pytest.param("x.pb", "onnx", "fp32", r"does not end in \.onnx", id="suffix"),
        pytest.param("x.xml", "openvino", "fp32", "names a file, but --to openvino writes a folder", id="folder"),
        pytest.param("none/x.onnx", "onnx", "fp32", "folder .*none not found", id="no folder"),
        pytest.param("mine", "openvino", "fp32", "is not an earlier export .* left alone", id="foreign folder"),
        pytest.param("f", "openvino", "fp32", "is not an earlier export .* left alone", id="a file"),
        pytest.param("d.onnx", "onnx", "fp32", "is not an earlier export .* left alone", id="folder for a file"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_loaded(
    tmp_path: Path, out: str, to: str, precision: str, message: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").write_text("mine")
    (tmp_path / "f").write_text("mine")
    (tmp_path / "d.onnx").mkdir()
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        check_export(tmp_path / out, to=to, precision=precision, overwrite=True)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ImportError, match="nncf is not installed"):
        check_export(tmp_path / "x", to="openvino", precision="int8", overwrite=False)


def test_names_of_timm_make_plain_file_names() -> None:
    assert default_path("timm:resnet18/x", "onnx", "fp16") == Path("timm-resnet18-x-fp16.onnx")


@pytest.mark.parametrize("metadata", ["{oops", "[1]"])
def test_torchscript_whose_metadata_is_damaged_is_named(metadata: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.torchscript"
    torch.jit.save(torch.jit.trace(torch.nn.ReLU(), torch.zeros(1)), str(path), _extra_files={"track.json": metadata})
    with pytest.raises(ValueError, match=r"odd\.torchscript has metadata that cannot be understood"):
        open_exported(path, device="cpu")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_torchscript_on_a_full_disk_is_an_error_and_no_end_of_the_process(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from reid.runtimes.torchscript import save_torchscript;"
        "from tests.reid.networks import network; given = network('small-cnn')\n"
        "try: save_torchscript(given.graph(), given.facts(), Path('/dev/full'))\n"
        "except OSError as error: print(error.strerror)"
    )
    ended = run_python(program, cwd=tmp_path)  # in a process of its own: PyTorch's writer would end it by SIGABRT
    assert (ended.returncode, ended.stdout) == (0, "No space left on device\n"), ended.stderr


def test_openvino_on_a_full_disk_says_that_it_could_not_write(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))  # the largest file: that disk is full at 1 MiB
    try:
        with pytest.raises(OSError, match=r"could not be written to its end .*: is the disk full\?"):
            export_network(network(), tmp_path / "small-cnn", to="openvino", crops=CROPS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
