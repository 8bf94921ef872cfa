"""`track eval-reid`: how well an encoder finds people again, and which gate belongs to it."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from registry.defaults import DEFAULT_ENCODER
from registry.devices import check_device_name
from registry.own_names import replacing
from registry.words import counted
from reid import create_encoder, is_encoder
from reid.bundled import RANDOM
from reid.calibration import Calibration, calibrate, too_few_for_a_gate, warn_of_overlap
from reid.data import ReidData, Split, load_reid_data
from reid.data.market1501 import EXPECTED
from reid.embedding import CropEncoder, EmbeddedFiles, embed_files
from reid.plots import plot_distances
from reid.ranking import Labels, RankingScores, rank, rank_distances
from reid.registry import WITHOUT_NETWORK, WITHOUT_PICTURES
from reid.rerank import reranked_blocks
from reid.rotate import rotated
from reid.runtimes import AUTO, check_runtime
from track.commands.eval_reid.gate import gate_file, put_gate
from track.files.run_folder import folder_name, held_run_folder
from track.files.versions import versions
from track.setup.given_weights import IMAGENET, check_given
from track.terminal.interrupt import StopSignal
from track.terminal.meter import counting

if TYPE_CHECKING:
    from rich.console import Console


__all__ = ["EvalConfig", "Evaluation", "as_json", "data_sources", "eval_reid", "parse_angles"]

MOST_PICTURES = 10_000
"""One file each."""


@dataclass(frozen=True)
class EvalConfig:
    """Everything that `track eval-reid` was asked for; see `track eval-reid --help` for each."""

    sources: tuple[str, ...]
    reid: str = DEFAULT_ENCODER
    reid_weights: Path | None = None
    reid_runtime: str = AUTO
    rerank: bool = False
    angles: tuple[float, ...] = ()
    false_match_rate: float = 0.01
    store_gate: bool = False
    num_pictures: int = 0
    out: Path | None = None
    device: str = "auto"
    seed: int = 0
    trust: bool = False

    def __post_init__(self) -> None:
        if not is_encoder(self.reid):
            create_encoder(self.reid)  # raises with the closest and the known names
        if self.reid in WITHOUT_PICTURES:
            raise ValueError(
                f"--reid {self.reid} has no network to measure; name a backbone, such as --reid {DEFAULT_ENCODER}"
            )
        if not all(self.sources):
            raise ValueError("--data names an empty data set, expected folders separated by commas, such as A,B")
        if not 0 < self.false_match_rate < 1:
            raise ValueError(f"--false-match-rate is {self.false_match_rate:g}, expected a number between 0 and 1")
        if not 0 <= self.num_pictures <= MOST_PICTURES:
            raise ValueError(
                f"--pictures is {self.num_pictures}, expected a number of queries up to {MOST_PICTURES}, 0 for none"
            )
        if not 0 <= self.seed < 1 << 63:
            raise ValueError(f"--seed is {self.seed}, expected a whole number from 0 to 2**63 - 1")
        if self.store_gate and (self.reid_weights is None or str(self.reid_weights) in (IMAGENET, RANDOM)):
            raise ValueError("--store-gate needs a checkpoint to write into; name it with --reid-weights FILE")
        if self.reid in WITHOUT_NETWORK and (self.reid_weights is not None or self.reid_runtime != AUTO):
            option = "--reid-runtime" if self.reid_weights is None else "--reid-weights"
            raise ValueError(f"{option} has no effect with --reid {self.reid}; name the backbone, or drop it")
        check_device_name(self.device)
        check_given("--reid-weights", self.reid_weights, self.trust)
        check_runtime(self.reid_runtime)


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        data: the data set, without images that do not decode.
        runtime: that ran the network, `None` without one.
        ranking: scores by cosine distance.
        reranked: scores after re-ranking, where asked for.
        turned: degrees -> rank-1 with the queries turned, where asked for.
        calibration: the gate.
        damaged: images that do not decode.
        notes: what a person should know.
        files: that were written.
        gate_file: the checkpoint that holds the gate now; `None` where none was stored.
    """

    data: ReidData
    runtime: str | None
    ranking: RankingScores
    reranked: RankingScores | None
    turned: dict[float, float]
    calibration: Calibration
    damaged: tuple[Path, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...]
    gate_file: Path | None


