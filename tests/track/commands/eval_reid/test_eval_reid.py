"""`track eval-reid`: what it prints and writes, and what each option changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from reid.intervals import wilson
from tests.track.runs import Track, read_summary, write_video

NUM_PEOPLE = 8
RUNTIMES = ("torch", "torch-bf16", "onnx")


def _person(number: int, view: int) -> npt.NDArray[np.uint8]:
    """Clothes of one colour above another; views differ in light and place. No two people share both colours."""
    rng = np.random.default_rng(100 * number + view)
    image = np.full((64, 32, 3), 120, np.uint8)
    left = 6 + view
    image[6:32, left : left + 18] = (30 * number % 256, (250 - 30 * number) % 256, 90 * (number % 3))
    image[32:62, left : left + 18] = ((200 - 25 * number) % 256, 60 * (number % 4), 28 * number % 256)
    noisy = image * (0.9 + 0.05 * view) + rng.normal(0, 3, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """A Market-1501 folder of people that colours tell apart."""
    return _write_crowd(tmp_path / "crowd", NUM_PEOPLE)


def _write_crowd(root: Path, people: int) -> Path:
    """Two of them to train on, the others to measure with."""
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (root / folder).mkdir(parents=True)
    for number in range(1, people + 1):
        folders = ["bounding_box_train"] * 4 if number < 3 else ["query", *["bounding_box_test"] * 3]
        for view, folder in enumerate(folders):
            name = f"{number:04d}_c{view + 1}s1_{view:06d}_00.png"
            cv2.imwrite(str(root / folder / name), _person(number, view))
    return root


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A checkpoint of an untrained small-cnn with a gate and a score of its own."""
    import torch

    from reid import create_backbone
    from reid.checkpoint import save_checkpoint

    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save_checkpoint(
        path, create_backbone("small-cnn"), data="nothing", scores={"rank1": 0.5}, max_cosine_distance=0.9, version="7"
    )
    return path


def _eval(track: Track, crowd: Path, *options: object, out: str = "out") -> dict[str, Any]:
    done = track("eval-reid", "--data", crowd, "--reid", "small-cnn", "--out", out, *options)
    assert done.code == 0, done.err
    content: dict[str, Any] = json.loads((Path(out) / "eval.json").read_text())
    return content


def test_it_prints_scores_and_gate_and_writes_files(track: Track, crowd: Path) -> None:
    done = track("eval-reid", "--data", crowd, "--reid", "small-cnn", "--out", "out")
    assert done.code == 0
    for text in ("small-cnn on crowd, 6 queries in 18", "mAP", "rank-1", "gate 0.", "equal error", "--max-cosine"):
        assert text in done.out
    found = json.loads(Path("out/eval.json").read_text())
    assert found["images"] == {"query": 6, "gallery": 18}
    assert found["ranking"]["mAP"] > 1.5 * 3 / 18, "colours alone beat chance"
    assert found["calibration"]["false_match_rate"] <= 0.01
    assert found["calibration"]["num_same"] == 18
    assert cv2.imread("out/distances.png") is not None
    assert (found["reranked"], found["rank1_turned"], found["gate_stored"]) == (None, {}, False)


def test_scores_are_those_of_the_embeddings_of_the_encoder(track: Track, crowd: Path, weights: Path) -> None:
    """The oracle embeds one crop after the other and ranks by argsort."""
    from reid import create_encoder
    from reid.data import read_image

    found = _eval(track, crowd, "--reid-weights", weights)
    encoder: Any = create_encoder("small-cnn", weights=weights)

    def embed(folder: str) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.float32]]:
        files = sorted((crowd / folder).iterdir())
        crops = [cv2.resize(read_image(file), (64, 128), interpolation=cv2.INTER_LINEAR) for file in files]
        rows = [encoder.embed_crops(np.asarray(crop, np.uint8)[None])[0] for crop in crops]
        return np.array([file.name[:4] for file in files]), np.stack(rows)

    (query_ids, query), (ids, gallery) = embed("query"), embed("bounding_box_test")
    first = [ids[np.argmax(gallery @ row)] == identity for identity, row in zip(query_ids, query, strict=True)]
    assert found["ranking"]["cmc"]["1"] == pytest.approx(np.mean(first))


def test_json(track: Track, crowd: Path) -> None:
    done = track("eval-reid", "--data", crowd, "--reid", "small-cnn", "--out", "out", "--json")
    assert json.loads(done.out) == json.loads(Path("out/eval.json").read_text())


