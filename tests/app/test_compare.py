"""`track compare`: the tracks of `track run`, from detections and embeddings that are computed once."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import app.compare
from app.compare_types import with_short_names
from app.config import TrackerPreset
from app.embedding_cache import Entry, EntryCache
from app.interrupt import StoppedError
from reid.bundled import bundled_names
from tests.app.runs import TWO_WALKERS, Result, Track, Walker, all_files, write_sequence, write_video

CROSSING = (Walker(2, 20, speed=4.0), Walker(80, 22, speed=-4.0, score=0.8))
RANDOM_CNN = ("--reid-weights", "small-cnn=random")


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`clip.mp4` with two people who meet, `clip.txt` with their detections, `gt.txt`; the cache is the test's own."""
    # not by TRACK_CACHE, which holds the converted networks too: those may be shared
    monkeypatch.setattr("app.embedding_cache.cache_folder", lambda kind: tmp_path / "cache" / kind)
    write_video(tmp_path, CROSSING, 20)
    _annotate(tmp_path / "gt.txt")
    return tmp_path / "clip.mp4"


class ColourEncoder:
    """The mean colour of a crop, in place of a network that takes seconds to load."""

    name, embedding_dim, needs_images, gate, runtime = "small-cnn", 3, True, None, "numpy"

    def encode(self, image: Any, xyxy: Any, features: Any) -> Any:
        boxes = np.clip(xyxy, 0, [96, 64, 96, 64]).astype(int).tolist()
        rows = [image[y : max(b, y + 1), x : max(r, x + 1)].mean(axis=(0, 1)) for x, y, r, b in boxes]
        vectors = np.array(rows, np.float32).reshape(-1, 3) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are replaced by `ColourEncoder`."""
    load = app.compare.load_encoder
    monkeypatch.setattr(
        app.compare, "load_encoder", lambda config: load(config) if config.reid in ("none", "file") else ColourEncoder()
    )


@pytest.fixture
def quick(colours: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the plot, too."""
    monkeypatch.setattr("app.compare_report.plot_comparison", lambda path, comparison: None)


def _annotate(path: Path, *, shift: int = 0, offset: float = 0.0) -> None:
    rows = [
        (f + 1 + shift, number, *(np.add(walker.row(f)[2:6], (offset, 0, 0, 0))))
        for f in range(20)
        for number, walker in enumerate(CROSSING, start=1)
    ]
    path.write_text("".join(",".join(map(str, row)) + ",1,1,1\n" for row in rows))


def _compare(track: Track, *arguments: object, out: str = "o", encoders: str = "none,small-cnn") -> Result:
    return track("compare", "clip.mp4", "--detector", "clip.txt", "--reid", encoders, "--out", out, *arguments)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def _table(result: Result) -> list[str]:
    return [line for line in result.out.splitlines() if re.match(r"encoder|none|small-cnn|file", line)]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts frames that went through a detector, and scenes by encoders."""
    done: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Any]:
        original = getattr(app.compare, name)

        def call(*arguments: Any) -> Any:
            done[name.removesuffix("_scene")] += 1
            return original(*arguments)

        return call

    for name in ("detect_scene", "embed_scene"):
        monkeypatch.setattr(app.compare, name, counted(name))
    return done


def test_a_preset_that_embeds_on_demand_embeds_everybody_here(track: Track, clip: Path) -> None:
    """`realtime` is then `strong`: every frame, everybody, so that the encoders are compared and not the savings."""
    assert _compare(track, "--tracker", "strong,realtime").code == 0
    for encoder in ("none", "small-cnn"):
        first, second = (
            Path("o", f"{encoder}-{preset}", "tracks.txt").read_bytes() for preset in ("strong", "realtime")
        )
        assert first == second


@pytest.mark.parametrize("extra", [(), ("--online", "--start", "0.5", "--end", "1.5")], ids=" ".join)
def test_tracks_are_those_of_track_run(track: Track, clip: Path, extra: tuple[str, ...]) -> None:
    """To the byte, with each encoder and preset; a video in motion, so that the camera's motion counts as well."""
    assert _compare(track, "--tracker", "deepsort,strong", *extra).code == 0
    for encoder in ("none", "small-cnn"):
        for preset in ("deepsort", "strong"):
            options = ("--detector", "clip.txt", "--reid", encoder, "--tracker", preset, "--no-video", *extra)
            alone = f"alone/{encoder}-{preset}"
            assert track("run", "clip.mp4", *options, "--out", alone).code == 0
            for name in ("tracks.txt", "tracks.csv"):
                assert Path(alone, name).read_bytes() == Path("o", f"{encoder}-{preset}", name).read_bytes()
            assert Path(alone, "tracks.txt").read_bytes()


