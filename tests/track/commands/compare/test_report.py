"""What `track compare` shows: the table with and without ground truth, the files, the plot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import pytest

from tests.track.commands.compare.clips import compare, rows_of, table_of
from tests.track.runs import Track, Walker, write_sequence
from track.commands.compare.config import with_short_names
from tracker.presets import TrackerPreset


@pytest.mark.usefixtures("quick")
def test_the_table_with_ground_truth_is_that_of_track_eval(track: Track, clip: Path) -> None:
    result = compare(track, "--gt", "gt.txt", "--tracker", "deepsort,strong")
    header, *lines = (line.split() for line in table_of(result))
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
    result = compare(track, "--gt", "gt.txt", "--start", "0.5", "--end", "1.5", "--json")
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
    header, line = table_of(result)
    assert re.split(r"\s{2,}", header)[2:5] == ["tracks", "mean length, s", "switches suspected"]
    assert line.split()[2:] == ["3", "2.5", "1", "-", line.split()[-1]]  # 1.5 s, 1.5 s and 4.5 s
    assert "swap" in result.out
    assert Path("runs/compare-seq/compare.png").is_file()


@pytest.mark.usefixtures("colours")
def test_the_files(track: Track, clip: Path) -> None:
    result = compare(track, "--gt", "gt.txt", "--tracker", "deepsort,strong")
    names = [f"{e}-{t}" for e in ("none", "small-cnn") for t in ("deepsort", "strong")]
    assert sorted(path.name for path in Path("o").iterdir()) == ["compare.csv", "compare.json", "compare.png", *names]
    rows, facts = rows_of(Path("o/compare.csv").read_text()), json.loads(Path("o/compare.json").read_text())
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
    result = compare(track, "--tracker", f"strong,{tmp_path / 'more' / 'mine.yaml'}")
    assert [row["tracker"] for row in rows_of(Path("o/compare.csv").read_text())] == ["strong", "mine"] * 2
    assert "mine is compared with detection at every frame; what its every: 2 saves and costs" in result.err
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
    compare(track, encoders="none,small-cnn")
    assert set(written) == {"none", "small-cnn"}


@pytest.mark.usefixtures("quick")
def test_csv_and_json_alone_on_standard_output(track: Track, clip: Path) -> None:
    assert compare(track, "--csv").out == Path("o/compare.csv").read_text()
    assert json.loads(compare(track, "--json", out="o2").out)["rows"][0]["encoder"] == "none"
