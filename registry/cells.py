"""Texts of others in CSV files: a spreadsheet must not take them for formulas."""

from __future__ import annotations

__all__ = ["from_cell", "to_cell"]

MARK = "'"
"""Before a text, by which spreadsheets know that it is one."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings that spreadsheets take for a formula, with their full-width forms (OWASP, "CSV Injection")."""


def to_cell(text: str) -> str:
    """The text for a cell of CSV; with an apostrophe before it where it would be a formula, or begins with one."""
    is_formula = len(text) > 1 and text.startswith(FORMULAS)  # a sign alone is none
    return f"{MARK}{text}" if is_formula or text.startswith(MARK) else text


def from_cell(cell: str) -> str:
    """What `to_cell` was given; a cell that others wrote stays as it is unless it looks like one of ours."""
    is_marked = cell.startswith(MARK) and cell[1:].startswith((*FORMULAS, MARK))
    return cell[1:] if is_marked else cell
