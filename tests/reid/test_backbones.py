"""The networks against what their original codes computed (`fill.py`, `fingerprints.json`)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reid import BACKBONES, create_backbone
from reid.backbones.layers import PositionAttention
from tests.reid.fill import error, fill, hashed, make_input, size_of

FINGERPRINTS = json.loads((Path(__file__).parent / "fingerprints.json").read_text())
CLASSES = {"small-cnn": 625}
EMBEDDINGS = {
    "small-cnn": 128,
    "efficientnet-b0": 1280,
    "swin-t": 768,
    "swin-s": 768,
    "swin-b": 1024,
    "swin-l": 1536,
    **dict.fromkeys(("botnet50-l1", "botnet50-l2", "resnet26", "resnet50", "swin-resnet50"), 2048),
    "crossformer-t": 512,
    "crossformer-s": 768,
    "crossformer-b": 768,
    "crossformer-l": 1024,
    "dilateformer-t": 576,
    "dilateformer-s": 576,
    "dilateformer-b": 768,
    **{f"fastreid-{name}": 2048 for name in ("bot-r50", "bot-r50-ibn", "sbs-r50", "sbs-r50-ibn")},
    "mobilenetv2": 1280,
    "mlfn": 1024,
}
HEAVY = {"swin-s", "swin-b", "swin-l", "crossformer-b", "crossformer-l", "dilateformer-b"}
HEAVY |= {"fastreid-bot-r50", "fastreid-bot-r50-ibn", "fastreid-sbs-r50", "mlfn", "osnet-x1-0", "osnet-x0-75"}
NAMES = [pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else []) for name in BACKBONES.names()]
"""Large networks say the same as small ones of their family in more time."""


def is_slow(case: str, mode: str) -> bool:
    """Large inputs say the same in more time; non-square ones (rel_h against rel_w) stay in."""
    return "224x224" in case or ("256x128" in case and (mode == "kind" or "dogenet50" in case))


CASES = [
    pytest.param(case, mode, id=f"{case}-{mode}", marks=[pytest.mark.slow] if is_slow(case, mode) else [])
    for case in FINGERPRINTS
    for mode in ("kind", "keyed")
]


def build(case: str, *, num_classes: int | None = None) -> torch.nn.Module:
    name, size = case.split("@")
    height, width = map(int, size.split("x"))
    classes = CLASSES.get(name, 10) if num_classes is None else num_classes
    return create_backbone(name, num_classes=classes, input_size=(height, width))


@pytest.mark.parametrize(("case", "mode"), CASES)
def test_equals_the_original_network(case: str, mode: str) -> None:
    model = fill(build(case), mode)
    seen = []
    last = [module for module in model.modules() if isinstance(module, torch.nn.Linear)][-1]
    last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numpy()))
    with torch.inference_mode():
        output = model(make_input(*size_of(case))).numpy()
    want = FINGERPRINTS[case][mode]
    assert error(output, want["output"]) < 1e-9
    assert error(seen[-1], want["embedding"]) < 1e-9


@pytest.mark.parametrize("mode", ["kind", "keyed"])
def test_small_cnn_embedding_is_the_published_one_once_normalised(mode: str) -> None:
    model = fill(build("small-cnn@128x64", num_classes=0), mode)
    with torch.inference_mode():
        embedding = model(make_input(128, 64)).numpy()
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    assert error(unit, FINGERPRINTS["small-cnn@128x64"][mode]["unit_embedding"]) < 1e-9


@pytest.mark.parametrize("case", FINGERPRINTS)
def test_has_the_published_number_of_parameters(case: str) -> None:
    assert sum(p.numel() for p in build(case).parameters()) == FINGERPRINTS[case]["params"]


@pytest.mark.parametrize("name", NAMES)
def test_without_classifier_gives_embeddings_of_the_stated_width(name: str) -> None:
    model = create_backbone(name).eval()
    with torch.inference_mode():
        output = model(torch.zeros(2, 3, *model.input_size))
    assert output.shape == (2, model.embedding_dim) == (2, EMBEDDINGS.get(name, 512))


@pytest.mark.parametrize("name", NAMES)
def test_a_classifier_adds_only_keys_that_the_head_prefixes_name(name: str) -> None:
    plain, full = create_backbone(name), create_backbone(name, num_classes=3)
    added = full.state_dict().keys() - plain.state_dict().keys()
    assert plain.state_dict().keys() <= full.state_dict().keys()
    assert added == {key for key in full.state_dict() if key.startswith(full.head_prefixes)}


def test_hash_gives_the_published_test_values() -> None:
    assert hashed(3, 0).tolist() == [-1.0, -0.9163104686886072, 0.01911307033151388]
    assert hashed(1, 3410522421)[0] == -0.6383184781298041


def test_attention_follows_its_formula_position_by_position() -> None:
    torch.manual_seed(0)
    layer = PositionAttention(8, (2, 3), heads=2).double()
    x = torch.randn(1, 8, 2, 3, dtype=torch.float64)
    with torch.inference_mode():
        got = layer(x)[0]
        q, k, v = (conv(x)[0] for conv in (layer.query, layer.key, layer.value))
        r = (layer.rel_h + layer.rel_w)[0]
    cells = [(row, column) for row in range(2) for column in range(3)]
    for head in range(2):
        part = slice(4 * head, 4 * head + 4)
        for a, b in cells:
            energy = [q[part, a, b] @ k[part, i, j] + r[head, :, a, b] @ q[part, i, j] for i, j in cells]
            share = torch.stack(energy).softmax(0)
            want = sum(weight * v[part, i, j] for weight, (i, j) in zip(share, cells, strict=True))
            torch.testing.assert_close(got[part, a, b], want)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        pytest.param("dogenet50", (120, 64), "multiples of 16", id="height not a multiple of 16"),
        pytest.param("dogenet26-noembed", (128, 60), "multiples of 16", id="width not a multiple of 16"),
        pytest.param("dogenet26", (0, 64), "multiples of 16", id="nothing"),
        pytest.param("small-cnn", (256, 128), "128x64", id="small-cnn has one size"),
    ],
)
def test_refuses_a_size_that_does_not_fit(name: str, size: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create_backbone(name, input_size=size)


def test_refuses_fewer_than_no_classes() -> None:
    with pytest.raises(ValueError, match="num_classes"):
        create_backbone("dogenet26", num_classes=-1)


def test_weights_without_position_term_fit_another_size() -> None:
    state = create_backbone("dogenet26-noembed", input_size=(128, 64)).state_dict()
    fits = create_backbone("dogenet26-noembed", input_size=(64, 32)).load_state_dict(state)
    assert list(fits.missing_keys) == list(fits.unexpected_keys) == []
