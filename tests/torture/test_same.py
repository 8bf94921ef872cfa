"""Whether a file is whole, and whether two say the same."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from torture.same import broken_files, digests, left_over

WEIGHTS = save({"a": np.arange(6, dtype=np.float32)}, {"backbone": "x", "gate": "0.2"})


def npz() -> bytes:
    import io

    file = io.BytesIO()
    np.savez(file, a=np.arange(50))
    return file.getvalue()


WHOLE = {
    "summary.json": b'{"a": 1}',
    "tracks.txt": b"1,1,0,0,5,5,1,-1,-1,-1\n",
    "best.safetensors": WEIGHTS,
    "embeddings.npz": npz(),
    "annotated.mp4": b"....moov....",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_passes_and_a_cut_one_does_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(WHOLE[name])
    assert broken_files(tmp_path) == []
    (tmp_path / name).write_bytes(WHOLE[name][: len(WHOLE[name]) // 2])
    assert [text.partition(" is not whole")[0] for text in broken_files(tmp_path)] == [name]


def test_unfinished_files_are_not_whole_ones(tmp_path: Path) -> None:
    (tmp_path / ".summary.json.12-abcdef.partial").write_bytes(b"{")
    assert broken_files(tmp_path) == []
    assert left_over(tmp_path) == [".summary.json.12-abcdef.partial is left over"]


def test_dates_in_archives_make_no_difference_but_contents_do(tmp_path: Path) -> None:
    for folder, year, data in (("a", 1990, b"x"), ("b", 2020, b"x"), ("c", 2020, b"y")):
        (tmp_path / folder).mkdir()
        with zipfile.ZipFile(tmp_path / folder / "embeddings.npz", "w") as file:
            file.writestr(zipfile.ZipInfo("a.npy", (year, 1, 1, 0, 0, 0)), data)
    one, other, changed = (digests(tmp_path / folder) for folder in "abc")
    assert one == other
    assert one != changed
