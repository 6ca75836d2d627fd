"""Verification, on documents invented for it: what they say in other words and languages, and what they do not say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index import Index, index_folder, load_settings
from index.errors import UsageError
from index.numbers import plain
from qa import Chatbot
from qa.chinese import in_digits, simplified
from qa.marks import strip_marks
from qa.verify.dates import Date
from qa.verify.facts import read_facts
from qa.verify.polarity import contradiction
from qa.verify.sound import sound_alike

DOCUMENTS = {
    "museum.txt": (
        "The Lumen Museum in Porto opened on 14 May 2019. Its director, Maria Ferraz, says 82,000 "
        "people visited it in 2023, 12.5% more than in 2022. Entry costs 9 euros; children under twelve "
        "pay nothing. The museum did not receive any money from the city. Siemens built the lighting "
        "together with the Danish firm Zumtal. Ferraz wants to open a second house in Lisbon by the end "
        "of 2027."
    ),
    "preis.txt": (
        "Der Chemiker Otto Lindner erhielt am 3. Oktober 2021 in Wien den Preis der Kepler-Stiftung. "
        "Die Stiftung zahlt ihm 250.000 Euro. Lindner leitet seit sieben Jahren das Institut für "
        "Polymere in Graz. Sein zweistündiger Vortrag wurde nicht aufgezeichnet. Im Publikum saß auch "
        "der Bürgermeister von Salzburg."
    ),
    "tram.txt": (
        "Le tramway de Lunéville transporte 1,2 million de passagers par an. Alstom a livré douze rames "
        "en mars 2020 pour 46 millions d'euros. La maire, Claire Dubois, a inauguré la ligne le mardi 8 "
        "septembre 2020. Les syndicats n'ont pas assisté à la cérémonie."
    ),
    "ship.txt": (
        "长江航运公司（Yangtze Shipping）去年运送货物3.4亿吨，比上一年增长8%。"
        "公司总裁王建国周五在武汉表示，公司将在2026年之前购买15艘电动船。丰田没有参加这个项目"
        "。宁德时代为这些船提供电池。"
    ),
    "telescope.txt": (
        "臺北天文館在2022年6月30日啟用一座60公分望遠鏡，經費是4500萬元新臺幣。館長陳美"
        "玲說，這座望遠鏡由日本佳能（Canon）製造。參觀者每人只能看十分鐘。"
    ),
}

SAID = """
The museum in Porto counted 82,000 visitors in 2023.
Das Museum in Porto hatte 2023 insgesamt 82.000 Besucher.
波尔图的卢门博物馆2023年有8.2万人参观。
L'entrée du musée coûte neuf euros.
Der Eintritt ins Museum kostet 9 Euro.
Siemens a construit l'éclairage du musée avec l'entreprise danoise Zumtal.
Siemens hat zusammen mit Zumtal die Beleuchtung des Museums gebaut.
西门子和Zumtal一起为博物馆做了照明。
Otto Lindner recevra 250 000 euros de la fondation.
Lindner has headed the Institute of Polymers in Graz for seven years.
2021年10月3日，Otto Lindner在维也纳获奖。
The tram of Lunéville carries 1.2 million passengers a year.
Die Straßenbahn von Lunéville befördert 1,2 Millionen Fahrgäste im Jahr.
Alstom delivered twelve trains for 46 million euros.
Alstom lieferte im März 2020 zwölf Züge.
阿尔斯通在2020年3月交付了12列电车。
Claire Dubois opened the line on Tuesday, 8 September 2020.
Bürgermeisterin Claire Dubois weihte die Strecke am 8. September 2020 ein.
Yangtze Shipping moved 340 million tonnes of goods last year.
Yangtze Shipping hat im vergangenen Jahr 340 Millionen Tonnen befördert.
Yangtze Shipping veut acheter 15 bateaux électriques avant 2026.
長江航運公司總裁王建國星期五在武漢發言。
電動船的電池由寧德時代供應。
臺北天文館的望遠鏡是2022年6月啟用的。
台北天文馆的望远镜耗资4500万元新台币。
The telescope in Taipei was made by Canon of Japan.
Das Teleskop in Taipeh wurde am 30. Juni 2022 in Betrieb genommen.
每位訪客可以看望遠鏡十分鐘。
Visitors may look through the telescope for ten minutes each.
馆长陈美玲说，望远镜是佳能造的。
"""

NOT_SAID = """
The museum in Porto counted 28,000 visitors in 2023.
The museum in Lyon counted 82,000 visitors in 2023.
Das Museum in Porto hatte 2022 insgesamt 82.000 Besucher.
Das Museum in Madrid hatte 2023 insgesamt 82.000 Besucher.
Le directeur du musée Lumen est Maria Costa.
波尔图的卢门博物馆2023年有82万人参观。
L'entrée du musée coûte neuf dollars.
Der Eintritt ins Museum kostet 12 Euro.
Philips a construit l'éclairage du musée avec l'entreprise danoise Zumtal.
Osram hat zusammen mit Zumtal die Beleuchtung des Museums gebaut.
A second museum is planned in Lisbon before the end of 2029.
飞利浦和Zumtal一起为博物馆做了照明。
Otto Lindner was awarded the prize of the Kepler Foundation in Berlin on 3 October 2021.
Otto Lindner was awarded the prize of the Kepler Foundation in Vienna on 13 October 2021.
Karl Lindner was awarded the prize of the Kepler Foundation in Vienna on 3 October 2021.
Otto Lindner recevra 25 000 euros de la fondation.
Lindner has headed the Institute of Polymers in Graz for seventeen years.
Lindner has headed the Institute of Polymers in Linz for seven years.
林德纳的演讲持续了三个小时。
2021年11月3日，Otto Lindner在维也纳获奖。
The tram of Lunéville carries 12 million passengers a year.
Die Straßenbahn von Nancy befördert 1,2 Millionen Fahrgäste im Jahr.
Alstom delivered twenty trains for 46 million euros.
Alstom lieferte im Mai 2020 zwölf Züge.
庞巴迪在2020年3月交付了12列电车。
Claire Dubois opened the line on Friday, 8 September 2020.
Bürgermeisterin Anne Dubois weihte die Strecke am 8. September 2020 ein.
Yangtze Shipping moved 34 million tonnes of goods last year.
Yangtze Shipping veut acheter 50 bateaux électriques avant 2026.
Yangtze Shipping veut acheter 15 bateaux électriques avant 2030.
The president of the shipping company spoke in Shanghai on Friday.
長江航運公司總裁李建國星期五在武漢發言。
電動船的電池由比亞迪供應。
臺北天文館的望遠鏡是2022年9月啟用的。
台北天文馆的望远镜耗资450万元新台币。
The telescope in Taipei was made by Nikon of Japan.
Das Teleskop in Taipeh wurde am 30. Juli 2022 in Betrieb genommen.
Le télescope de Taipei a été fabriqué par Sony.
每位訪客可以看望遠鏡三十分鐘。
Visitors may look through the telescope for ten hours each.
馆长陈美玲说，望远镜是索尼造的。
"""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder = tmp_path_factory.mktemp("invented")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, "utf-8")
    settings = load_settings(llm="none", data_dir=folder / ".polycite")
    index_folder(folder, folder / ".polycite", settings)
    with Chatbot(Index.open(settings), settings) as opened:
        yield opened


@pytest.mark.parametrize("claim", SAID.strip().split("\n"))
def test_what_the_documents_say_is_supported_in_their_words(bot: Chatbot, claim: str) -> None:
    found = bot.verify(claim)
    (sentence,) = found.sentences
    assert sentence.verdict == "supported", sentence.reason
    (citation,) = found.citations
    assert sentence.citations == (citation.number,) == (1,)
    assert DOCUMENTS[citation.source][citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("claim", NOT_SAID.strip().split("\n"))
def test_what_differs_in_a_figure_date_or_name_is_not(bot: Chatbot, claim: str) -> None:
    found = bot.verify(claim)
    (sentence,) = found.sentences
    assert sentence.verdict == "unsupported"
    assert sentence.reason
    assert not found.citations
    assert not sentence.citations


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_supports_itself(bot: Chatbot, name: str) -> None:
    found = bot.verify(DOCUMENTS[name])
    assert {sentence.verdict for sentence in found.sentences} == {"supported"}
    assert {citation.source for citation in found.citations} == {name}


def test_sentences_are_judged_one_by_one(bot: Chatbot) -> None:
    found = bot.verify("Entry costs 9 euros. Entry costs 19 euros. The moon is made of cheese.")
    assert [sentence.verdict for sentence in found.sentences] == ["supported", "unsupported", "unsupported"]
    assert "19 euros" in found.sentences[1].reason
    assert "no passage is near" in found.sentences[2].reason


def test_a_citation_mark_counts_for_nothing(bot: Chatbot) -> None:
    assert bot.verify("Entry costs 9 euros [1].").sentences[0].verdict == "supported"
    assert bot.verify("Entry costs 19 euros [1][2].").sentences[0].verdict == "unsupported"


@pytest.mark.parametrize("text", ["Yes.", "Two hours.", "...", "[1]"])
def test_what_is_too_short_is_not_supported(bot: Chatbot, text: str) -> None:
    assert {sentence.verdict for sentence in bot.verify(text).sentences} <= {"unsupported"}


@pytest.mark.parametrize("text", ["Did the Lumen Museum in Porto open on 14 May 2019?", "卢门博物馆在2019年开馆吗？"])
def test_a_question_states_nothing(bot: Chatbot, text: str) -> None:
    assert [sentence.reason for sentence in bot.verify(text).sentences] == ["a question states nothing"]


def test_nothing_to_verify_is_a_usage_error(bot: Chatbot) -> None:
    with pytest.raises(UsageError, match="nothing to verify"):
        bot.verify("  ")


def test_a_text_without_an_end_is_refused(bot: Chatbot) -> None:
    assert {sentence.verdict for sentence in bot.verify("word " * 3000).sentences} == {"unsupported"}


# -- What is read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "date"),
    [
        ("on Feb. 27, 2024", "en", Date(2024, 2, 27)),
        ("on the 27th of February 2024", "en", Date(2024, 2, 27)),
        ("am 27. Februar 2024", "de", Date(2024, 2, 27)),
        ("27.2.2024", "de", Date(2024, 2, 27)),
        ("le 27 février 2024", "fr", Date(2024, 2, 27)),
        ("2024-02-27", "en", Date(2024, 2, 27)),
        ("2024年2月27日", "zh-Hans", Date(2024, 2, 27)),
        ("二〇二四年二月二十七日", "zh-Hans", Date(2024, 2, 27)),
        ("2024年２月２７號", "zh-Hant", Date(2024, 2, 27)),
        ("el 27 de febrero de 2024", "es", Date(2024, 2, 27)),
        ("2月27日", "zh-Hans", Date(None, 2, 27)),
        ("2024年2月27日", "ja", Date(2024, 2, 27)),
        ("10月13日", "zh-Hans", Date(None, 10, 13)),
        ("in May 2023", "en", Date(2023, 5)),
        ("im Oktober", "de", Date(None, 10)),
        ("in 2017", "en", Date(2017)),
        ("周三", "zh-Hans", Date(weekday=2)),
        ("禮拜三", "zh-Hant", Date(weekday=2)),
        ("Mittwochabend", "de", Date(weekday=2)),
        ("mercredi", "fr", Date(weekday=2)),
    ],
)
def test_dates(text: str, language: str, date: Date) -> None:
    facts = read_facts(text, language)
    assert list(facts.dates.values()) == [date]
    assert not facts.quantities


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("66,7 %", "fr"), ("66.7%", "en")),
        (("66.7 percent", "en"), ("百分之66.7", "zh-Hans")),
        (("622万亿韩元", "zh-Hans"), ("622 Billionen Won", "de")),
        (("622 trillion won", "en"), ("622 000 milliards de wons", "fr")),
        (("zweistündig", "de"), ("two hours", "en")),
        (("兩個小時", "zh-Hant"), ("deux heures", "fr")),
        (("half an hour", "en"), ("半小时", "zh-Hans")),
        (("30 minutes", "en"), ("eine halbe Stunde", "de")),
        (("une dizaine d'années", "fr"), ("约十年", "zh-Hans")),
        (("sixteen", "en"), ("16座", "zh-Hans")),
        (("fünfundzwanzig Jahre", "de"), ("25 years", "en")),
        (("hundreds of millions", "en"), ("数亿", "zh-Hans")),
        (("mehrere Hundert Millionen", "de"), ("des centaines de millions", "fr")),
        (("3纳米", "zh-Hans"), ("3nm芯片", "zh-Hans")),
        (("$299", "en"), ("299 Dollar", "de")),
        (("quatre-vingt-dix jours", "fr"), ("90 Tage", "de")),
        (("600k", "en"), ("60万块", "zh-Hans")),
        (("第三", "zh-Hans"), ("third", "en")),
        (("十几台", "zh-Hans"), ("zehn", "de")),
        (("10 años", "es"), ("10 Jahre", "de")),
    ],
)
def test_one_quantity_in_two_forms(first: tuple[str, str], second: tuple[str, str]) -> None:
    ours, theirs = (set(read_facts(*text).quantities.values()) for text in (first, second))
    assert ours == theirs
    assert len(ours) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("861亿美元", "zh-Hans"), ("861 billion dollars", "en")),
        (("10 days", "en"), ("10 Jahre", "de")),
        (("66.7%", "en"), ("66.7", "en")),
        (("66.7 percent", "en"), ("66.7 percentage points", "en")),
        (("1.02 trillion won", "en"), ("1,02 Billionen Euro", "de")),
        (("622 Billionen Won", "de"), ("622 billion won", "en")),
        (("35万", "zh-Hans"), ("35 million", "en")),
        (("two hours", "en"), ("zwei Minuten", "de")),
    ],
)
def test_two_quantities_that_look_alike(first: tuple[str, str], second: tuple[str, str]) -> None:
    ours, theirs = (set(read_facts(*text).quantities.values()) for text in (first, second))
    assert ours
    assert theirs
    assert not ours & theirs


@pytest.mark.parametrize("text", ["一位客人在下一代", "李在镕", "三星和LG"])
def test_numerals_that_count_nothing_stay(text: str) -> None:
    assert in_digits(plain(simplified(text))) == text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Zuckerberg", "扎克伯格"),
        ("祖克柏", "扎克伯格"),
        ("Nvidia", "英伟达"),
        ("Siemens", "西门子"),
        ("Porto", "波尔图"),
    ],
)
def test_transcriptions_sound_alike(first: str, second: str) -> None:
    assert sound_alike(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("Nvidia", "英特尔"), ("Siemens", "飞利浦"), ("Alstom", "庞巴迪"), ("金允俊", "李宗昊"), ("Canon", "索尼")],
)
def test_other_names_do_not(first: str, second: str) -> None:
    assert not sound_alike(first, second)


@pytest.mark.parametrize(
    ("claim", "given"),
    [
        (("It was approved.", "en"), ("It was not approved.", "en")),
        (("Er hat keine Aktien.", "de"), ("He owns shares.", "en")),
        (("Il n’a rien acheté.", "fr"), ("他买了三家公司。", "zh-Hans")),
        (("She denied the meeting.", "en"), ("她没有否认会面。", "zh-Hans")),
        (("Exports fell.", "en"), ("出口增长。", "zh-Hans")),
        (("Die Ausfuhr stieg.", "de"), ("Les exportations ont baissé.", "fr")),
    ],
)
def test_opposites_contradict(claim: tuple[str, str], given: tuple[str, str]) -> None:
    assert contradiction(*claim, *given)


@pytest.mark.parametrize(
    ("claim", "given"),
    [
        (("He did not deny it.", "en"), ("他没有否认。", "zh-Hans")),
        (("Not only Meta buys chips.", "en"), ("Meta kauft Chips.", "de")),
        (("Exports rose.", "en"), ("Die Ausfuhren stiegen.", "de")),
        (("情况不稳定。", "zh-Hans"), ("The situation is unstable.", "en")),
    ],
)
def test_what_says_the_same_does_not(claim: tuple[str, str], given: tuple[str, str]) -> None:
    assert contradiction(*claim, *given) is None


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("It is so [1].", "It is so."),
        ("It is so. [1, 2]", "It is so."),
        ("It is so【3†source】.", "It is so."),
        ("It is so[^2]", "It is so"),
        ("It is so (source 2).", "It is so."),
        ("[1] It is so", "It is so"),
        ("In 1999 (2) it was [sic].", "In 1999 (2) it was [sic]."),
        ("Der Wert ist 5 m².", "Der Wert ist 5 m²."),
    ],
)
def test_marks_of_models_are_taken_away(text: str, bare: str) -> None:
    assert strip_marks(text) == bare
