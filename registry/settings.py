"""A YAML file of settings as a mapping, or one sentence that says why it is none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from registry.yaml_limits import check_yaml, read_limited

__all__ = ["read_settings"]

MOST_SHOWN = 40
"""Characters of a value that a message can hold."""


def read_settings(path: Path, expected: str) -> dict[str, Any]:
    """The keys and values of a YAML file; none where it is empty.

    Args:
        path: the file.
        expected: what the message names where the file holds something else, such as "keys such as 'epochs: 60'".

    Raises:
        ValueError: not valid YAML, a key given twice, or no mapping.
        OSError: the file cannot be read.
    """
    import yaml

    text = ""
    try:
        text = read_limited(path)
        check_yaml(path.name, text)
        _refuse_repeated_keys(path.name, yaml.compose(text, Loader=yaml.SafeLoader))
        content = yaml.load(text, Loader=_loader())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not valid YAML: {_what_is_wrong(error, text)}") from error
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds {type(content).__name__}, expected {expected}")
    return content


def _loader() -> Any:
    """YAML's safe loader, with the place of a value that is none of its kind, of which it has but Python's words."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_object(self, node: Any, deep: bool = False) -> Any:
            try:
                return super().construct_object(node, deep)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                kind = str(node.tag).rpartition(":")[2]
                problem = f"{str(node.value)[:MOST_SHOWN]!r} is no valid {kind} (in quotes it is a text)"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    return Loader


def _what_is_wrong(error: Any, text: str) -> str:
    """Line, column and problem in one sentence, without the picture of the line that YAML adds."""
    if isinstance(error, UnicodeDecodeError):
        return f"its bytes are no UTF-8 text ({error.reason} at byte {error.start})"
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that YAML forbids
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return f"line {line}, column {column}: {error.reason} (character {error.character:#x})"
    within, problem = error.context_mark, str(error.problem)
    if problem.startswith("but "):  # it goes on from there
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.context}, {problem}"
    begun = f" ({error.context} from line {within.line + 1} on)" if within and within.line < mark.line else ""
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}{begun}"


def _refuse_repeated_keys(source: str, node: Any) -> None:
    """Raise `ValueError` for a key given twice in a mapping or in one of its mappings; YAML would take the last."""
    pairs = node.value if getattr(node, "id", "") == "mapping" else []
    inner = [pair for _, child in pairs if getattr(child, "id", "") == "mapping" for pair in child.value]
    for level in (pairs, inner):
        keys = [str(key.value) for key, _ in level]
        for key, count in Counter(keys).items():
            if count > 1:
                raise ValueError(f"{source}: {key} stands there twice, expected each key once")
