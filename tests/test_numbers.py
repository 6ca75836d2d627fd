"""Every way of writing a number that a person may meet, and what must not be taken for one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from index.numbers import numbers


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("350 000 GPU", "fr"),
        ("350\u202f000 GPU", "fr"),
        ("350,000 GPUs", "en"),
        ("350.000 GPUs", "de"),
        ("350’000 GPUs", "de"),
        ("350k GPUs", "en"),
        ("350 thousand", "en"),
        ("350 Tausend", "de"),
        ("350 mil", "es"),
        ("３５０，０００", "ja"),
        ("٣٥٠٬٠٠٠", "ar"),
        ("३५०,०००", "hi"),
        ("35万", "zh-Hans"),
        ("35萬塊", "zh-Hant"),
        ("三十五万", "zh-Hans"),
        ("0.35 million", "en"),
        ("0,35 Millionen", "de"),
        ("0,35 млн", "ru"),
    ],
)
def test_one_number_in_many_forms(text: str, language: str) -> None:
    assert numbers(text, language) == {Decimal(350_000)}


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("622万亿韩元", "zh-Hans", 622 * 10**12),
        ("622 trillion won", "en", 622 * 10**12),
        ("622 Billionen Won", "de", 622 * 10**12),
        ("622 billions de wons", "fr", 622 * 10**12),
        ("六百二十二万亿", "zh-Hans", 622 * 10**12),
        ("622兆韓元", "zh-Hant", 622 * 10**12),
        ("861亿美元", "zh-Hans", 86_100_000_000),
        ("86.1 billion", "en", 86_100_000_000),
        ("86,1 Mrd. Euro", "de", 86_100_000_000),
        ("86,1 mil millones", "es", 86_100_000_000),
        ("1,234,567.5", "en", Decimal("1234567.5")),
        ("1.234.567,5", "de", Decimal("1234567.5")),
        ("66,7 %", "fr", Decimal("66.7")),
        ("66.7%", "en", Decimal("66.7")),
        ("1.234", "en", Decimal("1.234")),
        ("1.234", "de", 1234),
        ("三成", "zh-Hans", 30),
        ("3成", "ja", 30),
        ("二〇二四年", "zh-Hans", 2024),
        ("两千零五", "zh-Hans", 2005),
        ("十二", "zh-Hans", 12),
    ],
)
def test_magnitudes_and_marks(text: str, language: str, value: Decimal | int) -> None:
    assert numbers(text, language) == {Decimal(value)}


def test_a_german_billion_is_not_an_english_one() -> None:
    assert numbers("861亿", "zh-Hans") != numbers("861 billion", "en")
    assert numbers("1 Billion", "de") != numbers("1 billion", "en")


@pytest.mark.parametrize("text", ["一些人", "万一", "", "no number", "IV"])
def test_what_is_no_number(text: str) -> None:
    assert numbers(text, "zh-Hans") == frozenset()


def test_all_the_numbers_of_a_text() -> None:
    found = numbers("On 27 February 2024, 350,000 H100s; 10 2024 300.", "en")
    assert found == {Decimal(value) for value in (27, 2024, 350_000, 100, 10, 300)}
