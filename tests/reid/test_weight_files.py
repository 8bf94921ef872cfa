"""Files of weights of other projects: read where that runs no code, refused in one sentence where it would."""

from __future__ import annotations

import argparse
import collections
import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reid.weight_files import read_weights

WEIGHTS = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.tensor([1.5, -2.0])}


def assert_read(path: Path) -> None:
    tensors, metadata = read_weights(path)
    assert tensors.keys() == WEIGHTS.keys()
    assert all(torch.equal(tensors[key], value) for key, value in WEIGHTS.items())
    assert metadata == {}


def prefixed(prefix: str) -> dict[str, Tensor]:
    return {prefix + key: value for key, value in WEIGHTS.items()}


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(WEIGHTS, id="plain"),
        pytest.param(collections.OrderedDict(WEIGHTS), id="ordered"),
        pytest.param({"model": WEIGHTS, "epoch": 300}, id="Swin, CrossFormer, DilateFormer"),
        pytest.param(
            {"epoch": 3, "arch": "doge_net50", "state_dict": prefixed("module."), "best_acc1": torch.tensor(0.5)},
            id="DogeNet from DataParallel",
        ),
        pytest.param({"net_dict": WEIGHTS, "acc": 93.1, "epoch": 40}, id="small CNN"),
        pytest.param({"model_state": WEIGHTS}, id="model_state"),
        pytest.param({"state_dict": {"model": WEIGHTS}}, id="wrapper in a wrapper"),
        pytest.param(prefixed("module.module."), id="module twice"),
        pytest.param(prefixed("module._orig_mod."), id="compiled inside DataParallel"),
        pytest.param(prefixed("_orig_mod.module."), id="DataParallel inside compiled"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
def test_reads_the_weights_out_of_what_training_scripts_save(held: Any, zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(held, path, _use_new_zipfile_serialization=zipped)
    assert_read(path)


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.t7", "w.pth.tar", "w.safetensors", "w"])
def test_the_content_says_what_a_file_is_and_not_its_name(name: str, tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / name)
    assert_read(tmp_path / name)
    save_file(WEIGHTS, tmp_path / name)
    assert_read(tmp_path / name)


def test_a_prefix_that_only_some_keys_have_belongs_to_them(tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "w.pth")
    assert read_weights(tmp_path / "w.pth")[0].keys() == {"module.a", "b"}


def test_safetensors_whose_first_byte_is_that_of_a_pickle_are_read(tmp_path: Path) -> None:
    """The file begins with the length of its header: 128 there is the byte that a pickle begins with."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode().ljust(128)
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + np.float32(2.5).tobytes())
    assert path.read_bytes()[:1] == pickle.dumps(None)[:1] == b"\x80"
    assert read_weights(path)[0]["a"].tolist() == [2.5]


@pytest.mark.skipif(not hasattr(torch.serialization, "safe_globals"), reason="torch before 2.5 has no such list")
def test_the_options_of_a_training_script_beside_the_weights_do_no_harm(tmp_path: Path) -> None:
    torch.save({"model": WEIGHTS, "args": argparse.Namespace(lr=0.1)}, tmp_path / "w.pth")
    assert_read(tmp_path / "w.pth")


@pytest.mark.skipif(not hasattr(torch.serialization, "safe_globals"), reason="torch before 2.5 has no such list")
@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.int64(3), np.bool_(True)])
@pytest.mark.parametrize("core", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_numbers_of_numpy_beside_the_weights_do_no_harm(number: Any, core: bytes, tmp_path: Path) -> None:
    """As in the files of torchreid, written before NumPy 2 or since."""
    path = tmp_path / "model.pth.tar-60"
    torch.save({"model": WEIGHTS, "rank1": number}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(re.sub(rb"numpy\.(_core|core)\.multiarray", core, path.read_bytes()))
    assert_read(path)


class Attack:
    """Unpickled without care, it makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
def test_a_file_that_would_run_code_is_refused_and_runs_none(zipped: bool, tmp_path: Path) -> None:
    made, path = tmp_path / "made", tmp_path / "w.pth"
    torch.save({"model": WEIGHTS, "extra": Attack(made)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"w\.pth needs posix\.mkdir and may run code.*refused"):
        read_weights(path)
    assert not made.exists()


def test_a_bare_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    made, path = tmp_path / "made", tmp_path / "w.t7"
    path.write_bytes(pickle.dumps(Attack(made)))
    with pytest.raises(ValueError, match=r"w\.t7 .* pickle"):
        read_weights(path)
    assert not made.exists()


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({"model": WEIGHTS, "size": collections.UserDict(a=1)}, id="a foreign object beside the weights"),
        pytest.param(nn.ModuleDict({"conv": nn.Linear(3, 2)}), id="a whole network"),
    ],
)
def test_the_line_that_a_refusal_gives_makes_a_file_that_is_read(held: Any, tmp_path: Path) -> None:
    path = tmp_path / "old.pth.tar"
    torch.save(held, path)
    with pytest.raises(ValueError, match="refused") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)
    line = re.search(r'python -c "(.*)"$', str(caught.value))
    exec(line[1], {})
    assert read_weights(tmp_path / "old-weights.pth")[0].keys() == WEIGHTS.keys()


@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch would rather have none written
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
def test_weights_in_a_newer_pickle_than_torch_reads_safely_are_told_from_damage(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "new.pth"
    torch.save(WEIGHTS, path, pickle_protocol=4, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"pickle of protocol 4 or later and may run code .* refused"):
        read_weights(path)


def test_torchscript_is_refused_as_a_program(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Linear(3, 2)), tmp_path / "w.pt")
    with pytest.raises(ValueError, match="is a TorchScript program and may run code"):
        read_weights(tmp_path / "w.pt")


def zipped(path: Path) -> None:
    torch.save(WEIGHTS, path)


def old(path: Path) -> None:
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False)


def safetensors(path: Path) -> None:
    save_file(WEIGHTS, path)


@pytest.mark.parametrize("write", [zipped, old, safetensors])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_named_in_one_sentence(
    write: Callable[[Path], None], kept: float, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(ValueError, match=r"weights\.pth .*cut short or damaged") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello" * 100, b"<html>404</html>", b"PK\x03\x04" + b"0" * 99, b"\x80" + b"0" * 99, b"{" * 99, bytes(99)],
)
def test_a_file_of_another_kind_is_named_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(ValueError, match=r"w\.pth .*cut short or damaged") as caught:
        read_weights(tmp_path / "w.pth")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("held", "message"),
    [
        pytest.param(torch.ones(3), "holds a Tensor, but a state_dict", id="one tensor"),
        pytest.param([1, 2], "holds a list, but a state_dict", id="a list"),
        pytest.param({}, "no state_dict .*it is empty", id="nothing"),
        pytest.param({"model": {}}, "no state_dict .*it is empty", id="empty wrapper"),
        pytest.param(
            {"weights": WEIGHTS, "epoch": 3}, r"no state_dict under any of model, .*\(weights, epoch\)", id="x"
        ),
        pytest.param({3: torch.ones(1)}, r"not all tensors \(3\)", id="numbers as keys"),
    ],
)
def test_a_file_without_a_state_dict_says_what_it_holds(held: Any, message: str, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=message):
        read_weights(tmp_path / "w.pth")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.pth does not exist"):
        read_weights(tmp_path / "absent.pth")
    with pytest.raises(ValueError, match="is not a file"):
        read_weights(tmp_path)
