"""Parts that are not of this project: `my_net.py:MyNet`, `package.module:Name`, or the name of an installed plug-in.

Own code runs only where a person typed its name, or installed it as a plug-in: no file that is merely read names any.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from registry import unknown_name
from registry.own_files import files_of_module, files_with_imports
from registry.user_folders import expanded

__all__ = ["OwnCode", "OwnCodeError", "names_in_module", "parse_own", "same_part"]

SUFFIX = ".py"
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_LOADED: dict[Path, tuple[str, ModuleType]] = {}
"""File -> what it was when it ran, and what came of it."""
_LOCK = threading.RLock()
"""Detector and encoder may be loaded at the same time, and the import path is everybody's."""


class OwnCodeError(ValueError):
    """Something in a user's own code went wrong; the message has its file and line."""


@dataclass(frozen=True)
class OwnCode:
    """A class or function of the user's.

    Attributes:
        name: as typed; of a plug-in the name under which it was installed.
        module: path of a Python file, or the dotted name of a module.
        attribute: its name in there; empty where none was typed.
    """

    name: str
    module: str
    attribute: str

    def load(self) -> Any:
        """The class or function. Its file runs once, with its folder on the import path meanwhile; changed, once more.

        Raises:
            FileNotFoundError: no such file or module.
            ValueError: no such name in it, or an error in the file, with its line.
        """
        with _LOCK:
            module = self._module()
        if not hasattr(module, self.attribute):
            known = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
            own = [name for name in known if getattr(vars(module)[name], "__module__", "") == module.__name__]
            if not self.attribute:
                example = f"{self.module}:{own[0]}" if own else f"{self.module}:MyNet"
                raise ValueError(f"{self.name} names no class or function in the file, expected such as {example}")
            raise unknown_name(f"name in {self.module}", self.attribute, own or known)
        return getattr(module, self.attribute)

    def digest(self) -> str:
        """A hash of its code: of the file and of those beside it that it imports, or of the module's whole package.

        Nothing is run. A file that cannot be read has none; `load` tells of it.
        """
        if self.module.endswith(SUFFIX):
            return _digest(files_with_imports(expanded(self.module)))
        return _digest_of_module(self.module)

    @contextmanager
    def telling_lines(self) -> Iterator[None]:
        """Around calls of the user's code: an error becomes one sentence with its file and line.

        Raises:
            OwnCodeError: for any error, also `SystemExit`.
        """
        try:
            yield
        except OwnCodeError:
            raise
        except (Exception, SystemExit) as error:
            raise OwnCodeError(f"{self._place(error) or self.name}: {_words(error)}") from error

    def _module(self) -> ModuleType:
        if not self.module.endswith(SUFFIX):
            return self._import_module()
        path = expanded(self.module).resolve()
        if not path.is_file():
            raise FileNotFoundError(f"{self.module} not found: expected a Python file, as in my_part.py:MyPart")
        now = self.digest()
        if path not in _LOADED or _LOADED[path][0] != now:
            with _modules_of(path):
                _LOADED[path] = now, self._run_file(path)
        return _LOADED[path][1]

    def _run_file(self, path: Path) -> ModuleType:
        name = f"own_{path.stem}_{hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:  # of a name that ends in .py there is always one
            raise ValueError(f"{self.module} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            with _first_on_path(path.parent), self.telling_lines():
                spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def _import_module(self) -> ModuleType:
        with _first_on_path(Path.cwd()):
            try:
                found = importlib.util.find_spec(self.module)
            except ModuleNotFoundError:
                found = None
            if found is None:
                raise FileNotFoundError(
                    f"no module {self.module} for {self.name}: expected one that is installed or lies in this folder,"
                    " or a file, as in my_part.py:MyPart"
                )
            with self.telling_lines():
                return importlib.import_module(self.module)

    def _place(self, error: BaseException) -> str:
        """`my_net.py, line 3`: the innermost place in the user's own code; empty where it was never reached."""
        if isinstance(error, SyntaxError) and error.filename:
            return f"{Path(error.filename).name}, line {error.lineno}"
        folder = self._folder()
        frames = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
        own = [(file, line) for file, line in frames if folder in file.parents and "site-packages" not in file.parts]
        return f"{own[-1][0].name}, line {own[-1][1]}" if own else ""

    def _folder(self) -> Path:
        """Where the user's own code lies."""
        if self.module.endswith(SUFFIX):
            return expanded(self.module).resolve().parent
        origin = getattr(sys.modules.get(self.module), "__file__", None)
        return Path.cwd() if origin is None else Path(origin).parent


def parse_own(name: str) -> OwnCode | None:
    """What `file.py:Name`, `file.py` or `module.path:Name` stands for; `None` for other texts.

    One word before the colon counts where there is such a module: `timn:resnet18` is a mistyped name of timm.
    """
    if name.endswith(SUFFIX):
        return OwnCode(name, name, "")
    module, _, attribute = name.rpartition(":")
    is_file = module.endswith(SUFFIX) and attribute.isidentifier()
    is_module = names_in_module(module, attribute) and ("." in module or _is_there(module))
    return OwnCode(name, module, attribute) if is_file or is_module else None


def names_in_module(module: str, attribute: str) -> bool:
    """Whether these are words that can name something in a module."""
    return attribute.isidentifier() and _MODULE.fullmatch(module) is not None


def _is_there(module: str) -> bool:
    """Whether a module without dots can be found, which runs nothing."""
    with _LOCK, _first_on_path(Path.cwd()):
        try:
            return importlib.util.find_spec(module) is not None
        except ValueError:  # some that are loaded have no spec
            return True


def same_part(held: str, asked: str) -> bool:
    """Whether two names mean the same part: of own code the folder or package does not count, which may have moved."""
    first, second = parse_own(held), parse_own(asked)
    if first is None or second is None:
        return held == asked
    return (_last_word(first.module), first.attribute) == (_last_word(second.module), second.attribute)


def _last_word(module: str) -> str:
    return Path(module).stem if module.endswith(SUFFIX) else module.rpartition(".")[2]


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for file in files:
        digest.update(f"{file.name} ".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def _digest_of_module(name: str) -> str:
    """Once in a process: a module stays as it was imported, whatever becomes of its file."""
    with _first_on_path(Path.cwd()):
        return _digest(files_of_module(name))


@contextmanager
def _modules_of(path: Path) -> Iterator[None]:
    """While a file runs, what it imports from its folder is what lies there now.

    Modules of these names that are there already go aside: as they were before a change, or another folder's `utils`,
    which comes back afterwards.
    """
    beside = [file.relative_to(path.parent) for file in files_with_imports(path) if file != path]
    names = {file.parts[0].removesuffix(SUFFIX) for file in beside}
    aside = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in names}
    for name in aside:
        del sys.modules[name]
    try:
        yield
    finally:
        foreign = {name: module for name, module in aside.items() if not _is_below(path.parent, module)}
        tops = {name.partition(".")[0] for name in foreign}
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
        sys.modules.update(foreign)


def _is_below(folder: Path, module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and folder in Path(file).parents


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """The import path with `folder` first, as Python has it for a script in there; it does not stay.

    No bytecode is written: Python would take it for that of a file that was changed within the same second.
    """
    place, writes_none = str(folder), sys.dont_write_bytecode
    sys.path.insert(0, place)
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_none
        sys.path.remove(place)


def _words(error: BaseException) -> str:
    text = str(error.msg if isinstance(error, SyntaxError) else error).strip()
    return f"{type(error).__name__}: {' '.join(text.split())}" if text else type(error).__name__
