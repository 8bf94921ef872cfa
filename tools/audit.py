"""What the audit of the dependencies found, in a sentence: `make audit` calls it with the report of pip-audit.

pip-audit says "No known vulnerabilities found" also where the service knew none of the packages, or was not there. Here
a package counts as audited only if the service answered for it.
"""

from __future__ import annotations

import enum
import json
import sys
from pathlib import Path
from typing import Any

OWN = "track-reid"  # not a dependency


class Verdict(enum.IntEnum):
    """The exit codes."""

    CLEAN = 0
    VULNERABLE = 1
    UNREACHED = 3  # 2 is make's own


def read_report(path: Path) -> tuple[Verdict, str]:
    """The verdict on a report of `pip-audit --format=json`, and a sentence for people; no report: pip-audit failed."""
    if not path.is_file():
        return (
            Verdict.UNREACHED,
            "Vulnerabilities: not checked, the service could not be reached (see pip-audit.log beside it).",
        )
    packages = [row for row in json.loads(path.read_text(encoding="utf-8"))["dependencies"] if row["name"] != OWN]
    skipped = [row["name"] for row in packages if "skip_reason" in row]
    found = [_finding(row) for row in packages if row.get("vulns")]
    audited = len(packages) - len(skipped)
    sentence = f"Vulnerabilities: {audited} of {len(packages)} packages checked, {len(found)} with a known one."
    if found:
        sentence += " " + "; ".join(found) + "."
    if skipped:
        sentence += f" The service did not answer for {_some(skipped)}: try again where it can be reached."
    if found:
        return Verdict.VULNERABLE, sentence
    return (Verdict.UNREACHED if skipped or not packages else Verdict.CLEAN), sentence


def _finding(row: dict[str, Any]) -> str:
    return f"{row['name']} {row['version']} ({', '.join(each['id'] for each in row['vulns'])})"


def _some(names: list[str], at_most: int = 3) -> str:
    more = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {more} more" if more > 0 else "")


if __name__ == "__main__":
    verdict, told = read_report(Path(sys.argv[1]))
    print(told)
    sys.exit(verdict)
