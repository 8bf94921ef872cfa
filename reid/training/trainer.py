"""The training loop: batches, steps, evaluations and checkpoints of one encoder.

Everything random is a function of the seed and of where the training stands: batches and augmentation of (seed, epoch,
batch), dropout of (seed, step, process). So the state of a training is its weights and a few counters, and a resumed
training goes on exactly as if it had never stopped.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from reid.backbones.base import Backbone
from reid.training.augment import Changes, apply_colours, apply_geometry, draw_changes
from reid.training.collapse import Collapse
from reid.training.evaluate import evaluate
from reid.training.job import Job, Watch, configuration
from reid.training.loading import Images
from reid.training.log import Row
from reid.training.losses import MEANS, create_criterion
from reid.training.network import ReidNet, gathered
from reid.training.optimise import MovingAverage, create_optimizer, learning_rate
from reid.training.sampler import epoch_batches
from reid.training.state import LATER_KEYS, STATE_FILE, check_same, read_config, read_state, write_state
from reid.training.synced_norm import with_synced_norms
from reid.training.teacher import Teacher

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["Trainer"]


@dataclass
class Position:
    """Where a training stands, and what it has measured so far.

    Attributes:
        epoch: finished epochs.
        batch: finished batches of the next one.
        step: finished batches of all.
        sums: over the batches of the unfinished epoch, by name.
        rows: finished epochs, as in `metrics.csv`.
        best: highest held-out mAP so far, -1 before the first.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MEANS, 0.0))
    rows: list[Row] = field(default_factory=list)
    best: float = -1.0


