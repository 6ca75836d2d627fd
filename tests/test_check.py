from __future__ import annotations

import pytest

from qa.check import check_sentence

CHO = (
    "William Cho, the chief executive officer of LG Electronics, spent two hours in conversation with Zuckerberg on "
    "Wednesday."
)
PRICE = "The headset costs 1,299 dollars and weighs 515 grams."
KIM = "Kim added that Zuckerberg was also likely to discuss with Samsung the production of chips exclusive to Meta."


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("William Cho is the chief executive officer of LG Electronics.", CHO),
        ("The headset costs 1299 dollars.", PRICE),
        ("Headset costs 1,299 dollars and weighs 515 grams.", PRICE),
        ("Cho is the chief executive officer of LG Electronics.", CHO),
        (CHO, CHO),
    ],
)
def test_an_excerpt_is_supported(sentence: str, passage: str) -> None:
    assert check_sentence(sentence, passage).supported


@pytest.mark.parametrize(
    ("sentence", "passage", "reason"),
    [
        ("The chief executive officer of LG Electronics is Mark Zuckerberg.", CHO, "'mark' is not in the passage"),
        ("The chief executive officer of LG Electronics is Zuckerberg.", CHO, "in these words"),
        ("Zuckerberg is the chief executive officer of LG Electronics.", CHO, "in these words"),
        ("William Cho spent two hours in conversation with Zuckerberg.", CHO, "in these words"),
        ("LG Electronics spent two hours in conversation with Zuckerberg.", CHO, "in these words"),
        ("The headset costs 1,399 dollars.", PRICE, "'1399' is not"),
        ("The headset costs 1 dollars.", PRICE, "'1' is not"),
        ("The headset weighs 1,299 grams.", PRICE, "in these words"),
        ("The headset cost 1,299 dollars.", PRICE, "'cost' is not"),
        ("two hours in conversation with Zuckerberg on Wednesday", CHO, "in these words"),
        ("William Cho is the chief executive officer of LG Electronics is spent two hours.", CHO, "in these words"),
        ("The chief executive officer of LG Electronics.", CHO, "in these words"),
        ("Zuckerberg was to discuss with Samsung the production of chips.", KIM, "in these words"),
        ("Samsung the production of chips exclusive to Meta.", KIM, "in these words"),
        ("It grew to three times its size.", "It grew to three times its size, Kim said.", "leaves out 'said'"),
        ("LG Electronics is profitable.", "LG Electronics is not profitable.", "in these words"),
        ("It pleased shareholders greatly.", "Nobody said it pleased shareholders greatly.", "in these words"),
        ("Cho is Lee and Kim.", "Zuckerberg met Cho, Lee and Kim.", "in these words"),
        ("It pleased shareholders greatly.", "It pleased shareholders greatly, which isn't true.", "leaves out"),
        ("Two hours.", CHO, "too short"),
        ("", CHO, "too short"),
    ],
)
def test_what_is_not_an_excerpt_is_refused_with_the_reason(sentence: str, passage: str, reason: str) -> None:
    outcome = check_sentence(sentence, passage)
    assert not outcome.supported
    assert reason in outcome.reason
