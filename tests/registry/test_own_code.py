"""A user's own code by name: run once, named by file and line where it fails, and hashed without being run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from registry import own_code
from registry.own_code import OwnCode, OwnCodeError, parse_own, same_part


@pytest.mark.parametrize(
    ("name", "module", "attribute"),
    [
        pytest.param("my_net.py:MyNet", "my_net.py", "MyNet", id="file"),
        pytest.param("nets/my net.py:MyNet", "nets/my net.py", "MyNet", id="file in a folder"),
        pytest.param("C:\\nets\\my_net.py:MyNet", "C:\\nets\\my_net.py", "MyNet", id="file of Windows"),
        pytest.param("package.nets:MyNet", "package.nets", "MyNet", id="module"),
        pytest.param("json:JSONEncoder", "json", "JSONEncoder", id="module of one word that is there"),
        pytest.param("my_net.py", "my_net.py", "", id="file without a name"),
    ],
)
def test_names_of_own_code(name: str, module: str, attribute: str) -> None:
    assert parse_own(name) == OwnCode(name, module, attribute)


OTHERS = [
    "dogenet50",
    "yolo11n.pt",
    "C:\\nets\\yolo.onnx",
    "rtsp://host/1",
    "nets/x:MyNet",
    "a:",
    ":b",
    "timn:resnet18",
]


@pytest.mark.parametrize("name", [*OTHERS, "a:b c", ""])
def test_other_names_are_none(name: str) -> None:
    assert parse_own(name) is None


@pytest.mark.parametrize(
    ("held", "asked", "same"),
    [
        ("my_net.py:MyNet", "nets/my_net.py:MyNet", True),
        ("my_net.py:MyNet", "nets.my_net:MyNet", True),
        ("my_net.py:MyNet", "my_net.py:Other", False),
        ("my_net.py:MyNet", "other.py:MyNet", False),
        ("dogenet50", "dogenet50", True),
        ("dogenet50", "small-cnn", False),
        ("my_net.py:MyNet", "dogenet50", False),
    ],
)
def test_the_same_part_from_another_folder(held: str, asked: str, same: bool) -> None:
    assert same_part(held, asked) is same


def own(path: Path, text: str, attribute: str = "part") -> OwnCode:
    path.write_text(text)
    return OwnCode(f"{path}:{attribute}", str(path), attribute)


def test_a_file_runs_once(tmp_path: Path) -> None:
    code = own(tmp_path / "mine.py", "runs = []\nruns.append(1)\ndef part(): return runs\n")
    again = OwnCode(f"{tmp_path}/./mine.py:part", f"{tmp_path}/./mine.py", "part")
    assert code.load() is again.load()
    assert code.load()() == [1]


def test_a_changed_file_runs_again_with_what_it_imports(tmp_path: Path) -> None:
    """As in a notebook: what a cache keeps under the hash of the file must be what the file says now."""
    (tmp_path / "imported_x.py").write_text("value = 1\n")
    code = own(tmp_path / "mine.py", "from imported_x import value\ndef part(): return value\n")
    assert code.load()() == 1
    (tmp_path / "imported_x.py").write_text("value = 2\n")
    assert code.load()() == 2


def test_two_folders_may_have_files_of_one_name(tmp_path: Path) -> None:
    """Network and detector of different folders, each with a file of its own beside it; and a library of that name."""
    parts = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "shared_name_z.py").write_text(f"value = {number}\n")
        (folder / "json.py").write_text(f"value = {number}\n")
        text = "from shared_name_z import value\nimport json\ndef part(): return value, json.value\n"
        parts.append(own(folder / "mine.py", text).load())
    assert [part() for part in parts] == [(1, 1), (2, 2)]
    assert sys.modules["json"] is json


def test_its_folder_is_on_the_import_path_only_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "beside_it_once.py").write_text("value = 7\n")
    before = list(sys.path)
    code = own(
        tmp_path / "mine.py", "import sys\nfrom beside_it_once import value\npart = lambda: (value, sys.path[0])\n"
    )
    assert code.load()()[0] == 7
    assert sys.path == before
    with pytest.raises(OwnCodeError):
        own(tmp_path / "wrong.py", "1 / 0\n").load()
    assert sys.path == before


def test_a_module_is_found_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_package_x").mkdir()
    (tmp_path / "own_package_x" / "nets.py").write_text("def part(): return 3\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert OwnCode("own_package_x.nets:part", "own_package_x.nets", "part").load()() == 3
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("\n\nnam = nme\n", "mine.py, line 3: NameError: name 'nme' is not defined", id="while it runs"),
        pytest.param("def part(:\n", "mine.py, line 1: SyntaxError: ", id="no Python"),
        pytest.param("import not_there_at_all\n", "mine.py, line 1: ModuleNotFoundError: No module", id="import"),
        pytest.param("\nimport sys\nsys.exit('enough')\n", "mine.py, line 3: SystemExit: enough", id="exit"),
        pytest.param("import broken_beside\n", "broken_beside.py, line 2: ZeroDivisionError", id="beside it"),
        pytest.param("raise ValueError('two\\n  lines')", "mine.py, line 1: ValueError: two lines", id="several lines"),
    ],
)
def test_an_error_in_the_file_has_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "broken_beside.py").write_text("\n1 / 0\n")
    with pytest.raises(OwnCodeError) as error:
        own(tmp_path / "mine.py", text).load()
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    sys.modules.pop("broken_beside", None)


def test_a_file_that_failed_is_run_again(tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError):
        own(tmp_path / "mine.py", "part = undefined\n").load()
    assert own(tmp_path / "mine.py", "def part(): return 5  # mended\n").load()() == 5


def test_an_error_in_a_call_has_its_line(tmp_path: Path) -> None:
    code = own(tmp_path / "mine.py", "def part(x):\n    return 1 / x\n")
    part = code.load()
    with pytest.raises(OwnCodeError, match=r"^mine\.py, line 2: ZeroDivisionError"), code.telling_lines():
        part(0)
    with pytest.raises(OwnCodeError, match=r"mine\.py:part: TypeError: part\(\) missing 1"), code.telling_lines():
        part()


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        pytest.param("MyNt", r"unknown name in .*mine\.py 'MyNt'\. Did you mean 'MyNet'\?", id="misspelt"),
        pytest.param("xyzzy", r"unknown name in .*mine\.py 'xyzzy'\. Known: MyNet, make\.", id="nothing like it"),
        pytest.param("", r"names no class or function in the file, expected such as .*mine\.py:MyNet", id="no name"),
    ],
)
def test_a_name_that_is_not_in_it(attribute: str, message: str, tmp_path: Path) -> None:
    text = "from pathlib import Path\nclass MyNet: ...\ndef make(): ...\n"
    with pytest.raises(ValueError, match=message):
        own(tmp_path / "mine.py", text, attribute).load()


@pytest.mark.parametrize("module", ["not_there.py", "not.there", "not_there_at_all"])
def test_a_file_or_module_that_is_not_there(module: str) -> None:
    with pytest.raises(FileNotFoundError, match=module):
        OwnCode(f"{module}:part", module, "part").load()


def test_the_digest_follows_all_own_files_and_runs_none(tmp_path: Path) -> None:
    code = own(tmp_path / "mine.py", "import one\n1 / 0\n")
    (tmp_path / "one.py").write_text("def f():\n    from two.deep import x\n")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "deep.py").write_text("x = 1\n")
    (tmp_path / "other.py").write_text("")
    digests = [code.digest()]
    for changed in ("mine.py", "one.py", "two/deep.py"):
        (tmp_path / changed).write_text((tmp_path / changed).read_text() + "# changed\n")
        digests.append(code.digest())
    assert len(set(digests)) == 4
    (tmp_path / "other.py").write_text("# imported by none of them\n")
    assert code.digest() == digests[-1]


def test_the_digest_of_a_module_is_that_of_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_package_y").mkdir()
    for name in ("__init__", "nets", "layers"):
        (tmp_path / "own_package_y" / f"{name}.py").write_text("")
    monkeypatch.chdir(tmp_path)
    code = OwnCode("own_package_y.nets:part", "own_package_y.nets", "part")
    before = code.digest()
    (tmp_path / "own_package_y" / "layers.py").write_text("# changed\n")
    assert code.digest() == before, "what is imported stays"
    own_code._digest_of_module.cache_clear()  # as in another process
    assert code.digest() != before
    assert "own_package_y.nets" not in sys.modules