@pytest.mark.usefixtures("quick")
def test_the_camera_moves_in_both(track: Track, tmp_path: Path, clip: Path) -> None:
    """The picture shifts by 3 px a frame: `strong` follows it from the cache too."""
    texture = cv2.resize(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8), (480, 320))
    folder = tmp_path / "pan"
    folder.mkdir()
    for frame in range(15):
        cv2.imwrite(str(folder / f"{frame:03}.png"), texture[:240, 3 * frame : 3 * frame + 320])
    walkers = [Walker(100, 60, speed=-3.0, width=20, height=50), Walker(220, 120, speed=-3.0, width=20, height=50)]
    write_sequence(tmp_path / "dets", walkers, 15)
    options = ("--detector", "dets/det/det.txt", "--reid", "none")
    for _ in range(2):  # the second time from the cache
        assert track("compare", "pan", *options, "--out", "o", "--overwrite").code == 0
        assert track("run", "pan", *options, "--out", "r", "--overwrite", "--no-video").code == 0
        assert Path("o/none-strong/tracks.csv").read_bytes() == Path("r/tracks.csv").read_bytes()
    assert json.loads(Path("r/summary.json").read_text())["configuration"]["camera_motion"]["num_moving"] > 5


@pytest.mark.usefixtures("quick")
def test_a_second_run_computes_nothing_and_prints_the_same(track: Track, clip: Path, work: Counter[str]) -> None:
    first = _compare(track, "--gt", "gt.txt")
    assert (first.code, dict(work)) == (0, {"detect": 1, "embed": 1})
    second = _compare(track, "--gt", "gt.txt", out="o2")
    assert (second.code, dict(work)) == (0, {"detect": 1, "embed": 1})
    assert _table(first) == _table(second)
    assert len(_table(first)) == 3
    assert Path("o/compare.csv").read_bytes() == Path("o2/compare.csv").read_bytes()
    assert "from the cache, with the times measured then: detections, small-cnn" in second.out
    assert "from the cache" not in first.out
    for name in ("none-strong", "small-cnn-strong"):
        assert Path("o", name, "tracks.csv").read_bytes() == Path("o2", name, "tracks.csv").read_bytes()


@pytest.mark.usefixtures("quick")
def test_a_further_encoder_is_all_that_is_computed(track: Track, clip: Path, work: Counter[str]) -> None:
    _compare(track, encoders="none")
    assert dict(work) == {"detect": 1}
    _compare(track, encoders="none,small-cnn", out="o2")
    assert dict(work) == {"detect": 1, "embed": 1}


