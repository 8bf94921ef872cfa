"""The comparison with other trackers: who is ahead of whom beyond noise, as facts for JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.choosing import By, Scored, difference, mean_difference, total_of
from benchmarks.groups import Group
from evaluation.pieces import SCORES, Interval

__all__ = ["Compared", "Result", "compare", "facts", "into_page", "to_markdown"]

_BEGIN, _END = "<!-- peers: begin -->", "<!-- peers: end -->"


@dataclass(frozen=True)
class Result:
    """What an entrant did.

    Attributes:
        name: as shown.
        about: `package`, `version`, and what it was `told`; empty for this project.
        scored: by group.
        failed: by group, what it raised.
        chosen: where it was tuned, by source the options that were best on the other sources.
    """

    name: str
    about: Mapping[str, str]
    scored: By
    failed: Mapping[Group, str] = field(default_factory=dict)
    chosen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name, package and version."""
        package = self.about["package"]
        return f"{self.name}, {package} {self.about['version']}" if package else f"`{self.name}`"


@dataclass(frozen=True)
class Compared:
    """Ours minus another, on the groups that both have.

    Attributes:
        groups: of the mean of the scores; each so wide that all of them hold together.
        means: over all groups, of each of the scores.
        mean: the same of the mean of the scores.
    """

    groups: Mapping[Group, Interval]
    means: tuple[Interval, ...]
    mean: Interval

    @property
    def ahead(self) -> list[Group]:
        """Where ours is ahead beyond noise."""
        return [group for group, interval in self.groups.items() if interval.low > 0]

    @property
    def behind(self) -> list[Group]:
        """Where ours is behind beyond noise."""
        return [group for group, interval in self.groups.items() if interval.high < 0]


def compare(ours: By, other: By) -> Compared:
    """How far ours is ahead.

    Raises:
        ValueError: they have no group in common.
    """
    shared = [group for group in ours if group in other]
    if not shared:
        raise ValueError("no group in common: nothing to compare")
    mine, theirs = ({group: scored[group] for group in shared} for scored in (ours, other))
    of_groups = {group: difference(theirs[group], mine[group], len(shared)) for group in shared}
    means = [mean_difference(_alone(theirs, score), _alone(mine, score)) for score in range(len(SCORES))]
    return Compared(of_groups, tuple(means), mean_difference(theirs, mine))


def _alone(scored: By, score: int) -> dict[Group, Scored]:
    """One of the scores in the place of all."""
    width = len(SCORES)
    return {
        group: Scored(np.repeat(one.scores[:, [score]], width, axis=1), one.pieces) for group, one in scored.items()
    }


def facts(results: Sequence[Result]) -> dict[str, Any]:
    """For JSON; the first is ours, which the others are compared to."""
    ours, found = results[0], {}
    for result in results:
        found[result.name] = {
            **result.about,
            "groups": {str(group): _rounded(one.scores[0]) for group, one in result.scored.items()},
            "failed": {str(group): why for group, why in result.failed.items()},
            "chosen_by_others": {source: dict(options) for source, options in result.chosen.items()},
        }
        if result is not ours and result.scored:
            gap = compare(ours.scored, result.scored)
            found[result.name]["ours_ahead_by"] = {
                **{name: _limits(interval) for name, interval in zip(SCORES, gap.means, strict=True)},
                "mean": _limits(gap.mean),
                "groups": {str(group): _limits(interval) for group, interval in gap.groups.items()},
                "ahead": len(gap.ahead),
                "behind": len(gap.behind),
            }
    return {"scores": list(SCORES), "ours": ours.name, "entrants": found}


def to_markdown(results: Sequence[Result], *, groups_too: bool = True) -> str:
    """Tables: the mean of all groups, of each source, and each group; the first result is ours."""
    ours = results[0]
    gaps = {result.name: compare(ours.scored, result.scored) for result in results[1:] if result.scored}
    peers = {result.name: gaps[result.name] for result in results if result.about["package"] and result.name in gaps}
    parts = [_means(results, gaps), _behind(peers, ours.name), _sources(results)]
    return "\n\n".join(parts + ([_groups(results, gaps)] if groups_too else [])) + "\n"


