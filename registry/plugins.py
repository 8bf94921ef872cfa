"""Installed plug-ins: entry points of other distributions, found without importing any."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from registry.own_code import OwnCode, names_in_module

__all__ = ["DETECTORS_GROUP", "ENCODERS_GROUP", "Plugin", "plugins"]

logger = logging.getLogger(__name__)

DETECTORS_GROUP, ENCODERS_GROUP = "track.detectors", "track.encoders"


@dataclass(frozen=True)
class Plugin:
    """One plug-in: what it is called and where it is, and the distribution that brings it."""

    code: OwnCode
    origin: str

    @property
    def summary(self) -> str:
        """One line for lists of names."""
        return f"plug-in of {self.origin}"


def plugins(group: str, taken: Iterable[str] = ()) -> dict[str, Plugin]:
    """The plug-ins of a group by name; one that cannot be is left out with a warning, and stops no other.

    Args:
        group: `DETECTORS_GROUP` or `ENCODERS_GROUP`.
        taken: names that this project has itself.
    """
    found: dict[str, Plugin] = {}
    for point in sorted(metadata.entry_points(group=group), key=lambda point: point.name):
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
        module, _, attribute = point.value.partition("[")[0].strip().partition(":")
        if point.name in taken:
            problem = "this name is taken by track itself"
        elif point.name in found:
            if found[point.name].code == OwnCode(point.name, module, attribute):
                continue  # one distribution that is on the path twice
            problem = f"{found[point.name].origin} has one of this name too"
        elif not names_in_module(module, attribute):
            problem = f"it names {point.value!r}, expected package.module:Name"
        else:
            found[point.name] = Plugin(OwnCode(point.name, module, attribute), origin)
            continue
        logger.warning("the plug-in %r of %s (%s) is left out: %s", point.name, origin, group, problem)
    return found
