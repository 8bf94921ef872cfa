"""Whether two folders of results say the same, and whether what stands in one is whole."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from registry.own_names import is_unfinished

__all__ = ["broken_files", "digests", "left_over"]

EXACT = ("tracks.txt", "tracks.csv", "embeddings.npz", "best.safetensors", ".torchscript")
"""Files that say the same for the same command; the others tell times too."""


OF_THE_WRITER = (".debug_pkl", "serialization_id")
"""Parts of a TorchScript archive that tell from which lines of which files it was written."""


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of what each file says that does not depend on time, in `folder` and below."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name.endswith(EXACT)]
    return {str(path.relative_to(folder)): hashlib.sha256(_content(path)).hexdigest() for path in files}


def _content(path: Path) -> bytes:
    """What a file says: safetensors writes its metadata in any order, and archives hold dates."""
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "numpy") as file:
            arrays = [name.encode() + file.get_tensor(name).tobytes() for name in sorted(file.keys())]
            return json.dumps(file.metadata(), sort_keys=True).encode() + b"".join(arrays)
    if path.suffix in {".npz", ".torchscript"}:
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if not name.endswith(OF_THE_WRITER))
            return b"".join(name.encode() + archive.read(name) for name in names)
    return path.read_bytes()


def left_over(folder: Path) -> list[str]:
    """Unfinished files that nobody will finish."""
    found = [path.name for path in folder.rglob("*") if is_unfinished(path.name) or path.name.endswith(".exporting")]
    return [f"{name} is left over" for name in found]


def broken_files(folder: Path) -> list[str]:
    """Files under their final names that are not whole, each with why."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not is_unfinished(path.name):
            try:
                _read(path)
            except Exception as error:
                found.append(f"{path.name} is not whole ({type(error).__name__}: {error})")
    return found


def _read(path: Path) -> None:
    """Read all of it, by what its name says."""
    data = path.read_bytes()
    if path.suffix == ".json":
        json.loads(data)
    elif path.name in {"tracks.txt", "tracks.csv"} and data and not data.endswith(b"\n"):
        raise ValueError("its last row has no end")
    elif path.suffix in {".npz", ".torchscript"}:
        with zipfile.ZipFile(path) as file:
            if (bad := file.testzip()) is not None:
                raise ValueError(f"its part {bad} is damaged")
    elif path.suffix == ".safetensors":
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        if len(data) != 8 + length + max(ends, default=0):
            raise ValueError("its length is not what its head says")
    elif path.suffix == ".mp4" and b"moov" not in data:
        raise ValueError("it has no index")
