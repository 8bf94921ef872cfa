"""Is there anybody? The log-odds that a track is real, summed up over the frames (Blackman and Popoli 1999, ch. 6).

Each matched detection adds what it is worth, more for a sure one; each miss takes something away. A track is shown from
the moment at which its sum is high enough: at once where the detector is sure, after a few frames where it is not,
never where weak detections come and go.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST_EVIDENCE", "SHOWN_EVIDENCE", "hit_evidence"]

Array = npt.NDArray[np.float64]

SHOWN_EVIDENCE = 0.0
"""A confirmed track is shown while it is likelier real than not."""
LEAST_EVIDENCE = -2.0
"""Log-odds fall no further, so that a track that is found again after a long time is shown again soon."""
_HIT_WEIGHT, _HIT_BIAS = 1.1, 0.3
"""What continues a track is a little likelier real than other detections of its score. Fitted, with a wide plateau."""
_PROBABILITY_BOUNDS = (1e-3, 1 - 1e-3)


def hit_evidence(probabilities: Array) -> Array:
    """What matched detections add to the log-odds of their tracks, `(N,)`.

    Args:
        probabilities: `(N,)`, that each detection is real.
    """
    low, high = _PROBABILITY_BOUNDS
    bounded = np.minimum(np.maximum(probabilities, low), high)
    evidence: Array = np.log(bounded / (1 - bounded))
    evidence *= _HIT_WEIGHT
    evidence += _HIT_BIAS
    return evidence
