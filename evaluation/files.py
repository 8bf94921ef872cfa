"""Which file belongs to which: ground truth and predictions, given as two files or two folders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry import close_names, unknown_name
from registry.seqinfo import SEQINFO, read_seqinfo

__all__ = ["GroundTruth", "Pair", "find_ground_truth", "find_pairs", "is_sequence", "without_truth"]

SUFFIXES = (".txt", ".csv")
_NOT_TRACKS = frozenset({"labels.txt", "seqinfo.txt", "seqmap.txt", "readme.txt", "license.txt", "requirements.txt"})
_SCORES = ("_summary.txt", "_detailed.csv")
"""How the files end that TrackEval writes beside tracks, such as `pedestrian_summary.txt`."""


@dataclass(frozen=True)
class GroundTruth:
    """The annotations of one sequence.

    Attributes:
        name: of the sequence.
        file: the annotations.
        length: frames of the sequence as its `seqinfo.ini` says, `None` where it says nothing.
        labels: names of the classes 1, 2, ... from a `labels.txt` beside the file.
    """

    name: str
    file: Path
    length: int | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A ground truth with the prediction for it.

    Attributes:
        truth: the annotations.
        prediction: file of the tracks.
        looked_at: first and last frame that the tracker saw, where the caller knows: those with rows may be fewer.
    """

    truth: GroundTruth
    prediction: Path
    looked_at: tuple[int, int] | None = None


def is_sequence(folder: Path) -> bool:
    """Whether this is a sequence in MOTChallenge's form: `seqinfo.ini`, pictures, detections or annotations in it."""
    return (folder / SEQINFO).is_file() or any((folder / name).is_dir() for name in ("img1", "det", "gt"))


def find_pairs(gt: Path, pred: Path, sequences: Sequence[str] = ()) -> list[Pair]:
    """Ground truths with their predictions, in order of names.

    Args:
        gt: a file; a sequence folder; a folder of sequence folders; a folder of `<sequence>.txt`.
        pred: a file; a folder of `<sequence>.txt` (or `data/<sequence>.txt`); a run's folder or a folder of them.
        sequences: only these; all when empty.

    Raises:
        FileNotFoundError: one of them is not there, or a sequence has no prediction.
        ValueError: a folder without annotations, or an unknown sequence.
    """
    truths = find_ground_truth(gt)
    for name in sequences:
        if name not in truths:
            raise unknown_name("sequence", name, truths)
    wanted = [truths[name] for name in sorted(truths) if name in sequences or not sequences]
    if not pred.exists():
        raise FileNotFoundError(f"--pred {pred} not found: expected a file of tracks, or a folder of <sequence>.txt")
    found = {truth.name: _prediction_for(truth.name, pred, truths, alone=len(wanted) == 1) for truth in wanted}
    missing = [name for name, file in found.items() if file is None]
    if missing:
        present = [name for name in found if name not in missing]
        raise FileNotFoundError(_missing_text(missing, present, pred, truths))
    return [Pair(truth, file) for truth in wanted if (file := found[truth.name]) is not None]


def without_truth(gt: Path, pairs: Sequence[Pair], *, chosen: bool = False) -> str | None:
    """A sentence that names predictions beside those of `pairs` for which `gt`, a folder, has no ground truth.

    Also where the only prediction was taken for the only ground truth, though of another name; that alone where the
    sequences were `chosen`.
    """
    if gt.is_file() or (gt / "gt" / "gt.txt").is_file():
        return None
    known = {pair.truth.name for pair in pairs} | {pair.prediction.stem for pair in pairs}
    for name, file in ((pair.truth.name, pair.prediction) for pair in pairs):
        if name not in (file.stem, file.parent.name) and file.stem not in ("tracks", "gt"):
            return f"{file} is scored against {name}, since there is no other"
    if chosen:
        return None
    beside = {name for pair in pairs for name in _names_beside(pair)}
    unknown = sorted(beside - known)
    return f"not scored, since {gt} has no ground truth of that name: {_listed(unknown)}" if unknown else None


def _names_beside(pair: Pair) -> list[str]:
    """What the predictions are named that lie where that of a pair does, as files or each in a folder of its own."""
    file = pair.prediction
    if file.parent.name == pair.truth.name:
        return _folders_of_tracks(file.parent.parent)
    return [other.stem for other in _track_files(file.parent)]


def _predictions_in(pred: Path) -> list[str]:
    """The names that predictions in a folder go by; see `find_pairs`."""
    in_data = _track_files(pred / "data") if (pred / "data").is_dir() else []
    return sorted({file.stem for file in in_data or _track_files(pred)} | set(_folders_of_tracks(pred)))


