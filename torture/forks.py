"""`track` in a fork of this process, which has imported everything: a command costs its work, not its imports."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from torture.fence import close_network, watch

__all__ = ["Answer", "Call", "Started", "prepare", "run", "start"]

LIMIT_S = 120.0
"""A command of this campaign takes a second or two; a machine with other work, some times that."""
POLL_S = 0.005
EXIT_CRASH = 70
"""Of a fork in which something other than `SystemExit` left the command line; no command ends so."""
HEAVY = (
    "torch",
    "torchvision",
    "cv2",
    "av",
    "scipy.optimize",
    "scipy.linalg",
    "matplotlib.pyplot",
    "safetensors.torch",
)
ROOMS = (
    *("run", "eval", "mot", "compare", "tune", "link", "relabel", "render"),
    *("train_reid", "eval_reid", "export", "models"),
)
INNER = (
    "track.run.run", "track.commands.mot.dataset", "track.commands.compare.dataset", "track.commands.tune.tune",
    "track.commands.link.relink", "track.commands.relabel.relabel", "track.commands.render.render",
    "track.commands.train_reid.train", "track.commands.eval_reid.measure", "track.commands.export.export",
    "track.commands.models.listing", "track.scores.report", "reid.training", "reid.data",
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One command line.

    Attributes:
        arguments: after `track`.
        folder: its working folder, and the only one in which it may write.
        environment: on top of this process's own.
        limit_s: when it is killed as too slow.
        kill_s: when it is killed on purpose, `None` for never.
        limits: numbers of `resource.RLIMIT_*` with their values.
        more_memory: bytes of addresses on top of what the fork has; `None` for no limit.
        has_network: otherwise it sits in a network namespace without an interface, where the system lets us.
    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    limit_s: float = LIMIT_S
    kill_s: float | None = None
    limits: tuple[tuple[int, int], ...] = ()
    more_memory: int | None = None
    has_network: bool = False


@dataclass(frozen=True)
class Answer:
    """How it ended.

    Attributes:
        code: exit code; minus the signal's number where one ended it.
        out, err: what it printed.
        seconds: wall time.
        grown: bytes of resident memory at its peak, on top of what the fork had.
        too_slow: whether the time limit killed it.
        touched: what it touched outside of its folder, and addresses that it asked for.
    """

    code: int
    out: str
    err: str
    seconds: float
    grown: int
    too_slow: bool = False
    touched: tuple[str, ...] = ()


def prepare(folder: Path) -> None:
    """Import what commands import, with the folders of a user inside of `folder`. No thread is started."""
    for name, value in homes(folder).items():
        os.environ[name] = value
    os.environ |= {"YOLO_OFFLINE": "true", "OMP_NUM_THREADS": "1", "COLUMNS": "200", "MPLBACKEND": "agg"}
    names = [*HEAVY, "track.cli", *(f"track.commands.{room}.command" for room in ROOMS), *INNER]
    for name in names:
        importlib.import_module(name)


def homes(folder: Path) -> dict[str, str]:
    """Variables that keep caches and settings of every library inside of `folder`."""
    own = folder / "home"
    (own / "tmp").mkdir(parents=True, exist_ok=True)
    names = ("TRACK_CACHE", "TRACK_WEIGHTS", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TORCH_HOME", "MPLCONFIGDIR")
    return {"HOME": str(own), "TMPDIR": str(own / "tmp")} | {name: str(own / name.lower()) for name in names}


def run(call: Call) -> Answer:
    """Run to its end."""
    return start(call).wait()


def in_fork(work: Callable[[], None]) -> None:
    """Do something that starts threads, such as to encode a video, in a fork, so that this process has none.

    Raises:
        RuntimeError: it failed; its traceback was printed.
    """
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        code = 0
        try:
            work()
        except BaseException:
            traceback.print_exc()
            code = 1
        os._exit(code)
    _, status = os.waitpid(process, 0)
    if status:
        raise RuntimeError("a fork that prepares inputs failed; its traceback is above")


class Started:
    """A command that runs."""

    def __init__(self, call: Call, process: int, files: tuple[Path, Path, Path]) -> None:
        self._call, self._process, self._files = call, process, files
        self._begin = time.monotonic()

    def wait(self) -> Answer:
        """Its answer; what it left running is killed with it."""
        call, killed = self._call, False
        while True:
            process, status, usage = os.wait4(self._process, os.WNOHANG)
            if process:
                break
            seconds = time.monotonic() - self._begin
            killed |= seconds > call.limit_s
            if killed or (call.kill_s is not None and seconds >= call.kill_s):
                self._kill()
            time.sleep(POLL_S)
        seconds = time.monotonic() - self._begin
        self._kill()
        out, err, notes = (path.read_text(encoding="utf-8", errors="replace") for path in self._files)
        for path in self._files:
            path.unlink()
        code = os.waitstatus_to_exitcode(status)
        grown = max(usage.ru_maxrss * 1024 - _resident(), 0)
        return Answer(code, out, err, seconds, grown, killed, tuple(dict.fromkeys(notes.splitlines())))

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process, signal.SIGKILL)


def start(call: Call) -> Started:
    """Start it in a process group of its own."""
    files = tuple(Path(_file(kind)) for kind in ("out", "err", "notes"))
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        _child(call, files)
    with contextlib.suppress(PermissionError, ProcessLookupError):  # either side may be first
        os.setpgid(process, process)
    return Started(call, process, (files[0], files[1], files[2]))


def _file(kind: str) -> str:
    handle, name = tempfile.mkstemp(prefix=f"torture-{kind}-")
    os.close(handle)
    return name


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def _child(call: Call, files: tuple[Path, ...]) -> NoReturn:
    """What the fork does; it never returns."""
    code = EXIT_CRASH
    try:
        _enter(call, files)
        code = _main(call.arguments)
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _enter(call: Call, files: tuple[Path, ...]) -> None:
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    os.chdir(call.folder)
    handles = [os.open(os.devnull, os.O_RDONLY), *(os.open(path, os.O_WRONLY | os.O_TRUNC) for path in files[:2])]
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
        os.close(handle)
    notes = os.open(files[2], os.O_WRONLY | os.O_APPEND)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    ours = Path(os.environ["HOME"])  # libraries asked for it, and for the temporary folder, when they were imported
    os.environ |= dict(call.environment)
    tempfile.tempdir = None
    if not call.has_network:
        close_network()
    watch(notes, [call.folder, ours, *(Path(value) for value in call.environment.values())])
    for number, value in call.limits:
        resource.setrlimit(number, (value, value))
    if call.more_memory is not None:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + call.more_memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _main(arguments: tuple[str, ...]) -> int:
    from track import cli

    sys.argv = ["track", *arguments]
    try:
        cli.main(list(arguments))
    except SystemExit as end:
        code = end.code
    else:
        code = 0
    for thread in threading.enumerate():  # as the interpreter does at its end: one that hangs is a finding
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    return code if isinstance(code, int) else int(code is not None)
