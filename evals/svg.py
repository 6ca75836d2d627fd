"""Small inline SVG drawings: lengths across are per cent of the room there is, so that text keeps its size.

Colours come from the page's style sheet by class. Every function returns markup whose parameters are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

AXIS_HEIGHT = 18


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` to ``high``, even or by powers of ten."""

    low: float
    high: float
    step: float = 0.0
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Where a value stands, in per cent of the axis."""
        low, high, value = (
            math.log10(x) if self.logarithmic else x for x in (self.low, self.high, max(value, self.low))
        )
        return min(100.0, max(0.0, 100 * (value - low) / (high - low)))

    def ticks(self) -> list[float]:
        """Round values along the axis."""
        if self.logarithmic:
            return [10.0**power for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]

    def counts(self, values: Iterable[float], bins: int) -> list[int]:
        """How many values stand in each of the equal parts of the axis."""
        found = [0] * bins
        for value in values:
            found[min(bins - 1, int(self.at(value) / 100 * bins))] += 1
        return found


def even_scale(values: Sequence[float]) -> Scale:
    """Round ends and round steps, about five of them, around the values."""
    low, high = min(values), max(values)
    room = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(room / 4))
    step = power * next(factor for factor in (1, 2, 5, 10) if room / (power * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, max(last, first + 1) * step, step)


def log_scale(values: Sequence[float], smallest: float = 0.001) -> Scale:
    """Whole powers of ten around the values; what is below ``smallest`` stands at the start."""
    low = math.floor(math.log10(max(min(values), smallest)))
    high = math.ceil(math.log10(max(max(values), smallest)))
    return Scale(10.0**low, 10.0 ** max(high, low + 1), logarithmic=True)


def bar(value: float, low: float | None = None, high: float | None = None, mark: float | None = None) -> Markup:
    """A rate between 0 and 1 as a bar, its interval as a whisker, and a thin mark to compare it with."""
    parts = [
        Markup('<rect class="track" width="100%" height="10" y="4" rx="2"/>'),
        Markup('<rect class="fill" width="{}%" height="10" y="4" rx="2"/>').format(_number(100 * value)),
    ]
    if mark is not None:
        parts.append(_line("mark", 100 * mark, 100 * mark, 0, 18))
    if low is not None and high is not None:
        parts += [_line("whisker", 100 * low, 100 * high, 9, 9)]
        parts += [_line("whisker", 100 * end, 100 * end, 5.5, 12.5) for end in (low, high)]
    return _drawing(18, parts, "bar")


def columns(
    counts: Sequence[Sequence[int]], classes: Sequence[str], scale: Scale, labels: Sequence[str], height: int = 56
) -> Markup:
    """A histogram: ``counts`` holds a series per class, stacked on one another."""
    most = max(map(sum, zip(*counts, strict=True)))
    parts = [*_stack(counts, classes, most, height, upwards=True), _line("base", 0, 100, height, height)]
    return _drawing(height + AXIS_HEIGHT, [*parts, *_axis(scale, labels, height)], "plot")


def mirrored(
    above: Sequence[Sequence[int]],
    below: Sequence[Sequence[int]],
    classes: tuple[Sequence[str], Sequence[str]],
    scale: Scale,
    labels: Sequence[str],
    height: int = 84,
) -> Markup:
    """Two histograms on one axis, one upwards and one downwards, each as shares of its own total."""
    totals = [sum(map(sum, counts)) or 1 for counts in (above, below)]
    shares = [
        max(map(sum, zip(*counts, strict=True))) / total for counts, total in zip((above, below), totals, strict=True)
    ]
    most = max(shares)
    parts = [
        *_stack(above, classes[0], most * totals[0], height, upwards=True),
        *_stack(below, classes[1], most * totals[1], height, upwards=False),
        _line("base", 0, 100, height, height),
    ]
    return _drawing(2 * height + AXIS_HEIGHT, [*parts, *_axis(scale, labels, 2 * height)], "plot")


def vertical(drawing: Markup, positions: Sequence[float], height: int = 56) -> Markup:
    """The drawing with thin vertical marks, such as a median."""
    marks = Markup("").join(_line("mark", position, position, 0, height) for position in positions)
    return drawing[: -len("</svg>")] + marks + Markup("</svg>")


def _stack(
    counts: Sequence[Sequence[int]], classes: Sequence[str], most: float, height: int, *, upwards: bool
) -> list[Markup]:
    bins = len(counts[0])
    parts, filled = [], [0.0] * bins
    for series, name in zip(counts, classes, strict=True):
        for i, count in enumerate(series):
            size = (height - 4) * count / most if count else 0.0
            y = height - filled[i] - size if upwards else height + filled[i]
            filled[i] += size
            if count:
                parts.append(_box(name, 100 * i / bins, y, 100 / bins, size))
    return parts


def _box(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"/>').format(
        name, _number(x + width * 0.06), _number(y), _number(width * 0.88), _number(height)
    )


def _axis(scale: Scale, labels: Sequence[str], top: float) -> list[Markup]:
    return [_label(scale.at(value), top + 14, text) for value, text in zip(scale.ticks(), labels, strict=True)]


def _label(x: float, y: float, text: str) -> Markup:
    anchor = "start" if x < 1 else "end" if x > 99 else "middle"
    return Markup('<text x="{}%" y="{}" text-anchor="{}">{}</text>').format(_number(x), _number(y), anchor, text)


def _line(name: str, x1: float, x2: float, y1: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(
        name, _number(x1), _number(x2), _number(y1), _number(y2)
    )


def _drawing(height: int, parts: Iterable[Markup], name: str) -> Markup:
    inner = Markup("").join(parts)
    return Markup('<svg class="{}" width="100%" height="{}" aria-hidden="true">{}</svg>').format(name, height, inner)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
