"""`track eval`: tables, JSON, CSV, events, and every option's effect. Figures are those of `evaluation`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from evaluation import COUNTS, PERCENTAGES, evaluate, find_pairs
from tests.evaluation.scenes import changed, walkers, write, write_gt
from tests.track.runs import FAST, Track, Walker, write_sequence

ROWS = walkers()


def _faulty(rows: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Id 2 becomes id 9 at frame 15, id 3 is lost at frames 20 and 21, and a false box stands at frame 5."""
    kept = [row for row in rows if not (row[1] == 3 and row[0] in (20, 21))]
    renamed = changed(kept, lambda f, i, *box: (f, 9 if i == 2 and f >= 15 else i, box[0] + 2, *box[1:]))
    return [*map(tuple, renamed), (5, 77, 1500, 700, 40, 80)]


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """Annotations `gt/a`, `gt/b`; tracks `pred/a.txt` (faulty) and `pred/b.txt` (good, 2 px beside)."""
    for name in "ab":
        write_gt(tmp_path / "gt" / name, ROWS)
    write(tmp_path / "pred" / "a.txt", _faulty(ROWS))
    write(tmp_path / "pred" / "b.txt", changed(ROWS, lambda f, i, x, *rest: (f, i, x + 2, *rest)))
    return tmp_path


EVAL = ("eval", "--gt", "gt", "--pred", "pred")


def _json(track: Track, *arguments: object) -> dict[str, Any]:
    result = track(*arguments, "--json")
    assert (result.code, result.err) == (0, "")
    content: dict[str, Any] = json.loads(result.out)
    return content


def test_tables(track: Track, stage: Path) -> None:
    report = evaluate(find_pairs(Path("gt"), Path("pred")))
    result = track(*EVAL)
    assert (result.code, result.err) == (0, "")
    lines = [line.split() for line in result.out.splitlines()]
    scores = {line[0]: line[1:] for line in lines if len(line) == 9}
    counts = {line[0]: line[1:] for line in lines if len(line) == 11}
    by_name = {**{r.sequence: r.scores for r in report.results}, "COMBINED": report.combined}
    assert list(scores)[1:] == list(counts) == ["a", "b", "COMBINED"]
    for name, expected in by_name.items():
        assert [f"{float(text):1.5g}" for text in scores[name]] == [
            f"{expected[column]:1.5g}" for column in scores["sequence"]
        ]
        columns = ["FP", "FN", "IDSW", "Frag", "MT", "PT", "ML", "gt_ids", "gt_boxes", "frames"]
        assert [int(text) for text in counts[name]] == [expected[column] for column in columns]
    assert counts["a"][:4] == ["1", "2", "1", "1"]
    assert result.out.startswith("rules: mot17 (")


