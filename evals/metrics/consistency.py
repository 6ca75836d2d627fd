"""Whether the same question has the same luck in every language."""

from __future__ import annotations

from collections.abc import Sequence


def consistency(outcomes: Sequence[Sequence[bool]]) -> tuple[float, float] | None:
    """Share of facts right in all their languages, and share with the same outcome in all; None without facts.

    ``outcomes`` has, for each fact, whether it was right in each language it was asked in. A fact asked in fewer than
    two is left out: it would agree with itself. Both are from 0 to 1, the second at least the first; a second far
    above the first means wrong everywhere alike.

    A plainer form of cross-lingual consistency (Qi et al. 2023, Cross-Lingual Consistency of Factual Knowledge in
    Multilingual Language Models, EMNLP), which compares rankings of candidates.
    """
    asked = [fact for fact in outcomes if len(fact) > 1]
    if not asked:
        return None
    right = sum(all(fact) for fact in asked)
    alike = sum(len(set(fact)) == 1 for fact in asked)
    return right / len(asked), alike / len(asked)
