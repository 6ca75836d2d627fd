"""What holds for any input (``evals.properties``), with inputs by hypothesis; and the smallest that once broke it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals import properties
from evals.fuzz_seeds import DOCX_XML, KINDS, LANGUAGES, SENTENCES, TOKENS, seeds
from evals.made_files import docx_of, pdf, pdf_of
from index import Settings, index_folder, load_settings
from index.errors import SettingsError
from index.extract import extract
from index.sentences import split_sentences
from qa import Chatbot
from qa.verify.facts import read_facts

settings.register_profile("polycite", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("polycite")

texts = st.lists(st.sampled_from(TOKENS) | st.text(max_size=6) | st.characters(codec="ascii"), max_size=40).map("".join)
languages = st.sampled_from(LANGUAGES)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    folder = tmp_path_factory.mktemp("claims")
    for number, sentence in enumerate(SENTENCES):
        (folder / f"{number}.txt").write_text(sentence, encoding="utf-8")
    index_folder(folder, folder / ".polycite", load_settings())
    with Chatbot.open(folder / ".polycite", llm="none") as opened:
        yield opened


def damaged(data: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for start, length, instead in cuts:
        place = start % (len(data) + 1)
        data = data[:place] + instead + data[place + length :]
    return data


@given(
    st.sampled_from(seeds("readers")),
    st.lists(st.tuples(st.integers(0, 50_000), st.integers(0, 30), st.binary(max_size=8)), min_size=1, max_size=4),
)
def test_a_damaged_file_is_read_or_refused(seed: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    kind, data = KINDS[seed[0]], damaged(seed[1:], cuts)
    if kind == DOCX_XML:
        properties.reads("file.docx", docx_of(data))
    else:
        properties.reads(f"file{kind}", data)


@given(st.sampled_from(KINDS[:-1]), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(suffix: str, data: bytes) -> None:
    properties.reads(f"file{suffix}", data)


@given(texts, languages)
def test_any_text_is_cut_into_sentences(text: str, language: str) -> None:
    properties.cuts(text, language)


@given(texts, languages)
def test_the_numbers_of_any_text(text: str, language: str) -> None:
    properties.counts(text, language)


@settings(max_examples=30)
@given(st.data())
def test_any_claim_is_held_against_the_documents(bot: Chatbot, data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(SENTENCES))
    start, end = sorted(data.draw(st.integers(0, len(sentence))) for _ in range(2))
    properties.verifies(bot, sentence[:start] + data.draw(texts) + sentence[end:])


@given(
    st.dictionaries(
        st.sampled_from(sorted(Settings.model_fields)) | st.text(max_size=8),
        st.none() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=8) | st.lists(st.text()),
        max_size=4,
    )
)
def test_any_flags_make_settings_or_an_error(flags: dict[str, object]) -> None:
    properties.configures(flags)


# -- what was found ----------------------------------------------------------------------------------------------------


def test_the_last_pages_of_a_pdf_may_be_empty() -> None:
    found = extract(".pdf", pdf("It burned.", "", ""))
    assert found.text == "It burned."
    assert found.pages == (0, 10, 10)


def test_a_lone_surrogate_from_a_pdf_or_a_page_is_replaced() -> None:
    mapping = b"1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar <41> <D800> <42> <D83DDE00> endbfchar"
    content = b"BT /F1 12 Tf 72 720 Td (AB) Tj ET"
    made = pdf_of(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(mapping), mapping),
    )
    assert extract(".pdf", made).text == "\ufffd😀"
    page = b'<meta charset="unicode_escape"><p>a\\ud800b</p>'
    assert extract(".html", page).text == "a\ufffdb"


def test_a_lone_surrogate_in_a_sentence_or_a_claim() -> None:
    text = "He came.\ud800 She left."
    assert [span.of(text).strip("\ud800 ") for span in split_sentences(text, "en")] == ["He came.", "She left."]


def test_a_claim_that_is_no_utf_8_is_not_supported(bot: Chatbot) -> None:
    (sentence,) = bot.verify(f"{SENTENCES[0][:-1]}\udcff.").sentences
    assert sentence.reason == "the sentence is not valid UTF-8"


def test_an_error_quotes_no_line_break() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(**{"a\nb": 1})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("unit", ['!"', "。”", "“M. ", "M. ", "x", "1,", "½", "Dr. A. "])
def test_a_line_without_end_is_cut_in_time_that_grows_with_it(unit: str) -> None:
    line = unit * (100_000 // len(unit))
    began = time.process_time()
    properties.cuts(line, "en")
    properties.cuts(line, "zh-Hans")
    assert time.process_time() - began < 6  # before there was a window, it grew with the square: 12 s for 。”


def test_a_sentence_at_the_edge_of_a_window_is_not_cut() -> None:
    text = "The mill was built in 1820. " * 1_000
    assert {span.of(text) for span in split_sentences(text, "en")} == {"The mill was built in 1820."}


def test_html_is_read_in_time_that_grows_with_it() -> None:
    page = b"<div><p>It was <b>built</b> in 1820.</p></div>\n" * 8_000
    began = time.process_time()
    assert extract(".html", page).text.count("built") == 8_000
    assert time.process_time() - began < 15  # siblings were counted for each, and it was 34 s


def test_a_row_of_glued_number_words_is_not_tried_in_every_way() -> None:
    began = time.process_time()
    read_facts("dreizehn" * 70 + "x", "de")
    assert time.process_time() - began < 5  # at 22 it was seven seconds, and twice that at 23
    longest = read_facts("dreihundertfünfundsiebzigtausendvierhundertneunundachtzig Bäume", "de")
    assert [quantity.value for quantity in longest.quantities.values()] == [Decimal(375_489)]
