"""How sure a share is."""

from __future__ import annotations

import math
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)  # 1.96: 95%, two-sided


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95% score interval of the share p = successes / n; (0, 1) for n = 0.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.96. Within 0 to 1, and p lies in it.

    E. B. Wilson 1927, Probable inference, the law of succession, and statistical inference, JASA 22.
    """
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    scale = 1 + _Z**2 / n
    centre = (share + _Z**2 / (2 * n)) / scale
    margin = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / scale
    return max(0.0, min(share, centre - margin)), min(1.0, max(share, centre + margin))  # exact where rounding is not