def data_sources(text: str | None) -> tuple[str, ...]:
    """The data sets of `--data A,B`.

    Raises:
        ValueError: the option was left out.
    """
    if text is None:
        raise ValueError(f"--data is missing, expected {EXPECTED}; to try it out: --data synthetic:40")
    return tuple(part.strip() for part in text.split(","))


def parse_angles(text: str | None) -> tuple[float, ...]:
    """The degrees of `--rotate 30,45`.

    Raises:
        ValueError: something else than different numbers between -360 and 360.
    """
    if text is None:
        return ()
    try:
        angles = tuple(float(part) for part in text.split(","))
    except ValueError:
        angles = ()
    if not angles or not all(-360 <= angle <= 360 for angle in angles) or len(set(angles)) < len(angles):
        raise ValueError(
            f"--rotate is {text!r}, expected different degrees separated by commas, such as 30,45,60,75,90"
        )
    return angles


def eval_reid(config: EvalConfig, console: Console) -> Evaluation:
    """Measure an encoder, and write `eval.json`, `distances.png` and pictures into a folder.

    Raises:
        ValueError, OSError: something cannot be done; nothing was written, unless a file itself could not be.
    """
    gated = config.reid_weights if config.store_gate else None
    with StopSignal(), held_run_folder(f"eval-{folder_name(config.reid)}", config.out, None) as folder:
        target = gate_file(config.reid, gated, folder.path)  # before minutes of measuring
        with console.status("looking through the data"):
            data = load_reid_data(config.sources, seed=config.seed)
            encoder: Any = create_encoder(
                config.reid,
                weights=config.reid_weights,
                device=config.device,
                seed=config.seed,
                runtime=config.reid_runtime,
            )
        found = _measure(config, data, encoder, folder.path, console)
        if gated is not None and target is not None and found.calibration.takes_gate:
            put_gate(config.reid, gated, target, found.calibration, found.data.name)
            files = found.files if target == gated else (*found.files, target)
            found = dataclasses.replace(found, gate_file=target, files=files)
        return dataclasses.replace(found, files=(_write_json(folder.path, config, found), *found.files))


def _measure(config: EvalConfig, data: ReidData, encoder: CropEncoder, out: Path, console: Console) -> Evaluation:
    files = tuple(dict.fromkeys((*data.query.paths, *data.gallery.paths)))
    embedded = _embed(encoder, files, console, "embedding")
    data = _without(data, embedded.damaged)
    row_of = {path: row for row, path in enumerate(embedded.paths)}
    query, gallery = (embedded.embeddings[[row_of[p] for p in s.paths]] for s in (data.query, data.gallery))
    labels = Labels.of(data.query, data.gallery)
    ranking = rank(query, gallery, labels)
    reranked = None
    if config.rerank:
        with console.status("re-ranking"):
            reranked = rank_distances(reranked_blocks(query, gallery, own_rows=labels.own_rows), labels)
    calibration = calibrate(query, gallery, labels, false_match_rate=config.false_match_rate, seed=config.seed)
    warn_of_overlap(config.reid, calibration.scores())
    turned = {angle: _turned(encoder, data, gallery, angle, console) for angle in config.angles}
    few = too_few_for_a_gate(calibration)
    notes = (*data.notes, *_notes(ranking, embedded.damaged), *([few] if few else []))
    found = Evaluation(data, encoder.runtime, ranking, reranked, turned, calibration, embedded.damaged, notes, (), None)
    files_written = [_write_plot(out, config, found)]
    if config.num_pictures:
        from track.commands.eval_reid.pictures import write_pictures

        files_written += write_pictures(out / "pictures", data, query, gallery, labels, config.num_pictures)
    return dataclasses.replace(found, files=tuple(files_written))


