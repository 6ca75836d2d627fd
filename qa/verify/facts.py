"""What a sentence states that can be held against a passage word by word: its dates and its quantities."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from index.numbers import plain
from qa.chinese import in_digits, simplified
from qa.verify.dates import Date, take_dates
from qa.verify.quantities import Quantity, find_quantities

_LARGE = 100


@dataclass(frozen=True, slots=True)
class Facts:
    """Dates and quantities by their wording.

    ``text`` is the sentence as it was read: plain, and Chinese simplified; ``counted`` has its numerals in digits, and
    ``rest`` is without the facts.
    """

    text: str
    counted: str
    rest: str
    dates: Mapping[str, Date]
    quantities: Mapping[str, Quantity]

    def are_telling(self) -> bool:
        """Whether there is a measure, a large number or a month of a year among them."""
        return any(quantity.dimension or quantity.value >= _LARGE for quantity in self.quantities.values()) or any(
            date.year and date.month for date in self.dates.values()
        )

    def missing(self, given: Facts) -> str | None:
        """The first date or quantity that ``given`` does not state, or states of another day."""
        for wording, date in self.dates.items():
            if not any(date.within(other) for other in given.dates.values()):
                return wording
        stated = {quantity: wording for wording, quantity in given.quantities.items()}
        for wording, quantity in self.quantities.items():
            if quantity not in stated or given.elsewhere(stated[quantity], self.dates.values()):
                return wording
        return None

    def elsewhere(self, wording: str, dates: Collection[Date]) -> bool:
        """Whether a quantity goes with another date than ``dates``, where there are several: the nearest one."""
        if not dates or len(self.dates) < 2:
            return False
        place = self.counted.find(wording)
        nearest = min(self.dates, key=lambda date: abs(self.counted.find(date) - place))
        return not any(date.within(self.dates[nearest]) or self.dates[nearest].within(date) for date in dates)


def read_facts(text: str, language: str) -> Facts:
    """Read a sentence in the language of a BCP 47 tag."""
    chinese = language.startswith("zh")
    read = plain(simplified(text)) if chinese else plain(text)
    counted = in_digits(read) if chinese else read
    dates, rest = take_dates(counted, language)
    quantities = find_quantities(rest, language)
    for wording in sorted(quantities, key=len, reverse=True):
        rest = re.sub(rf"(?<![A-Za-z]){re.escape(wording)}", " ", rest)  # but not the 100 of H100
    return Facts(read, counted, rest, dates, quantities)