def _folders_of_tracks(path: Path) -> list[str]:
    """Folders with the tracks of one sequence each, as `<sequence>/tracks.txt` or `<sequence>/<sequence>.txt`."""
    return [
        name
        for name in _folders(path)
        if any((path / name / f"{stem}{suffix}").is_file() for stem in ("tracks", name) for suffix in SUFFIXES)
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def find_ground_truth(path: Path) -> Mapping[str, GroundTruth]:
    """The annotations in `path`, by name of their sequence; see `find_pairs`.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: no annotations in it.
    """
    if path.is_file():
        inside = path.parent.name == "gt"
        folder = path.resolve().parent.parent if inside else path.parent
        return _by_name([_truth(folder.name if inside else path.stem, path, folder if inside else None)])
    if not path.is_dir():
        raise FileNotFoundError(f"--gt {path} not found: expected a file such as gt.txt, or a folder of sequences")
    if (path / "gt" / "gt.txt").is_file():
        return _by_name([_truth(path.resolve().name, path / "gt" / "gt.txt", path)])
    folders = [folder for folder in sorted(path.iterdir()) if (folder / "gt" / "gt.txt").is_file()]
    if folders:
        return _by_name(_truth(folder.name, folder / "gt" / "gt.txt", folder) for folder in folders)
    files = _track_files(path)
    if files:
        return _by_name(_truth(file.stem if file.name != "gt.txt" else path.resolve().name, file) for file in files)
    raise ValueError(_no_truth_text(path))


def _by_name(truths: Iterable[GroundTruth]) -> dict[str, GroundTruth]:
    return {truth.name: truth for truth in truths}


def _truth(name: str, file: Path, folder: Path | None = None) -> GroundTruth:
    info = None if folder is None else read_seqinfo(folder)
    return GroundTruth(name, file, None if info is None else info.length, _labels(file.parent / "labels.txt"))


def _labels(file: Path) -> tuple[str, ...]:
    if not file.is_file():
        return ()
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not a text file; expected the name of a class in each line") from error
    return tuple(line.strip() for line in lines if line.strip())


def _track_files(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    return sorted(file for file in files if not _is_foreign(file.name.lower()))


def _is_foreign(name: str) -> bool:
    return name in _NOT_TRACKS or name.startswith(".") or name.endswith(_SCORES)


def _no_truth_text(path: Path) -> str:
    inner = [folder.name for folder in sorted(path.iterdir()) if folder.is_dir()]
    deeper = [name for name in inner if any((path / name).glob("*/gt/gt.txt"))]
    if deeper:
        return f"no annotations directly in {path}, but in {', '.join(deeper)}: give --gt {path / deeper[0]}"
    if is_sequence(path) or any(is_sequence(path / name) for name in inner):
        return (
            f"{path} has sequences but no gt/gt.txt: a test split? Its annotations are kept by the challenge; "
            "score a split that has them, such as train"
        )
    return f"no annotations in {path}: expected <sequence>/gt/gt.txt, gt/gt.txt or <sequence>.txt"


def _prediction_for(name: str, pred: Path, known: Collection[str], *, alone: bool) -> Path | None:
    """The file of tracks for a sequence.

    Args:
        name: of the sequence.
        pred: a file or a folder.
        known: names of all sequences with ground truth; what has the name of another one is not taken.
        alone: whether only this sequence is scored. Then a file need not have its name, nor that in a folder of its
            name, nor the only one in a folder where there is no other ground truth.
    """
    if pred.is_file():
        return pred if _name_of(pred) == name or (alone and _name_of(pred) not in known) else None
    alone = alone and (len(known) == 1 or pred.resolve().name == name)
    stems = [pred / name, pred / "data" / name, pred / name / "tracks", pred / name / name]
    if alone:
        stems += [pred / "tracks", pred / "gt" / "gt"]
    found = [file for stem in stems for suffix in SUFFIXES if (file := stem.with_name(stem.name + suffix)).is_file()]
    if not found and alone and len(files := _track_files(pred)) == 1:
        found = files
    return found[0] if found else None


def _name_of(file: Path) -> str:
    """The sequence that a file of tracks goes by: a run's is named by its folder."""
    return file.resolve().parent.name if file.stem == "tracks" else file.stem


def _missing_text(missing: Sequence[str], present: Sequence[str], pred: Path, known: Collection[str]) -> str:
    names = _listed(missing)
    if pred.is_file():
        number = len(missing) + len(present)
        if number == 1:
            return (
                f"--pred {pred} is of {_name_of(pred)} by its name, not of {names}: give the one of {names}, or use "
                f"--sequences {_name_of(pred)}"
            )
        chosen = f"--gt has {number} sequences" if number == len(known) else f"--sequences names {number}"
        return f"--pred {pred} is one file, but {chosen}: give a folder with {names}"
    deeper = next(
        (folder for form in (f"*/data/{missing[0]}.txt", f"*/{missing[0]}.txt") for folder in pred.glob(form)), None
    )
    if deeper is not None and not present:
        folder = deeper.parent.parent if deeper.parent.name == "data" else deeper.parent
        return f"no prediction for {names} directly in {pred}, but in {folder}: use --pred {folder}"
    there = _predictions_in(pred)
    unknown = [name for name in there if name not in known]
    close = close_names(missing[0], unknown)
    guess = f" (is {missing[0]} the one named {close[0]}?)" if close else ""
    others = f"; without ground truth there is {_listed(unknown)}" if unknown else "" if present else _content(pred)
    fix = f"; to score the others alone: --sequences {','.join(present)}" if present else ""
    none = "" if set(there) & set(known) else "no name of --gt is one of --pred: "
    return f"{none}no prediction for {names} in {pred}, expected {missing[0]}.txt{guess}{others}{fix}"


def _content(pred: Path) -> str:
    """What a folder has where it has no track of a sequence that is looked for."""
    inside = _predictions_in(pred) or _folders(pred) or sorted(file.name for file in pred.iterdir())
    return f"; the folder has {_listed(inside)}" if inside else "; it is empty"


def _folders(path: Path) -> list[str]:
    return sorted(folder.name for folder in path.iterdir() if folder.is_dir())
