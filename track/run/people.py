"""The identities of a run as a person would count them: `3 people, 1 doubtful`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from registry.words import plural_of
from track.rows.identities import Identity

__all__ = ["identities_line", "identity_facts"]

MAX_EXAMPLES = 5


def identity_facts(identities: Iterable[Identity], class_names: Mapping[int, str]) -> dict[str, Any]:
    """What `summary.json` tells: how many of each class, how many doubtful ones, and the first of those with why."""
    known = list(identities)
    doubtful = [one for one in known if one.doubts]
    kinds = Counter(class_names.get(one.class_id, str(one.class_id)) for one in known)
    return {
        "by_class": dict(kinds.most_common()),
        "doubtful": len(doubtful),
        "for_example": {str(one.id): "; ".join(one.doubts) for one in doubtful[:MAX_EXAMPLES]},
    }


def identities_line(facts: Mapping[str, Any]) -> str:
    """`3 people, 1 doubtful: 7 (short)`; empty where there is nobody."""
    kinds = [_in_words(name, count) for name, count in facts.get("by_class", {}).items()]
    if not kinds:
        return ""
    if not facts["doubtful"]:
        return ", ".join(kinds)
    why = ", ".join(f"{track_id} ({reasons})" for track_id, reasons in facts["for_example"].items())
    more = ", ..." if facts["doubtful"] > len(facts["for_example"]) else ""
    return f"{', '.join(kinds)}, {facts['doubtful']} doubtful: {why}{more}"


def _in_words(name: str, count: int) -> str:
    if name.lstrip("-").isdigit():
        return f"{count} of class {name}"
    return f"{count} {name if count == 1 else plural_of(name)}"
