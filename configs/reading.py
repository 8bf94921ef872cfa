"""A YAML file of settings as a mapping, or one sentence that says why it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["read_settings"]


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

    try:
        text = path.read_text(encoding="utf-8")
        _refuse_repeated_keys(path.name, yaml.compose(text, Loader=yaml.SafeLoader))
        content = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from error
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds {type(content).__name__}, expected {expected}")
    return content


def _refuse_repeated_keys(source: str, node: Any) -> None:
    """Raise `ValueError` for a key given twice in a mapping or in one of its mappings; YAML would take the last."""
    pairs = node.value if getattr(node, "id", "") == "mapping" else []
    inner = [pair for _, child in pairs if getattr(child, "id", "") == "mapping" for pair in child.value]
    for level in (pairs, inner):
        keys = [str(key.value) for key, _ in level]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"{source}: {key} stands there twice, expected each key once")
