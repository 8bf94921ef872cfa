"""`identities.csv`: its columns, and that texts of others come back as they were."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.track.rows.test_identities import frame_tracks
from track.rows.identities_file import (
    IDENTITIES_HEADER,
    IdentitiesCsv,
    IdentityFacts,
    read_changes,
    read_crops,
    read_names,
)

NAMES = {1: "Anna", 2: '=HYPERLINK("x")', 3: 'Zoë, "the boss" <b>', 4: "🦊", 5: "'quoted"}


def write(path: Path, facts: IdentityFacts) -> None:
    sink = IdentitiesCsv(path, {0: "person", 3: "@cmd"}, (640, 360), facts)
    for frame in range(20):
        boxes = {number: (100.0 * number, 100.0, 40.0, 100.0) for number in range(1, 6)}
        sink.write(frame_tracks(frame, boxes, class_id=3 if frame < 5 else 0))
    sink.close()


def test_columns(tmp_path: Path) -> None:
    write(tmp_path / "i.csv", IdentityFacts(NAMES, {1: "crops/1/000007.jpg"}, {1: 41.0}))
    with (tmp_path / "i.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == IDENTITIES_HEADER
    assert ",".join(IDENTITIES_HEADER) == (
        "id,name,class,first_s,last_s,first_frame,last_frame,seconds,boxes,mean_score,entered,left,distance_heights,"
        "height_px,crop,doubt"
    )
    assert list(rows[0].values()) == [
        *("1", "Anna", "person", "0.000", "1.900", "1", "20", "1.900", "20", "0.5000", "inside", "inside"),
        *("0.00", "100.0", "crops/1/000007.jpg", "changes appearance at 0:41"),
    ]


def test_a_spreadsheet_sees_texts_where_they_look_like_formulas(tmp_path: Path) -> None:
    write(tmp_path / "i.csv", IdentityFacts(NAMES))
    with (tmp_path / "i.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["as written", "semicolons", "tabs"])
def test_names_crops_and_changes_come_back(tmp_path: Path, separator: str) -> None:
    """Also from a spreadsheet of a country that writes semicolons."""
    facts = IdentityFacts(NAMES, {2: "crops/2/000001.jpg"}, {5: 62.0})
    write(tmp_path / "i.csv", facts)
    with (tmp_path / "i.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    with (tmp_path / "i.csv").open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    assert read_names(tmp_path / "i.csv") == NAMES
    assert read_crops(tmp_path / "i.csv") == {2: "crops/2/000001.jpg"}
    assert read_changes(tmp_path / "i.csv") == {5: 62.0}


def test_no_file_no_names(tmp_path: Path) -> None:
    assert read_names(tmp_path / "i.csv") == {}


@pytest.mark.parametrize("text", ["id,names\n1,Anna\n", "id,name\nx,Anna\n", "\0\n"], ids=["header", "id", "binary"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "i.csv").write_text(text)
    with pytest.raises(ValueError, match=r"i\.csv is damaged .*expected a line for each identity"):
        read_names(tmp_path / "i.csv")


def test_nobody(tmp_path: Path) -> None:
    sink = IdentitiesCsv(tmp_path / "i.csv", {}, None)
    sink.write(frame_tracks(0, {}))
    sink.close()
    assert (tmp_path / "i.csv").read_text() == ",".join(IDENTITIES_HEADER) + "\n"
    assert np.array_equal(sink.identities, [])
