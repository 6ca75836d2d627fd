"""Whether an answer says what it should."""

from __future__ import annotations

from collections.abc import Sequence

from evals.goldenset import holds


def is_correct(texts: Sequence[str], groups: Sequence[Sequence[str]]) -> bool:
    """Whether every group has an alternative in one of the texts; False without groups.

    The groups are the parts of the golden answer; each may stand in a text of its own. Its mean over answerable
    questions is accuracy by answer containment, from 0 to 1 (as in Mallen et al. 2023, When Not to Trust Language
    Models, ACL), here with all parts of an answer required. It says nothing on what else the texts claim.
    """
    return bool(groups) and all(any(holds(text, tuple(group)) for text in texts) for group in groups)
