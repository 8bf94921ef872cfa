"""MOT 1.1, as CVAT and MOTChallenge have it: `gt/gt.txt`, `gt/labels.txt` and `seqinfo.ini`.

`frame,id,x,y,w,h,flag,class,visibility`, frames and classes from 1. It holds no scores, no states and no names.
"""

from __future__ import annotations

import lzma
import tempfile
import zipfile
import zlib
from pathlib import Path

from evaluation import find_ground_truth
from evaluation.reading import read_rows
from registry.seqinfo import read_seqinfo
from registry.words import printable
from track.formats.types import Row, TrackSet, track_set_of

__all__ = ["files", "ground_truth_files", "read"]

MOST_BYTES = 1 << 29
"""Of a file in an archive, unpacked."""


def files(tracks: TrackSet) -> dict[str, bytes]:
    """The files, by name below the folder."""
    return {name: text.encode("utf-8", "backslashreplace") for name, text in ground_truth_files(tracks).items()}


def ground_truth_files(tracks: TrackSet) -> dict[str, str]:
    """The texts of the files; the first class that is named person comes first, as MOTChallenge has it."""
    classes = sorted(tracks.classes, key=lambda name: name != "person")
    number = {name: place for place, name in enumerate(classes, start=1)}
    lines = []
    for row in tracks.rows():
        x1, y1, x2, y2 = row.xyxy
        box = f"{x1:.4f},{y1:.4f},{x2 - x1:.4f},{y2 - y1:.4f}"
        lines.append(f"{row.frame + 1},{row.id},{box},1,{number[row.class_name]},1\n")
    size = "" if tracks.size is None else f"imWidth={tracks.size[0]}\nimHeight={tracks.size[1]}\n"
    info = f"[Sequence]\nname={printable(tracks.name)}\nimDir=img1\nframeRate={tracks.fps:.10g}\n"
    info += f"seqLength={max(tracks.num_frames, 1)}\n{size}imExt=.jpg\n"
    labels = "".join(f"{printable(name)}\n" for name in classes)
    return {"gt/gt.txt": "".join(lines), "gt/labels.txt": labels, "seqinfo.ini": info}


def read(path: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> TrackSet:
    """The annotations of a sequence: its folder, its `gt.txt`, or a zip of it, such as CVAT exports.

    Raises:
        FileNotFoundError, ValueError: there is nothing of the kind.
    """
    if path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            _unpack(path, Path(folder) / "sequence")
            return _read(Path(folder) / "sequence", path, size, fps)
    return _read(path, path, size, fps)


def _unpack(path: Path, folder: Path) -> None:
    """Only the three files that are read: names in an archive may lead anywhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                wanted = next(
                    (n for n in ("gt/gt.txt", "gt/labels.txt", "seqinfo.ini") if f"/{name}".endswith(f"/{n}")), None
                )
                if wanted is None:
                    continue
                if (folder / wanted).exists():
                    raise ValueError(f"{path} has several {wanted} in it, expected one sequence in a zip")
                if archive.getinfo(name).file_size > MOST_BYTES:
                    raise ValueError(f"{path}: {name} has more than {MOST_BYTES:,} bytes unpacked; unpack it yourself")
                (folder / wanted).parent.mkdir(parents=True, exist_ok=True)
                (folder / wanted).write_bytes(archive.read(name))
    except (zipfile.BadZipFile, OSError, RuntimeError, zlib.error, lzma.LZMAError) as error:  # encrypted, damaged
        raise ValueError(f"{path} cannot be unpacked ({error}): expected a zip with gt/gt.txt") from error
    if not (folder / "gt" / "gt.txt").is_file():
        raise ValueError(f"{path} has no gt/gt.txt in it, expected MOT 1.1")


def _read(where: Path, path: Path, size: tuple[int, int] | None, fps: float | None) -> TrackSet:
    truths = find_ground_truth(where)
    if len(truths) > 1:
        raise ValueError(f"{path} has {len(truths)} sequences, expected one: {path / min(truths)}")
    (truth,) = truths.values()
    table = read_rows(truth.file, truth.labels)
    folder = where if where.is_dir() else where.parent.parent
    info = read_seqinfo(folder) if folder.is_dir() else None
    rows = []
    columns = (table.frames, table.ids, table.tlwh, table.class_ids, table.flags)
    for frame, track_id, (x, y, w, h), class_id, flag in zip(*(column.tolist() for column in columns), strict=True):
        if flag:  # not scored: those are no people to be found
            name = table.class_names.get(class_id) or (str(class_id) if class_id > 0 else "object")
            rows.append(Row(frame - 1, track_id, (x, y, x + w, y + h), name))
    if info is not None and not size and info.width and info.height:
        size = info.width, info.height
    rate = fps or (None if info is None else info.frame_rate)
    return track_set_of(path, rows, size=size, fps=rate, num_frames=(info.length or 0) if info is not None else 0)
