"""What `track compare` keeps between runs: it is computed once, and anew where anything changed or was damaged."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.track.commands.compare.clips import CROSSING, RANDOM_CNN, compare, table_of
from tests.track.runs import Track, write_video
from track.commands.compare import compare as compare_module
from track.scenes.cache import Entry, EntryCache
from track.terminal.interrupt import StoppedError


@pytest.mark.usefixtures("quick")
def test_a_second_run_computes_nothing_and_prints_the_same(track: Track, clip: Path, work: Counter[str]) -> None:
    first = compare(track, "--gt", "gt.txt")
    assert (first.code, dict(work)) == (0, {"detect": 1, "embed": 1})
    second = compare(track, "--gt", "gt.txt", out="o2")
    assert (second.code, dict(work)) == (0, {"detect": 1, "embed": 1})
    assert table_of(first) == table_of(second)
    assert len(table_of(first)) == 3
    assert Path("o/compare.csv").read_bytes() == Path("o2/compare.csv").read_bytes()
    assert "from the cache, with the times measured then: detections, small-cnn" in second.out
    assert "from the cache" not in first.out
    for name in ("none-strong", "small-cnn-strong"):
        assert Path("o", name, "tracks.csv").read_bytes() == Path("o2", name, "tracks.csv").read_bytes()


@pytest.mark.usefixtures("quick")
def test_a_further_encoder_is_all_that_is_computed(track: Track, clip: Path, work: Counter[str]) -> None:
    compare(track, encoders="none")
    assert dict(work) == {"detect": 1}
    compare(track, encoders="none,small-cnn", out="o2")
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
    compare(track, encoders="small-cnn")
    assert compare(track, *arguments, encoders="small-cnn", out="o2").code == 0
    assert dict(work) == expected


@pytest.mark.usefixtures("quick")
def test_another_seed_is_other_random_weights(track: Track, clip: Path, work: Counter[str]) -> None:
    for number, seed in enumerate((0, 0, 1)):
        compare(track, *RANDOM_CNN, "--seed", seed, encoders="small-cnn", out=f"o{number}")
    assert dict(work) == {"detect": 1, "embed": 2}


@pytest.mark.usefixtures("quick")
def test_content_counts_and_not_the_name(track: Track, clip: Path, work: Counter[str]) -> None:
    compare(track)
    (clip.parent / "inner").mkdir()
    clip.rename(clip.parent / "inner" / "other.mp4")
    track("compare", "inner/other.mp4", "--detector", "clip.txt", "--reid", "none,small-cnn")
    assert dict(work) == {"detect": 1, "embed": 1}
    write_video(clip.parent, CROSSING[:1], 20)  # another clip under the name of the first
    assert compare(track, out="o2").code == 0
    assert dict(work) == {"detect": 2, "embed": 2}


@pytest.mark.usefixtures("quick")
def test_other_detections_in_the_same_file(track: Track, clip: Path, work: Counter[str]) -> None:
    compare(track)
    text = Path("clip.txt").read_text()
    Path("clip.txt").write_text(text.replace(",0.8,", ",0.7,"))
    compare(track, out="o2")
    assert dict(work) == {"detect": 2, "embed": 2}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short"], ids=["empty", "cut short"])
def test_a_damaged_entry_is_made_anew(track: Track, clip: Path, work: Counter[str], damage: bytes) -> None:
    first = compare(track)
    for path in Path("cache/compare").iterdir():
        path.write_bytes(damage)
    again = compare(track, out="o2")
    assert (again.code, dict(work)) == (0, {"detect": 2, "embed": 2})
    assert "is damaged and is made anew" in again.err
    for name in ("none-strong", "small-cnn-strong"):
        assert Path("o", name, "tracks.csv").read_bytes() == Path("o2", name, "tracks.csv").read_bytes()
    assert first.code == 0
    compare(track, out="o3")
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
    monkeypatch.setattr("track.scenes.cache.MAX_BYTES", 20_000)
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
    result = compare(track, encoders="none")
    assert result.code == 0
    assert "nothing is kept" in result.err
    assert len(table_of(result)) == 2


@pytest.mark.usefixtures("quick")
def test_ctrl_c_keeps_what_was_done(
    track: Track, clip: Path, work: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """During the embedding: one line, no results, and the detections are there next time."""

    def interrupted(*arguments: Any) -> Any:
        raise StoppedError(2, "now")

    with monkeypatch.context() as patch:
        patch.setattr(compare_module, "embed_scene", interrupted)
        result = compare(track)
    assert result.code == 130
    (line,) = result.err.splitlines()
    assert "stopped by Ctrl-C" in line
    assert str(Path("cache/compare").absolute()) in line
    assert not Path("o").exists()
    assert not list(Path("cache/compare").glob(".part*"))
    assert compare(track).code == 0
    assert dict(work) == {"detect": 1, "embed": 1}
