"""`class_groups` with the names of classes, which become ids where the detector is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detectors.weights import unknown_class

__all__ = ["numbered"]

MOST_CHARACTERS = 10_000
"""Of all groups; the classes of COCO have 700."""


def numbered(text: str, class_names: Mapping[int, str]) -> str:
    """The same groups with ids alone: `"2 5 7, 1 3"`. Names may be of several words, as `traffic light` is.

    Args:
        text: groups, separated by commas.
        class_names: those of the detector.

    Raises:
        ValueError: a class that the detector does not have, a class that stands there twice, or a group without one.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            f"tracker.class_groups has {len(text)} characters, expected at most {MOST_CHARACTERS}; name fewer classes"
        )
    ids = {tuple(name.lower().split()): str(key) for key, name in class_names.items()}
    groups = [_ids_in(part.split(), ids, class_names) for part in text.split(",")] if text.strip() else []
    _check(text, groups, class_names)
    return ", ".join(map(" ".join, groups))


def _check(text: str, groups: Sequence[Sequence[str]], class_names: Mapping[int, str]) -> None:
    """Here, where the text is still as it was written; the tracker sees ids alone."""
    if not all(groups):
        raise ValueError(f"tracker.class_groups is {text!r}, expected a class before and after each comma")
    seen: set[int] = set()
    for number in (int(number) for group in groups for number in group):
        if number in seen:
            name = f"{class_names[number]} ({number})" if number in class_names else number
            raise ValueError(f"tracker.class_groups is {text!r}, expected each class once, but {name} is there twice")
        seen.add(number)


def _ids_in(words: Sequence[str], ids: Mapping[tuple[str, ...], str], class_names: Mapping[int, str]) -> list[str]:
    """The classes of one group: of names that begin with the same word, the longest one is meant."""
    found = []
    longest = max(map(len, ids), default=1)
    while words:
        if words[0].isdecimal():
            length, number = 1, words[0]
        else:
            lengths = [n for n in range(longest, 0, -1) if tuple(word.lower() for word in words[:n]) in ids]
            if not lengths:
                raise ValueError(f"tracker.class_groups: {unknown_class(' '.join(words[:1]), class_names)}")
            length = lengths[0]
            number = ids[tuple(word.lower() for word in words[:length])]
        found.append(number)
        words = words[length:]
    return found
