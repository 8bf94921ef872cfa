"""All parts, or some: `make torture`, or `python -m torture [PART ...] --minutes 10 --seed 3`.

A line a part goes into the table of docs/reliability.md; parts that were not run keep theirs.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from torture.campaign import Effort, Part, Tally
from torture.parts import PARTS
from torture.table import write_row

HOUR = 60.0
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"


def chosen(names: list[str]) -> list[Part]:
    """The parts of these names, all without names.

    Raises:
        ValueError: an unknown name.
    """
    known = {part.name: part for part in PARTS}
    for name in names:
        if name not in known:
            raise ValueError(f"{name} is no part, expected some of {', '.join(known)}")
    return [known[name] for name in names or known]


def do(part: Part, effort: Effort) -> tuple[Tally, float]:
    """Do one part. An error of its own is a finding too: half a table would say that all was tried."""
    print(f"== {part.name}: {part.title}", flush=True)
    tally, begin = Tally(), time.monotonic()
    try:
        part.work(effort, tally)
    except Exception as error:
        traceback.print_exc()
        tally.findings.append(f"the part itself failed: {type(error).__name__}: {error}")
    minutes = (time.monotonic() - begin) / 60
    print(f"   {tally.tried} tried, {tally.good} good, {len(tally.findings)} found, {minutes:.1f} min", flush=True)
    return tally, minutes


def main(arguments: list[str] | None = None) -> int:
    """Do the parts, write the table; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(part.name for part in PARTS))
    parser.add_argument("--minutes", type=float, default=HOUR, help="for all parts together")
    parser.add_argument("--seed", type=int, default=0, help="of all random choices")
    parser.add_argument("--long", action="store_true", help="200 kills, a million steps; no limit of time")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="where the table goes")
    args = parser.parse_args(arguments)
    try:
        parts = chosen(args.parts)
    except ValueError as error:
        parser.error(str(error))
    share = args.minutes / sum(part.minutes for part in parts)
    found = 0
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        os.environ["TMPDIR"] = str(folder / "tmp")
        (folder / "tmp").mkdir()
        tempfile.tempdir = None
        from torture.forks import prepare

        prepare(folder)
        gc.collect()
        gc.freeze()  # what is imported stays shared with the forks
        for part in parts:
            limit_s = float("inf") if args.long else 60 * share * part.minutes
            effort = Effort(folder / part.name, args.seed, time.monotonic() + limit_s, args.long)
            effort.folder.mkdir()
            tally, minutes = do(part, effort)
            write_row(args.document, part, tally, minutes, args.seed)
            found += len(tally.findings)
    tempfile.tempdir = None
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
