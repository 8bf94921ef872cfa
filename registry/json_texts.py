"""JSON of others: what is no JSON, or nested without end, is one kind of error."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["parse_json"]


def parse_json(text: str | bytes) -> Any:
    """What a JSON text stands for.

    Raises:
        ValueError: no JSON, or nested more deeply than can be read: Python's own reader raises `RecursionError` then,
            which no reader of a file expects.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply, expected a few levels") from error
