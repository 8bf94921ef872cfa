"""Our trackers beside those of other projects: one clip, the same detections and embeddings, one table of scores.

    pip install --no-deps --target PEERS boxmot lap trackers deep-sort-realtime norfair motpy
    python benchmarks/peers_clip.py CLIP GT --detector WEIGHTS --peers PEERS [--only strong bytetrack] [--conf 0.25 0.5]

CLIP is a video with a ground truth GT for its first frames; these are tracked. Detections (persons) and embeddings come
from the cache of `track compare`, or go there. Every tracker runs online at its published defaults; those that take
embeddings get ours, those that measure the camera's motion the picture. What is not installed is named and left out.
--conf drops the detections below it before any tracker sees them, once for each value.
"""

from __future__ import annotations

import argparse
import functools
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from peers_clip_trackers import PEERS, Floats, Seen, Step

from evaluation import EvalOptions, Scores, evaluate, find_pairs
from evaluation.overlap import box_iou
from evaluation.prepare import MATCH_IOU
from evaluation.reading import read_rows
from registry.defaults import DEFAULT_ENCODER
from track.scenes.cache import Entry, EntryCache
from track.scenes.keys import embedding_key, scene_key
from track.scenes.scene import Embedded, Scene, detect_scene, embed_scene
from track.setup.config import RunConfig
from track.setup.loading import load_detector, load_encoder
from track.setup.settings import with_gate
from track.sources import open_source
from track.terminal.progress import Silent
from tracker import DeepSort
from tracker.presets import load_preset

COLUMNS = ("HOTA", "IDF1", "MOTA", "IDSW", "AssA", "DetA", "FP", "FN")


def ours(preset: str, gate: float | None) -> Step:
    """A preset of this project, with the gate of the encoder's checkpoint."""
    config = with_gate(RunConfig("clip", tracker=load_preset(preset)), gate)
    tracker = DeepSort(config)

    def step(seen: Seen) -> Floats:
        motion = seen.motion if config.camera_motion else None
        size = seen.image.shape[1], seen.image.shape[0]
        tracks = tracker.update(
            seen.xyxy, seen.scores, embeddings=seen.embeddings, frame_size=size, time_s=seen.time_s, motion=motion
        )
        return np.column_stack((tracks.ids, tracks.xyxy))

    return step


def make_scene(config: RunConfig, cache: EntryCache) -> tuple[Scene, Embedded]:
    """Detections and embeddings of the clip, from the cache or made now."""
    with open_source(config.source) as source:
        key = scene_key(config, source)
        entry = cache.find(key)
        if entry is None:
            detector = load_detector(config, source)
            with Silent().task("detecting", None) as task:
                entry = detect_scene(source, detector, task).to_entry()
            cache.store(key, entry)
    scene, key = Scene.from_entry(entry), embedding_key(key, config)
    entry = cache.find(key)
    if entry is None:
        encoder = load_encoder(config)
        with open_source(config.source) as source, Silent().task("embedding", None) as task:
            embedded = embed_scene(source, scene, encoder, task)
        entry = Entry({"rows": embedded.rows}, embedded.facts)
        cache.store(key, entry)
    return scene, Embedded(entry.arrays["rows"], dict(entry.facts))


def frames(clip: str, scene: Scene, rows: npt.NDArray[np.float32], conf: float, last: int) -> Iterator[Seen]:
    """Frame by frame, without the detections below `conf`, up to frame `last` (1-based)."""
    with open_source(clip) as source:
        for frame, of_frame, motion in zip(source, scene.rows_by_frame(), scene.motions, strict=True):
            if frame.index >= last:
                return
            kept = np.flatnonzero(scene.scores[of_frame] >= conf) + of_frame.start
            xyxy, scores = scene.xyxy[kept].astype(np.float64), scene.scores[kept].astype(np.float64)
            image = np.ascontiguousarray(frame.image)
            yield Seen(frame.index + 1, frame.time_s, xyxy, scores, rows[kept], motion, image)


def track(step: Step, seen: Iterator[Seen]) -> tuple[Floats, float]:
    """Rows `(R, 6)` of frame, id and tlwh; and the median of CPU milliseconds for an update."""
    rows, spent = [np.empty((0, 6))], []
    for frame in seen:
        before = time.process_time()
        shown = np.asarray(step(frame), np.float64).reshape(-1, 5)
        spent.append(1000 * (time.process_time() - before))
        tlwh = np.column_stack((shown[:, 1:3], shown[:, 3:] - shown[:, 1:3]))
        rows.append(np.column_stack((np.full(len(shown), frame.number), shown[:, 0], tlwh)))
    return np.concatenate(rows), statistics.median(spent)