CHANGES = {
    "another score": (("--conf", "0.5"), {"detect": 2, "embed": 2}),
    "another part": (("--end", "1.5"), {"detect": 2, "embed": 2}),
    "other weights": (RANDOM_CNN, {"detect": 1, "embed": 2}),
    "another preset": (("--tracker", "deepsort"), {"detect": 1, "embed": 1}),
    "online": (("--online",), {"detect": 1, "embed": 1}),
    "no cache": (("--no-cache",), {"detect": 2, "embed": 2}),
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("arguments", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_is_computed_anew_and_no_more(
    track: Track, clip: Path, work: Counter[str], arguments: tuple[str, ...], expected: dict[str, int]
) -> None:
    _compare(track, encoders="small-cnn")
    assert _compare(track, *arguments, encoders="small-cnn", out="o2").code == 0
    assert dict(work) == expected


@pytest.mark.usefixtures("quick")
def test_another_seed_is_other_random_weights(track: Track, clip: Path, work: Counter[str]) -> None:
    for number, seed in enumerate((0, 0, 1)):
        _compare(track, *RANDOM_CNN, "--seed", seed, encoders="small-cnn", out=f"o{number}")
    assert dict(work) == {"detect": 1, "embed": 2}


@pytest.mark.usefixtures("quick")
def test_content_counts_and_not_the_name(track: Track, clip: Path, work: Counter[str]) -> None:
    _compare(track)
    (clip.parent / "inner").mkdir()
    clip.rename(clip.parent / "inner" / "other.mp4")
    track("compare", "inner/other.mp4", "--detector", "clip.txt", "--reid", "none,small-cnn")
    assert dict(work) == {"detect": 1, "embed": 1}
    write_video(clip.parent, CROSSING[:1], 20)  # another clip under the name of the first
    assert _compare(track, out="o2").code == 0
    assert dict(work) == {"detect": 2, "embed": 2}


@pytest.mark.usefixtures("quick")
def test_other_detections_in_the_same_file(track: Track, clip: Path, work: Counter[str]) -> None:
    _compare(track)
    text = Path("clip.txt").read_text()
    Path("clip.txt").write_text(text.replace(",0.8,", ",0.7,"))
    _compare(track, out="o2")
    assert dict(work) == {"detect": 2, "embed": 2}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short"], ids=["empty", "cut short"])
def test_a_damaged_entry_is_made_anew(track: Track, clip: Path, work: Counter[str], damage: bytes) -> None:
    first = _compare(track)
    for path in Path("cache/compare").iterdir():
        path.write_bytes(damage)
    again = _compare(track, out="o2")
    assert (again.code, dict(work)) == (0, {"detect": 2, "embed": 2})
    assert "is damaged and is made anew" in again.err
    for name in ("none-strong", "small-cnn-strong"):
        assert Path("o", name, "tracks.csv").read_bytes() == Path("o2", name, "tracks.csv").read_bytes()
    assert first.code == 0
    _compare(track, out="o3")
    assert dict(work) == {"detect": 2, "embed": 2}


def test_a_flipped_byte_is_damage(tmp_path: Path) -> None:
    cache = EntryCache(tmp_path)
    cache.store("key", Entry({"rows": np.arange(5000.0)}, {"fact": 1}))
    entry = cache.find("key")
    assert entry is not None
    np.testing.assert_array_equal(entry.arrays["rows"], np.arange(5000.0))
    assert entry.facts == {"fact": 1}
    content = bytearray((tmp_path / "key.npz").read_bytes())
    content[20_000] ^= 1
    (tmp_path / "key.npz").write_bytes(content)
    assert cache.find("key") is None


def test_entries_that_were_not_used_for_longest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.embedding_cache.MAX_BYTES", 20_000)
    cache = EntryCache(tmp_path)
    for number, name in enumerate(("old", "used", "new")):
        cache.store(name, Entry({"rows": np.zeros(1000)}, {}))
        os.utime(tmp_path / f"{name}.npz", (number, number))
    assert cache.find("old") is None  # three do not fit
    assert cache.find("used") is not None
    os.utime(tmp_path / "new.npz", (1, 1))
    cache.store("last", Entry({"rows": np.zeros(1000)}, {}))
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["last", "used"]
    assert 16_000 < cache.num_bytes() < 20_000


@pytest.mark.usefixtures("quick")
def test_a_cache_that_cannot_be_written_costs_time_only(track: Track, clip: Path, work: Counter[str]) -> None:
    Path("cache").write_text("a file in its place")
    result = _compare(track, encoders="none")
    assert result.code == 0
    assert "nothing is kept" in result.err
    assert len(_table(result)) == 2


@pytest.mark.usefixtures("quick")
def test_the_table_with_ground_truth_is_that_of_track_eval(track: Track, clip: Path) -> None:
    result = _compare(track, "--gt", "gt.txt", "--tracker", "deepsort,strong")
    header, *lines = (line.split() for line in _table(result))
    assert header == ["encoder", "tracker", "HOTA", "AssA", "IDF1", "MOTA", "IDSW", "crops/s", "fps"]
    assert [line[:2] for line in lines] == [[e, t] for e in ("none", "small-cnn") for t in ("deepsort", "strong")]
    for line in lines:
        evaluated = track("eval", "--gt", "gt.txt", "--pred", f"o/{line[0]}-{line[1]}", "--json")
        scores = json.loads(evaluated.out)["combined"]
        assert line[2:7] == [*(f"{scores[name]:.2f}" for name in ("HOTA", "AssA", "IDF1", "MOTA")), str(scores["IDSW"])]
        assert scores["IDF1"] > 50
    assert [line[7] == "-" for line in lines] == [True, True, False, False]


@pytest.mark.usefixtures("quick")
def test_a_part_of_the_source_is_scored_as_that_part(track: Track, clip: Path) -> None:
    result = _compare(track, "--gt", "gt.txt", "--start", "0.5", "--end", "1.5", "--json")
    (row, _) = json.loads(result.out)["rows"]
    evaluated = track("eval", "--gt", "gt.txt", "--pred", "o/none-strong", "--frames", "6-15", "--json")
    assert row["HOTA"] == json.loads(evaluated.out)["combined"]["HOTA"]
    assert row["IDF1"] > 50


@pytest.mark.usefixtures("colours")
def test_the_table_without_ground_truth(track: Track, tmp_path: Path, clip: Path) -> None:
    """One person is not detected for 1.5 s, which `deepsort` by overlap alone does not bridge; the other walks on."""
    walkers = [Walker(2, 4, last=15), Walker(2, 4, first=30), Walker(20, 36)]
    write_sequence(tmp_path / "seq", walkers, 45)
    result = track("compare", "seq", "--reid", "none", "--tracker", "deepsort")
    header, line = _table(result)
    assert re.split(r"\s{2,}", header)[2:5] == ["tracks", "mean length, s", "switches suspected"]
    assert line.split()[2:] == ["3", "2.5", "1", "-", line.split()[-1]]  # 1.5 s, 1.5 s and 4.5 s
    assert "swap" in result.out
    assert Path("runs/compare-seq/compare.png").is_file()


@pytest.mark.usefixtures("colours")
def test_the_files(track: Track, clip: Path) -> None:
    result = _compare(track, "--gt", "gt.txt", "--tracker", "deepsort,strong")
    names = [f"{e}-{t}" for e in ("none", "small-cnn") for t in ("deepsort", "strong")]
    assert sorted(path.name for path in Path("o").iterdir()) == ["compare.csv", "compare.json", "compare.png", *names]
    rows, facts = _rows(Path("o/compare.csv").read_text()), json.loads(Path("o/compare.json").read_text())
    assert [f"{row['encoder']}-{row['tracker']}" for row in rows] == names
    assert [row["files"] for row in facts["rows"]] == names
    for row, fact in zip(rows, facts["rows"], strict=True):
        assert float(row["HOTA"]) == fact["HOTA"]
        assert float(row["fps"]) == pytest.approx(20 / sum(fact["seconds"].values()))
        assert (row["crops_per_s"] == "") == (row["encoder"] == "none")
        if row["crops_per_s"]:
            assert float(row["crops_per_s"]) == pytest.approx(40 / fact["seconds"]["embed"])
    picture = cv2.imread("o/compare.png")
    assert picture is not None
    assert picture.shape == (600, 960, 3)
    size = sum(path.stat().st_size for path in Path("cache/compare").iterdir())
    assert f"cache: {Path('cache/compare').absolute()}, {size / 1e6:.1f} MB (safe to delete)" in result.out


@pytest.mark.usefixtures("quick")
def test_own_files_go_by_their_short_name_and_what_a_comparison_leaves_out_is_said(
    track: Track, tmp_path: Path, clip: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "mine.yaml").write_text("every: 2")
    result = _compare(track, "--tracker", f"strong,{tmp_path / 'more' / 'mine.yaml'}")
    assert [row["tracker"] for row in _rows(Path("o/compare.csv").read_text())] == ["strong", "mine"] * 2
    assert "mine is compared with detection at every frame and everybody embedded; what its every: 2" in result.err
    assert "strong is compared" not in result.err


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["a/x.yaml", "b/y.yml"], ["x", "y"], id="two files"),
        pytest.param(["a/x.yaml", "b/x.yaml"], ["a/x.yaml", "b/x.yaml"], id="of one name"),
        pytest.param(["strong", "a/strong.yaml"], ["strong", "a/strong.yaml"], id="as a preset"),
    ],
)
def test_short_names(names: list[str], expected: list[str]) -> None:
    assert [preset.name for preset in with_short_names([TrackerPreset(name) for name in names])] == expected


