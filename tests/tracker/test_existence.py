"""A track is shown when there is enough evidence for it."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import DeepSort, TrackerConfig
from tracker.existence import hit_evidence

BOX = [100.0, 50.0, 140.0, 150.0]


def shown_at(scores, **settings):
    """Whether a box of these scores (`None`: not detected) is shown, frame by frame."""
    tracker = DeepSort(TrackerConfig(confirm_evidence=2.0, **settings))
    shown = []
    for score in scores:
        found = score is not None
        shown.append(len(tracker.update([BOX] if found else [], [score] if found else [])) == 1)
    return shown


def test_evidence_grows_with_the_score_and_doubtful_ones_speak_against():
    evidence = hit_evidence(np.array([0.1, 0.3, 0.6, 0.9, 0.99]))
    assert (np.diff(evidence) > 0).all()
    assert evidence[0] < 0 < evidence[2]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([0.95], [True], id="a sure detection is shown at once"),
        pytest.param([0.7, 0.7, 0.7], [False, True, True], id="a fair one when it is seen again"),
        pytest.param([0.3] * 6, [False] * 6, id="doubtful ones never, however often"),
        pytest.param([0.8, None, 0.8], [False] * 3, id="an unconfirmed track does not survive a miss"),
        pytest.param([0.95, None, None, 0.95], [True, True, False, True], id="a confirmed one does"),
        pytest.param([0.95] + [0.2] * 6, [True] * 3 + [False] * 4, id="evidence can turn"),
    ],
)
def test_when_a_track_is_shown(scores, expected):
    assert shown_at(scores, iou_max_misses=5) == expected


def test_a_larger_penalty_hides_a_missed_track_sooner():
    assert shown_at([0.9, None], miss_evidence=1.0)[1]
    assert not shown_at([0.9, None], miss_evidence=4.0)[1]


def test_a_long_life_does_not_outweigh_a_present_absence():
    scores = [0.99] * 30 + [0.01] * 3
    assert shown_at(scores, most_evidence=6.0)[-1] is False
    assert shown_at(scores, most_evidence=200.0)[-1] is True
