"""The pipeline from question to verified answer, with the real index and the real bundled model."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import qa
from index import load_settings
from index.errors import ModelError, SettingsError, UsageError
from qa import Answer, AnswerReady, Chatbot, DraftToken, EvidenceFound, SentenceVerified, Wishes
from qa.models import choose_model
from qa.quotes import Quote
from qa.types import Usage
from qa.writer import Writer

H100 = "How many H100 GPUs does Meta want to secure by the end of the year?"
ENGLISH = "How long did William Cho spend in conversation with Zuckerberg?"


@pytest.fixture(scope="module")
def quoting(corpus_dir: Path) -> Iterator[Chatbot]:
    with Chatbot.open(corpus_dir, llm="none") as bot:
        yield bot


@pytest.fixture
def worded(corpus_dir: Path) -> Iterator[Chatbot]:
    with Chatbot.open(corpus_dir) as bot:
        yield bot


def models_running() -> list[int]:
    """Process ids of this process's llama.cpp children."""
    children = [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if stat.read_text().rpartition(")")[2].split()[1] == str(os.getpid())
    ]
    return [child for child in children if b"llamacpp_child" in Path(f"/proc/{child}/cmdline").read_bytes()]


def check_citations(bot: Chatbot, answer: Answer) -> None:
    numbers = {citation.number for citation in answer.citations}
    assert numbers == set(range(1, len(numbers) + 1))
    for citation in answer.citations:
        document = bot.index.document(citation.source)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote
    for sentence in answer.sentences:
        assert sentence.citations
        assert set(sentence.citations) <= numbers
        assert all(f"[{number}]" in answer.text for number in sentence.citations)


@pytest.mark.parametrize(
    ("question", "language", "lead_in"),
    [
        (H100, "en", "In the documents' own words:"),
        ("Wie viele H100-GPUs will Meta bis Jahresende beschaffen?", "de", "In den Worten der Dokumente:"),
        ("Combien de H100 Meta veut-elle se procurer cette année ?", "fr", "Selon les termes mêmes des documents"),
        ("Meta计划在今年年底前采购多少块H100显卡？", "zh-Hans", "文档原文如下"),
        ("Meta計劃在今年年底前採購多少塊H100顯卡？", "zh-Hant", "文件原文如下"),
    ],
)
def test_the_answer_is_quoted_in_the_documents_words(
    quoting: Chatbot, question: str, language: str, lead_in: str
) -> None:
    answer = quoting.ask(question)
    assert not answer.abstained
    assert answer.language == language
    assert answer.text.startswith(lead_in)
    assert answer.citations[0].source == "004_875c8616b7d31ca9.txt"
    assert "350 000" in answer.citations[0].quote
    assert answer.model == "none"
    check_citations(quoting, answer)


@pytest.mark.parametrize(
    "question", ["How do I bake an apple pie?", "Wie viele Beine hat eine Spinne?", "糖尿病有什么症状？"]
)
def test_it_abstains_where_the_documents_say_nothing(quoting: Chatbot, question: str) -> None:
    answer = quoting.ask(question)
    assert answer.abstained
    assert not answer.sentences
    assert not answer.citations
    assert answer.closest
    for passage in answer.closest:
        document = quoting.index.document(passage.source)
        assert document is not None
        assert document.text[passage.start : passage.end] == passage.quote


def test_the_model_is_asked_in_its_language_and_checked(worded: Chatbot) -> None:
    answer = worded.ask(ENGLISH)
    assert answer.receipt.asked
    assert answer.receipt.fault is None
    assert answer.receipt.included
    assert 0 < answer.receipt.planned_tokens <= answer.receipt.window
    assert answer.withheld or answer.model == "SmolLM2-135M-Instruct"
    assert "two hours" in answer.citations[0].quote
    check_citations(worded, answer)


def test_the_model_is_not_asked_in_a_language_that_it_does_not_speak(worded: Chatbot) -> None:
    for question in ("Wie lange sprach William Cho mit Zuckerberg?", H100):  # H100: the evidence is French
        receipt = worded.ask(question).receipt
        assert not receipt.asked
        assert "speaks en" in receipt.why


def test_a_model_that_dies_leaves_the_quotes_and_one_line(corpus_dir: Path) -> None:
    with Chatbot.open(corpus_dir) as bot:
        stream = bot.stream(ENGLISH)
        for event in stream:
            if isinstance(event, DraftToken):
                break
        (model,) = models_running()
        os.kill(model, signal.SIGKILL)
        answer = next(event.answer for event in stream if isinstance(event, AnswerReady))
        assert answer.receipt.fault is None or "\n" not in answer.receipt.fault
        assert "two hours" in answer.citations[0].quote
        check_citations(bot, answer)
        again = bot.ask(ENGLISH)  # a new child is started
        assert again.receipt.asked
        assert again.receipt.fault is None


