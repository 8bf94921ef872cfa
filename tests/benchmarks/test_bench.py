"""`python -m benchmarks`: what it writes, and what it says where it cannot measure; no test asks how fast it is."""

from __future__ import annotations

import json
import sys

import av
import pytest

from benchmarks.__main__ import _share_of_others, main
from benchmarks.machine import machine
from benchmarks.memory import detections, draw_piece, growth, repeat
from benchmarks.parts import PARTS
from benchmarks.peers_runs import _with_own_threads
from benchmarks.report import to_markdown, write_results
from benchmarks.rows import Row, growth_rows, peer_rows, run_rows

RUN = {"wall_ms": [40.0, 50.0, 45.0], "cpu_ms": [80.0] * 3, "cpu_ratio": [1.0] * 3}
TURNS = [
    RUN | {"name": "detection alone", "ratio": [1.0, 1.0, 1.0]},
    RUN | {"name": "strong, none", "ratio": [1.05, 1.0, 1.2]},
    RUN | {"name": "strong, none, video", "ratio": [1.2, 1.3, 1.4]},
]


def test_a_part_that_lacks_something_says_what_in_its_section(tmp_path):
    main(["--only", "run-none,peers", "--video", str(tmp_path / "gone.mp4"), "--out", str(tmp_path)])
    text = (tmp_path / "RESULTS.md").read_text()
    assert "Not run: gone.mp4 is not here; name a file with --video." in text
    assert "Not run: no folder with other trackers; name one with --peers." in text
    assert str(tmp_path) not in text


def test_a_part_that_was_measured_before_is_kept(tmp_path):
    known = {"machine": {}, "parts": {"run-none": {"found": TURNS}}}
    (tmp_path / "results.json").write_text(json.dumps(known))
    main(["--only", "peers", "--out", str(tmp_path)])
    parts = json.loads((tmp_path / "results.json").read_text())["parts"]
    assert parts["run-none"] == {"found": TURNS}
    assert "missing" in parts["peers"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--only", "fast"], ["'fast'", "run-none"]), ([], ["results.json", "remove it"])],
    ids=["an unknown part", "a file that is no results"],
)
def test_bad_input_ends_with_one_line(tmp_path, capsys, arguments, words):
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--out", str(tmp_path)])
    assert end.value.code == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert all(word in line for word in words)


def test_median_spread_and_verdict_stand_in_the_table():
    text = to_markdown({"machine": {"cores": "2"}, "parts": {"run-none": {"found": TURNS}}})
    assert "| strong, none | 1.05 x | 1 to 1.2 | 1.1 | reached |" in text
    assert "| strong, none, video | 1.3 x | 1.2 to 1.4 | 1.25 | missed |" in text
    assert "| cores | 2 |" in text


def test_what_other_processes_took_meanwhile_is_told():
    assert _share_of_others((0.0, 0.0, 0.0), (200.0, 150.0, 130.0)) == 0.1
    assert _share_of_others((0.0, 0.0, 0.0), (200.0, 129.9, 130.0)) == 0.0
    assert _share_of_others(None, None) is None
    text = to_markdown({"machine": {}, "parts": {"run-none": {"found": TURNS, "others_share": 0.1}}})
    assert "Other processes had 10% of the machine." in text


def test_what_is_compared_with_has_no_goal():
    assert [row.goal for row in run_rows(TURNS)] == [None, 1.1, 1.25]
    assert Row("x", 5.0).verdict == ""


def test_each_part_names_a_script_that_exists():
    from benchmarks.parts import ROOT

    assert all((ROOT / "benchmarks" / part.script).is_file() for part in PARTS)
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_the_machine_is_described_without_the_name_of_the_host():
    import platform

    facts = machine()
    assert int(facts["cores"]) >= 1
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert platform.node() not in facts.values()


def test_growth_is_the_last_quarter_less_the_second():
    mib = 1 << 20
    samples = [(frame, (100 + held) * mib) for frame, held in enumerate([90, 10, 20, 20, 21, 20, 25, 24])]
    assert growth(samples, 100 * mib) | {"over_mib_by_frame": None} == {
        "most_over_mib": 90.0,
        "growth_mib": 5.0,
        "over_mib_by_frame": None,
    }


def test_a_piece_is_repeated_to_the_wanted_number_of_frames_with_times_that_go_on(tmp_path, monkeypatch):
    import benchmarks.memory as memory

    monkeypatch.setattr(memory, "PIECE", 5)
    monkeypatch.setattr(memory, "SIZE", (320, 180))
    draw_piece(tmp_path / "piece.mp4")
    repeat(tmp_path / "piece.mp4", tmp_path / "long.mp4", 12)
    with av.open(str(tmp_path / "long.mp4")) as video:
        times = [frame.time for frame in video.decode(video=0)]
    assert times == pytest.approx([frame / 25 for frame in range(12)], abs=1e-3)


def test_detections_repeat_with_the_piece(monkeypatch):
    import benchmarks.memory as memory

    monkeypatch.setattr(memory, "PIECE", 4)
    rows = detections(9)
    assert rows[:, 0].max() == 9
    assert (rows[rows[:, 0] == 1][:, 2:6] == rows[rows[:, 0] == 5][:, 2:6]).all()


def test_a_run_with_an_encoder_is_also_compared_to_what_its_networks_need():
    encoded = [
        TURNS[0],
        RUN | {"name": "networks alone, dogenet50", "ratio": [2.0, 2.0, 2.0]},
        RUN | {"name": "strong, none", "ratio": [1.0, 1.0, 1.0]},
        RUN | {"name": "strong, dogenet50", "ratio": [3.0, 2.0, 2.2]},
    ]
    notes = [row.note for row in run_rows(encoded)]
    assert [note.endswith("1.1 x networks alone") for note in notes] == [False, False, False, True]


def test_the_yardstick_of_a_size_stands_beside_its_times():
    timing = {"tracker": "strong", "size": 10, "wall_ms": 2.0, "low_ms": 1.0, "high_ms": 3.0, "cpu_ms": 2.0}
    found = {"timings": [timing | {"yardstick_us": 0.617}, timing | {"size": 100}]}
    assert [row.note for row in growth_rows(found)] == ["yardstick 0.62 us", "", "by CPU time"]
    assert [row.note for row in peer_rows(found)] == ["1 x strong; yardstick 0.62 us", "1 x strong"]


def test_the_threads_that_a_stranger_takes_away_come_back_after_its_turn():
    cv2, torch = pytest.importorskip("cv2"), pytest.importorskip("torch")
    before = cv2.getNumThreads(), torch.get_num_threads()
    seen = []

    def stranger() -> int:
        seen.append(torch.get_num_threads())
        torch.set_num_threads(before[1] + 1)
        return 0

    turn = _with_own_threads(stranger)
    for _ in range(2):
        turn()
        assert (cv2.getNumThreads(), torch.get_num_threads()) == before
    assert seen == [before[1], before[1] + 1]


def test_the_growth_of_association_is_drawn_and_shown(tmp_path):
    pytest.importorskip("matplotlib")
    timings = [dict.fromkeys(("wall_ms", "low_ms", "high_ms", "cpu_ms"), 1.0) | {"tracker": "strong", "size": 10}]
    write_results(tmp_path, {"machine": {}, "parts": {"association": {"found": {"timings": timings}}}})
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert "](growth.png)" in (tmp_path / "RESULTS.md").read_text()
    write_results(tmp_path, {"machine": {}, "parts": {}})
    assert "growth.png" not in (tmp_path / "RESULTS.md").read_text()
