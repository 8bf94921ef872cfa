"""Between which values a measured share lies, so that 100 % of two people does not read as 100 % of all."""

from __future__ import annotations

import math

__all__ = ["CONFIDENCE", "wilson"]

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""Of the normal distribution, two-sided at `CONFIDENCE`."""


def wilson(share: float, trials: int) -> tuple[float, float]:
    """The score interval of a share, 0 to 1, at a confidence of 95 %.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). It keeps to 0
    and 1 and has a width where the share is 0 or 1, unlike a bootstrap, which draws the same again and again there.

    Args:
        share: measured, as a mean over the trials or over parts of them.
        trials: independent ones, for this project different people; 0 leaves everything possible.
    """
    if trials < 1:
        return 0.0, 1.0
    square = _Z * _Z / trials
    centre = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)
