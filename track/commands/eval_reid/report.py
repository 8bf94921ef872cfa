"""The end of `track eval-reid` on standard output: one table, the gate, the files."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from registry.words import counted
from reid.ranking import RankingScores
from track.commands.eval_reid.measure import EvalConfig, Evaluation, as_json
from track.terminal.tables import print_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["print_evaluation"]


def print_evaluation(config: EvalConfig, evaluation: Evaluation, only_json: bool = False) -> None:
    """Scores in percent, the gate and what it costs, what a person should know, and the files; or all as JSON."""
    if only_json:
        print(json.dumps(as_json(config, evaluation), indent=2), flush=True)
        return
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    for note in evaluation.notes:
        console.print(f"note: {note}", markup=False)
    print_table(console, _table(config, evaluation))
    gate = evaluation.calibration
    console.print(people_line(evaluation.ranking))
    console.print(
        f"gate {gate.gate:.4f}: at this cosine distance {gate.false_match_rate:.2%} of different people match and "
        f"{gate.false_non_match_rate:.1%} of same people do not"
    )
    console.print(
        f"equal error {gate.eer:.1%} at {gate.eer_gate:.4f}, AUC {gate.auc:.2%}, overlap {gate.overlap:.1%} "
        f"({gate.num_same:,} same pairs, {gate.num_different:,} different ones)"
    )
    if evaluation.gate_file is not None:
        console.print(f"the gate is now in {evaluation.gate_file}, and track run uses it", markup=False)
    elif gate.takes_gate:
        is_there = config.reid_weights is not None and config.reid_weights.exists()
        store = ", or --store-gate here" if is_there else ""
        console.print(f"to use it: track run ... --max-cosine {gate.gate:.4f}{store}", markup=False)
    console.print("results:")
    shown = [path for path in evaluation.files if path.parent.name != "pictures"]
    for path in shown:
        console.print(str(path), markup=False)
    if len(shown) < len(evaluation.files):
        console.print(
            f"{evaluation.files[-1].parent} ({counted(len(evaluation.files) - len(shown), 'picture')})", markup=False
        )


def people_line(ranking: RankingScores) -> str:
    """How many people rank-1 rests on, and how far it can be trusted."""
    low, high = ranking.rank1_interval
    people = counted(ranking.num_identities, "person", "people")
    return f"rank-1 rests on {people}: {low:.0%} to {high:.0%} with 95% confidence"


def _table(config: EvalConfig, evaluation: Evaluation) -> Table:
    from rich.table import Table

    ranking = evaluation.ranking
    title = (
        f"{config.reid} on {evaluation.data.name}, {ranking.num_queries:,} queries in {len(evaluation.data.gallery):,}"
    )
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("%")
    turned = [f"R{angle:g}" for angle in evaluation.turned]
    for name in ("mAP", "rank-1", *turned, "rank-5", "rank-10", "mINP"):
        table.add_column(name, justify="right")
    table.add_row("cosine", *_cells(ranking, [f"{100 * score:.1f}" for score in evaluation.turned.values()]))
    if evaluation.reranked is not None:
        table.add_row("re-ranked", *_cells(evaluation.reranked, [""] * len(turned)))
    return table


def _cells(scores: RankingScores, turned: list[str]) -> list[str]:
    first, fifth, tenth = (f"{100 * scores.cmc[k]:.1f}" for k in (1, 5, 10))
    return [f"{100 * scores.mAP:.1f}", first, *turned, fifth, tenth, f"{100 * scores.mINP:.1f}"]
