"""Trains the tiny network on a folder, or goes on with it; a program of its own for tests that kill it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from reid.registry import BACKBONES
from reid.training import Job, SilentWatch, is_main_process, open_accelerator, train
from reid.training.run import _first_net
from tests.reid.training.conftest import RECIPE
from tests.reid.training.people import load_people
from tests.reid.training.tiny import NAME, PLAIN_TARGET, TARGET


class Slow(SilentWatch):
    """Says when a step is done, and pauses."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s

    def step(self, loss: float, num_images: int) -> None:
        """Say so."""
        print("step", flush=True)
        time.sleep(self._pause_s)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("people", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--plain", action="store_true", help="without dropout")
    arguments = parser.parse_args()
    BACKBONES.add(NAME, PLAIN_TARGET if arguments.plain else TARGET, "for tests")
    arguments.out.mkdir(exist_ok=True)
    job = Job(
        reid=NAME,
        data=load_people(arguments.people),
        sources=("people",),
        recipe=RECIPE,
        out=arguments.out,
        workers=1,
        resume=(arguments.out / "last.pt").exists(),
        checkpoint_every_s=0.0,
    )
    if is_main_process() and not job.resume:
        torch.save(_first_net(job).state_dict(), arguments.out / "first.pt")
    train(job, open_accelerator("cpu"), Slow(arguments.pause))


if __name__ == "__main__":
    main()
