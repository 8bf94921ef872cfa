"""Detections that someone else made: MOTChallenge `det.txt` or DeepSORT's `.npy`, with or without features.

Columns of both: frame (1-based), id (unused), x, y, w, h, score, three unused ones, then the feature vector, if any.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors.types import Detections, DetectorOptions, Image
from registry import unknown_name
from registry.arrays import load_array

__all__ = ["PublicDetector", "create_public", "find_file", "read_detections"]

Rows = npt.NDArray[np.float64]
NUM_COLUMNS = 7  # up to the score
FEATURE_COLUMN = 10
UNKNOWN = -1.0  # what MOTChallenge files hold where nothing is known
EXPECTED = "frame,id,x,y,w,h,score[,-1,-1,-1[,feature...]], separated by commas or blanks"


class PublicDetector:
    """Boxes of a file, as they stand there: same order, same decimals, nothing clipped or suppressed.

    A file whose scores are all -1 has none: its boxes count as sure (score 1).

    Args:
        file: `.txt` or `.npy`.
        options: `confidence` (all are kept by default); `classes` may only name `person`.
    """

    name = "public"
    needs_images = False

    def __init__(self, file: Path, options: DetectorOptions | None = None) -> None:
        options = options or DetectorOptions()
        self.class_names: Mapping[int, str] = {1: "person"}
        for name in options.classes:
            if name.lower() not in self.class_names.values():
                raise unknown_name("class", name, self.class_names.values(), hint="Public files tell no classes.")
        rows = read_detections(file)
        if len(rows) and (rows[:, 6] == UNKNOWN).all():
            rows[:, 6] = 1.0  # a file without scores: trusted, where a score of -1 would be thrown away
        if options.confidence is not None:
            rows = rows[~(rows[:, 6] < options.confidence)]  # a NaN stays, to be counted at the tracker's door
        self.file = file
        self._rows = rows[np.argsort(rows[:, 0], kind="stable")]

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """The file's boxes of that frame; `frame_index` 0 is frame 1 of the file."""
        first, last = np.searchsorted(self._rows[:, 0], [frame_index + 1, frame_index + 2])
        rows = self._rows[first:last]
        xyxy = rows[:, 2:6].copy()
        xyxy[:, 2:] += xyxy[:, :2]
        features = rows[:, FEATURE_COLUMN:].astype(np.float32)
        return Detections(xyxy, rows[:, 6].astype(np.float32), np.ones(len(rows), np.int64), features)

    def num_beyond(self, num_frames: int) -> int:
        """Boxes of frames that a source of `num_frames` frames does not have."""
        return len(self._rows) - int(np.searchsorted(self._rows[:, 0], num_frames + 1))


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
        raise FileNotFoundError(f"no detections in {path}: expected one of {looked}")
    with_features = [file for file in files if file.suffix == ".npy" and _num_columns(file) > FEATURE_COLUMN]
    texts = [file for file in files if file.suffix == ".txt"]
    return (with_features + texts + files)[0]


def read_detections(file: Path) -> Rows:
    """All rows of a file, `(N, 7 or more)` float64, columns as in the file.

    Raises:
        ValueError: not such a file; with its name, and the line for a text.
    """
    rows = _read_npy(file) if file.suffix.lower() == ".npy" else _read_text(file)
    unit = "row" if file.suffix.lower() == ".npy" else "detection"
    wrong = np.flatnonzero(~((rows[:, 0] >= 1) & (rows[:, 0] == np.floor(rows[:, 0]))))
    if len(wrong):
        frame = rows[wrong[0], 0]
        where = f"{file}, {unit} {wrong[0] + 1}"
        raise ValueError(f"{where}: frame number {frame:g}, but frames are whole numbers from 1 on")
    return rows


def _num_columns(file: Path) -> int:
    shape = _load_array(file).shape
    return shape[1] if len(shape) == 2 else 0


def _load_array(file: Path) -> npt.NDArray[np.generic]:
    try:
        return load_array(file)
    except ValueError as error:
        raise ValueError(f"{file} is not a NumPy array of numbers ({error}); expected DeepSORT's detections") from error


def _read_npy(file: Path) -> Rows:
    array = _load_array(file)
    if array.ndim != 2 or array.shape[1] < NUM_COLUMNS or array.dtype.kind not in "fiu":
        raise ValueError(
            f"{file} holds an array of shape {array.shape} and type {array.dtype}, "
            f"but (N, {FEATURE_COLUMN} + F) numbers were expected: {EXPECTED}"
        )
    return np.asarray(array, np.float64)


def _read_text(file: Path) -> Rows:
    rows: list[list[float]] = []
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not a text file; expected lines of {EXPECTED}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            rows.append(_parse_line(line, f"{file}, line {number}", len(rows[0]) if rows else None))
    return np.array(rows, np.float64).reshape(len(rows), len(rows[0]) if rows else NUM_COLUMNS)


def _parse_line(line: str, where: str, num_columns: int | None) -> list[float]:
    fields = line.rstrip().rstrip(",").replace(",", " ").split()
    try:
        values = [float(field) for field in fields]
    except ValueError as error:
        raise ValueError(f"{where}: {error}; expected {EXPECTED}") from None
    if len(values) < NUM_COLUMNS:
        raise ValueError(f"{where}: {len(values)} columns; expected {EXPECTED}")
    if num_columns is not None and len(values) != num_columns:
        raise ValueError(f"{where}: {len(values)} columns, but the lines before have {num_columns}")
    if not (values[0] >= 1 and values[0].is_integer()):
        raise ValueError(f"{where}: frame number {fields[0]}, but frames are whole numbers from 1 on")
    return values
