"""Twenty thousand frames: memory and the processor's time for a frame stay flat, in every preset."""

from __future__ import annotations

import gc
import os
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from track.run.run import run
from track.setup.config import RunConfig
from tracker.presets import load_preset

NUM_FRAMES = 20_000
NUM_PEOPLE = 12
DIM = 128
MAX_GROWTH_BYTES = 16 << 20
MAX_SLOWDOWN = 1.5


class Meter:
    """A progress display that looks at memory and time instead of showing them."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.resident: list[int] = []
        self.times: list[float] = []
        self._done = 0

    def waiting(self, what):
        return nullcontext()

    @contextmanager
    def task(self, what, total):
        yield self

    def step(self, live_tracks: int) -> None:
        self._done += 1
        if self._done % self.every == 0:
            self.resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
            self.times.append(time.process_time())  # whatever else the machine does


def write_sequence(folder: Path) -> Path:
    """A crowd that never ends: people cross the picture, vanish for a while, and new ones come."""
    rng = np.random.default_rng(0)
    frames = np.repeat(np.arange(1, NUM_FRAMES + 1), NUM_PEOPLE)
    person = np.tile(np.arange(NUM_PEOPLE), NUM_FRAMES)
    visit = (frames + 97 * person) // 400  # a new person takes the place every 400 frames
    x = (frames * (1 + person % 5) * 2.0 + 131 * person) % 1900
    rows = np.column_stack((frames, -np.ones_like(frames), x, 40.0 * person, 40 + person, 100 + person))
    appearance = rng.normal(size=(NUM_PEOPLE, visit.max() + 1, DIM))
    features = appearance[person, visit] + 0.3 * rng.normal(size=(len(frames), DIM))
    table = np.concatenate((rows, np.full((len(rows), 1), 0.9), -np.ones((len(rows), 3)), features), axis=1)
    kept = table[rng.random(len(table)) < 0.9].astype(np.float32)
    (folder / "det").mkdir(parents=True)
    np.save(folder / "det" / "det.npy", kept)
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname=soak\nimDir=img1\nframeRate=25\nseqLength={NUM_FRAMES}\nimWidth=1920\nimHeight=1080\n"
        "imExt=.jpg\n"
    )
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_sequence(tmp_path_factory.mktemp("sources") / "soak")


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["deepsort", "strong", "realtime"])
def test_memory_and_step_time_stay_flat(tmp_path, source, preset):
    gc.collect()
    meter = Meter(every=500)
    config = RunConfig(str(source), detector="public", reid="file", tracker=load_preset(preset), out=tmp_path / "out")
    summary = run(config, meter)
    assert summary.counts["frames"] == NUM_FRAMES
    quarter = len(meter.times) // 4
    steps = np.diff(meter.times) / meter.every
    early, late = np.median(steps[quarter : 2 * quarter]), np.median(steps[-quarter:])
    growth = max(meter.resident[-quarter:]) - max(meter.resident[quarter : 2 * quarter])
    print(f"{preset}: step {1000 * early:.2f} -> {1000 * late:.2f} ms, memory {growth / 2**20:+.1f} MiB")
    assert late < MAX_SLOWDOWN * early
    assert growth < MAX_GROWTH_BYTES
