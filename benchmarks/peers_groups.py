"""Our presets beside trackers of other projects, on all groups: source x quality of the detections x frame rate.

    pip install --no-deps --target PEERS boxmot lapx loguru trackers deep-sort-realtime norfair
    python -m benchmarks.peers_groups --peers PEERS [--ours 'strong --online' ...] [--only SORT ...] [--tune 30]

No tracker sees a picture, since most sequences have none: this compares what they do with boxes and scores. On the
street with its real detections, those that take embeddings are compared with ours again, with the same embeddings.
--tune N also sets those that publish a search space, by N random trials on the sources that are left in.

Writes peers.json and peers.md to --out. What a peer did is kept in the user's cache folder, by its version, its options
and the boxes of the group: a second call takes as long as our own presets. A peer that raises on a group is shown as
crashed there, and one that is not installed is named.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs from a checkout that is not installed

from benchmarks.groups import DATA, REAL, SOURCES, Group, Member, all_groups, members
from benchmarks.peers_entrants import PEERS, PEERS_THAT_EMBED, Peer
from benchmarks.peers_report import Result, facts, into_page, to_markdown
from benchmarks.peers_score import Entrant, Other, Ours, open_cache, score_group
from benchmarks.peers_tuning import best_on_others, draw_trials, tuning_groups
from benchmarks.variants import VARIANTS
from registry.defaults import DEFAULT_ENCODER
from synthetic.detections import QUALITIES
from track.scenes.cache import EntryCache
from tracker.presets import load_preset

__all__ = ["Load", "run_entrants", "run_tuned", "run_variants"]

Load = Callable[[Group], Sequence[Member]]
PICTURES = "street"
"""The source that has some."""
FAILED = -1e9
"""Score of a trial that raised; not infinite, since means are taken of it."""
OURS = ("strong --online", "strong --offline", "deepsort --online")


def run_entrants(entrants: Sequence[Entrant], groups: Sequence[Group], load: Load, cache: EntryCache) -> list[Result]:
    """Everybody on every group; who raises on one goes on with the next."""
    results = [Result(entrant.name, entrant.about(), {}, {}) for entrant in entrants]
    for number, group in enumerate(groups, start=1):
        sequences = load(group)
        for entrant, result in zip(entrants, results, strict=True):
            try:
                result.scored[group] = score_group(entrant, sequences, cache)  # type: ignore[index]
            except Exception as error:  # whatever a stranger raises
                why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
                result.failed[group] = why  # type: ignore[index]
                print(f"{entrant.name} on {group}: {why}", file=sys.stderr, flush=True)
        print(f"{number}/{len(groups)} {group}", flush=True)
    return results


def run_tuned(peer: Peer, trials: int, groups: Sequence[Group], load: Load, cache: EntryCache) -> Result:
    """A peer with, on each source, the options that were best on the others.

    Raises:
        ValueError: fewer than two sources, or no trial.
    """
    drawn = draw_trials(peer, trials)
    entrants = [Other(peer.with_options(options)) for options in drawn]
    return _chosen_elsewhere(f"{peer.name}, tuned", entrants, drawn, groups, load, cache)


def run_variants(base: Ours, groups: Sequence[Group], load: Load, cache: EntryCache) -> Result:
    """A preset of ours with, on each source, the settings that were best on the others, of its own and `VARIANTS`.

    Raises:
        ValueError: fewer than two sources.
    """
    settings = [{}, *VARIANTS.values()]
    entrants = [dataclasses.replace(base, changes=changes) for changes in settings]
    return _chosen_elsewhere(f"{base.name}, left out", entrants, settings, groups, load, cache)


def _chosen_elsewhere(
    name: str,
    entrants: Sequence[Entrant],
    settings: Sequence[Mapping[str, Any]],
    groups: Sequence[Group],
    load: Load,
    cache: EntryCache,
) -> Result:
    """On each source, the one of `entrants` that is best on the others; `settings` are what is told of them."""
    sources = list(dict.fromkeys(group.source for group in groups))
    reached: list[dict[Group, float]] = [{} for _ in entrants]
    for group in tuning_groups(sources):
        sequences = load(group)
        for entrant, trial in zip(entrants, reached, strict=True):
            try:
                trial[group] = float(score_group(entrant, sequences, cache, keep_tracks=False).scores[0].mean())
            except Exception as error:  # whatever a stranger raises with such options: they are not chosen
                trial[group] = FAILED
                print(f"{entrant.name} on {group}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        print(f"{name}: {len(entrants)} trials on {group}", flush=True)
    best = best_on_others(reached)
    found = Result(name, entrants[0].about(), {}, {}, {source: settings[number] for source, number in best.items()})
    for source, number in best.items():
        own = [group for group in groups if group.source == source]
        part = run_entrants([entrants[number]], own, load, cache)[0]
        found = dataclasses.replace(
            found, scored={**found.scored, **part.scored}, failed={**found.failed, **part.failed}
        )
    return found


def usable(peers: Sequence[Peer], only: Sequence[str] | None) -> list[Peer]:
    """Those that were asked for and are installed; who is not is named."""
    found = []
    for peer in peers:
        if only is not None and peer.name not in only:
            continue
        try:
            print(f"{peer.name}: {peer.package} {peer.version}")
        except ModuleNotFoundError:
            print(f"{peer.name} is left out: {peer.package} is not in --peers", file=sys.stderr)
            continue
        found.append(peer)
    return found


def hush() -> None:
    """Strangers log much."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    try:
        from loguru import logger
    except ImportError:
        return
    logger.remove()


