"""The audit counts a package as checked only if the vulnerability service answered for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.audit import Verdict, read_report

# Rows as pip-audit 2.10 writes them.
CLEAN = {"name": "numpy", "version": "2.4.6", "vulns": []}
VULNERABLE = {
    "name": "pillow",
    "version": "9.0.0",
    "vulns": [{"id": "PYSEC-2023-227", "fix_versions": ["10.0.0"], "aliases": []}],
}
UNKNOWN = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (2.14.1)"}
OWN = {"name": "track-reid", "skip_reason": "distribution marked as editable"}


@pytest.mark.parametrize(
    ("rows", "verdict", "said"),
    [
        ([CLEAN, OWN], Verdict.CLEAN, "1 of 1 packages checked, 0 with a known one."),
        (
            [CLEAN, VULNERABLE],
            Verdict.VULNERABLE,
            "2 of 2 packages checked, 1 with a known one. pillow 9.0.0 (PYSEC-2023-227).",
        ),
        (
            [CLEAN, UNKNOWN],
            Verdict.UNREACHED,
            "1 of 2 packages checked, 0 with a known one. The service did not answer for torch:",
        ),
        ([UNKNOWN, OWN], Verdict.UNREACHED, "0 of 1 packages checked"),  # pip-audit itself: "No known vulnerabilities"
        ([VULNERABLE, UNKNOWN], Verdict.VULNERABLE, "did not answer for torch"),  # a finding outweighs a gap
        ([OWN], Verdict.UNREACHED, "0 of 0 packages checked"),  # an empty environment proves nothing
        ([UNKNOWN] * 5, Verdict.UNREACHED, "torch, torch, torch and 2 more"),
    ],
)
def test_verdict(rows: list[dict[str, object]], verdict: Verdict, said: str, tmp_path: Path) -> None:
    report = tmp_path / "vulnerabilities.json"
    report.write_text(json.dumps({"dependencies": rows, "fixes": []}))
    found, sentence = read_report(report)
    assert found is verdict
    assert said in sentence


def test_no_report_is_no_clean_bill(tmp_path: Path) -> None:
    verdict, sentence = read_report(tmp_path / "missing.json")
    assert verdict is Verdict.UNREACHED
    assert "could not be reached" in sentence
