"""How long users wait."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], q: float) -> float | None:
    """The value that q percent of the values lie at or below, q from 0 to 100; None without values.

    In sorted order, the value at position (n - 1) q / 100 from 0, on the straight line between its neighbours where
    that isn't whole: as numpy.percentile does. Type 7 of Hyndman and Fan 1996, Sample quantiles in statistical
    packages, The American Statistician 50.
    """
    if not 0 <= q <= 100:
        raise ValueError(f"q is {q}: must be from 0 to 100")
    if not values:
        return None
    ordered = sorted(values)
    position = (len(ordered) - 1) * q / 100
    low, high = ordered[math.floor(position)], ordered[math.ceil(position)]
    return low + (high - low) * (position % 1)