def into_page(page: str, tables: str) -> str:
    """The page with these tables in the place of those before.

    Raises:
        ValueError: it has no place for them.
    """
    if page.count(_BEGIN) != 1 or page.count(_END) != 1 or page.index(_BEGIN) > page.index(_END):
        raise ValueError(f"the page has no place for the tables, expected a line {_BEGIN} and after it a line {_END}")
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{tables.strip()}\n{_END}{rest.partition(_END)[2]}"


def _means(results: Sequence[Result], gaps: Mapping[str, Compared]) -> str:
    ours = results[0]
    titles = [f"`{ours.name}` less it, {name}" for name in SCORES]
    counted = f"groups: `{ours.name}` ahead / level / behind"
    lines = [["tracker", *SCORES, *titles, counted, "told, beyond its defaults"]]
    for result in results:
        scores = [f"{value:.1f}" for value in total_of(result.scored, list(result.scored))] if result.scored else []
        cells = [*(scores or ["crashed"] * len(SCORES)), *[""] * len(SCORES), ""]
        if (gap := gaps.get(result.name)) is not None:
            ahead, behind = len(gap.ahead), len(gap.behind)
            crashed = f", crashed in {len(result.failed)}" if result.failed else ""
            counts = f"{ahead} / {len(gap.groups) - ahead - behind} / {behind}{crashed}"
            cells = [*scores, *(_interval(interval) for interval in gap.means), counts]
        lines.append([result.title, *cells, result.about["told"]])
    return _table(lines)


def _behind(gaps: Mapping[str, Compared], ours: str) -> str:
    """In words, what weighs most against us."""
    told = [f"{name} in {', '.join(map(str, gap.behind))}" for name, gap in gaps.items() if gap.behind]
    if not told:
        return f"`{ours}` is behind no peer in any group beyond noise."
    return f"`{ours}` is behind beyond noise: {'; '.join(told)}."


def _sources(results: Sequence[Result]) -> str:
    """Means over the groups of each source."""
    sources = list(dict.fromkeys(group.source for result in results for group in result.scored))
    lines = [["/".join(SCORES), *sources]]
    for result in results:
        cells = []
        for source in sources:
            here = [group for group in result.scored if group.source == source]
            cells.append("/".join(f"{value:.1f}" for value in total_of(result.scored, here)) if here else "crashed")
        lines.append([result.title, *cells])
    return _table(lines)


def _groups(results: Sequence[Result], gaps: Mapping[str, Compared]) -> str:
    """The mean of the scores, marked where the difference from ours is beyond noise."""
    lines = [["mean of the three", *(result.name for result in results)]]
    for group in results[0].scored:
        cells = [_cell(result, gaps.get(result.name), group) for result in results]
        one = ", one sequence" if group.num_sequences == 1 else ""
        lines.append([f"{group}{one}", *cells])
    words = f"Each group; **bold** where a tracker lies behind `{results[0].name}` beyond noise, *slanted* where ahead:"
    return f"{words}\n\n{_table(lines)}"


def _cell(result: Result, gap: Compared | None, group: Group) -> str:
    if group not in result.scored:
        return "crashed" if group in result.failed else ""
    mark = ""
    if gap is not None and group in gap.groups:
        mark = "**" if group in gap.ahead else "*" if group in gap.behind else ""
    return f"{mark}{result.scored[group].scores[0].mean():.1f}{mark}"


def _interval(interval: Interval) -> str:
    return f"{interval.value:+.1f} ({interval.low:+.1f} to {interval.high:+.1f})"


def _limits(interval: Interval) -> list[float]:
    return _rounded(np.array([interval.value, interval.low, interval.high]))


def _rounded(values: npt.NDArray[np.float64]) -> list[float]:
    return [round(value, 3) for value in values.tolist()]


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, "|---|" + "--:|" * (len(lines[0]) - 1), *rows])