def test_rerank(track: Track, crowd: Path) -> None:
    done = track(
        "eval-reid", "--data", crowd, "--reid", "small-cnn", "--reid-weights", "random", "--out", "out", "--rerank"
    )
    assert "re-ranked" in done.out
    found = json.loads(Path("out/eval.json").read_text())
    assert found["reranked"]["num_queries"] == 6
    assert found["reranked"]["mAP"] != found["ranking"]["mAP"]


def test_rotate(track: Track, crowd: Path) -> None:
    done = track("eval-reid", "--data", crowd, "--reid", "small-cnn", "--out", "out", "--rotate", "0,30,90")
    assert "R30" in done.out
    found = json.loads(Path("out/eval.json").read_text())
    assert list(found["rank1_turned"]) == ["0", "30", "90"]
    assert found["rank1_turned"]["0"] == found["ranking"]["cmc"]["1"]
    assert found["rank1_turned"]["90"] < found["ranking"]["cmc"]["1"]


def test_pictures_frame_right_green_and_wrong_red(track: Track, crowd: Path) -> None:
    _eval(track, crowd, "--pictures", 2)
    pictures = sorted(Path("out/pictures").iterdir())
    assert len(pictures) == 2
    for path in pictures:
        picture = cv2.imread(str(path))
        assert picture is not None
        first = int(path.name.removeprefix("rank").split("-")[0])
        row = picture[2, :].astype(int)
        green = (row[:, 1] > row[:, 2] + 60) & (row[:, 1] > row[:, 0] + 60)
        red = (row[:, 2] > row[:, 1] + 100) & (row[:, 2] > row[:, 0] + 100)
        begins = np.flatnonzero(np.diff((green | red).astype(int)) == 1)
        assert len(begins) == 10
        hits = [bool(green[begin + 5]) for begin in begins]
        assert hits.index(True) + 1 == first


def test_false_match_rate_moves_the_gate(track: Track, crowd: Path) -> None:
    strict = _eval(track, crowd, "--false-match-rate", 0.01, out="a")["calibration"]
    loose = _eval(track, crowd, "--false-match-rate", 0.3, out="b")["calibration"]
    assert strict["gate"] < loose["gate"]
    assert loose["false_match_rate"] <= 0.3


@pytest.mark.parametrize(
    ("people", "is_stored"),
    [
        pytest.param(2, False, id="2 people"),
        pytest.param(19, False, id="19 people, one too few"),
        pytest.param(20, True, id="20 people"),
    ],
)
def test_a_gate_is_stored_only_where_enough_people_were_measured(
    track: Track, tmp_path: Path, weights: Path, people: int, is_stored: bool
) -> None:
    """It is measured and told in either case, with how far it can be trusted, and the command ends with 0."""
    from reid.checkpoint import read_checkpoint

    crowd = _write_crowd(tmp_path / "some", people + 2)
    done = track("eval-reid", "--data", crowd, "--reid", "small-cnn", "--reid-weights", weights, "--store-gate")
    assert done.code == 0, done.err
    assert f"rank-1 rests on {people} people: " in done.out
    assert (f"no gate was stored: {people} people measured, 20 or more are needed" in done.out) != is_stored
    assert ("the gate is now in" in done.out) == is_stored
    assert "to use it" not in done.out
    found = json.loads(Path("runs/eval-small-cnn/eval.json").read_text())
    assert found["gate_stored"] == is_stored
    assert found["ranking"]["num_identities"] == found["calibration"]["num_identities"] == people
    assert found["ranking"]["rank1_interval"] == list(wilson(found["ranking"]["cmc"]["1"], people))
    rates = found["calibration"]
    for name in ("false_match_rate", "false_non_match_rate"):
        assert rates["intervals"][name] == list(wilson(rates[name], people))
    gate = read_checkpoint(weights).info.max_cosine_distance  # type: ignore[union-attr]
    assert gate == (rates["gate"] if is_stored else 0.9), "the one it came with"


@pytest.mark.parametrize("options", [(), ("--max-cosine", 0.3)], ids=["said", "not where a gate was given"])
def test_track_run_says_that_a_checkpoint_without_a_gate_takes_the_presets(
    track: Track, tmp_path: Path, options: tuple[object, ...]
) -> None:
    from reid import create_backbone
    from reid.checkpoint import save_checkpoint

    save_checkpoint(tmp_path / "none.safetensors", create_backbone("small-cnn"))
    clip, detections = write_video(tmp_path / "v", num_frames=4)
    run = ("run", clip, "--detector", detections, "--reid", "small-cnn", "--reid-weights", "none.safetensors")
    ran = track(*run, "--tracker", "deepsort", "--no-video", "--out", "o", *options)
    assert ran.code == 0, ran.err
    said = "none.safetensors holds no gate, so that of deepsort is used (0.2) until the run has measured one: "
    assert (said in ran.err) == (not options)


