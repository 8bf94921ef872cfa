"""What a person sees of a training: counts before, a bar with images/s and ETA, a line per evaluation, the end."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from registry.closing import Closing
from registry.words import counted
from track.terminal.interrupt import StopSignal
from track.terminal.meter import Meter
from track.terminal.tables import print_table

if TYPE_CHECKING:
    from rich.console import Console

    from reid.data import ReidData
    from reid.training import Outcome
    from reid.training.log import Row

__all__ = ["ConsoleWatch", "print_counts", "print_outcome"]

LINE_EVERY_S = 30.0
"""Between two plain lines where there is no terminal."""
SMOOTHING = 0.1
"""Weight of the newest step in the loss and the speed that are shown."""


def print_counts(data: ReidData, console: Console) -> None:
    """One table: images, identities and cameras of each split."""
    from rich.table import Table

    from reid.data import counts_table

    table = Table(title=data.name, title_justify="left", box=None, pad_edge=False)
    table.add_column("split")
    for name in ("images", "identities", "cameras"):
        table.add_column(name, justify="right")
    for split, images, identities, cameras in counts_table(data):
        table.add_row(split, f"{images:,}", f"{identities:,}", f"{cameras:,}" if cameras else "unknown")
    print_table(console, table)


class ConsoleWatch(Closing):
    """Shows a training on a console, and stops it when a signal came (see `reid.training.Watch`).

    Args:
        console: where to; a terminal gets a bar, anything else a plain line now and then.
        stop: from the first epoch on, a first signal ends the training after the step in hand.
        num_epochs: of the training.

    Attributes:
        has_begun: whether an epoch has begun, or gone on.
    """

    def __init__(self, console: Console, stop: StopSignal, num_epochs: int) -> None:
        self._console, self._stop, self._num_epochs = console, stop, num_epochs
        self.has_begun = False
        self._meter: Meter | None = None
        self._what = ""
        self._loss, self._speed = 0.0, 0.0
        self._stepped_s = time.perf_counter()
        self._steps_left = self._num_steps = 0

    def loading(self, what: str, done: int, total: int) -> None:
        """See `reid.training.Watch`."""
        if self._what != what:
            self._begin(what, total)
        self._advance_to(done)
        if done >= total:
            self.close()

    def epoch_begins(self, epoch: int, step: int, num_steps: int) -> None:
        """See `reid.training.Watch`."""
        self._stop.defer()
        self.has_begun = True
        total = self._num_epochs * num_steps
        self._begin(f"epoch {epoch}/{self._num_epochs}", total)
        self._num_steps, self._steps_left = num_steps, total - (epoch - 1) * num_steps - step
        self._advance_to(total - self._steps_left)
        self._stepped_s = time.perf_counter()
        self._loss = self._speed = 0.0

    def step(self, loss: float, num_images: int) -> None:
        """See `reid.training.Watch`."""
        now = time.perf_counter()
        speed = num_images / max(now - self._stepped_s, 1e-9)
        self._stepped_s = now
        share = SMOOTHING if self._speed else 1.0
        # Speeds average as times do.
        self._speed = 1 / ((1 - share) / max(self._speed, 1e-9) + share / speed)
        self._loss += share * (loss - self._loss)
        self._steps_left -= 1
        text = f"loss {self._loss:.3f}  {self._speed:.0f} images/s"
        if self._meter is not None:
            self._meter.advance()
            self._meter.show(text, f"{text}  ETA {_duration(self._steps_left * num_images / self._speed)}")
        if self._steps_left % self._num_steps == 0:
            self.close()

    def row(self, row: Row) -> None:
        """See `reid.training.Watch`."""
        if row.get("mAP") is None:
            return
        epoch = int(row["epoch"] or 0)
        start = "before training" if not epoch else f"epoch {epoch}/{self._num_epochs}"
        losses = "" if not epoch else f"loss {row['loss']:.3f}, accuracy {row['accuracy']:.1%}, "
        scores = f"held-out rank-1 {row['rank1']:.1%}, mAP {row['mAP']:.1%}"
        self._console.print(f"{start}: {losses}{scores}", markup=False, highlight=False, soft_wrap=True)

    def should_stop(self) -> bool:
        """See `reid.training.Watch`."""
        return self._stop.number is not None

    def _begin(self, what: str, total: int) -> None:
        self.close()
        self._what = what
        self._meter = Meter(self._console, what, total, every_s=LINE_EVERY_S, percent=True)

    def _advance_to(self, done: int) -> None:
        if self._meter is not None:
            self._meter.advance(done - self._meter.done)
            self._meter.show("")

    def close(self) -> None:
        """Leave the terminal to others."""
        if self._meter is not None:
            self._meter.close()
        self._meter, self._what = None, ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def print_outcome(outcome: Outcome, reid: str, out: Path) -> None:
    """The end of a training on standard output: scores before and after, the gate, files, and what to type next."""
    from reid.training import BEST_FILE
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    ranking, calibration = outcome.ranking, outcome.calibration
    if ranking is None or calibration is None:
        return
    before, (low, high) = outcome.before, ranking.rank1_interval
    people = counted(ranking.num_identities, "person", "people")
    console.print(
        f"held-out rank-1 {before['rank1']:.1%} -> {ranking.cmc[1]:.1%}, mAP {before['mAP']:.1%} -> {ranking.mAP:.1%} "
        f"(before -> after training, {counted(ranking.num_queries, 'query', 'queries')})"
    )
    console.print(f"rank-1 rests on {people}: {low:.0%} to {high:.0%} with 95% confidence")
    console.print(
        f"gate {calibration.gate:.3f}: at this cosine distance {calibration.false_match_rate:.2%} of different people "
        f"match and {calibration.false_non_match_rate:.1%} of same people do not"
    )
    console.print("results:")
    for name in (BEST_FILE, "last.safetensors", "metrics.csv", "curves.png", "distances.png", "config.json"):
        console.print(str(out / name), markup=False)
    if not calibration.undecided:  # else a warning has said what to do instead
        console.print(f"next: track run video.mp4 --reid {reid} --reid-weights {out / BEST_FILE}", markup=False)
