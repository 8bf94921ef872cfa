"""Is a setting of the tracker better than another one where nobody tuned it?

    python -m benchmarks.choose --base strong --candidate FILE.yaml [FILE.yaml ...] [--offline | --online]
    python -m benchmarks.choose --base strong --variants

Base and candidates (presets or YAML files; "strong --offline" is a preset with its tracks linked) are measured on all
groups (benchmarks/groups.py). A candidate is accepted when it is behind the base beyond noise in no group, and when
choosing by the other sources gains on the mean of those left out. The tables come out as Markdown. Intervals are of the
mean of HOTA, IDF1 and MOTA, by leaving out pieces of about 5 s, 95 % for all groups together. Detections by a network
and scores are kept in the cache folder: the base is measured once.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choosing import By, Scored, difference, leave_one_source_out, losses, mean_difference, total_of
from benchmarks.groups import DATA, RATES, REAL, SOURCES, Group, all_groups, members, tracked_pieces
from benchmarks.variants import VARIANTS, changed
from evaluation.pieces import SCORES, Interval, scores_without_each
from synthetic.detections import QUALITIES
from track.scenes.cache import Entry, EntryCache, code_digest, content_digest, key_of
from track.setup.config import RunConfig
from tracker.presets import load_preset

__all__ = ["main", "measured", "report"]

MOST_PROCESSES = 2
_CODE = (
    "tracker",
    "track/rows",
    "track/run",
    "track/scenes",
    "evaluation",
    "synthetic/detections",
    "benchmarks/groups",
    "benchmarks/group_scenes",
)


def measured(group: Group, configs: Mapping[str, RunConfig], data: Path = DATA, encoder: str = "none") -> list[Scored]:
    """What each configuration reaches in a group, from the cache or measured now."""
    cache, found, sequences = EntryCache(), [], None
    for config in configs.values():
        key = _key(group, config, data, encoder)
        entry = cache.find(key)
        if entry is None:
            sequences = sequences or members(group, data, encoder)
            scores = scores_without_each(tracked_pieces(sequences, config))
            pieces = [
                (member.name, member.num_pieces - 1 - number if group.mirrored else number)
                for member in sequences
                for number in range(member.num_pieces)
            ]
            entry = Entry({"scores": scores}, {"pieces": pieces})
            cache.store(key, entry)
        found.append(Scored(entry.arrays["scores"], tuple((str(name), int(k)) for name, k in entry.facts["pieces"])))
    return found


def _key(group: Group, config: RunConfig, data: Path, encoder: str) -> str:
    parts: dict[str, Any] = {
        "group": str(group),
        "tracker": [dataclasses.asdict(config.tracker.config), config.tracker.kind, config.every],
        "embedded": [config.reid_when, config.tracker.reid_refresh],
        "rows": [config.online, config.smooth, config.offline],
        "encoder": encoder,
        "data": [content_digest(data / folder) for folder in SOURCES[group.source].folders],
        "code": code_digest(*_CODE),
    }
    return key_of("group", parts)


def _of_group(arguments: tuple[Group, Mapping[str, RunConfig], Path, str]) -> list[Scored]:
    return measured(*arguments)


def measure_all(
    groups: Sequence[Group], configs: Mapping[str, RunConfig], data: Path, encoder: str, processes: int
) -> dict[str, dict[Group, Scored]]:
    """Scores by setting and group; groups that share detections go one after another through one process."""
    by_name: dict[str, dict[Group, Scored]] = {name: {} for name in configs}
    tasks = [(group, configs, data, encoder) for group in groups]
    with ProcessPoolExecutor(processes) as pool:
        results = map(_of_group, tasks) if processes == 1 else pool.map(_of_group, tasks, chunksize=len(RATES))
        for number, (group, scored) in enumerate(zip(groups, results, strict=True), start=1):
            print(f"{number}/{len(groups)} {group}", file=sys.stderr, flush=True)
            for name, each in zip(configs, scored, strict=True):
                by_name[name][group] = each
    return by_name


def report(settings: Mapping[str, By], base: str) -> Iterator[str]:
    """The tables as lines of Markdown: each candidate by group, then what was left out."""
    for name in settings:
        if name != base:
            yield from _by_group(settings[base], settings[name], base, name)
            yield ""
    groups = list(settings[base])
    if len({group.source for group in groups}) > 1:
        yield from _left_out(settings, base)


def _by_group(base: By, candidate: By, base_name: str, name: str) -> Iterator[str]:
    yield f"### {name} against {base_name}"
    yield ""
    yield f"| group | sequences | {base_name} {'/'.join(SCORES)} | {name} {'/'.join(SCORES)} | mean of them | |"
    yield "|---|---:|---|---|---|---|"
    for group in base:
        gain = difference(base[group], candidate[group], len(base))
        shown = f"{_three(base[group].scores[0])} | {_three(candidate[group].scores[0])}"
        yield f"| {group} | {_sequences(group)} | {shown} | {_shown(gain)} | {_word(gain)} |"
    gain = mean_difference(base, candidate)
    shown = f"{_three(total_of(base, list(base)))} | {_three(total_of(candidate, list(base)))}"
    yield f"| **mean of {len(base)} groups** | | {shown} | {_shown(gain)} | {_word(gain)} |"
    behind = losses(base, candidate)
    yield ""
    if behind:
        yield f"Refused: behind beyond noise in {len(behind)} of {len(base)} groups ({', '.join(map(str, behind))})."
    else:
        yield f"Behind beyond noise in none of {len(base)} groups."


def _left_out(settings: Mapping[str, By], base: str) -> Iterator[str]:
    found, gain = leave_one_source_out(settings, base)
    yield "### Chosen on the other sources"
    yield ""
    yield f"| left out | chosen | {'/'.join(SCORES)} | over {base} | |"
    yield "|---|---|---|---|---|"
    for each in found:
        shown = f"{each.chosen} | {_three(each.scores)} | {_shown(each.gain)} | {_word(each.gain)}"
        yield f"| {each.source} ({_sequences(Group(each.source))}) | {shown} |"
    yield f"| **mean** | | | {_shown(gain)} | {_word(gain)} |"
    yield ""
    refused = [name for name in settings if name != base and losses(settings[base], settings[name])]
    chosen = {each.chosen for each in found} - {base}
    if gain.low > 0 and not chosen & set(refused):
        yield f"Accepted: {', '.join(sorted(chosen))}. What the other sources chose gains on the one left out."
    else:
        yield f"Not accepted: keep {base}."


def _sequences(group: Group) -> str:
    return "one sequence" if group.num_sequences == 1 else str(group.num_sequences)


def _three(scores: Any) -> str:
    return " / ".join(f"{score:.1f}" for score in np.asarray(scores))


def _shown(gain: Interval) -> str:
    return f"{gain.value:+.1f} ({gain.low:+.1f} to {gain.high:+.1f})"


def _word(gain: Interval) -> str:
    return "ahead" if gain.low > 0 else "behind" if gain.high < 0 else "level"


def _config(name: str, online: bool, offline: bool) -> tuple[str, RunConfig]:
    """The name in the tables, and the settings, of a preset or file, with ` --online` or ` --offline` behind or not."""
    preset, *rows = name.split(" --")
    if len(rows) > 1 or not set(rows) <= {"online", "offline"}:
        raise ValueError(f"{name!r} is no setting, expected a preset or a file, as 'strong', or 'strong --offline'")
    online, offline = online or "online" in rows, offline or "offline" in rows
    config = RunConfig("group", reid="none", tracker=load_preset(preset), online=online, offline=offline, video=False)
    shown = Path(preset).stem if "/" in preset or preset.endswith((".yaml", ".yml")) else preset
    return " --".join([shown, *rows]), config


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choose",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--base", default="strong", help="preset or YAML file that is there now")
    parser.add_argument("--candidate", nargs="+", default=[], help="presets or YAML files that may replace it")
    parser.add_argument("--variants", action="store_true", help="also strong with each of benchmarks/variants.py")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--qualities", nargs="+", choices=(REAL, *QUALITIES), default=[REAL, *QUALITIES])
    parser.add_argument("--rates", nargs="+", type=int, choices=RATES, default=list(RATES))
    parser.add_argument("--mirrored", action="store_true", help="also backwards in time: twice as many groups")
    parser.add_argument("--encoder", default="none", help="appearance, for sources with pictures")
    parser.add_argument("--online", action="store_true", help="rows as they are known at each frame")
    parser.add_argument("--offline", action="store_true", help="finished tracks linked")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--processes", type=int, choices=range(1, MOST_PROCESSES + 1), default=MOST_PROCESSES)
    args = parser.parse_args(arguments)
    names = list(dict.fromkeys([args.base, *args.candidate]))
    if len(names) < 2 and not args.variants:
        parser.error(f"--candidate is {args.base} as well, expected another setting")
    try:
        configs = dict(_config(name, args.online, args.offline) for name in names)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    if args.variants:
        plain = dict([_config("strong", args.online, args.offline)])["strong"]
        configs |= {name: dataclasses.replace(plain, tracker=changed("strong", VARIANTS[name])) for name in VARIANTS}
    elif len(configs) < len(names):
        parser.error("two settings have the same name, expected files that are named differently")
    directions = (False, True) if args.mirrored else (False,)
    groups = all_groups(args.sources, args.qualities, args.rates, directions)
    scored = measure_all(groups, configs, args.data, args.encoder, args.processes)
    print("\n".join(report(scored, next(iter(configs)))))


if __name__ == "__main__":
    main()
