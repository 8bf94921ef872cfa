"""`class_groups` with the names of classes, which become ids where the detector is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detectors.weights import unknown_class

__all__ = ["has_names", "numbered"]


def has_names(text: str) -> bool:
    """Whether groups such as `"car bus truck, 1 3"` hold more than ids."""
    return any(letter.isalpha() for letter in text)


def numbered(text: str, class_names: Mapping[int, str]) -> str:
    """The same groups with ids alone: `"2 5 7, 1 3"`. Names may be of several words, as `traffic light` is.

    Args:
        text: groups, separated by commas.
        class_names: those of the detector.

    Raises:
        ValueError: a class that the detector does not have.
    """
    ids = {tuple(name.lower().split()): str(key) for key, name in class_names.items()}
    return ", ".join(" ".join(_ids_in(part.split(), ids, class_names)) for part in text.split(","))


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