class Trainer:
    """A training that can be stopped and continued.

    Args:
        job: what to do.
        net: the network to train, with its heads; taken over.
        images: the crops of `job.data`.
        accelerator: device and processes.
        watch: told how it goes.
        teacher: what the recipe's teacher is, if it has one.

    Attributes:
        position: where it stands.
        average: the network that is evaluated and deployed.

    Raises:
        ValueError: the batch cannot be split over the processes; with `job.resume` also another configuration.
    """

    def __init__(
        self,
        job: Job,
        net: ReidNet,
        images: Images,
        accelerator: Accelerator,
        watch: Watch,
        teacher: Teacher | None = None,
    ) -> None:
        self._job, self._images, self._accelerator, self._watch = job, images, accelerator, watch
        self._teacher = teacher.to(accelerator.device) if teacher else None
        self._share = _share_of(job, accelerator)
        net = with_synced_norms(net.to(accelerator.device), cuda=accelerator.device.type == "cuda")
        net.backbone.channels_last()
        self._net, self._optimizer = accelerator.prepare(net, create_optimizer(net, job.recipe))
        self._bare: ReidNet = accelerator.unwrap_model(self._net)
        self._weights = list(self._bare.parameters())
        self.average = MovingAverage(self._bare, job.recipe.ema_decay)
        self._criterion = create_criterion(job.recipe)
        self._collapse = Collapse(job.recipe)
        self._labels = torch.from_numpy(images.train.identities).to(accelerator.device)
        self._num_steps = len(self._batches(0))
        self._saved_s = time.monotonic()
        self.position = Position()
        if job.resume and (job.out / STATE_FILE).exists():
            self._restore(read_state(job.out))
        elif job.resume:  # ended before its first checkpoint: its first step is a function of the configuration
            check_same(job.out, read_config(job.out), configuration(job))

    @property
    def deployed(self) -> Backbone:
        """The averaged backbone in `eval()` mode, on the training's device."""
        backbone: Backbone = self.average.net.backbone
        return backbone

    def run(self) -> Iterator[bool]:
        """Train; yields after the evaluation before training and after each epoch, whether it is the best so far.

        The state is saved when the caller goes on. Ends early, with the state saved, when `watch` says so.
        """
        position = self.position
        if not position.rows:
            position.rows.append({"epoch": 0, "step": 0, **self._evaluate()})
            yield False
            self._save()
        while position.epoch < self._job.recipe.epochs:
            row = self._epoch()
            if row is None:
                self._save()
                return
            position.rows.append(row)
            score = row.get("mAP")
            is_best = score is not None and score >= position.best
            position.best = score if is_best and score is not None else position.best
            yield is_best
            self._save()

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are done."""
        return self.position.epoch >= self._job.recipe.epochs

    def _epoch(self) -> Row | None:
        """Train to the end of an epoch; `None` if the watch wants to stop before."""
        position, recipe = self.position, self._job.recipe
        self._watch.epoch_begins(position.epoch + 1, position.batch, self._num_steps)
        started, first = time.perf_counter(), position.batch
        self._net.train()
        for rows, crops, changes in self._prepared():
            values = self._step(rows, crops, changes)
            self._account(values)
            self._watch.step(values["loss"], recipe.batch)
            if self._should_stop():
                return None
            if time.monotonic() - self._saved_s >= self._job.checkpoint_every_s:
                self._save()
        self._check_weights()
        seconds = time.perf_counter() - started
        speed = (self._num_steps - first) * recipe.batch / max(seconds, 1e-9)
        means = {name: total / self._num_steps for name, total in position.sums.items()}
        position.epoch, position.batch = position.epoch + 1, 0
        position.sums = dict.fromkeys(MEANS, 0.0)
        rate = learning_rate(recipe, position.step - 1, self._num_steps)
        row = {"epoch": position.epoch, "step": position.step, "lr": rate, "images_per_s": speed, **means}
        is_due = position.epoch % recipe.eval_every == 0 or self.is_finished
        return {**row, **self._evaluate()} if is_due else row

    def _step(self, rows: npt.NDArray[np.int64], crops: npt.NDArray[np.uint8], changes: Changes) -> dict[str, float]:
        """One update of the weights from a global batch, of which `crops` are this process's share; `MEANS`."""
        accelerator, position, recipe = self._accelerator, self.position, self._job.recipe
        torch.manual_seed(_step_seed(self._job.seed, position.step, accelerator.process_index))
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(recipe, position.step, self._num_steps)
        backbone = self._bare.backbone
        on_device = torch.from_numpy(crops).to(accelerator.device, non_blocking=True)
        batch = apply_colours(on_device, changes, mean=backbone.mean, std=backbone.std)
        embeddings, logits = self._net(batch)
        taught = gathered(self._teacher.embed(on_device, changes)) if self._teacher else None
        losses = self._criterion(embeddings, logits, self._labels[torch.from_numpy(rows)], taught)
        values = losses.values()
        self._collapse.check(
            position.step,
            total=values["loss"],
            triplet=values["triplet_loss"],
            contrastive=values["contrastive_loss"],
            distance=values["distance"],
        )
        accelerator.backward(losses.total)
        if recipe.max_gradient:
            accelerator.clip_grad_norm_(self._weights, recipe.max_gradient)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.average.update(position.step)
        return values

    def _account(self, values: dict[str, float]) -> None:
        position = self.position
        for name, value in values.items():
            position.sums[name] += value
        position.step, position.batch = position.step + 1, position.batch + 1

    def _batches(self, epoch: int) -> npt.NDArray[np.int64]:
        recipe = self._job.recipe
        return epoch_batches(
            self._images.train.identities,
            ids_per_batch=recipe.ids_per_batch,
            crops_per_id=recipe.crops_per_id,
            seed=self._job.seed,
            epoch=epoch,
        )

    def _prepared(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], Changes]]:
        """Rows of the global batch, and this process's crops with their changes; one batch is made ahead."""
        job, position = self._job, self.position
        batches, fill = self._batches(position.epoch), self._bare.backbone.mean
        size = self._bare.backbone.input_size

        def prepare(batch: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], Changes]:
            rows = batches[batch]
            changes = draw_changes(job.recipe, len(rows), size, (job.seed, position.epoch, batch))[self._share]
            crops = apply_geometry(self._images.train_crops[rows[self._share]], changes, fill)
            return rows, crops, changes

        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(prepare, position.batch)
            for batch in range(position.batch + 1, len(batches) + 1):
                ready = ahead.result()
                if batch < len(batches):
                    ahead = pool.submit(prepare, batch)
                yield ready

    def _evaluate(self) -> dict[str, float]:
        """Held-out scores of the average; computed by the main process alone."""
        scores: dict[str, float] = {}
        if self._accelerator.is_main_process:
            ranking = evaluate(self.deployed, self._images.held_out, self._accelerator.device, self._watch)
            scores = {"rank1": ranking.cmc[1], "mAP": ranking.mAP}
        self._accelerator.wait_for_everyone()
        return scores

    def _should_stop(self) -> bool:
        """Whether any process was asked to stop: all must end after the same step."""
        wants = self._watch.should_stop()
        if self._accelerator.num_processes == 1:
            return wants
        flag = torch.tensor(float(wants), device=self._accelerator.device)
        return float(self._accelerator.reduce(flag, "sum")) > 0

    def _check_weights(self) -> None:
        """Before they are measured or saved: what is on disk stays the last good state."""
        self._collapse.check_weights(self.position.step, self.average.net.state_dict().values())

    def _save(self) -> None:
        self._check_weights()
        self._saved_s = time.monotonic()
        if not self._accelerator.is_main_process:
            return
        scaler = self._accelerator.scaler
        state = {
            "configuration": configuration(self._job),
            "net": self._bare.state_dict(),
            "average": self.average.net.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": None if scaler is None else scaler.state_dict(),
            "collapse": self._collapse.counters,
            "position": dataclasses.asdict(self.position),
        }
        write_state(self._job.out, state)

    def _restore(self, state: dict[str, Any]) -> None:
        check_same(self._job.out, {**LATER_KEYS, **state["configuration"]}, configuration(self._job))
        self._bare.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self._accelerator.scaler is not None and state["scaler"] is not None:
            self._accelerator.scaler.load_state_dict(state["scaler"])
        self._collapse.counters = state["collapse"]
        self.position = Position(**state["position"])
        self.position.sums = {**dict.fromkeys(MEANS, 0.0), **self.position.sums}  # a loss may be new since then


def _share_of(job: Job, accelerator: Accelerator) -> slice:
    """The part of each global batch that this process computes."""
    processes, batch = accelerator.num_processes, job.recipe.batch
    if batch % processes:
        raise ValueError(
            f"--batch {job.recipe.ids_per_batch}x{job.recipe.crops_per_id} gives {batch} crops, which cannot be split "
            f"evenly over {processes} processes; choose a batch that is a multiple of {processes}"
        )
    share = batch // processes
    return slice(accelerator.process_index * share, (accelerator.process_index + 1) * share)


def _step_seed(seed: int, step: int, process: int) -> int:
    """Another seed for each step and process, for dropout and the like."""
    return int(np.random.SeedSequence((seed, step, process)).generate_state(1, np.uint64)[0] >> 1)