@pytest.mark.usefixtures("colours")
def test_every_encoder_stands_in_the_plot(track: Track, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.axes import Axes

    written: list[str] = []
    annotate = Axes.annotate
    monkeypatch.setattr(
        Axes, "annotate", lambda self, text, *a, **k: (written.append(text), annotate(self, text, *a, **k))[1]
    )
    _compare(track, encoders="none,small-cnn")
    assert set(written) == {"none", "small-cnn"}


@pytest.mark.usefixtures("quick")
def test_csv_and_json_alone_on_standard_output(track: Track, clip: Path) -> None:
    assert _compare(track, "--csv").out == Path("o/compare.csv").read_text()
    assert json.loads(_compare(track, "--json", out="o2").out)["rows"][0]["encoder"] == "none"


@pytest.mark.usefixtures("quick")
def test_features_that_came_with_the_detections(track: Track, tmp_path: Path, clip: Path) -> None:
    sequence = write_sequence(tmp_path / "seq", TWO_WALKERS, 12)
    rows = np.loadtxt(sequence / "det" / "det.txt", delimiter=",")
    features = np.eye(4)[(rows[:, 2] > 40).astype(int)]
    np.save(sequence / "det" / "det.npy", np.hstack([rows, features]))
    for _ in range(2):
        assert track("compare", "seq", "--reid", "none,file", "--out", "o", "--overwrite").code == 0
    track("run", "seq", "--reid", "file", "--out", "r")
    assert Path("r/tracks.txt").read_bytes() == Path("o/file-strong/tracks.txt").read_bytes()


@pytest.mark.usefixtures("quick")
def test_by_default_the_bundled_encoders(track: Track, tmp_path: Path, clip: Path) -> None:
    write_sequence(tmp_path / "seq")
    assert [row["encoder"] for row in _rows(track("compare", "seq", "--csv").out)] == ["none"]
    result = track("compare", "clip.mp4", "--detector", "clip.txt", "--csv")
    assert [row["encoder"] for row in _rows(result.out)] == ["none", *bundled_names()]


BAD = {
    "unknown encoder": (("--reid", "none,small-cn"), ["small-cn", "Did you mean", "small-cnn"]),
    "an encoder twice": (("--reid", "none,none"), ["--reid names none twice"]),
    "a tracker twice": (("--tracker", "strong,strong"), ["--tracker names strong twice"]),
    "unknown tracker": (("--tracker", "stron"), ["stron", "strong"]),
    "an empty name": (("--reid", "none,"), ["--reid", "none,dogenet50"]),
    "no weights": (("--reid", "none,swin-s"), ["no trained weights of swin-s", "--reid-weights swin-s=FILE"]),
    "weights not there": (("--reid-weights", "small-cnn=no.pth"), ["--reid-weights small-cnn=no.pth", "not found"]),
    "no weights at all": (("--reid-weights", "clip.txt"), ["NAME=FILE"]),
    "weights of nobody": (("--reid-weights", "swin-t=random"), ["swin-t", "none,small-cnn"]),
    "weights without a network": (("--reid-weights", "none=random"), ["none has no network"]),
    "weights twice": ((*RANDOM_CNN, *RANDOM_CNN), ["small-cnn twice"]),
    "not weights": (("--reid-weights", "small-cnn=clip.txt"), ["clip.txt", "safetensors"]),
    "no ground truth there": (("--gt", "no.txt"), ["--gt no.txt not found"]),
    "empty ground truth": (("--gt", "empty.txt"), ["is empty"]),
    "ground truth of later frames": (("--gt", "late.txt"), ["late.txt", "does not belong to clip", "frames 1001-1020"]),
    "ground truth of other places": (("--gt", "beside.txt"), ["does not belong to clip", "outside of 96x64"]),
    "ground truth of others": (("--gt", "others.txt"), ["does not belong to clip", "hardly overlap"]),
    "both forms": (("--json", "--csv"), ["exclude each other"]),
    "a folder in use": (("--out", "used"), ["--overwrite"]),
    "an unwritable folder": (("--out", "clip.txt"), ["cannot write to clip.txt"]),
    "no such detector": (("--detector", "motoin"), ["motoin", "motion"]),
    "a span beyond": (("--start", "99"), ["--start 99"]),
}


@pytest.mark.parametrize(("arguments", "fragments"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_before_any_work(
    track: Track, clip: Path, work: Counter[str], arguments: tuple[str, ...], fragments: list[str]
) -> None:
    _annotate(Path("late.txt"), shift=1000)
    _annotate(Path("beside.txt"), offset=500)
    Path("others.txt").write_text("".join(f"{f},1,{40 + f % 2},0,8,8,1,1,1\n" for f in range(1, 21)))
    Path("empty.txt").write_text("")
    Path("used").mkdir()
    Path("used/notes.txt").write_text("mine")
    before = all_files(Path("used"))
    options = ["--detector", "clip.txt", "--reid", "none,small-cnn"]
    for name in arguments[::2]:
        if name in options:
            del options[options.index(name) : options.index(name) + 2]
    result = track("compare", "clip.mp4", *options, *arguments)
    assert result.code == 2, result
    (line,) = result.err.splitlines()
    assert line.startswith("track: error: ")
    for fragment in fragments:
        assert fragment in line, line
    assert work["embed"] == 0
    assert work["detect"] == ("hardly overlap" in fragments)
    assert not Path("runs").exists()
    assert all_files(Path("used")) == before


@pytest.mark.parametrize(("source", "fragments"), {"no pictures": ("seq", ["--reid small-cnn", "none"])}.values())
def test_a_network_needs_pictures(track: Track, tmp_path: Path, source: str, fragments: list[str]) -> None:
    write_sequence(tmp_path / source)
    result = track("compare", source, "--reid", "small-cnn")
    assert result.code == 2
    assert all(fragment in result.err for fragment in fragments)


@pytest.mark.usefixtures("quick")
def test_ctrl_c_keeps_what_was_done(
    track: Track, clip: Path, work: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """During the embedding: one line, no results, and the detections are there next time."""

    def interrupted(*arguments: Any) -> Any:
        raise StoppedError(2, "now")

    with monkeypatch.context() as patch:
        patch.setattr(app.compare, "embed_scene", interrupted)
        result = _compare(track)
    assert result.code == 130
    (line,) = result.err.splitlines()
    assert "stopped by Ctrl-C" in line
    assert str(Path("cache/compare").absolute()) in line
    assert not Path("o").exists()
    assert not list(Path("cache/compare").glob(".part*"))
    assert _compare(track).code == 0
    assert dict(work) == {"detect": 1, "embed": 1}
