"""Each option of `track run`, with and without: what it changes. Those of detector and encoder stand beside."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.track.patterned import pattern_in, write_patterned
from tests.track.runs import (
    FAST,
    TWO_WALKERS,
    Track,
    Walker,
    ids_in,
    read_csv,
    read_summary,
    read_txt,
    states,
    write_detections,
    write_sequence,
    write_video,
)
from track.setup.config import RunConfig


def test_tracker(track: Track, tmp_path: Path) -> None:
    """A person seen for two frames only is confirmed where `n_init` is 2."""
    (tmp_path / "quick.yaml").write_text("tracker:\n  n_init: 2\n")
    sequence = write_sequence(tmp_path / "s", [Walker(5, 5, last=2)])
    track("run", sequence, *FAST, "--detector", "public", "--out", "preset", "--tracker", "deepsort")
    track("run", sequence, *FAST, "--detector", "public", "--out", "own", "--tracker", "quick.yaml")
    assert ids_in(Path("preset")) == set()
    assert ids_in(Path("own")) == {1}
    assert read_summary(Path("own"))["configuration"]["tracker"]["preset"] == "quick.yaml"


def test_out(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "street")
    for _ in range(2):
        track("run", sequence, *FAST, "--detector", "public")
    track("run", sequence, *FAST, "--detector", "public", "--out", "a/b")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["street", "street-2"]
    assert sorted(path.name for path in Path("a/b").iterdir()) == [
        "identities.csv",
        "summary.json",
        "tracks.csv",
        "tracks.txt",
    ]


def test_overwrite(track: Track, tmp_path: Path) -> None:
    """An earlier run goes as a whole, foreign files stay."""
    clip, detections = write_video(tmp_path)
    base = ("run", clip, *FAST, "--detector", detections, "--out", "o")
    track(*base)
    (Path("o") / "notes.md").write_text("mine")
    assert track(*base, "--no-video").code == 2
    assert (Path("o") / "annotated.mp4").exists()
    assert track(*base, "--no-video", "--overwrite").code == 0
    assert sorted(path.name for path in Path("o").iterdir()) == [
        "identities.csv",
        "notes.md",
        "summary.json",
        "tracks.csv",
        "tracks.txt",
    ]


def test_no_video(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    base = ("run", clip, *FAST, "--detector", detections)
    track(*base, "--out", "with")
    track(*base, "--out", "without", "--no-video")
    assert sorted(
        {path.name for path in Path("with").iterdir()} - {path.name for path in Path("without").iterdir()}
    ) == ["annotated.mp4"]
    assert (Path("with") / "tracks.txt").read_bytes() == (Path("without") / "tracks.txt").read_bytes()


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        pytest.param((), range(1, 21), id="all"),
        pytest.param(("--start", "0.5"), range(6, 21), id="start"),
        pytest.param(("--end", "0.5"), range(1, 6), id="end"),
        pytest.param(("--start", "0.5", "--end", "1.5"), range(6, 16), id="both"),
    ],
)
def test_start_and_end(track: Track, tmp_path: Path, options: tuple[str, ...], frames: range) -> None:
    """Seconds; frames keep the number that they have in the source (10 frames/s)."""
    assert track("run", write_sequence(tmp_path / "s"), *FAST, "--detector", "public", "--out", "o", *options).code == 0
    assert sorted(set(read_txt(Path("o"))[:, 0])) == list(frames)
    assert read_summary(Path("o"))["counts"]["frames"] == len(frames)
    assert float(read_csv(Path("o"))[0]["time_s"]) == pytest.approx((frames[0] - 1) / 10)


def test_online(track: Track, tmp_path: Path) -> None:
    """The rows of a run without it, less those that were filled in afterwards."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4), Walker(80, 36, -1.0, first=6, last=14)])
    track("run", sequence, *FAST, "--detector", "public", "--out", "whole")
    track("run", sequence, *FAST, "--detector", "public", "--out", "online", "--online")
    whole, online = read_csv(Path("whole")), read_csv(Path("online"))
    assert online == [row for row in whole if row["state"] != "tentative"]
    assert len(whole) - len(online) == 2 * 2, "two boxes of each of two people come before their third"


def test_smooth(track: Track, tmp_path: Path) -> None:
    """The same boxes by frame and id, less shaky: the detections jump by 2 px up and down each frame."""
    shaky = [Walker(2, 10 + 2 * (frame % 2), first=frame, last=frame + 1) for frame in range(20)]
    sequence = write_sequence(tmp_path / "s", shaky)
    track("run", sequence, *FAST, "--detector", "public", "--out", "plain")
    track("run", sequence, *FAST, "--detector", "public", "--out", "smooth", "--smooth")
    plain, smooth = read_txt(Path("plain")), read_txt(Path("smooth"))
    np.testing.assert_array_equal(plain[:, :2], smooth[:, :2])
    assert states(Path("smooth")) == {"smoothed"}
    shake = [np.abs(np.diff(rows[:, 3], 2)).mean() for rows in (plain, smooth)]
    assert shake[1] < 0.5 * shake[0]