def _embed(encoder: CropEncoder, files: Sequence[Path], console: Console, what: str, angle: float = 0) -> EmbeddedFiles:
    change = (lambda image: rotated(image, angle)) if angle else None
    with counting(console, what, len(files)) as count:
        return embed_files(encoder, files, workers=os.cpu_count() or 1, change=change, on_progress=count)


def _turned(encoder: CropEncoder, data: ReidData, gallery: Any, angle: float, console: Console) -> float:
    """Rank-1 where the queries are turned and the gallery stands upright."""
    query = _embed(encoder, data.query.paths, console, f"embedding queries turned by {angle:g}", angle)
    return rank(query.embeddings, gallery, Labels.of(data.query, data.gallery)).cmc[1]


def _without(data: ReidData, damaged: Sequence[Path]) -> ReidData:
    """The data set without those images.

    Raises:
        ValueError: no query or no gallery image is left.
    """
    if not damaged:
        return data
    bad = set(damaged)
    query, gallery = (_kept(split, bad) for split in (data.query, data.gallery))
    if not len(query) or not len(gallery):
        raise ValueError(
            f"{data.name}: no query or no gallery image decodes, as {damaged[0]} does not; check the files"
        )
    return dataclasses.replace(data, query=query, gallery=gallery)


def _kept(split: Split, bad: set[Path]) -> Split:
    return split.take(np.array([row for row, path in enumerate(split.paths) if path not in bad], np.int64))


def _notes(ranking: RankingScores, damaged: Sequence[Path]) -> list[str]:
    notes = []
    if ranking.leave_one_out:
        notes.append(
            "cameras are unknown, so each query looks among all other images (leave-one-out); images taken moments"
            " apart count as matches, and scores are higher than under the protocol of Market-1501"
        )
    if damaged:
        notes.append(
            f"{counted(len(damaged), 'image does', 'images do')} not decode, left out: "
            f"{', '.join(map(str, damaged[:3]))}"
        )
    return notes


def _write_plot(out: Path, config: EvalConfig, evaluation: Evaluation) -> Path:
    with replacing(out / "distances.png") as path:
        plot_distances(path, evaluation.calibration, f"{config.reid} on {evaluation.data.name}")
    return out / "distances.png"


def as_json(config: EvalConfig, evaluation: Evaluation) -> dict[str, Any]:
    """Everything measured, with what it was measured on, as it stands in `eval.json`."""
    calibration = {
        field.name: getattr(evaluation.calibration, field.name)
        for field in dataclasses.fields(Calibration)
        if field.name not in ("histogram", "curve")
    }
    curve = evaluation.calibration.curve
    return {
        "reid": config.reid,
        "weights": None if config.reid_weights is None else str(config.reid_weights),
        "runtime": evaluation.runtime,
        "data": evaluation.data.name,
        "images": {"query": len(evaluation.data.query), "gallery": len(evaluation.data.gallery)},
        "ranking": dataclasses.asdict(evaluation.ranking),
        "reranked": None if evaluation.reranked is None else dataclasses.asdict(evaluation.reranked),
        "rank1_turned": {f"{angle:g}": score for angle, score in evaluation.turned.items()},
        "calibration": {
            **calibration,
            "undecided": evaluation.calibration.undecided,
            "intervals": evaluation.calibration.intervals,
            "curve": None if curve is None else dataclasses.asdict(curve),
        },
        "gate_stored": evaluation.gate_file is not None,
        "gate_file": None if evaluation.gate_file is None else str(evaluation.gate_file),
        "damaged_images": [str(path) for path in evaluation.damaged],
        "notes": list(evaluation.notes),
        "seed": config.seed,
        "versions": versions(),
    }


def _write_json(out: Path, config: EvalConfig, evaluation: Evaluation) -> Path:
    with replacing(out / "eval.json") as path:
        path.write_bytes(json.dumps(as_json(config, evaluation), indent=2).encode() + b"\n")
    return out / "eval.json"
