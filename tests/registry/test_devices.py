"""One rule for devices, on machines with other hardware than this one."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from registry.devices import available_devices, check_device_name, resolve_device


def machine(monkeypatch: pytest.MonkeyPatch, *, gpus: int, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("gpus", "mps", "name", "device"),
    [
        pytest.param(0, False, "auto", "cpu", id="processor alone"),
        pytest.param(2, False, "auto", "cuda:0", id="two GPUs: the first"),
        pytest.param(2, False, "cuda", "cuda:0", id="cuda without a number"),
        pytest.param(2, False, "cuda:1", "cuda:1", id="the second"),
        pytest.param(0, True, "auto", "mps", id="Apple"),
        pytest.param(2, False, "cpu", "cpu", id="the processor, asked for"),
    ],
)
def test_what_a_name_means(monkeypatch: pytest.MonkeyPatch, gpus: int, mps: bool, name: str, device: str) -> None:
    machine(monkeypatch, gpus=gpus, mps=mps)
    assert str(resolve_device(name)) == device
    assert device in available_devices()


@pytest.mark.parametrize(("gpus", "name"), [(0, "cuda"), (2, "cuda:2"), (0, "mps"), (1, "tpu")])
def test_what_is_not_there_is_told_with_what_is(monkeypatch: pytest.MonkeyPatch, gpus: int, name: str) -> None:
    machine(monkeypatch, gpus=gpus, mps=False)
    with pytest.raises(ValueError, match=f"device '{name}' is not available here; use one of: auto, .*cpu$"):
        resolve_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "CPU", "cuda:99999999999", "cpu\n"])
def test_what_is_no_name_is_told_before_anything_is_loaded(name: str) -> None:
    with pytest.raises(ValueError, match=r"--device is .* expected auto, cpu, cuda:0"):
        check_device_name(name)


def test_names_are_checked_without_torch() -> None:
    program = "import sys; from registry.devices import check_device_name; check_device_name('cuda:1')"
    program += "; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