def test_smooth_draws_what_it_writes(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    result = track("run", clip, *FAST, "--detector", detections, "--out", "o", "--smooth")
    summary = read_summary(Path("o"))
    assert result.code == 0
    assert summary["files"] == ["annotated.mp4", "tracks.txt", "tracks.csv", "identities.csv", "summary.json"]
    assert summary["counts"]["frames"] == 12


def test_offline(track: Track, tmp_path: Path) -> None:
    """Somebody is not seen for 0.8 s: two tracks online, one with the gap filled offline."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4, 0.3, last=12), Walker(2, 4, 0.3, first=20)], 40)
    track("run", sequence, *FAST, "--detector", "public", "--out", "plain")
    track("run", sequence, *FAST, "--detector", "public", "--out", "offline", "--offline")
    assert set(read_txt(Path("plain"))[:, 1]) == {1, 2}
    assert set(read_txt(Path("offline"))[:, 1]) == {1}
    assert len(read_txt(Path("offline"))) == 40


def test_offline_draws_what_it_writes(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    result = track("run", clip, *FAST, "--detector", detections, "--out", "o", "--offline")
    assert result.code == 0
    assert read_summary(Path("o"))["files"] == [
        "annotated.mp4",
        "tracks.txt",
        "tracks.csv",
        "identities.csv",
        "summary.json",
    ]


@pytest.mark.parametrize("more", [(), ("--online",), ("--smooth",), ("--offline",)], ids=" ".join)
def test_style(track: Track, tmp_path: Path, more: tuple[str, ...]) -> None:
    """`none` draws nothing; `blur` hides people in a second reading, whatever else happens to the rows."""
    clip = write_patterned(tmp_path, TWO_WALKERS, 20)
    for style in ("none", "blur"):
        words = ("run", clip, *FAST, "--detector", "clip.txt", *more)
        assert track(*words, "--out", style, "--style", style).code == 0
        for frame, picture in enumerate(_pictures(Path(style))):
            is_hidden = [pattern_in(picture, walker, frame) < 20 for walker in TWO_WALKERS]
            assert is_hidden == [style == "blur"] * 2, (style, frame)
    assert (Path("none") / "tracks.txt").read_bytes() == (Path("blur") / "tracks.txt").read_bytes()


def _pictures(folder: Path) -> list[np.ndarray]:
    with av.open(str(folder / "annotated.mp4")) as video:
        return [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]


def test_a_detection_of_nobody_is_hidden_too(track: Track, tmp_path: Path) -> None:
    """Seen in one frame only, so never confirmed; and there for longer."""
    seen, unseen = Walker(2, 4), Walker(40, 30, 0.0)
    clip = write_patterned(tmp_path, (seen, unseen), 20)
    write_detections(tmp_path / "clip.txt", (seen, Walker(40, 30, 0.0, first=10, last=11)), 20)
    assert track("run", clip, *FAST, "--detector", "clip.txt", "--out", "o", "--style", "blur").code == 0
    assert {row["id"] for row in read_csv(Path("o"))} == {"1"}
    hidden = [frame for frame, picture in enumerate(_pictures(Path("o"))) if pattern_in(picture, unseen, frame) < 20]
    assert hidden == list(range(5, 16)), "half a second before and after"


def test_style_without_a_video(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    result = track("run", clip, *FAST, "--detector", detections, "--style", "heat", "--no-video")
    assert (result.code, "--style heat has no effect with --no-video" in result.err) == (2, True)


def test_crops(track: Track, tmp_path: Path) -> None:
    """See `tests/track/run/test_crops.py`."""
    clip, detections = write_video(tmp_path)
    track("run", clip, *FAST, "--detector", detections, "--out", "o", "--crops", "1")
    assert len(list(Path("o/crops").glob("*/*.jpg"))) == 2


def test_zones(track: Track, tmp_path: Path) -> None:
    """See `tests/track/commands/zones`."""
    (tmp_path / "zones.yaml").write_text("lines: {door: {from: [0.3, 1], to: [0.3, 0]}}\n")
    sequence = write_sequence(tmp_path / "s")
    track("run", sequence, *FAST, "--detector", "public", "--out", "o", "--zones", "zones.yaml")
    assert (Path("o") / "events.csv").is_file()


def test_debug(track: Track, tmp_path: Path) -> None:
    quiet, loud = track("run", "nothing.mp4"), track("run", "nothing.mp4", "--debug")
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err
    assert quiet.code == loud.code == 2
    assert loud.err.splitlines()[-1] == quiet.err.strip(), "the one line stays the last"


def test_every_option_is_tested_here() -> None:
    """An option without a test of its effect is an error."""
    import inspect

    from track.commands.run.command import run_command

    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("test_options*.py"))
    options = [f"--{name.replace('_', '-')}" for name in inspect.signature(run_command).parameters if name != "source"]
    assert len(options) == 28
    assert [option for option in options if f'"{option}"' not in tested] == []


def test_defaults_are_those_of_the_python_interface() -> None:
    """`RunConfig(source)` and `track run source` ask for the same."""
    import inspect

    from track.commands.run.command import run_command

    renamed = {"no_video": "video", "start": "start_s", "end": "end_s"}
    default = RunConfig("x")
    for name, parameter in inspect.signature(run_command).parameters.items():
        if name in ("source", "debug", "tracker", "classes"):
            continue
        of_preset_or_source = name in ("every", "reid_when", "reid")
        value = None if of_preset_or_source else getattr(default, renamed.get(name, name))
        assert parameter.default == (not value if name == "no_video" else value), name


def test_detections_file_helper_is_one_based(tmp_path: Path) -> None:
    path = write_detections(tmp_path / "det.txt", [Walker(1, 2)], 1)
    assert path.read_text() == "1,-1,1.0,2,12.0,24.0,0.9,-1,-1,-1\n"