def test_no_figure_is_cut_on_a_narrow_terminal(track: Track, stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = track(*EVAL, "--events").out
    monkeypatch.setenv("COLUMNS", "30")
    narrow = track(*EVAL, "--events").out
    assert [line.split() for line in narrow.splitlines()] == [line.split() for line in wide.splitlines()]


def test_tracks_without_ground_truth_are_named(track: Track, stage: Path) -> None:
    write(stage / "pred" / "c.txt", ROWS)
    result = track(*EVAL)
    assert result.code == 0
    assert "warning: not scored, since gt has no ground truth of that name: c" in result.err
    assert track(*EVAL, "--sequences", "a").err == ""


def test_where_nothing_matches_no_place_is_judged(track: Track, stage: Path) -> None:
    """TrackEval's LocA is 100 there, which the files keep."""
    write(stage / "pred" / "a.txt", changed(ROWS, lambda f, i, x, *rest: (f, i, x + 3000, *rest)))
    result = track(*EVAL, "--force")
    table = [line.split() for line in result.out.splitlines()]
    titles = next(line for line in table if line[:1] == ["sequence"])
    assert next(line for line in table if line[:1] == ["a"])[titles.index("LocA")] == "-"
    assert next(line for line in table if line[:1] == ["b"])[titles.index("LocA")] != "-"
    assert "LocA -: nothing matches" in result.out
    content = json.loads(track(*EVAL, "--force", "--json").out)
    assert content["sequences"][0]["LocA"] == 100


def test_json_holds_every_figure_unrounded(track: Track, stage: Path) -> None:
    report = evaluate(find_pairs(Path("gt"), Path("pred")))
    content = _json(track, *EVAL)
    assert [entry["sequence"] for entry in content["sequences"]] == ["a", "b"]
    for name in (*PERCENTAGES, *COUNTS):
        assert content["combined"][name] == report.combined[name]
        assert content["sequences"][0][name] == report.results[0].scores[name]
    assert "events" not in content
    assert (content["warnings"], content["sequences"][0]["last_frame"]) == ([], 30)


def test_markdown_and_latex_hold_the_figures_of_the_tables(track: Track, stage: Path) -> None:
    plain = track(*EVAL).out.split()
    for form, end in (("--markdown", " |"), ("--latex", r" \\")):
        text = track(*EVAL, form).out
        lines = [line for line in text.splitlines() if line.endswith(end)]
        figures = [word for line in lines for word in line.split() if word.replace(".", "").isdigit()]
        assert len(figures) > 10
        assert set(figures) <= set(plain)


def test_csv_holds_the_same(track: Track, stage: Path) -> None:
    content = _json(track, *EVAL)
    table = list(csv.DictReader(io.StringIO(track(*EVAL, "--csv").out)))
    assert [row["sequence"] for row in table] == ["a", "b", "COMBINED"]
    for name in (*PERCENTAGES, *COUNTS, "gt_boxes"):
        assert [float(row[name]) for row in table[:2]] == [entry[name] for entry in content["sequences"]]
        assert float(table[2][name]) == content["combined"][name]


def test_events_are_listed_in_every_form(track: Track, stage: Path) -> None:
    expected = [("switch", 15, 2, 2, 9, 14), ("fragmentation", 22, 3, 3, 3, 19)]
    listed = _json(track, *EVAL, "--events")["events"]
    keys = ("kind", "frame", "gt_id", "from_id", "to_id", "last_frame")
    assert [tuple(event[key] for key in keys) for event in listed] == expected
    assert {event["sequence"] for event in listed} == {"a"}
    table = list(csv.DictReader(io.StringIO(track(*EVAL, "--events", "--csv").out)))
    assert [(row["event"], *(int(row[key]) for key in keys[1:])) for row in table] == expected
    printed = track(*EVAL, "--events").out
    assert "events: 1 switch, 1 fragmentation" in printed
    assert printed.splitlines()[-2].split() == ["a", "pedestrian", "15", "switch", "2", "2", "9", "14"]


OPTIONS = {
    "sequences": (("--sequences", "b"), "IDSW", 0),
    "frames": (("--frames", "16-30"), "IDSW", 0),
    "frames to the end": (("--frames", "20-"), "gt_boxes", 66),
    "frames from the start": (("--frames", "-10"), "gt_boxes", 60),
    "classes": (("--classes", "any"), "TP", 178),
    "rules": (("--rules", "mot15"), "TP", 178),
}


@pytest.mark.parametrize(("arguments", "figure", "value"), OPTIONS.values(), ids=OPTIONS.keys())
def test_options(track: Track, stage: Path, arguments: tuple[str, ...], figure: str, value: int) -> None:
    plain, content = _json(track, *EVAL), _json(track, *EVAL, *arguments)
    assert content["combined"][figure] == value
    assert content != plain


def test_shift_and_force(track: Track, stage: Path) -> None:
    sound = _json(track, *EVAL)
    for name in "ab":
        rows = [line.split(",") for line in (stage / "pred" / f"{name}.txt").read_text().splitlines()]
        rows = [[str(int(row[0]) - 1), *row[1:]] for row in rows]
        (stage / "pred" / f"{name}.txt").write_text("\n".join(map(",".join, rows)))
    assert track(*EVAL).code == 2
    assert _json(track, *EVAL, "--shift", "1") == sound
    forced = track(*EVAL, "--force", "--json")
    assert json.loads(forced.out)["combined"] != sound["combined"]
    assert forced.err.count("warning: ") == len(json.loads(forced.out)["warnings"]) > 0


def test_a_run_of_ours_is_scored_as_it_is(track: Track, stage: Path) -> None:
    """Two files are enough, and so is the folder of a run."""
    folder = stage / "runs" / "x"
    write(folder / "tracks.txt", _faulty(ROWS), ",0.9,-1,-1,-1")
    as_folder = _json(track, "eval", "--gt", "gt/a", "--pred", "runs/x")
    as_files = _json(track, "eval", "--gt", "gt/a/gt/gt.txt", "--pred", "runs/x/tracks.txt")
    assert as_folder == as_files
    assert as_folder["combined"]["IDSW"] == 1


BAD = {
    "no ground truth": (("eval", "--gt", "no", "--pred", "pred"), ["--gt no not found"]),
    "no prediction": (("eval", "--gt", "gt", "--pred", "no"), ["--pred no not found"]),
    "an option left out": (("eval", "--gt", "gt"), ["--pred", "track eval --help"]),
    "a span of words": ((*EVAL, "--frames", "all"), ["--frames is 'all'", "1-150"]),
    "a span of nothing": ((*EVAL, "--frames", "-"), ["--frames is '-'"]),
    "a span of more digits than an integer takes": (
        (*EVAL, "--frames", "1-" + "9" * 5000),
        ["--frames is '999", "(5,000 letters)", "100,000,000"],
    ),
    "a shift out of reason": ((*EVAL, "--shift", 10**30), ["'--shift'", "less than or equal to 100000000"]),
    "unknown rules": ((*EVAL, "--rules", "mot15x"), ["'mot15x'", "Did you mean 'mot15'"]),
    "nothing between commas": ((*EVAL, "--sequences", "a,"), ["--sequences is 'a,'"]),
    "unknown sequence": ((*EVAL, "--sequences", "c"), ["'c'", "Known: a, b"]),
    "two forms at once": ((*EVAL, "--json", "--csv"), ["--json and --csv exclude each other"]),
    "two other forms at once": ((*EVAL, "--latex", "--csv"), ["--csv and --latex exclude each other"]),
    "a number for a word": ((*EVAL, "--shift", "one"), ["--shift", "you typed: --shift one"]),
    "detections for tracks": (("eval", "--gt", "gt/a", "--pred", "det.txt"), ["ids missing in prediction det.txt"]),
}


@pytest.mark.parametrize(("arguments", "fragments"), BAD.values(), ids=BAD.keys())
def test_bad_input_gets_one_line(track: Track, stage: Path, arguments: tuple[str, ...], fragments: list[str]) -> None:
    write(stage / "det.txt", changed(ROWS, lambda f, i, *box: (f, -1, *box)))
    result = track(*arguments)
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert result.err.startswith("track: error: ")
    for fragment in fragments:
        assert fragment in result.err


@pytest.mark.parametrize("preset", ["strong", "deepsort"])
@pytest.mark.parametrize("name", ["KITTI-17", "TUD-Campus"])
def test_online_tracks_of_real_sequences_have_sound_frame_numbers(
    track: Track, shared: Path, name: str, preset: str
) -> None:
    """They begin at frame 2 or 3, and where the camera moves they fit the frame before about as well as their own."""
    gt = shared / "data" / "mot15" / name
    options = ("--detector", "public", "--reid", "none", "--tracker", preset, "--online", "--out", "o")
    assert track("run", gt, *options).code == 0
    assert "off by one" not in track("eval", "--gt", gt, "--pred", "o").err
    late = track("eval", "--gt", gt, "--pred", "o", "--shift", 1)
    assert "off by one" in late.err
    assert "leave --shift out, for nothing is to be added to them" in late.err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(("--end", "2"), "--frames 1-20 leaves the rest out", id="stopped early"),
        pytest.param(("--start", "1", "--end", "2.5"), "--frames 11-25 leaves the rest out", id="began late"),
        pytest.param((), "", id="the whole sequence, with nobody in sight at its end"),
    ],
)
def test_of_a_run_the_advice_names_the_frames_that_it_tracked(
    track: Track, tmp_path: Path, options: tuple[str, ...], expected: str
) -> None:
    """The person has left after frame 18; the ground truth goes on to frame 40."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4, last=18)], 40)
    track("run", sequence, *FAST, "--detector", "public", "--out", "o", *options)
    write(
        tmp_path / "gt.txt", [*([f, 1, 2 + f - 1, 4, 12, 24] for f in range(1, 19)), (40, 2, 70, 4, 12, 24)], ",1,1,1"
    )
    result = track("eval", "--gt", "gt.txt", "--pred", "o")
    assert result.code == 0
    assert (expected in result.err) if expected else ("--frames" not in result.err)