def test_store_gate_changes_nothing_else_and_track_run_uses_it(track: Track, tmp_path: Path, weights: Path) -> None:
    from reid.checkpoint import read_checkpoint

    crowd = _write_crowd(tmp_path / "many", 22)
    before = read_checkpoint(weights)
    found = _eval(track, crowd, "--reid-weights", weights, "--store-gate", "--false-match-rate", 0.3)
    after = read_checkpoint(weights)
    assert after.info.max_cosine_distance == found["calibration"]["gate"] != 0.9
    assert (after.info.data, after.info.version, after.info.scores["rank1"]) == ("nothing", "7", 0.5)
    assert after.info.scores["overlap"] == pytest.approx(found["calibration"]["overlap"], abs=1e-6)
    assert before.tensors.keys() == after.tensors.keys()
    assert all(bool((before.tensors[key] == after.tensors[key]).all()) for key in before.tensors)

    clip, detections = write_video(crowd.parent / "clip", num_frames=3)
    run = ("run", clip, "--detector", detections, "--reid", "small-cnn", "--reid-weights", weights, "--no-video")
    track(*run, "--out", "by-checkpoint")
    track(*run, "--out", "by-hand", "--max-cosine", 0.123)
    gates = [
        read_summary(Path(name))["configuration"]["tracker"]["max_cosine_distance"]
        for name in ("by-checkpoint", "by-hand")
    ]
    assert gates == [pytest.approx(found["calibration"]["gate"], abs=1e-6), 0.123]


def test_track_run_warns_where_a_checkpoint_says_that_appearance_cannot_decide(track: Track, tmp_path: Path) -> None:
    from reid import create_backbone
    from reid.checkpoint import save_checkpoint

    weights = tmp_path / "weak.safetensors"
    save_checkpoint(weights, create_backbone("small-cnn"), scores={"overlap": 0.8}, max_cosine_distance=0.1)
    clip, detections = write_video(tmp_path, num_frames=3)
    encoder = ("--reid", "small-cnn", "--reid-weights", weights)
    done = track("run", clip, "--detector", detections, *encoder, "--no-video", "--out", "o")
    assert done.code == 0
    assert "overlap by 80 %" in done.err
    assert "appearance cannot decide" in done.err


def test_reid_runtime(track: Track, crowd: Path, tmp_path: Path) -> None:
    """All of them run the same network, so scores agree up to rounding."""
    from reid.checkpoint import save_checkpoint
    from tests.reid.networks import network

    weights = tmp_path / "same.safetensors"
    save_checkpoint(weights, network("small-cnn").backbone, data="nothing")  # a conversion that other tests need too
    found = [_eval(track, crowd, "--reid-weights", weights, "--reid-runtime", name, out=name) for name in RUNTIMES]
    assert [one["runtime"] for one in found] == ["torch", "torch", "onnx"]
    assert found[1]["ranking"]["mAP"] == pytest.approx(found[0]["ranking"]["mAP"], abs=0.05)
    assert found[2]["calibration"]["gate"] == pytest.approx(found[0]["calibration"]["gate"], abs=1e-3)


def test_weights_of_another_project_are_measured_and_a_copy_of_them_takes_the_gate(
    track: Track, tmp_path: Path
) -> None:
    import torch

    from reid import create_backbone
    from reid.pretrained import load_pretrained

    crowd = _write_crowd(tmp_path / "many", 22)
    state = create_backbone("small-cnn", num_classes=7).state_dict()
    torch.save({"net_dict": state}, "theirs.t7")
    before = Path("theirs.t7").read_bytes()
    given = ("eval-reid", "--data", crowd, "--reid", "small-cnn", "--reid-weights", "theirs.t7", "--store-gate")
    done = track(*given, "--out", "out")
    assert done.code == 0, done.err
    found = json.loads(Path("out/eval.json").read_text())
    assert Path("theirs.t7").read_bytes() == before
    assert found["gate_file"] == str(Path("out/small-cnn.safetensors"))
    assert f"the gate is now in {Path('out/small-cnn.safetensors')}, and track run uses it" in done.out
    copied = load_pretrained("small-cnn", Path("out/small-cnn.safetensors"))
    assert copied.info.max_cosine_distance == found["calibration"]["gate"]
    assert copied.info.data.startswith("weights of others: theirs.t7")
    assert all(torch.equal(value, state[key]) for key, value in copied.backbone.state_dict().items())


