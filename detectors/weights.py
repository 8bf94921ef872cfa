"""Where YOLO weights lie, and fetching them within a bounded time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detectors.digests import check_kept, check_received, note
from registry import unknown_name
from registry.network import NetworkOffError, check_allowed
from registry.user_folders import expanded, weights_folder

__all__ = [
    "CONFIDENCE",
    "DEFAULT_WEIGHTS",
    "IOU",
    "DetectorUnavailableError",
    "check_image_size",
    "check_readable",
    "class_ids_of",
    "fetch_weights",
    "find_weights",
    "kept_weights",
    "weights_folder",
]

CONFIDENCE = 0.25
IOU = 0.7
"""Defaults of ultralytics, whichever runtime a model has."""
DEFAULT_WEIGHTS = "yolo11n.pt"
RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.4.0/"
STALL_S = 8.0  # without an answer, or without a further byte, the network counts as blocked
TOTAL_S = 300.0
CHUNK = 1 << 16
MODEL_PARTS = frozenset({".xml", ".bin", ".yaml", ".param"})
"""What a folder with an exported model holds."""
PUBLISHED = re.compile(r"(yolo|rtdetr)[\w-]*\.pt")


class DetectorUnavailableError(ValueError):
    """A detector that cannot run here: a package is missing, or its weights cannot be read."""


def class_ids_of(wanted: tuple[str, ...], class_names: Mapping[int, str]) -> list[int] | None:
    """Ids of the classes called `wanted`, in any case; `None`, which is all, where none is named.

    Raises:
        ValueError: an unknown name.
    """
    ids = {name.lower(): key for key, name in class_names.items()}
    for name in wanted:
        if name.lower() not in ids:
            raise unknown_class(name, class_names)
    return [ids[name.lower()] for name in wanted] or None


def unknown_class(name: str, class_names: Mapping[int, str]) -> ValueError:
    """The error for a class that a detector does not have."""
    return unknown_name("class", name, class_names.values())


def check_image_size(path: Path, asked: int | None, height: int, width: int) -> None:
    """A network of fixed input `(height, width)` px can look at no other size.

    Raises:
        ValueError: another size was `asked` for than its longer side.
    """
    fixed = max(height, width)
    if asked not in (None, fixed):
        raise ValueError(
            f"--imgsz is {asked}, but {path} takes {fixed} px only; leave --imgsz out, or export it anew for {asked}"
        )


def check_readable(path: Path) -> None:
    """A file, or a folder of a model, that may not be read is told as that, and not as damaged; what is no file passes.

    Raises:
        DetectorUnavailableError: it may not be read.
    """
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise DetectorUnavailableError(f"no right to read the folder {path}: type chmod u+rx {path}, or ask its owner")
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if (file == path or file.suffix in MODEL_PARTS) and file.is_file() and not os.access(file, os.R_OK):
            raise DetectorUnavailableError(f"no right to read {file}: type chmod u+r {file}, or ask its owner")


def find_weights(name: str) -> Path | None:
    """The weights that a user typed the name or path of: as a path, from the current folder, then `kept_weights`."""
    typed = expanded(name)
    return typed if typed.exists() else kept_weights(name)


def kept_weights(name: str) -> Path | None:
    """The weights of that name in `weights_folder()`: of a name that nobody typed, the current folder is not asked.

    Raises:
        DetectorUnavailableError: a download that was changed since.
    """
    path = weights_folder() / name
    if not path.exists():
        return None
    try:
        if path.is_file() and os.access(path, os.R_OK):
            check_kept(path)
    except ValueError as error:
        raise DetectorUnavailableError(str(error)) from error
    return path


def fetch_weights(name: str) -> Path:
    """Download published weights into `weights_folder()`.

    Returns within `STALL_S` when the network is blocked, also where a name lookup would hang. The file appears under
    its name only when it is complete and has the right digest (see `detectors.digests`).

    Raises:
        FileNotFoundError: no weights of that name are published, or they cannot be fetched; says where to put the file.
    """
    target = weights_folder() / name
    advice = f"Put the file into {target.parent} or give its path."
    if not PUBLISHED.fullmatch(name):
        raise FileNotFoundError(f"no weights {name} in the current folder or {target.parent}. {advice}")
    try:
        check_allowed(f"weights {name}, which are not in {target.parent},", "put the file there or give its path.")
    except NetworkOffError as error:
        raise FileNotFoundError(str(error)) from error
    transfer = _Transfer(RELEASE + name, target)
    threading.Thread(target=transfer.run, name="weights", daemon=True).start()
    problem = transfer.wait()
    if problem:
        raise FileNotFoundError(f"weights {name} are not on disk and could not be fetched ({problem}). {advice}")
    return target


@dataclass
class _Transfer:
    """One download in a thread of its own, because a name lookup knows no timeout."""

    url: str
    target: Path
    problem: str = ""
    last_news: float = field(default_factory=time.monotonic)
    finished: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        partial = self.target.with_name(f".{self.target.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            self._download(partial)
        except (OSError, ValueError, urllib.error.URLError) as error:
            self.problem = str(getattr(error, "reason", "") or error) or type(error).__name__
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            self.finished.set()

    def wait(self) -> str:
        """Block until the download ended or stalled; what went wrong, or nothing."""
        start = time.monotonic()
        while not self.finished.wait(0.05):
            now = time.monotonic()
            if now - self.last_news > STALL_S:
                self.cancelled.set()
                return f"no answer from the network within {STALL_S:g} s"
            if now - start > TOTAL_S:
                self.cancelled.set()
                return f"the transfer was not done after {TOTAL_S:g} s"
        return self.problem

    def _download(self, partial: Path) -> None:
        with urllib.request.urlopen(self.url, timeout=STALL_S) as answer:
            self.last_news = time.monotonic()
            expected = int(answer.headers.get("Content-Length") or -1)
            self.target.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            with partial.open("wb") as file:
                while chunk := answer.read(CHUNK):
                    file.write(chunk)
                    digest.update(chunk)
                    self.last_news = time.monotonic()
                    if self.cancelled.is_set():
                        return
                received = file.tell()
        if received != expected >= 0:
            raise OSError(f"the transfer broke off after {received} of {expected} bytes")
        check_received(self.target.name, digest.hexdigest(), self.target.parent)
        if not self.cancelled.is_set():
            partial.replace(self.target)
            note(self.target.name, digest.hexdigest(), self.target.parent)
