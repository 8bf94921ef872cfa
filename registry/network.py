"""One switch that promises that no network is touched: `TRACK_OFFLINE=1`, or `track --no-network ...`.

Whoever would fetch something asks `check_allowed` first and says what is missing. What libraries try on their own is
told to them by their own switches, and as the last barrier no socket of this process reaches another machine.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from typing import Any

__all__ = ["OPTION", "SWITCH", "NetworkOffError", "check_allowed", "forbid", "is_off", "obey"]

SWITCH = "TRACK_OFFLINE"
OPTION = "--no-network"
OFF = frozenset({"", "0", "false", "no", "off"})
"""Values of the switch that leave the network on."""
OF_LIBRARIES = {"HF_HUB_OFFLINE": "1", "YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "PIP_NO_INDEX": "1"}
"""Switches of huggingface_hub (and timm), of ultralytics and of pip."""
LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
HERE = re.compile(r"localhost|::1|127(\.\d{1,3}){3}")
"""Addresses of this machine, over which the processes of a training talk."""


class NetworkOffError(ConnectionError):
    """Something would need the network, which was switched off."""


def is_off() -> bool:
    """Whether the user wants that no network is touched."""
    return os.environ.get(SWITCH, "").strip().lower() not in OFF


def forbid() -> None:
    """Switch the network off for this process and those that it starts."""
    os.environ[SWITCH] = "1"
    obey()


def obey() -> None:
    """Where the network is off, tell the libraries, and close the sockets of Python; before they are imported."""
    if is_off():
        os.environ.update(OF_LIBRARIES)
        _watch_sockets()


def check_allowed(what: str, instead: str) -> None:
    """Before something is fetched: an error where the network is off.

    Args:
        what: would need it.
        instead: what to do; a sentence without its full stop.

    Raises:
        NetworkOffError: it is off.
    """
    if is_off():
        raise NetworkOffError(f"{what} would need the network, which is off ({SWITCH} or {OPTION}); {instead}")


@functools.cache
def _watch_sockets() -> None:
    sys.addaudithook(_refuse)  # it can't be taken away again, so it asks each time


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook; see PEP 578."""
    if event not in LOOKUPS and event not in CONNECTIONS:
        return
    target = arguments[0] if event in LOOKUPS else arguments[1]
    host = target[0] if isinstance(target, tuple) and target else target
    is_local = event in CONNECTIONS and not isinstance(target, tuple)  # a socket that is a file
    if host is None or is_local or HERE.fullmatch(str(host)) or not is_off():
        return
    raise NetworkOffError(f"{host} cannot be reached: the network is off ({SWITCH} or {OPTION})")