def test_too_few_people_give_weights_of_another_project_no_copy(track: Track, crowd: Path) -> None:
    import torch

    from reid import create_backbone

    torch.save({"net_dict": create_backbone("small-cnn").state_dict()}, "theirs.t7")
    found = _eval(track, crowd, "--reid-weights", "theirs.t7", "--store-gate")
    assert found["images"] == {"query": 6, "gallery": 18}
    assert (found["gate_stored"], found["gate_file"]) == (False, None)
    assert not list(Path("runs").rglob("*.safetensors"))


def test_colours_without_a_network_are_measured_too(track: Track, crowd: Path) -> None:
    done = track("eval-reid", "--data", crowd, "--reid", "colour", "--out", "out")
    assert done.code == 0, done.err
    found = json.loads(Path("out/eval.json").read_text())
    assert (found["reid"], found["runtime"], found["weights"]) == ("colour", None, None)
    assert found["ranking"]["cmc"]["1"] > 0.8, "these people wear different colours"


def test_identity_folders_are_measured_leave_one_out_and_it_says_so(track: Track, tmp_path: Path) -> None:
    for number in range(1, 9):
        (tmp_path / "people" / f"p{number}").mkdir(parents=True)
        for view in range(3):
            cv2.imwrite(str(tmp_path / "people" / f"p{number}" / f"{view}.png"), _person(number, view))
    done = track("eval-reid", "--data", "people", "--reid", "small-cnn", "--out", "out")
    assert "leave-one-out" in done.out
    assert json.loads(Path("out/eval.json").read_text())["ranking"]["leave_one_out"]


def test_images_that_do_not_decode_are_counted_and_listed(track: Track, crowd: Path) -> None:
    victims = [sorted((crowd / folder).iterdir())[0] for folder in ("query", "bounding_box_test")]
    for victim in victims:
        victim.write_bytes(b"not an image")
    found = _eval(track, crowd)
    assert found["images"] == {"query": 5, "gallery": 17}
    assert found["damaged_images"] == [str(victim) for victim in victims]
    assert any("2 images do not decode" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--data", "nowhere"], "data set nowhere not found: expected a folder", id="no data"),
        pytest.param([], "--data is missing, expected a folder", id="no option"),
        pytest.param(["--data", "crowd,"], "--data names an empty data set", id="empty name"),
        pytest.param(["--data", "crowd", "--reid", "none"], "--reid none has no network", id="no network"),
        pytest.param(
            ["--data", "crowd", "--reid", "colour", "--reid-weights", "crowd"],
            "--reid-weights has no effect with --reid colour",
            id="weights of colours",
        ),
        pytest.param(["--data", "crowd", "--reid", "dogenet5"], "Did you mean 'dogenet50'", id="unknown name"),
        pytest.param(["--data", "crowd", "--store-gate"], "--store-gate needs a checkpoint", id="gate without file"),
        pytest.param(["--data", "crowd", "--reid-weights", "no.safetensors"], "not found", id="no weights"),
        pytest.param(["--data", "crowd", "--reid-runtime", "tensorrt"], "tensorrt", id="runtime"),
        pytest.param(["--data", "crowd", "--rotate", "30,x"], "--rotate is '30,x'", id="angle"),
        pytest.param(["--data", "crowd", "--false-match-rate", "0"], "--false-match-rate is 0", id="rate"),
        pytest.param(["--data", "crowd", "--pictures", "-1"], "--pictures is -1", id="pictures"),
        pytest.param(["--data", "crowd", "--seed", "-1"], "--seed is -1", id="seed"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(track: Track, crowd: Path, options: list[str], message: str) -> None:
    done = track("eval-reid", *options)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert message in done.err
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-cosine", "2.5"], "--max-cosine is 2.5, expected a cosine distance from 0 to 2"),
        (["--max-cosine", "0.2", "--reid", "none"], "--max-cosine has no effect with --reid none"),
    ],
)
def test_a_gate_that_cannot_be_is_refused_by_track_run(track: Track, options: list[str], message: str) -> None:
    done = track("run", "video.mp4", *options)
    assert done.code == 2
    assert message in done.err
