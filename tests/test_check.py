from __future__ import annotations

import pytest

from qa.check import check_sentence

CHO = "William Cho, the chief executive officer of LG Electronics, spent two hours in conversation with Zuckerberg."
PRICE = "The headset costs 1,299 dollars and weighs 515 grams."


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        (CHO, CHO),
        ("Headset costs 1299 dollars and weighs 515 grams", PRICE),
        ("the headset costs 1,299 dollars, and weighs 515 grams!", PRICE),
    ],
)
def test_a_sentence_of_the_document_is_supported(sentence: str, passage: str) -> None:
    assert check_sentence(sentence, passage).supported


@pytest.mark.parametrize(
    ("sentence", "passage", "reason"),
    [
        ("The chief executive officer of LG Electronics is Mark Zuckerberg.", CHO, "'is' is not in the passage"),
        ("William Cho spent two hours in conversation with Zuckerberg.", CHO, "not say just this"),
        ("LG Electronics spent two hours in conversation with Zuckerberg.", CHO, "not say just this"),
        ("Zuckerberg spent two hours in conversation with William Cho.", CHO, "not say just this"),
        ("The headset costs 1,399 dollars and weighs 515 grams.", PRICE, "'1399' is not"),
        ("The headset costs 515 dollars and weighs 1,299 grams.", PRICE, "not say just this"),
        ("The headset weighs 1,299 grams.", PRICE, "not say just this"),
        ("LG Electronics is profitable.", "LG Electronics is not profitable.", "not say just this"),
        ("Meta will buy chips from Samsung.", "Meta will buy chips from Samsung's rival.", "'samsung' is not"),
        ("It sold 3 million.", "It sold 3 million fewer phones than Apple.", "not say just this"),
        ("The drug cured all patients.", "The drug cured all patients but one.", "not say just this"),
        ("Sales fell to 5%.", "Sales fell to 5% of last year's level.", "not say just this"),
        ("The plan was approved.", "The plan was approved by the committee but rejected by the board.", "just this"),
        ("The rumour that Meta buys LG.", "The rumour that Meta buys LG is false.", "just this"),
        ("Paris is the minister.", "In Paris, the minister resigned.", "'is' is not in the passage"),
        ("It pleased shareholders greatly.", "Nobody said it pleased shareholders greatly.", "just this"),
        ("Two hours.", CHO, "too short"),
        ("", CHO, "too short"),
    ],
)
def test_anything_else_is_refused_with_the_reason(sentence: str, passage: str, reason: str) -> None:
    outcome = check_sentence(sentence, passage)
    assert not outcome.supported
    assert reason in outcome.reason
