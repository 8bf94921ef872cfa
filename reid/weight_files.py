"""Files of weights of any origin, read without running code from them: safetensors, or PyTorch's own (`.pt`, `.pth`,
`.t7`, `.pth.tar`) through its restricted unpickler.
"""

from __future__ import annotations

import argparse
import contextlib
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

__all__ = ["read_weights"]

# Entries that training scripts keep the weights under: Swin, CrossFormer, DilateFormer; DogeNet, timm; the DeepSORT
# ports; and what other scripts commonly write.
WRAPPERS = ("model", "state_dict", "net_dict", "model_state", "model_state_dict")
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and torch.compile, once or more
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
NEWER_PICKLE = "Unsupported operand 149"  # FRAME, with which protocols 4 and 5 begin and which torch does not read
DAMAGED = "copy or download it again"

_NUMBER = np.float64(0).__reduce__()[0]  # what unpickles a number of NumPy, such as the score in torchreid's files
HARMLESS: list[Any] = [
    argparse.Namespace,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "?")),
    *((_NUMBER, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),  # before and since NumPy 2
]
"""Options of a script, and single numbers."""


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file by key, on the CPU, and the metadata of a safetensors file.

    Of a PyTorch file it gives the weights inside the usual wrappers, without the prefixes of DataParallel.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: no file of weights, cut short, or one that would have to run code to be read.
    """
    if not path.exists():
        raise FileNotFoundError(f"checkpoint {path} does not exist; give the path of a .safetensors or .pth file")
    if not path.is_file():
        raise ValueError(f"checkpoint {path} is not a file; give the path of a .safetensors or .pth file")
    with path.open("rb") as file:
        start = file.read(9)
    # The header of safetensors begins at byte 8. Its length before it may begin like a pickle, so it is asked first.
    if start[8:] != b"{" and start.startswith((ZIP, PICKLE)):
        return _state_dict(path, _unpickled(path)), {}
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError as error:
        raise ValueError(
            f"checkpoint {path} is no safetensors file (nor one of PyTorch), or is cut short or damaged ({error});"
            f" {DAMAGED}"
        ) from error
    return _without_prefixes(tensors), metadata


def _unpickled(path: Path) -> Any:
    # What training scripts keep beside the weights and what runs nothing; older releases of torch refuse it too.
    allow = getattr(torch.serialization, "safe_globals", None)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # what they say ends in an error below
            if allow:
                stack.enter_context(allow(HARMLESS))
            file = stack.enter_context(path.open("rb"))  # of a path, torch would believe the ending
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if NEWER_PICKLE in str(error):
            raise ValueError(_refusal(path, "is a pickle of protocol 4 or later")) from error
        named = re.search(r"GLOBAL ([\w.]*\w) ", str(error))
        if named is None:
            raise ValueError(_damage(path)) from error
        raise ValueError(_refusal(path, f"needs {named.group(1)}")) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        if "TorchScript" in str(error):
            raise ValueError(_refusal(path, "is a TorchScript program")) from error
        raise ValueError(_damage(path)) from error


def _damage(path: Path) -> str:
    return f"checkpoint {path} is a PyTorch pickle that is cut short or damaged, or of another program; {DAMAGED}"


def _refusal(path: Path, reason: str) -> str:
    target = path.with_name(f"{path.name.split('.')[0]}-weights.pth")
    code = (
        f"import torch; c = torch.load({str(path)!r}, 'cpu', weights_only=False);"
        " c = c.state_dict() if hasattr(c, 'state_dict') else c;"
        f" torch.save(next((c[k] for k in {WRAPPERS} if k in c), c), {str(target)!r})"
    )
    return (
        f"checkpoint {path} {reason} and may run code while it is read, so it is refused; if you trust its source,"
        f' write its weights alone with: python -c "{code}"'
    )


def _state_dict(path: Path, held: Any) -> dict[str, Tensor]:
    while isinstance(held, Mapping):
        inner = next((held[key] for key in WRAPPERS if isinstance(held.get(key), Mapping)), None)
        if inner is None:
            break
        held = inner
    if not isinstance(held, Mapping):
        raise ValueError(f"checkpoint {path} holds a {type(held).__name__}, but a state_dict is expected")
    others = [str(key) for key, value in held.items() if not (isinstance(key, str) and isinstance(value, Tensor))]
    if others or not held:
        raise ValueError(
            f"checkpoint {path} holds no state_dict under any of {', '.join(WRAPPERS)}, and its own entries are not all"
            f" tensors ({', '.join(others[:20]) or 'it is empty'}); save model.state_dict() in it"
        )
    return _without_prefixes(dict(held))


def _without_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in PREFIXES * 2:  # either may be outside
        while tensors and all(key.startswith(prefix) for key in tensors):
            tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors
