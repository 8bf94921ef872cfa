"""Detections that someone else made: MOTChallenge `det.txt`, a table with a header, or DeepSORT's `.npy`.

Columns without a header: frame (1-based), id (unused), x, y, w, h, score, class, two unused ones, then the feature
vector, if any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors.file_checks import check_detections
from detectors.types import Detections, DetectorOptions, Image
from registry import unknown_name
from registry.arrays import load_array
from registry.box_columns import POSITIONS
from registry.box_files import EXPECTED, NUM_COLUMNS, read_box_table
from registry.box_table import NO_CLASS, BoxTable, numbered
from registry.numbers import MAX_FRAME

__all__ = ["FoundBoxes", "PublicDetector", "create_public", "find_file", "read_detections"]

FEATURE_COLUMN = 10
UNKNOWN = -1.0  # what MOTChallenge files hold where nothing is known
PERSON = 1
"""The class of files that tell none."""
PEOPLE: Mapping[int, str] = {PERSON: "person"}


@dataclass(frozen=True)
class FoundBoxes:
    """All detections of a file, in its order.

    Attributes:
        frames: `(N,)` int64, from 1.
        xyxy: `(N, 4)` float64 px, nothing rounded or clipped.
        scores: `(N,)` float64; 1 throughout where the file has none.
        class_ids: `(N,)` int64, keys of `class_names`.
        class_names: `person` alone where the file tells no classes.
        features: `(N, F)` float32; `F` is 0 where there are none.
    """

    frames: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    class_ids: npt.NDArray[np.int64]
    class_names: Mapping[int, str]
    features: npt.NDArray[np.float32]


class PublicDetector:
    """Boxes of a file, as they stand there: same order, same decimals, nothing clipped or suppressed.

    A file whose scores are all -1 has none: its boxes have score 1.

    Args:
        file: `.txt` or `.npy`.
        options: `confidence` (all are kept by default); `classes` names classes of the file, or `person`.
    """

    name = "public"
    needs_images = False
    parallel = 1

    def __init__(self, file: Path, options: DetectorOptions | None = None) -> None:
        options = options or DetectorOptions()
        found = read_detections(file)
        self.class_names = found.class_names
        kept = np.isin(found.class_ids, _chosen(file, found.class_names, options.classes))
        if options.confidence is not None:
            kept &= ~(found.scores < options.confidence)  # a NaN stays, to be counted by the tracker
        order = np.flatnonzero(kept)
        self.file = file
        self._order = order[np.argsort(found.frames[order], kind="stable")]
        self._found, self._frames = found, found.frames[self._order]

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """The file's boxes of that frame; `frame_index` 0 is frame 1 of the file."""
        first, last = np.searchsorted(self._frames, [frame_index + 1, frame_index + 2])
        rows, found = self._order[first:last], self._found
        return Detections(
            found.xyxy[rows], found.scores[rows].astype(np.float32), found.class_ids[rows], found.features[rows]
        )

    def num_beyond(self, num_frames: int) -> int:
        """Boxes of frames that a source of `num_frames` frames does not have."""
        return len(self._frames) - int(np.searchsorted(self._frames, num_frames + 1))

    def share_outside(self, width: int, height: int) -> float:
        """Share of the boxes whose centre lies outside a picture of that size, px."""
        boxes = self._found.xyxy[self._order]
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        outside = ((centres < 0) | (centres > (width, height))).any(axis=1)
        return float(outside.mean()) if len(boxes) else 0.0


def _chosen(file: Path, known: Mapping[int, str], names: tuple[str, ...]) -> list[int]:
    """The class ids to keep: those of the given names, or all.

    Raises:
        ValueError: a name that the file does not have.
    """
    wanted = {name.lower() for name in names}
    for name in names:
        if name.lower() not in [label.lower() for label in known.values()]:
            tells_none = known is PEOPLE
            hint = "Public files tell no classes." if tells_none else f"Those are the classes of {file}."
            raise unknown_name("class", name, known.values(), hint=hint)
    return [number for number, label in known.items() if not wanted or label.lower() in wanted]


def create_public(options: DetectorOptions) -> PublicDetector:
    """The detections in the folder of the sequence that is being tracked; for the registry.

    Raises:
        ValueError: no sequence is being tracked, or a file that cannot be understood.
        FileNotFoundError: the sequence has no detections.
    """
    if options.sequence is None:
        raise ValueError(
            "the public detector needs a MOTChallenge sequence folder as source, "
            "or a file: --detector path/to/det.txt (or .npy)"
        )
    return PublicDetector(find_file(options.sequence, options.sequence), options)


def find_file(path: Path, sequence: Path | None) -> Path:
    """The file of detections: `path` itself, or what lies in it when it is a folder.

    Args:
        path: a file, a sequence folder (`det/<name>.npy`, `det/det.npy`, `det/det.txt`; one with features first), or a
            folder with one `<sequence name>.npy` a sequence, as DeepSORT's own.
        sequence: the sequence that is being tracked, for the last case.

    Raises:
        FileNotFoundError: nothing there.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise FileNotFoundError(f"no such file of detections: {path}")
    path = path.resolve() if path.name in ("", "..") else path
    names = [path / "det" / f"{path.name}.npy", path / "det" / "det.npy", path / "det" / "det.txt"]
    if sequence is not None:
        names.insert(0, path / f"{sequence.resolve().name}.npy")
    files = [file for file in names if file.is_file()]
    if not files:
        looked = ", ".join(str(file.relative_to(path)) for file in names)
        raise FileNotFoundError(f"no detections in {path}: expected one of {looked}; or give weights by their own path")
    with_features = [file for file in files if file.suffix == ".npy" and _num_columns(file) > FEATURE_COLUMN]
    texts = [file for file in files if file.suffix == ".txt"]
    return (with_features + texts + files)[0]


def read_detections(file: Path) -> FoundBoxes:
    """All detections of a file.

    Raises:
        ValueError: not such a file, or one that would be read wrongly; with its name, and the line for a text.
    """
    table = _read_npy(file) if file.suffix.lower() == ".npy" else read_box_table(file)
    table.require("frame")
    check_detections(table)
    class_ids, class_names = _classes(table)
    return FoundBoxes(
        frames=_frames(table),
        xyxy=table.xyxy(),
        scores=_scores(table),
        class_ids=class_ids,
        class_names=class_names,
        features=table.values[:, len(table.columns) if table.header else FEATURE_COLUMN :].astype(np.float32),
    )


def _frames(table: BoxTable) -> npt.NDArray[np.int64]:
    frames = table["frame"]
    wrong = np.flatnonzero(~((frames >= 1) & (frames <= MAX_FRAME) & (frames == np.floor(frames))))
    if len(wrong):
        number = frames[wrong[0]]
        where = (
            table.where(int(wrong[0])) if table.path.suffix.lower() != ".npy" else f"{table.path}, row {wrong[0] + 1}"
        )
        fix = ": add 1 to all of them, since this file counts from 0" if frames.min() == 0 else ""
        limit = f", up to {MAX_FRAME:,}" if number > MAX_FRAME else ""
        raise ValueError(f"{where}: frame number {number:g}, but frames are whole numbers from 1 on{limit}{fix}")
    return frames.astype(np.int64)


def _scores(table: BoxTable) -> npt.NDArray[np.float64]:
    """The scores; without any, boxes are trusted, where a score of -1 would be thrown away."""
    if "score" not in table or (table["score"] == UNKNOWN).all():
        return np.ones(len(table))
    return table["score"].copy()


def _classes(table: BoxTable) -> tuple[npt.NDArray[np.int64], Mapping[int, str]]:
    """The class of each box, and the names of all: numbers stand for themselves, for nobody knows whose they are.

    A 1 alone is MOTChallenge's person, and so is what has no class. Zeros up to the tenth column fill it.
    """
    class_ids = table.class_ids
    are_filled = not table.header and not table.values[:, POSITIONS.index("class") : FEATURE_COLUMN].any()
    found = np.unique(class_ids).tolist()
    if not table.class_names and (are_filled or set(found) <= {NO_CLASS, PERSON}):
        return np.full(len(table), PERSON, np.int64), PEOPLE
    names = {number: table.class_names.get(number, str(number)) for number in found}
    return class_ids, {number: "none" if number == NO_CLASS else name for number, name in names.items()}


def _num_columns(file: Path) -> int:
    shape = _load_array(file).shape
    return shape[1] if len(shape) == 2 else 0


def _load_array(file: Path) -> npt.NDArray[np.generic]:
    try:
        return load_array(file)
    except ValueError as error:
        raise ValueError(f"{file} is not a NumPy array of numbers ({error}); expected DeepSORT's detections") from error


def _read_npy(file: Path) -> BoxTable:
    array = _load_array(file)
    if array.ndim != 2 or array.shape[1] <= NUM_COLUMNS or array.dtype.kind not in "fiu":
        raise ValueError(
            f"{file} holds an array of shape {array.shape} and type {array.dtype}, but (N, {FEATURE_COLUMN} + F) "
            f"numbers were expected: {EXPECTED}, and the feature vector from column {FEATURE_COLUMN + 1} on"
        )
    width = array.shape[1]
    columns = (*POSITIONS, *[""] * (width - len(POSITIONS)))[:width]
    names = tuple(numbered(place) for place in range(width))
    return BoxTable(file, (), names, columns, np.asarray(array, np.float64), np.arange(1, len(array) + 1), {})