def test_a_model_out_of_time_leaves_the_quotes_and_one_line(corpus_dir: Path) -> None:
    with Chatbot.open(corpus_dir, model_timeout=0.05) as bot:
        answer = bot.ask(ENGLISH)
        assert answer.receipt.fault is not None
        assert "two hours" in answer.citations[0].quote


def test_events_come_in_order_and_stopping_early_is_clean(worded: Chatbot) -> None:
    events = list(worded.stream(ENGLISH))
    kinds = [type(event) for event in events]
    assert kinds[0] is EvidenceFound
    assert kinds[-1] is AnswerReady
    assert DraftToken in kinds
    assert kinds.index(SentenceVerified) < kinds.index(DraftToken)  # quotes do not wait for the model
    stream = worded.stream(ENGLISH)
    for event in stream:
        if isinstance(event, DraftToken):
            break
    stream.close()
    assert worded.ask(ENGLISH).receipt.fault is None


def test_async_and_threads_give_the_same_answers(quoting: Chatbot) -> None:
    questions = [H100, "Wer traf Yoon Suk Yeol?", "How do I bake an apple pie?"]
    wanted = [quoting.ask(question).text for question in questions]
    assert [asyncio.run(quoting.aask(question)).text for question in questions] == wanted
    with ThreadPoolExecutor(4) as pool:
        assert [answer.text for answer in pool.map(quoting.ask, questions * 4)] == wanted * 4


def test_one_model_serves_many_questions(worded: Chatbot) -> None:
    worded.ask(ENGLISH)
    first = models_running()
    worded.ask("Who is the chairman of Samsung Electronics?")
    assert models_running() == first
    assert len(first) == 1


def test_questions_at_once_share_one_model(worded: Chatbot) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(worded.ask, [ENGLISH] * 4))
    assert len(models_running()) == 1
    assert all(answer.receipt.asked and answer.receipt.fault is None for answer in answers)
    assert len({answer.citations[0] for answer in answers}) == 1  # llama.cpp's own words may differ from run to run


class Inventor(Writer):
    """A model that always says the same, whatever the evidence."""

    def draft(
        self, question: str, language: str, quotes: Sequence[Quote], earlier: str = ""
    ) -> Generator[str, None, Usage]:
        yield "Mark Zuckerberg is the chief executive officer of LG Electronics. "
        yield quotes[0].text
        return Usage()


def test_what_the_evidence_does_not_say_is_withheld(worded: Chatbot) -> None:
    worded._writer = Inventor(choose_model(load_settings()).model or pytest.fail("no model"))
    answer = worded.ask(ENGLISH)
    assert [item.text for item in answer.withheld] == [
        "Mark Zuckerberg is the chief executive officer of LG Electronics."
    ]
    assert "Mark Zuckerberg is" not in answer.text
    assert answer.sentences[0].text in answer.citations[0].quote
    assert answer.model == "SmolLM2-135M-Instruct"
    check_citations(worded, answer)


def test_what_cannot_be_opened_or_asked(corpus_dir: Path, tmp_path: Path, quoting: Chatbot) -> None:
    with pytest.raises(UsageError, match="empty"):
        quoting.ask("  ")
    with pytest.raises(SettingsError, match="llm"):
        Chatbot.open(corpus_dir, llm="gpt")
    with pytest.raises(ModelError, match="there is no model at"):
        Chatbot.open(corpus_dir, model=str(tmp_path / "no.gguf"))
    (tmp_path / "text.gguf").write_text("not a model", encoding="utf-8")
    with pytest.raises(ModelError, match="not a GGUF"):
        Chatbot.open(corpus_dir, model=str(tmp_path / "text.gguf"))


def test_the_public_names() -> None:
    assert sorted(qa.__all__) == qa.__all__
    assert all(hasattr(qa, name) for name in qa.__all__)


def test_a_question_may_ask_for_languages_passages_and_quotes_only(corpus_dir: Path) -> None:
    wishes = Wishes(passages=2, languages=("de",), worded=False)
    with Chatbot.open(corpus_dir, llm="llamacpp") as bot:
        events = list(bot.stream("How long did William Cho spend with Zuckerberg?", wishes=wishes))
    found = next(event for event in events if isinstance(event, EvidenceFound))
    assert len(found.sources) == 2
    answer = events[-1].answer if isinstance(events[-1], AnswerReady) else None
    assert answer is not None
    assert {citation.language for citation in answer.citations} == {"de"}
    assert not answer.receipt.asked
