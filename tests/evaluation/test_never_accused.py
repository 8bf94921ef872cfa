"""A sound file is never said to be in another form, whatever the other file is: a part of it, later, mirrored, sparse.

True faults of the same sequences are found all the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from evaluation.looking import misread_columns
from evaluation.looking.checks import look
from evaluation.reading import read_rows
from evaluation.rows import NO_CLASS, TrackRows

ROOT = Path(__file__).resolve().parents[2]
ACCUSED = (
    "look like x1,y1,x2,y2",
    "look like centre",
    "class in column 3",
    "id before the frame",
    "ids missing",
    "shares of the picture",
    "no id",
    "not above 0",
)
MANY = 1_500
"""Rows: of longer sequences the first are taken."""


@pytest.fixture(autouse=True)
def _few_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less to go by, and faster: what is not said then is not said of more."""
    monkeypatch.setattr(misread_columns, "MAX_FRAMES", 20)


def _rows(values: npt.NDArray[np.float64]) -> TrackRows:
    """Rows of `frame,id,x,y,w,h,flag`."""
    count = len(values)
    return TrackRows(
        Path("made"),
        values[:, 0].astype(np.int64),
        values[:, 1].astype(np.int64),
        values[:, 2:6].copy(),
        np.ones(count),
        np.full(count, NO_CLASS),
        raw=np.column_stack([values[:, :6], np.ones(count)]),
    )


