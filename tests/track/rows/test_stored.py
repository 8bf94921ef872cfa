"""Rows read back: in order whatever order they were in, with their states and names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from track.rows.stored import read_stored
from track.rows.types import CSV_HEADER, RowState

HEADER = ",".join(CSV_HEADER)
ROWS = [
    "3,0.2000,1,person,1,2,3,4,,predicted",
    "1,0.0000,2,car,5,2,9,4,0.7500,detected",
    "1,0.0000,1,person,1,2,3,4,0.5000,tentative",
    "2,0.1000,1,person,1,2,3,4,0.6000,smoothed",
]


def write(folder: Path, header: str, rows: list[str]) -> Path:
    (folder / "tracks.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return folder


def test_rows_come_in_order_of_frames_and_ids(tmp_path: Path) -> None:
    tracks = read_stored(write(tmp_path, HEADER, ROWS))
    assert list(zip(tracks.frames.tolist(), tracks.ids.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 1), (2, 1)]
    assert [RowState(state).name for state in tracks.states] == ["TENTATIVE", "DETECTED", "SMOOTHED", "PREDICTED"]
    assert [tracks.class_names[number] for number in tracks.class_ids] == ["person", "car", "person", "person"]
    np.testing.assert_array_equal(tracks.scores, np.array([0.5, 0.75, 0.6, np.nan], np.float32))
    assert tracks.lives() == {1: (0, 2), 2: (0, 0)}
    assert [(row.frame_index, row.ids.tolist()) for row in tracks.by_frame()] == [(0, [1, 2]), (1, [1]), (2, [1])]
    assert tracks.names == {}


def test_names_in_the_rows_count_more_than_those_of_identities(tmp_path: Path) -> None:
    """An edited table: one row of somebody with a name is enough."""
    (tmp_path / "identities.csv").write_text("id,name\n1,Ben\n2,Carl\n")
    assert read_stored(write(tmp_path, HEADER, ROWS)).names == {1: "Ben", 2: "Carl"}
    named = [f"{row},{name}" for row, name in zip(ROWS, ["", "", "'=Anna", ""], strict=True)]
    assert read_stored(write(tmp_path, f"{HEADER},name", named)).names == {1: "=Anna"}


def test_nobody(tmp_path: Path) -> None:
    tracks = read_stored(write(tmp_path, HEADER, []))
    assert (len(tracks), tracks.lives(), list(tracks.by_frame())) == (0, {}, [])


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (HEADER, ROWS[0].replace("predicted", "guessed"), r"line 2: state is 'guessed', expected one of detected"),
        (f"{HEADER},nick", f"{ROWS[0]},A", "expected the header"),
        (f"{HEADER},name", f"{ROWS[0]},{'a' * 300}", "name is .* expected a name of 200 letters"),
        (HEADER.replace("state,", "").replace(",state", ""), "3,0.2,1,person,1,2,3,4,", "expected the header"),
    ],
    ids=["a state that is none", "another column", "a name that is a book", "a column is missing"],
)
def test_what_is_no_table_of_a_run(tmp_path: Path, header: str, row: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_stored(write(tmp_path, header, [row]))
