"""Speeds that were measured beside other programs are kept with that load, and marked."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.track.commands.compare.clips import compare, rows_of, table_of
from tests.track.runs import Track
from track.scenes import load
from track.scenes.load import HIGH_LOAD, LoadMeter


class _Machine:
    """Four cores, of which this program and others take some; time goes by as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at_s = self.own_s = self.others_s = 100.0
        times = SimpleNamespace(perf_counter=lambda: self.at_s, process_time=lambda: self.own_s)
        monkeypatch.setattr(load, "time", times)
        monkeypatch.setattr(load.psutil, "cpu_count", lambda: 4)
        monkeypatch.setattr(load.psutil, "cpu_times", lambda: SimpleNamespace(_asdict=self._times))

    def _times(self) -> dict[str, float]:
        half = (self.own_s + self.others_s) / 2
        idle = 4 * self.at_s - 2 * half
        return {"user": half, "system": half, "idle": idle / 2, "iowait": idle / 2, "guest": half}

    def go_on(self, seconds: float, *, own: float, others: float) -> None:
        """So many cores are busy for that long."""
        self.at_s += seconds
        self.own_s += own * seconds
        self.others_s += others * seconds


@pytest.mark.parametrize(
    ("own", "others", "share"),
    [
        pytest.param(4, 0, 0.0, id="alone, on all cores"),
        pytest.param(1, 0, 0.0, id="alone, on one"),
        pytest.param(2, 2, 0.5, id="half and half"),
        pytest.param(0, 4, 1.0, id="all in other hands"),
    ],
)
def test_the_share_of_the_cores_that_others_kept_busy(
    monkeypatch: pytest.MonkeyPatch, own: float, others: float, share: float
) -> None:
    machine = _Machine(monkeypatch)
    meter = LoadMeter()
    machine.go_on(60, own=4 - others, others=4 - own)  # what was before does not count
    meter.start()
    machine.go_on(5, own=own, others=others)
    assert meter.others() == share


def test_what_is_short_is_measured_with_what_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time comes in steps of 0.01 s: in a tenth of a second they would be a load of their own."""
    machine = _Machine(monkeypatch)
    meter = LoadMeter()
    machine.go_on(3.9, own=1, others=1)
    meter.start()
    machine.go_on(0.1, own=1, others=3)
    assert meter.others() == pytest.approx((3.9 + 0.3) / 16, abs=1e-3)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is measured in turn, the last one for ever."""
    values = [0.0]

    def each(meter: LoadMeter) -> float:
        return values.pop(0) if len(values) > 1 else values[0]

    monkeypatch.setattr("track.scenes.load.LoadMeter.others", each)
    return values


@pytest.mark.usefixtures("quick", "clip")
@pytest.mark.parametrize(
    ("measured", "marked"),
    [
        pytest.param([0.0], [], id="at rest"),
        pytest.param([HIGH_LOAD], [], id="not more than is allowed"),
        pytest.param([0.5, 0.0], ["none fps", "small-cnn fps"], id="while detecting: all rest on it"),
        pytest.param([0.0, 0.5, 0.0], ["small-cnn crops/s", "small-cnn fps"], id="while embedding"),
        pytest.param([0.0, 0.0, 0.0, 0.5], ["small-cnn fps"], id="while the last one was tracked"),
    ],
)
def test_speeds_measured_beside_others_are_marked(
    track: Track, loads: list[float], measured: list[float], marked: list[str]
) -> None:
    loads[:] = measured
    result = compare(track)
    lines = [line.split() for line in table_of(result)[1:]]
    found = [
        f"{line[0]} {name}"
        for line in lines
        for name, cell in zip(("crops/s", "fps"), line[-2:], strict=True)
        if cell.endswith("*")
    ]
    assert found == marked
    explained = "* other programs kept more than 20% of the cores busy while this was measured (up to 50%)"
    assert (explained in result.out) is bool(marked)
    assert max(float(row["load"]) for row in rows_of(Path("o/compare.csv").read_text())) == max(measured)


@pytest.mark.usefixtures("quick", "clip")
def test_the_cache_remembers_the_load_of_what_it_keeps(track: Track, loads: list[float]) -> None:
    """Detections and embeddings as they were; the tracker runs anyway, so its time is taken again at rest."""
    loads[:] = [0.5]
    first = compare(track)
    loads[:] = [0.0]
    compare(track, out="o2")
    rows = json.loads(Path("o2/compare.json").read_text())["rows"]
    assert [row["loads"] for row in rows] == [
        {"detect": 0.5, "embed": 0.0, "associate": 0.0},
        {"detect": 0.5, "embed": 0.5, "associate": 0.0},
    ]
    loads[:] = [0.9]
    third = compare(track, out="o3")
    assert json.loads(Path("o3/compare.json").read_text())["rows"] == rows, "what was measured at rest stays"
    assert all("*" in line for line in table_of(first)[1:] + table_of(third)[1:])
    loads[:] = [0.0]
    assert "*" not in "".join(table_of(compare(track, "--no-cache", out="o4")))
