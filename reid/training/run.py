"""One training from its images to a checkpoint that the tracker can use."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from reid.backbones.base import Backbone
from reid.calibration import Calibration, calibrate, too_few_for_a_gate, warn_of_overlap
from reid.checkpoint import save_checkpoint
from reid.factories import create_backbone
from reid.plots import plot_distances
from reid.ranking import Labels, RankingScores, rank
from reid.training.devices import cpu_threads
from reid.training.evaluate import embed
from reid.training.job import Job, Watch, configuration
from reid.training.loading import Images, load_images
from reid.training.log import RunLog
from reid.training.network import ReidNet
from reid.training.state import replacing, write_config
from reid.training.teacher import load_teacher
from reid.training.trainer import Trainer

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["BEST_FILE", "LAST_FILE", "Outcome", "train"]

logger = logging.getLogger(__name__)

BEST_FILE, LAST_FILE = "best.safetensors", "last.safetensors"


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        finished: whether all epochs are done; else the watch stopped it, and it can be resumed.
        epoch: finished epochs.
        before: held-out scores before training.
        ranking: held-out scores of the best encoder; `None` where the training did not finish, or in a process that
            only helps.
        calibration: its gate.
        unreadable: images that do not decode.
    """

    finished: bool
    epoch: int
    before: Mapping[str, float | None]
    ranking: RankingScores | None = None
    calibration: Calibration | None = None
    unreadable: tuple[Path, ...] = ()


def train(job: Job, accelerator: Accelerator, watch: Watch) -> Outcome:
    """Train an encoder, or go on with it; writes its files to `job.out`.

    Those are `last.pt` (the whole state), `last.safetensors` and `best.safetensors` (encoders; the best one by held-out
    mAP ends with scores and a gate), `metrics.csv`, `curves.png`, `distances.png`, `config.json`, `tensorboard/`.

    Raises:
        ValueError: data, backbone, recipe or an interrupted training do not fit one another.
        CollapseError: nothing can be learned any more; the message says what to try.
        OSError: a file could not be written; the previous one is whole.
    """
    with cpu_threads(job.recipe.threads):
        return _train(job, accelerator, watch)


def _train(job: Job, accelerator: Accelerator, watch: Watch) -> Outcome:
    net = _first_net(job)
    teacher = load_teacher(job.recipe.teacher) if job.recipe.teacher else None
    images = load_images(job.data, net.backbone.input_size, job.workers, watch, net.backbone.resize)
    trainer = Trainer(job, net, images, accelerator, watch, teacher)
    rows = trainer.position.rows
    log = None
    if accelerator.is_main_process:
        if not job.resume:
            write_config(job.out, configuration(job))
        log = RunLog(job.out, f"{job.reid} on {job.data.name}", rows)
    try:
        for is_best in trainer.run():
            watch.row(rows[-1])
            if log is not None:
                log.add(rows[-1])
                _keep_encoders(job, trainer, is_best)
    finally:
        if log is not None:
            log.close()
    outcome = Outcome(trainer.is_finished, trainer.position.epoch, rows[0], unreadable=images.unreadable)
    if outcome.finished and accelerator.is_main_process:
        ranking, calibration = _finish(job, images, accelerator.device, watch)
        outcome = Outcome(True, outcome.epoch, rows[0], ranking, calibration, images.unreadable)
    accelerator.wait_for_everyone()
    return outcome


def _first_net(job: Job) -> ReidNet:
    """The network before its first step: the same for the same seed, in every process."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(job.seed)
        backbone = create_backbone(job.reid, input_size=job.recipe.input_size, pretrained=job.pretrained)
        net = ReidNet(backbone, job.data.num_classes)
        return net if job.recipe.identity_weight else net.without_classifier()


def _keep_encoders(job: Job, trainer: Trainer, is_best: bool) -> None:
    """Write the averaged network as it is now, and as the best one where it is."""
    row = trainer.position.rows[-1]
    scores = {name: float(row[name] or 0) for name in ("rank1", "mAP") if row.get(name) is not None}
    for name in (LAST_FILE, BEST_FILE) if is_best else (LAST_FILE,):
        _write_encoder(job, name, trainer.deployed, scores, None)


def _write_encoder(
    job: Job, name: str, backbone: Backbone, scores: Mapping[str, float], calibration: Calibration | None
) -> None:
    """The encoder, with the gate of a calibration that rests on enough people."""
    gated = calibration if calibration is not None and calibration.takes_gate else None
    path = job.out / name
    with replacing(path) as unfinished:
        save_checkpoint(
            unfinished,
            backbone,
            data=job.data.name,
            scores=scores,
            max_cosine_distance=None if gated is None else gated.gate,
            gate_curve=None if gated is None else gated.curve,
            version=_version(),
            commit=_commit(),
        )


def _finish(job: Job, images: Images, device: torch.device, watch: Watch) -> tuple[RankingScores, Calibration]:
    """Measure the best encoder once more, choose its gate, and write both into its checkpoint."""
    backbone = create_backbone(job.reid, pretrained=job.out / BEST_FILE).eval().channels_last().to(device)
    embedded = embed(backbone, images.held_out, device, watch)
    labels = Labels.of(images.held_out.query, images.held_out.gallery)
    ranking = rank(embedded.query, embedded.gallery, labels)
    calibration = calibrate(embedded.query, embedded.gallery, labels, false_match_rate=job.false_match_rate)
    scores = {"rank1": ranking.cmc[1], "mAP": ranking.mAP, "mINP": ranking.mINP, **calibration.scores()}
    _write_encoder(job, BEST_FILE, backbone, scores, calibration)
    if not calibration.takes_gate:
        logger.warning("%s", too_few_for_a_gate(calibration))
    with replacing(job.out / "distances.png") as path:
        plot_distances(path, calibration, f"{job.reid} on {job.data.name}")
    warn_of_overlap(job.reid, scores)
    return ranking, calibration


def _version() -> str:
    try:
        return metadata.version("track-reid")
    except metadata.PackageNotFoundError:
        return ""


def _commit() -> str:
    """The commit of the source, where it lies in a Git repository."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