def score(rows: Floats, truth: Path, shift: int = 0) -> Scores:
    """By this project's own evaluation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.txt"
        np.savetxt(path, rows, fmt="%d,%d," + ",".join(["%.2f"] * 4) + ",1,-1,-1,-1")
        return evaluate(find_pairs(truth, path), EvalOptions(force=True, shift=shift)).combined


def perfect(seen: Iterator[Seen], truth: Path) -> Floats:
    """Rows `(R, 6)`: each detection that overlaps a person by half, under that person's name; no other detection."""
    known, rows = read_rows(truth), [np.empty((0, 6))]
    for frame in seen:
        here = known[known.frames == frame.number]
        tlwh = np.column_stack((frame.xyxy[:, :2], frame.xyxy[:, 2:] - frame.xyxy[:, :2]))
        overlap = box_iou(here.tlwh, tlwh)
        persons, found = linear_sum_assignment(-np.where(overlap >= MATCH_IOU, overlap, 0.0))
        good = overlap[persons, found] >= MATCH_IOU
        number = np.full(int(good.sum()), frame.number)
        rows.append(np.column_stack((number, here.ids[persons[good]], tlwh[found[good]])))
    return np.concatenate(rows)


def write_sequence(folder: Path, scene: Scene, truth: Path) -> None:
    """A sequence in MOTChallenge's form, with its detections and without pictures."""
    last, (width, height) = int(read_rows(truth).frames.max()), scene.facts["size"]
    numbers = np.repeat(scene.frame_indices + 1, scene.counts)
    tlwh = np.column_stack((scene.xyxy[:, :2], scene.xyxy[:, 2:] - scene.xyxy[:, :2]))
    rows = np.column_stack((numbers, np.full(len(numbers), -1), tlwh, scene.scores))[numbers <= last]
    for name in ("det", "gt"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "det" / "det.txt", rows, fmt="%d,%d," + ",".join(["%.3f"] * 4) + ",%.6f,-1,-1,-1")
    shutil.copyfile(truth, folder / "gt" / "gt.txt")
    fps = 1 / float(np.median(np.diff(scene.times_s)))
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={folder.name}\nframeRate={fps:g}\nseqLength={last}\nimWidth={width}\nimHeight={height}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("truth", type=Path)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--reid", default=DEFAULT_ENCODER)
    parser.add_argument("--peers", type=Path, help="folder into which the peers were installed")
    parser.add_argument("--only", nargs="*", default=[], help="only those whose name holds one of these words")
    parser.add_argument("--conf", nargs="*", type=float, default=[0.25])
    parser.add_argument("--write", type=Path, help="also make a sequence with these detections in this folder")
    parser.add_argument("--shift", type=int, default=0, help="added to the frame numbers of all tracks when scored")
    given = parser.parse_args()
    if given.peers is not None:
        sys.path.append(str(given.peers.resolve()))
    warnings.filterwarnings("ignore")
    config = RunConfig(given.clip, detector=given.detector, classes=("person",), conf=0.25, reid=given.reid)
    scene, embedded = make_scene(config, EntryCache())
    if given.write is not None:
        write_sequence(given.write, scene, given.truth)
    gate = embedded.facts["gate"]
    entrants: dict[str, Callable[[], Step]] = {
        **{name: functools.partial(ours, name, gate) for name in ("strong", "deepsort")},
        **PEERS,
    }
    last = int(read_rows(given.truth).frames.max())
    print(f"| tracker | from score | {' | '.join(COLUMNS)} | ms |\n|---|--:|{'--:|' * (len(COLUMNS) + 1)}")
    for conf in given.conf:
        make = functools.partial(frames, given.clip, scene, embedded.rows, conf, last)
        for name, create in entrants.items():
            if given.only and not any(word in name for word in given.only):
                continue
            try:
                step = create()
            except ImportError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                continue
            rows, spent = track(step, make())
            print(_line(name, conf, score(rows, given.truth, given.shift), f"{spent:.1f}"), flush=True)
        print(_line("perfect association", conf, score(perfect(make(), given.truth), given.truth), ""), flush=True)


def _line(name: str, conf: float, scores: Scores, spent: str) -> str:
    cells = [f"{scores[column]:.1f}" if column in scores.percentages else str(scores[column]) for column in COLUMNS]
    return f"| {name} | {conf:g} | {' | '.join(cells)} | {spent} |"


if __name__ == "__main__":
    main()
