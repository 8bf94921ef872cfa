"""Words of messages: one thing, several things."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, several: str = "") -> str:
    """`1 track`, `2 tracks`, `0 tracks`; `several` where it is more than an s at the end."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
