"""Whether citations support what they stand by, and whether each is needed.

ALCE: Gao et al. 2023, Enabling Large Language Models to Generate Text with Citations, EMNLP.
"""

from __future__ import annotations

from collections.abc import Sequence


def citation_recall(supported: Sequence[bool]) -> float | None:
    """Share of sentences whose citations taken together support them, from 0 to 1; None without sentences.

    A sentence without citations counts as not supported.
    """
    return sum(supported) / len(supported) if supported else None


def citation_precision(sentences: Sequence[tuple[bool, Sequence[tuple[bool, bool]]]]) -> float | None:
    """Share of precise citations among all, from 0 to 1; None without citations.

    A citation is precise where all the citations of its sentence together support the sentence and it isn't irrelevant;
    it is irrelevant where it does not support the sentence alone and the others support it without it.

    Args:
        sentences: for each, whether all its citations together support it, and for each citation whether it supports
            the sentence alone and whether the others, without it, still do.
    """
    precise = [
        together and (alone or not rest_supports)
        for together, citations in sentences
        for alone, rest_supports in citations
    ]
    return sum(precise) / len(precise) if precise else None
