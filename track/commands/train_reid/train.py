"""`track train-reid`: from images of people to an encoder with a gate."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reid.training.state import CONFIG_FILE, STATE_FILE
from track.commands.train_reid.config import TrainConfig
from track.commands.train_reid.watch import ConsoleWatch, print_counts, print_outcome
from track.files.run_folder import folder_name, held_folder, held_run_folder
from track.terminal.interrupt import StoppedError, StopSignal, signal_name

if TYPE_CHECKING:
    from accelerate import Accelerator
    from rich.console import Console

    from reid.data import ReidData
    from reid.training import Job

__all__ = ["train_reid"]

logger = logging.getLogger(__name__)


def train_reid(config: TrainConfig, console: Console) -> int | None:
    """Train as `config` says, and report on `console` and standard output.

    Returns:
        The signal that stopped it, `None` where it finished.

    Raises:
        ValueError, OSError: something cannot be done, or nothing can be learned; checkpoints before that are whole.
        StoppedError: a signal came before the first step, or a second one while the state was saved.
    """
    from reid.training import is_main_process, open_accelerator

    if not is_main_process():
        console.quiet = True
    with StopSignal() as stop:
        accelerator = open_accelerator(config.device, config.amp)
        _check_network(config)
        with _folder(config) as out:  # before minutes go into reading data
            data = _load(config, console)
            print_counts(data, console)
            try:
                return _train(config, data, out, stop, accelerator, console)
            except StoppedError as error:
                raise StoppedError(error.number, _consequence(out)) from error


def _consequence(out: Path) -> str:
    """What a signal that ended the training at once leaves behind."""
    if (out / STATE_FILE).exists():
        return f"the last checkpoint is whole; go on with: track train-reid --resume {out}"
    if (out / CONFIG_FILE).exists():
        return f"the training had not begun; begin it with: track train-reid --resume {out}"
    return "the training had not begun, and nothing was written"


def _check_network(config: TrainConfig) -> None:
    """Refuse crops that the backbone cannot take, or a missing teacher, before minutes go into reading data."""
    import torch

    from reid import create_backbone
    from reid.training.job import teacher_file

    if config.recipe.teacher is not None:
        teacher_file(config.recipe.teacher)

    with torch.device("meta"):  # its layers, without the weights
        create_backbone(config.reid, input_size=config.recipe.input_size)


def _load(config: TrainConfig, console: Console) -> ReidData:
    from reid.data import load_reid_data

    with console.status("looking through the data"):
        data = load_reid_data(config.sources, seed=config.seed)
    for note in data.notes:
        console.print(f"note: {note}", style="dim", markup=False, highlight=False, soft_wrap=True)
    return data


@contextmanager
def _folder(config: TrainConfig) -> Iterator[Path]:
    """Where the files go; a helping process writes none."""
    from reid.training import is_main_process

    if not is_main_process():
        yield Path(os.devnull) if config.resume is None else config.resume
    elif config.resume is not None:
        with held_folder(config.resume) as folder:
            yield folder.path
    else:
        with held_run_folder(f"train-{folder_name(config.reid)}", config.out, None, way_on=_way_on) as folder:
            yield folder.path


def _way_on(folder: Path) -> str | None:
    """How to go on with a training that was killed; `None` where it had not begun."""
    return f"go on with it by track train-reid --resume {folder}" if (folder / CONFIG_FILE).is_file() else None


def _train(
    config: TrainConfig, data: ReidData, out: Path, stop: StopSignal, accelerator: Accelerator, console: Console
) -> int | None:
    from reid.training import is_main_process, train

    job = _job(config, data, out)
    watch = ConsoleWatch(console, stop, config.recipe.epochs)
    console.print(f"training {config.reid} on {accelerator.device} into {out}", markup=False, highlight=False)
    with watch:
        outcome = train(job, accelerator, watch)
    if not is_main_process():
        return stop.number
    if not outcome.finished and stop.number is not None:
        console.print(
            f"stopped by {signal_name(stop.number)} after {outcome.epoch} of {config.recipe.epochs} epochs; the state "
            f"is saved. Go on with: track train-reid --resume {out}",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return stop.number
    if not watch.has_begun:
        console.print(f"it had already finished all {outcome.epoch} epochs; its best encoder was measured once more")
    print_outcome(outcome, config.reid, out)
    return None


def _job(config: TrainConfig, data: ReidData, out: Path) -> Job:
    from reid.training import Job

    return Job(
        reid=config.reid,
        data=data,
        sources=config.sources,
        recipe=config.recipe,
        out=out,
        seed=config.seed,
        amp=config.amp,
        pretrained=config.pretrained,
        workers=config.workers,
        resume=config.resume is not None,
        false_match_rate=config.false_match_rate,
    )
