"""Identities for re-identification without a download: `python -m synthetic.identities --ids 1500 --out DIR`.

A folder like Market-1501's: `bounding_box_train/`, `query/` and `bounding_box_test/` with JPEG crops whose names hold
identity, camera, sequence, frame and box, as in `0002_c1s1_000451_03.jpg`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.identity_crops import Crop, render_identity

__all__ = ["Counts", "Crop", "render_identity", "write_identities"]

Image = npt.NDArray[np.uint8]

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
UNFINISHED = "unfinished.json"
"""Lies in the folder, with the arguments, until the last crop is written."""
_DISTRACTOR, _JUNK = 0, -1
_STRANGER_SHARE = 0.1
"""Distractors, and junk, as a share of the identities in the gallery (at least one person each, two crops a person)."""
_FIRST_STRANGER = 1 << 20
_JPEG_QUALITY = 92


@dataclass(frozen=True)
class Counts:
    """How many identities and images each part of the folder holds."""

    train_ids: int
    train_images: int
    test_ids: int
    query_images: int
    gallery_images: int


@dataclass(frozen=True)
class _Task:
    """One person to write: `label` goes into the file names, `split` says whether into the training or test folders."""

    out: str
    index: int
    label: int
    split: str
    crops: int
    seed: int
    size: tuple[int, int]


def _queries(cameras: list[int]) -> set[int]:
    """Return which crops ask: the first of each camera that keeps another, so that each finds one elsewhere."""
    seen = Counter(cameras)
    asking = {cameras.index(camera) for camera, count in seen.items() if count > 1}
    return asking or {0}


def _write(path: Path, image: Image) -> None:
    """Write a JPEG whole or not at all.

    Raises:
        OSError: The file can't be written, as on a full disk.
    """
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    part = path.with_suffix(".part")
    try:
        part.write_bytes(data.tobytes())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _write_person(task: _Task) -> tuple[str, int, int]:
    """Write one person's crops; return the split and how many went to training or gallery, and to the queries."""
    crops = render_identity(task.index, task.crops, task.seed, task.size)
    asking = _queries([crop.camera for crop in crops]) if task.split == GALLERY and task.label > 0 else set()
    for number, crop in enumerate(crops):
        folder = QUERY if number in asking else task.split
        person = f"{task.label:04d}" if task.label >= 0 else "-1"
        frame = task.index % _FIRST_STRANGER * 100 + number
        name = f"{person}_c{crop.camera}s{crop.sequence}_{frame:06d}_01.jpg"
        image = crop.image if task.label != _JUNK else _half(crop.image, number)
        _write(Path(task.out) / folder / name, image)
    return task.split, len(crops) - len(asking), len(asking)


def _half(image: Image, number: int) -> Image:
    """Return the upper or lower part of a crop in its size: the box of a detection that went wrong."""
    rows = image.shape[0] * 2 // 5
    part = image[:rows] if number % 2 == 0 else image[-rows:]
    return np.asarray(cv2.resize(part, (image.shape[1], image.shape[0])), np.uint8)


def _tasks(out: Path, num_ids: int, num_test: int, crops: int, seed: int, size: tuple[int, int]) -> Iterator[_Task]:
    """Yield training, test, distractor and junk people."""
    for index in range(num_ids):
        split = TRAIN if index < num_ids - num_test else GALLERY
        yield _Task(str(out), index, index + 1, split, crops, seed, size)
    strangers = max(1, round(_STRANGER_SHARE * num_test)) if num_test else 0
    for number in range(2 * strangers):
        label = _DISTRACTOR if number < strangers else _JUNK
        yield _Task(str(out), _FIRST_STRANGER + number, label, GALLERY, 2, seed, size)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent and the second core to the other worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _results(tasks: list[_Task], workers: int) -> Iterator[tuple[str, int, int]]:
    """Yield the counts of each task; nothing that was begun goes on after an error."""
    if workers == 1:
        yield from map(_write_person, tasks)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker)
    try:
        yield from pool.map(_write_person, tasks)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check_folder(out: Path) -> None:
    if (out / UNFINISHED).exists():
        raise ValueError(f"{out} holds an unfinished set of an interrupted run: delete the folder, then run again")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} exists and is not an empty folder: choose another --out, or delete it")


def _check_arguments(
    num_ids: int, crops_per_id: int, seed: int, size: tuple[int, int], workers: int, test_share: float
) -> None:
    if seed < 0:
        raise ValueError(f"seed is {seed}: expected 0 or more")
    if num_ids < 2:
        raise ValueError(f"ids is {num_ids}: re-identification needs 2 or more identities to tell apart")
    if not 2 <= crops_per_id <= 100:
        raise ValueError(f"crops is {crops_per_id}: expected 2 to 100 crops an identity")
    if min(size) < 16 or max(size) > 1024:
        raise ValueError(f"size is {size[0]}x{size[1]}: height and width must lie in 16..1024 px")
    if workers < 1:
        raise ValueError(f"workers is {workers}: expected 1 or more")
    if not 0 <= test_share < 1:
        raise ValueError(f"test share is {test_share}: expected 0 or more and less than 1, as 0.2")