def checked(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; a mistake ends with one line and 2."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers_groups", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--peers", type=Path, required=True, help="folder into which the peers were installed")
    parser.add_argument(
        "--ours",
        nargs="+",
        default=OURS,
        help="presets; peers meet the first, as others chose it",
    )
    parser.add_argument("--only", nargs="+", help="these peers, by name")
    parser.add_argument("--sources", nargs="+", default=list(SOURCES), help="groups of these alone")
    parser.add_argument("--qualities", nargs="+", help="groups of these alone")
    parser.add_argument("--tune", type=int, default=0, help="trials of each peer that has a search space")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=Path("runs/peers"))
    parser.add_argument("--page", type=Path, help="put the tables into this page, as docs/peers.md")
    parser.add_argument("--json", type=Path, help="write the facts of peers.json to this file too")
    given = parser.parse_args(arguments)
    try:
        given.presets = [Ours.named(text) for text in given.ours]
        for preset in given.presets:
            load_preset(preset.preset)
        _check_names("--only", given.only, [peer.name for peer in PEERS])
        _check_names("--sources", given.sources, SOURCES)
        _check_names("--qualities", given.qualities, (REAL, *QUALITIES))
        if given.page is not None:
            into_page(given.page.read_text(encoding="utf-8"), "")
        if not given.peers.is_dir():
            raise ValueError(f"--peers {given.peers} is no folder: install the peers there (see --help)")
        if given.tune < 0:
            raise ValueError(f"--tune is {given.tune}, expected a number of trials, as 30")
        if given.tune and len(given.sources) < 2:
            raise ValueError("--tune needs two --sources or more: one is left out")
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    return given


def _check_names(option: str, names: Sequence[str] | None, known: Iterable[str]) -> None:
    for name in names or ():
        if name not in known:
            raise ValueError(f"{option} has {name!r}, expected some of {', '.join(sorted(known))}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, compare, write."""
    given = checked(arguments)
    sys.path.append(str(given.peers.resolve()))
    hush()
    cache, presets = open_cache(), given.presets
    groups = all_groups(given.sources, **({"qualities": given.qualities} if given.qualities else {}))
    peers = usable(PEERS, given.only)

    def load(group: Group) -> Sequence[Member]:
        return members(group, given.data)

    results = run_entrants([*presets, *(Other(peer) for peer in peers)], groups, load, cache)
    if len(given.sources) > 1:  # where nobody chose, and so the first: it is what the peers are compared to
        results.insert(0, run_variants(presets[0], groups, load, cache))
    if given.tune:
        results += [run_tuned(peer, given.tune, groups, load, cache) for peer in peers if peer.space]
    found, text = {"boxes": facts(results)}, to_markdown(results)
    pictures = [group for group in groups if group.source == PICTURES and group.quality == REAL]
    if pictures:
        ours = [dataclasses.replace(preset, reid=DEFAULT_ENCODER) for preset in presets]
        entrants = [*ours, *(Other(peer) for peer in usable(PEERS_THAT_EMBED, given.only))]
        embedding = run_entrants(entrants, pictures, lambda group: members(group, given.data, DEFAULT_ENCODER), cache)
        found["embeddings"] = facts(embedding)
        text += f"\nThe {PICTURES}, with the embeddings of {DEFAULT_ENCODER}:\n\n{to_markdown(embedding)}"
    write(given.out, found, text)
    if given.page:
        given.page.write_text(into_page(given.page.read_text(encoding="utf-8"), text), encoding="utf-8")
    if given.json:
        given.json.write_text(json.dumps(found), encoding="utf-8")


def write(folder: Path, found: object, text: str) -> None:
    """Both files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "peers.md").write_text(text, encoding="utf-8")
    print(f"written: {folder / 'peers.md'} and peers.json")


if __name__ == "__main__":
    main()
