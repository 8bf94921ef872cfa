"""The ledger of the random steps notices what it is there for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from torture.steps import Ledger


@dataclass
class Shown:
    """Tracks of one frame as `update` returns them."""

    ids: Any = field(default_factory=lambda: np.array([1, 2]))
    xyxy: Any = field(default_factory=lambda: np.array([[0.0, 0, 5, 5], [9, 9, 20, 30]]))
    scores: Any = field(default_factory=lambda: np.array([0.9, 0.8]))
    detection_index: Any = field(default_factory=lambda: np.array([0, -1]))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(Shown(), [], id="as it should be"),
        pytest.param(Shown(ids=np.array([1, 1])), ["an id twice"], id="twins"),
        pytest.param(Shown(ids=np.array([0, 1])), ["an id below 1"], id="zero"),
        pytest.param(Shown(ids=np.array([1, 3])), ["ids that leave a gap"], id="a gap"),
        pytest.param(Shown(xyxy=np.array([[0, 0, 5, 5], [5, 5, 5, 9.0]])), ["a box without an area"], id="flat"),
        pytest.param(
            Shown(xyxy=np.array([[0, 0, 5, 5], [0, 0, np.inf, 9.0]])), ["a box that is not finite"], id="endless"
        ),
        pytest.param(Shown(detection_index=np.array([0, 0])), ["a detection used twice"], id="shared"),
        pytest.param(Shown(detection_index=np.array([0, 7])), ["a detection that is not there"], id="beyond"),
        pytest.param(Shown(scores=np.array([0.5, np.nan])), ["a score that is not finite"], id="no score"),
    ],
)
def test_each_fault_has_its_name(shown: Any, expected: list[str]) -> None:
    ledger = Ledger()
    ledger.check(4, shown, 2)
    assert ledger.faults == [f"step 4: {what}" for what in expected]
