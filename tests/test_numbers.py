"""Every way of writing a number that a person may meet, and what must not be taken for one."""

from __future__ import annotations

import random
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


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("2.500,00 Euro", "en", [2500]),
        ("1,250.50 pesos", "es", ["1250.5"]),
        ("1,250.00", "de", [1250]),
        ("0,350", "en", ["0.35"]),
        ("350¹", "en", [350]),
        ("350①", "zh", [350]),
        ("H₂O at 5 m²", "en", [5]),
        ("5½", "en", ["5.5"]),
        ("½", "en", ["0.5"]),
        ("2024 ½", "en", [2024, "0.5"]),
        ("5½ million", "en", [5_500_000]),
        ("12,34,567", "en", [1_234_567]),
        ("५,००,०००", "hi", [500_000]),
    ],
)
def test_marks_and_signs_that_join_no_number(text: str, language: str, values: list[int | str]) -> None:
    assert numbers(text, language) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("3亿5000万", "zh", [350_000_000]),
        ("三亿五千万", "zh", [350_000_000]),
        ("3万5千", "ja", [35_000]),
        ("3万五千", "zh", [35_000]),
        ("1千2百", "zh", [1200]),
        ("1億2345万6789人", "ja", [123_456_789]),
        ("2月27日", "zh", [2, 27]),
        ("35万27万", "zh", [350_000, 270_000]),
        ("2024十大新闻", "zh", [2024]),
        ("35万一些", "zh", [350_000]),
        ("35만 명", "ko", [350_000]),
        ("3억 5000만 원", "ko", [350_000_000]),
        ("2천5백만 원", "ko", [25_000_000]),
        ("622조", "ko", [622 * 10**12]),
        ("3조각", "ko", [3]),
    ],
)
def test_digits_among_han_and_korean_magnitudes(text: str, language: str, values: list[int]) -> None:
    assert numbers(text, language) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("5 lakh", "en", 500_000),
        ("2 crore", "en", 20_000_000),
        ("5 करोड़ लोग", "hi", 50_000_000),
        ("5 bin", "tr", 5000),
        ("Mit 5 bin ich", "de", 5),
        ("3 md", "de", 3),
        ("3 md", "fr", 3 * 10**9),
        ("350k", "fr", 350_000),
        ("350 k", "en", 350),
        ("5 km", "en", 5),
        ("1 bilhão", "pt-BR", 10**9),
        ("5 mil milhões", "pt-PT", 5 * 10**9),
        ("1 триллион", "ru", 10**12),
        ("1 trilyon", "tr", 10**12),
        ("1 تريليون", "ar", 10**12),
        *((f"1 {word}", language, 10**12) for language, word in [
            ("de", "Billion"), ("fr", "billion"), ("es", "billón"), ("it", "bilione"), ("nl", "biljoen"),
            ("pl", "bilion"), ("sv", "biljon"), ("da", "billion"), ("nb", "billion"), ("fi", "biljoona"),
            ("cs", "bilion"),
        ]),
    ],
)  # fmt: skip
def test_magnitude_words_are_their_languages_own(text: str, language: str, value: int) -> None:
    assert numbers(text, language) == {Decimal(value)}


@pytest.mark.parametrize("text", ["9" * 41, "9" * 5000, "九" * 5000, "1" + ",000" * 2000, "1." + "0" * 5000])
def test_an_endless_run_is_no_number(text: str) -> None:
    assert numbers(text, "en") == frozenset()


@pytest.mark.parametrize("text", ["5" + " million" * 5000, "1" + "万亿" * 5000, "1千" * 5000, "1억 " * 5000])
def test_endless_magnitudes_raise_nothing(text: str) -> None:
    numbers(text, "en")


def test_no_text_raises() -> None:
    chance = random.Random(7)
    alphabet = [
        *"0123456789" * 2,
        *".,'’٬٫ \u202f+-/⁄" * 2,
        *"٣५３零一二五九十百千万萬亿億兆成만억조천백",
        *"¹²₂½⅓⅟↉①⒈ⅣkKİßम",
    ]
    alphabet += [*"¹²₂½⅓⅟↉①⒈ⅣkKİßm", " million", " mil", "bin", " тыс"]
    for _ in range(20_000):
        text = "".join(chance.choices(alphabet, k=chance.randint(1, 14)))
        for value in numbers(text, chance.choice(["en", "de", "es", "tr", "zh-Hans", "ko", "hi", "ar", "und", ""])):
            assert value.is_finite(), text