def write_identities(
    out: Path,
    num_ids: int,
    crops_per_id: int,
    *,
    seed: int = 0,
    size: tuple[int, int] = (128, 64),
    workers: int | None = None,
    test_share: float = 0.2,
    on_crops: Callable[[int], None] | None = None,
) -> Counts:
    """Write a folder like Market-1501's; the same arguments give the same bytes, however many workers there are.

    The last identities are held out: their crops go to `query/` (one a camera) and `bounding_box_test/`, which also
    gets a few distractors (`0000`) and junk (`-1`). No crop is ever half written; a run that was cut off leaves a note
    in the folder, by which a later run knows it.

    Args:
        out: The folder, missing or empty.
        num_ids: How many people, distractors and junk apart.
        crops_per_id: Crops of each, over at least two cameras.
        seed: The town: its people and its cameras.
        size: Height and width of the crops, px.
        workers: Processes; by default one a core.
        test_share: Share of the identities that is held out; at least one where it is not 0.
        on_crops: Called with the number of crops written since the last call.

    Raises:
        ValueError: An argument out of its range, a folder that is not empty, or one of an interrupted run.
        OSError: The folder can't be written, as on a full disk.
    """
    workers = (os.cpu_count() or 1) if workers is None else workers
    _check_arguments(num_ids, crops_per_id, seed, size, workers, test_share)
    _check_folder(out)
    num_test = min(max(round(num_ids * test_share), 1), num_ids - 1) if test_share > 0 else 0
    for folder in (TRAIN, QUERY, GALLERY):
        (out / folder).mkdir(parents=True)
    note = {"ids": num_ids, "crops": crops_per_id, "seed": seed, "size": list(size), "test_share": test_share}
    (out / UNFINISHED).write_text(json.dumps(note) + "\n", encoding="utf-8")
    images: Counter[str] = Counter()
    tasks = list(_tasks(out, num_ids, num_test, crops_per_id, seed, size))
    for split, kept, asking in _results(tasks, min(workers, len(tasks))):
        images[split] += kept
        images[QUERY] += asking
        if on_crops is not None:
            on_crops(kept + asking)
    (out / UNFINISHED).unlink()
    return Counts(num_ids - num_test, images[TRAIN], num_test, images[QUERY], images[GALLERY])


def _size(text: str) -> tuple[int, int]:
    height, cross, width = text.partition("x")
    if not (cross and height.isdigit() and width.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: expected HEIGHTxWIDTH in px, as 128x64")
    return int(height), int(width)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m synthetic.identities", description=__doc__)
    parser.add_argument("--ids", type=int, default=1500, help="number of identities (default %(default)s)")
    parser.add_argument("--crops", type=int, default=16, help="crops of each (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, missing or empty")
    parser.add_argument("--seed", type=int, default=0, help="another seed is another town (default %(default)s)")
    parser.add_argument("--size", type=_size, default=(128, 64), help="HEIGHTxWIDTH of a crop, px (default 128x64)")
    parser.add_argument("--workers", type=int, default=None, help="processes (default: one a core)")
    parser.add_argument("--test-share", type=float, default=0.2, help="share of held-out identities (default 0.2)")
    return parser.parse_args(argv)


def _written(arguments: argparse.Namespace) -> Counts:
    """Write the folder while a bar on the terminal shows how far and how fast."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]:.0f} crops/s")
    with Progress(TextColumn("crops"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn()) as bar:
        task = bar.add_task("crops", total=arguments.ids * arguments.crops, rate=0.0)

        def advance(count: int) -> None:
            bar.advance(task, count)
            bar.update(task, rate=bar.tasks[0].finished_speed or bar.tasks[0].speed or 0.0)

        return write_identities(
            arguments.out,
            arguments.ids,
            arguments.crops,
            seed=arguments.seed,
            size=arguments.size,
            workers=arguments.workers,
            test_share=arguments.test_share,
            on_crops=advance,
        )


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a one-line message, or 130 after Ctrl-C."""
    arguments = _arguments(argv)
    try:
        counts = _written(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped: {arguments.out} is unfinished; delete it before the next run", file=sys.stderr)
        return 130
    print(
        f"{arguments.out}: {counts.train_ids} identities, {counts.train_images} crops to train on; "
        f"{counts.test_ids} held out, {counts.query_images} queries, {counts.gallery_images} in the gallery"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
