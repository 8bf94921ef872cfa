"""One network, several runtimes, the same numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid import create_encoder
from reid.backbone_encoder import RuntimeEncoder, load_network
from reid.runtimes import openvino_runtime
from reid.runtimes.choose import open_runtime
from reid.runtimes.compare import compare
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.network import Network
from reid.runtimes.types import Rows, Runtime
from reid.seeded import drawn_people
from tests.reid.networks import network

SLOW = pytest.mark.slow


NUM_THREADS, ROUNDS = 4, 3


def together(work: Callable[[int], Any], count: int = NUM_THREADS) -> list[Any]:
    """What `work(number)` gives in threads that start at the same moment."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> Any:
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def plain_embeddings(made: Network, crops: np.ndarray) -> Rows:
    """The definition, without any of our runtimes: RGB, `(value / 255 - mean) / std`, the backbone."""
    backbone = made.backbone
    rgb = torch.from_numpy(crops[..., ::-1].copy()).permute(0, 3, 1, 2).double() / 255
    mean, std = (torch.tensor(row, dtype=torch.float64).view(1, 3, 1, 1) for row in (backbone.mean, backbone.std))
    with torch.inference_mode():
        return backbone.embed(((rgb - mean) / std).float()).numpy()


@pytest.mark.parametrize("name", ["torch", "onnx", "openvino"])
def test_several_threads_get_what_one_gets(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of all sizes, and in OpenVINO across the moment at which the network is compiled for pieces."""
    monkeypatch.setattr(openvino_runtime, "PIECES_AFTER", 30)
    encoder = create_encoder("small-cnn", runtime=name, device="cpu", batch_size=8)
    assert isinstance(encoder, RuntimeEncoder)
    crops = drawn_people(NUM_THREADS * ROUNDS * 2, encoder.input_size, 3)
    batches = [crops[start : start + 1 + start % 11] for start in range(0, len(crops), 2)]
    alone = [encoder.embed_crops(batch) for batch in batches]
    encoder = create_encoder("small-cnn", runtime=name, device="cpu", batch_size=8)
    assert isinstance(encoder, RuntimeEncoder)
    found = together(lambda number: [encoder.embed_crops(batch) for batch in batches[number::NUM_THREADS]])
    for number, rows in enumerate(found):
        for got, expected in zip(rows, alone[number::NUM_THREADS], strict=True):
            np.testing.assert_allclose(got, expected, atol=2e-6)


@pytest.mark.parametrize(
    ("name", "runtime"),
    [
        ("small-cnn", "torch"),
        ("small-cnn", "onnx"),
        ("small-cnn", "openvino"),
        ("dogenet50", "openvino"),
        pytest.param("dogenet50", "onnx", marks=SLOW),
        *(
            pytest.param(name, runtime, marks=SLOW)
            for name in ("swin-t", "dilateformer-t", "crossformer-t")
            for runtime in ("onnx", "openvino")
        ),
    ],
)
def test_runtimes_agree_at_batches_of_1_7_and_32(name: str, runtime: str) -> None:
    """Within 1e-4 of the largest component of each embedding."""
    made = network(name)
    crops = drawn_people(32, made.backbone.input_size, 5)
    expected = plain_embeddings(made, crops)
    opened = open_runtime(made, runtime, "cpu")
    assert opened.name == runtime
    for batch in (1, 7, 32):
        got = opened.run(crops[:batch])
        assert (got.shape, got.dtype) == ((batch, made.backbone.embedding_dim), np.float32)
        error = np.abs(got - expected[:batch]).max(axis=1) / np.abs(expected[:batch]).max(axis=1)
        assert error.max() < 1e-4


@pytest.fixture(scope="module")
def runtimes() -> dict[str, Runtime]:
    """The small network in each; converted once, by the tests above."""
    return {name: open_runtime(network("small-cnn"), name, "cpu") for name in ("torch", "onnx", "openvino")}


@pytest.mark.parametrize("name", ["torch", "onnx", "openvino"])
def test_an_embedding_is_the_same_alone_and_in_a_batch(runtimes: dict[str, Runtime], name: str) -> None:
    encoder = RuntimeEncoder(runtimes[name], network("small-cnn").facts(), batch_size=5)
    crops = drawn_people(13, encoder.input_size, 6)
    together = encoder.embed_crops(crops)
    alone = np.concatenate([encoder.embed_crops(crop[None]) for crop in crops])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["torch", "onnx", "openvino"])
def test_the_same_crops_give_the_same_bytes_and_leave_earlier_results_alone(
    runtimes: dict[str, Runtime], name: str
) -> None:
    crops = drawn_people(9, (128, 64), 7)
    first = runtimes[name].run(crops)
    before = first.copy()
    runtimes[name].run(crops[::-1].copy())
    assert first.tobytes() == before.tobytes() == runtimes[name].run(crops).tobytes()


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precisions_of_torch_are_near_and_not_the_same(runtimes: dict[str, Runtime], precision: str) -> None:
    crops = drawn_people(4, (128, 64), 8)
    half = open_runtime(network("small-cnn"), f"torch-{precision}", "cpu")
    agreement = compare(runtimes["torch"].run(crops), half.run(crops))
    assert half.precision == precision
    assert agreement.cosine > 0.999
    assert agreement.difference > 1e-5


@pytest.mark.parametrize("name", ["small-cnn", "dogenet50"])
def test_openvino_gives_the_same_embeddings_in_pieces_of_four(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_runtime, "_num_threads", lambda: 2)
    made = network(name)
    model = openvino_runtime.convert_to_openvino(made.graph(), made.facts())
    crops = drawn_people(11, made.backbone.input_size, 3)
    whole = openvino_runtime.OpenVinoRuntime(model, pieces_after=1_000)
    pieces = openvino_runtime.OpenVinoRuntime(model, pieces_after=0)
    for count in (1, 3, 4, 8, 11, 5):
        expected = whole.run(crops[:count])
        np.testing.assert_allclose(pieces.run(crops[:count]), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_a_network_for_pieces_with_other_embeddings_is_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(openvino_runtime, "_num_threads", lambda: 2)
    monkeypatch.setattr(openvino_runtime, "PIECE", 3)
    caplog.set_level("INFO")
    model, other = (
        openvino_runtime.convert_to_openvino(made.graph(), made.facts())
        for made in (load_network("small-cnn", Path("random"), seed=seed) for seed in (0, 1))
    )
    compiled = openvino_runtime.OpenVinoRuntime._compile

    def miscompiled(self: openvino_runtime.OpenVinoRuntime, given: Any) -> Any:
        """As a compiler with a fault in its kernels for three crops."""
        if given.input(0).partial_shape[0].is_static:
            given = other.clone()
            given.reshape([3, *list(given.input(0).partial_shape)[1:]])
        return compiled(self, given)

    crops = drawn_people(7, (128, 64), 3)
    expected = openvino_runtime.OpenVinoRuntime(model, pieces_after=1_000).run(crops)
    monkeypatch.setattr(openvino_runtime.OpenVinoRuntime, "_compile", miscompiled)
    opened = openvino_runtime.OpenVinoRuntime(model, pieces_after=0)
    for _ in range(2):
        np.testing.assert_allclose(opened.run(crops), expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert caplog.text.count("compiled for pieces it gives embeddings that differ by") == 1


def compiled_sizes(
    monkeypatch: pytest.MonkeyPatch, threads: int, batches: list[int], precision: str = "fp32"
) -> list[int]:
    """Crops for which OpenVINO compiled the small network in the course of batches, -1 for any number of them."""
    monkeypatch.setattr(openvino_runtime, "_num_threads", lambda: threads)
    sizes: list[int] = []
    plain = openvino_runtime.OpenVinoRuntime._compile

    def noted(self: openvino_runtime.OpenVinoRuntime, model: Any) -> Any:
        batch = model.input(0).partial_shape[0]
        sizes.append(batch.get_length() if batch.is_static else -1)
        return plain(self, model)

    monkeypatch.setattr(openvino_runtime.OpenVinoRuntime, "_compile", noted)
    made = network("small-cnn")
    opened = openvino_runtime.OpenVinoRuntime(
        openvino_runtime.convert_to_openvino(made.graph(), made.facts()), precision, pieces_after=9
    )
    for size in batches:
        opened.run(drawn_people(size, made.backbone.input_size, 3))
    return sizes


def test_openvino_compiles_for_pieces_only_after_so_many_crops_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled_sizes(monkeypatch, 2, [4, 4]) == [-1], "8 of 9 crops: a run as short as this does not wait for it"
    assert compiled_sizes(monkeypatch, 2, [5, 4, 1, 6]) == [-1, 4]


def test_openvino_does_not_compile_for_pieces_where_threads_share_a_stream_the_network_is_large_or_kernels_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert compiled_sizes(monkeypatch, 2, [12, 12], "int8") == [-1]
    assert compiled_sizes(monkeypatch, 4, [12, 12]) == [-1]
    monkeypatch.setattr(openvino_runtime, "LARGEST_MIB", 1)
    assert compiled_sizes(monkeypatch, 2, [12, 12]) == [-1]


def test_no_crops_give_no_rows(runtimes: dict[str, Runtime]) -> None:
    for runtime in runtimes.values():
        rows = RuntimeEncoder(runtime, network("small-cnn").facts()).embed_crops(np.empty((0, 128, 64, 3), np.uint8))
        assert (rows.shape, rows.dtype) == ((0, 128), np.float32)


@pytest.mark.parametrize(
    "crops",
    [
        pytest.param(np.zeros((2, 64, 128, 3), np.uint8), id="sides exchanged"),
        pytest.param(np.zeros((2, 3, 128, 64), np.uint8), id="channels first"),
        pytest.param(np.zeros((2, 128, 64, 3), np.float32), id="floats"),
        pytest.param(np.zeros((128, 64, 3), np.uint8), id="a single crop"),
    ],
)
def test_crops_of_another_form_are_refused(runtimes: dict[str, Runtime], crops: np.ndarray) -> None:
    encoder = RuntimeEncoder(runtimes["openvino"], network("small-cnn").facts())
    with pytest.raises(ValueError, match=r"small-cnn takes uint8 crops of shape \(N, 128, 64, 3\), but got"):
        encoder.embed_crops(crops)


def test_an_untrained_network_is_whitened_in_every_runtime() -> None:
    crops = drawn_people(6, (128, 64), 9)
    rows = [
        create_encoder("dogenet26", weights=Path("random"), device="cpu", runtime=name).embed_crops(crops)
        for name in ("torch", "openvino")
    ]
    np.testing.assert_allclose(rows[0], rows[1], rtol=0, atol=1e-4)
    cosines = rows[1] @ rows[1].T
    assert np.median(cosines[np.triu_indices(6, 1)]) < 0.9, "without whitening they are above 0.99"


# Facts


@pytest.mark.parametrize(("runtime", "is_told"), [("torch-bf16", True), ("torch-fp16", True), ("torch", False)])
def test_half_precision_on_a_cpu_is_said_to_be_slow(
    runtime: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    open_runtime(network("small-cnn"), runtime, "cpu")
    assert (f"{runtime} is slower than torch on most processors" in caplog.text) == is_told


def test_facts_survive_the_way_through_texts() -> None:
    facts = EncoderFacts("swin-t", (256, 128), (0.1, 0.2, 0.3), (1, 2, 3), 768, 0.25, 4, "fp16", version="9")
    assert EncoderFacts.from_strings("x", facts.to_strings()) == facts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"backbone": None}, r"x\.onnx does not describe itself \(no backbone", id="missing"),
        pytest.param({"input_size": "[1]"}, "cannot be understood: input_size must be two whole", id="wrong"),
        pytest.param({"input_size": "[1e5, 64]"}, "two whole numbers from 1 to 4096", id="size not whole"),
        pytest.param({"input_size": "[128, 99999]"}, "two whole numbers from 1 to 4096", id="size too large"),
        pytest.param({"mean": "[0, 0, NaN]"}, "three finite numbers", id="mean not finite"),
        pytest.param({"std": "[1, 1]"}, "three finite numbers", id="one std missing"),
        pytest.param({"max_cosine_distance": "NaN"}, "between 0 and 2", id="gate not finite"),
        pytest.param({"precision": '"fp8"'}, "one of fp32, fp16, int8", id="unknown precision"),
        pytest.param({"colour": '"GBR"'}, "takes GBR crops, but only RGB", id="other colour order"),
        pytest.param({"embedding_dim": "{"}, "cannot be understood", id="no JSON"),
        pytest.param({"format_version": "99"}, "has format 99, but this version reads up to 1; update", id="later"),
    ],
)
def test_facts_that_cannot_be_read_are_one_clear_error(change: dict[str, str | None], message: str) -> None:
    texts = {**network("small-cnn").facts().to_strings(), **change}
    with pytest.raises(ValueError, match=message):
        EncoderFacts.from_strings("x.onnx", {key: text for key, text in texts.items() if text is not None})


def test_difference_and_cosine_by_hand() -> None:
    expected, got = np.array([[3, 4], [1, 0]], np.float32), np.array([[3, 4.4], [1, 1]], np.float32)
    agreement = compare(expected, got)
    assert agreement.difference == pytest.approx(1.0)
    assert agreement.cosine == pytest.approx(2**-0.5)
    assert compare(expected, np.full((2, 2), np.nan, np.float32)).cosine == -1


def test_load_network_takes_seeded_weights_at_another_size() -> None:
    made = load_network("dogenet26", Path("random"), seed=3, input_size=(32, 16))
    assert (made.backbone.input_size, made.seed) == ((32, 16), 3)
