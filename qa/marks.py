"""Citation marks that a model writes; they count for nothing, since citations come from the check."""

from __future__ import annotations

import re

_NUMBERS = r"\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*"
_MARK = re.compile(
    rf"\s*(?:\[\^?(?:source|quote|passage|evidence|doc|quelle|文档|来源)?s?\s*#?{_NUMBERS}\]|【{_NUMBERS}[^】]{{0,20}}】"
    rf"|[（(](?:source|quote|passage|evidence|quelle|来源|來源)s?\s*#?{_NUMBERS}[)）]|(?<=[.!?。！？])[⁰¹²³⁴-⁹]+)",
    re.IGNORECASE,
)


def strip_marks(text: str) -> str:
    """The text without marks such as [1], [1, 2], 【1】, [^1] and (source 2)."""
    return _MARK.sub("", text).strip()
