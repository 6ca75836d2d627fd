"""Negation and direction, as far as single words show them: two sentences that differ in them do not say the same."""

from __future__ import annotations

from qa.wordlist import find_groups

_FILE = "polarity.toml"
_OPPOSITES = (("up", "down"), ("ahead", "behind"))


def contradiction(claim: str, claimed_in: str, given: str, given_in: str) -> str | None:
    """What ``claim`` turns round of what the passage ``given`` says, both plain texts with their languages."""
    ours, theirs = (
        find_groups(_FILE, language, text, "neither") for language, text in ((claimed_in, claim), (given_in, given))
    )
    if (ours["negation"] + ours["deny"]) % 2 != (theirs["negation"] + theirs["deny"]) % 2:
        return "one of the two is negated"
    for pair in _OPPOSITES:
        for here, there in (pair, pair[::-1]):
            if ours[here] and not ours[there] and theirs[there] and not theirs[here]:
                return f"the passage says {there!r}, not {here!r}"
    return None