def _crowd(seed: int) -> TrackRows:
    """People of all sizes who cross the picture at their own pace, as seen by a camera that sways."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(1, 16):
        height = random.uniform(40, 260)
        place, speed = random.uniform(0, 1400, 2), random.normal(0, 0.03, 2) * height
        first = int(random.integers(1, 90))
        for frame in range(first, first + int(random.integers(20, 110))):
            left, top = place + speed * (frame - first) + 6 * np.sin(frame / 9 + np.array([0, 1]))
            rows.append([frame, person, left, top, 0.4 * height * (1 + 0.1 * np.sin(frame / 3)), height])
    return _rows(np.array(rows))


def _with(rows: TrackRows, tlwh: npt.NDArray[np.float64]) -> TrackRows:
    return dataclasses.replace(rows, tlwh=tlwh, raw=np.column_stack([rows.raw[:, :2], tlwh, rows.raw[:, 6:]]))


def _mirrored(rows: TrackRows) -> TrackRows:
    tlwh = rows.tlwh.copy()
    tlwh[:, 0] = tlwh[:, [0, 2]].sum(axis=1).max() - tlwh[:, 0] - tlwh[:, 2]
    return _with(rows, tlwh)


def _upside_down(rows: TrackRows) -> TrackRows:
    tlwh = rows.tlwh.copy()
    tlwh[:, 1] = tlwh[:, [1, 3]].sum(axis=1).max() - tlwh[:, 1] - tlwh[:, 3]
    return _with(rows, tlwh)


def _half(later: bool) -> Callable[[TrackRows], TrackRows]:
    def part(rows: TrackRows) -> TrackRows:
        middle = (rows.frames.min() + rows.frames.max()) // 2
        return rows[(rows.frames > middle) == later]

    return part


def _window(length: int) -> Callable[[TrackRows], TrackRows]:
    def part(rows: TrackRows) -> TrackRows:
        first = np.unique(rows.frames)[len(np.unique(rows.frames)) // 3]
        return rows[(rows.frames >= first) & (rows.frames < first + length)]

    return part


def _longest(number: int) -> Callable[[TrackRows], TrackRows]:
    def part(rows: TrackRows) -> TrackRows:
        ids, counts = np.unique(rows.ids, return_counts=True)
        return rows[np.isin(rows.ids, ids[np.argsort(counts)[-number:]])]

    return part


def _from_one(rows: TrackRows) -> TrackRows:
    """With frame numbers of its own, as a tracker of a cut video writes them."""
    return rows.shifted(1 - int(rows.frames.min()))


PARTS: dict[str, Callable[[TrackRows], TrackRows]] = {
    "all": lambda rows: rows,
    "the first half": _half(later=False),
    "the second half": _half(later=True),
    "ten frames": _window(10),
    "sixty frames": _window(60),
    "every 5th frame": lambda rows: rows[rows.frames % 5 == 1],
    "every 50th frame": lambda rows: rows[rows.frames % 50 == 1],
    "one object": _longest(1),
    "four objects": _longest(4),
    "mirrored": _mirrored,
    "upside down": _upside_down,
    "one object, mirrored": lambda rows: _mirrored(_longest(1)(rows)),
}
CHANGES: dict[str, Callable[[TrackRows], TrackRows]] = {
    "as it is": lambda rows: rows,
    "from frame 1": _from_one,
    "30 frames later": lambda rows: rows.shifted(30),
    "jittered": lambda rows: _with(rows, rows.tlwh + np.random.default_rng(0).normal(0, 2, rows.tlwh.shape)),
}


def _assert_never_accused(rows: TrackRows) -> None:
    """All of it with each part, in both roles."""
    for number, (name, part) in enumerate(PARTS.items()):
        for change in ("from frame 1", list(CHANGES)[number % len(CHANGES)]):
            changed, other = CHANGES[change], part(rows)
            if not len(other):
                continue
            other = dataclasses.replace(changed(other), path=Path("other"))
            is_renumbered = not np.isin(other.frames, part(rows).frames).all() or change == "from frame 1"
            accused = ACCUSED if is_renumbered else (*ACCUSED, "off by one")
            for truth, prediction in ((rows, other), (other, rows)):
                for finding in look(truth, prediction):
                    assert not any(text in finding.text for text in accused), f"{name}, {change}: {finding.text}"


def _sequence(folder: Path) -> TrackRows:
    rows = read_rows(folder / "gt" / "gt.txt")
    rows = rows[~rows.areas]
    return rows if len(rows) <= MANY else rows[rows.frames <= np.sort(rows.frames)[MANY]]


@pytest.mark.parametrize("seed", range(3))
def test_made_sequences(seed: int) -> None:
    _assert_never_accused(_crowd(seed))


def test_the_demo() -> None:
    _assert_never_accused(_sequence(ROOT / "videos" / "plaza"))


REAL = [
    *(f"mot15/{name}" for name in ("ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte")),
    *("mot17/MOT17-04", "mot17/MOT17-09", "mot17/MOT17-11", "mot20-simulated/MOT20-01", "towncentre"),
]


@pytest.mark.parametrize("name", REAL)
def test_real_sequences(shared: Path, name: str) -> None:
    _assert_never_accused(_sequence(shared / "data" / name))


FAULTS: dict[str, tuple[Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]], str]] = {
    "corners": (lambda c: np.column_stack([c[:, :4], c[:, 2:4] + c[:, 4:6], c[:, 6]]), "look like x1,y1,x2,y2"),
    "centres": (lambda c: np.column_stack([c[:, :2], c[:, 2:4] + c[:, 4:6] / 2, c[:, 4:]]), "look like centre"),
    "class in column 3": (lambda c: np.insert(c, 2, 1.0, axis=1), "class in column 3"),
    "id first": (lambda c: c[:, [1, 0, 2, 3, 4, 5, 6]], "id before the frame"),
    "no ids": (lambda c: np.column_stack([c[:, 0], np.round(c[:, 2:6]), c[:, 6:]]), "ids missing"),
    "shares": (lambda c: np.column_stack([c[:, :2], c[:, 2:6] / 2000, c[:, 6]]), "shares of the picture"),
}


def _as(rows: TrackRows, change: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> TrackRows:
    values = change(rows.raw[:, :7])
    values = np.column_stack([values, np.ones(len(values))]) if values.shape[1] == 6 else values
    return dataclasses.replace(_rows(values), raw=values)


def _assert_found(rows: TrackRows, fault: str) -> None:
    """In either role."""
    change, text = FAULTS[fault]
    jittered = CHANGES["jittered"](rows)
    for truth, prediction in ((rows, _as(jittered, change)), (_as(rows, change), jittered)):
        assert text in next(iter(finding.text for finding in look(truth, prediction) if finding.stops), "")


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_made_sequences_are_found(fault: str) -> None:
    _assert_found(_crowd(0), fault)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["mot15/ADL-Rundle-6", "mot15/KITTI-17", "mot15/TUD-Campus", "mot15/TUD-Stadtmitte"])
def test_faults_of_real_sequences_are_found(shared: Path, name: str, fault: str) -> None:
    _assert_found(_sequence(shared / "data" / name), fault)
