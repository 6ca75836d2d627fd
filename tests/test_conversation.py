"""Conversations: follow-ups, several at once, a bounded history; and documents that differ."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index import index_folder, load_settings
from index.errors import UsageError
from qa import AnswerReady, Chatbot, Conversation, EvidenceFound
from qa.conversation import HISTORY_TOKENS, in_context, leans
from tests.model_server import ModelServer
from tests.test_cli import run


@pytest.fixture(scope="module")
def bot(corpus_dir: Path) -> Iterator[Chatbot]:
    with Chatbot.open(corpus_dir, llm="none") as opened:
        yield opened


def quotes(talk: Conversation, question: str) -> str:
    answer = talk.ask(question)
    assert not answer.abstained
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    return " ".join(citation.quote for citation in answer.citations)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("How big is the infrastructure that Meta builds, in H100 GPUs?", "And by the end of the year?", "350 000"),
        ("Wer traf Zuckerberg am Mittwoch in Seoul?", "Und wer noch?", "Samsung"),
        ("LG电子的首席执行官和扎克伯格谈了多久？", "那三星呢？", "三星"),
        ("Quand Zuckerberg est-il arrivé en Corée du Sud ?", "Et avant cela ?", "Corée du Sud"),
    ],
)
def test_a_follow_up_leans_on_the_question_before(bot: Chatbot, first: str, then: str, expected: str) -> None:
    talk = bot.conversation()
    talk.ask(first)
    assert expected in quotes(talk, then)


def test_alone_the_same_words_find_nothing(bot: Chatbot) -> None:
    assert bot.ask("And by the end of the year?").abstained
    assert bot.conversation().ask("And by the end of the year?").abstained


def test_another_subject_is_not_drawn_to_the_one_before(bot: Chatbot) -> None:
    talk = bot.conversation()
    talk.ask("How many H100 GPUs does Meta want to buy?")
    assert talk.ask("What helps small children against a high fever?").abstained
    assert "OpenAI" in quotes(talk, "Which company does Sam Altman lead?")
    assert "two hours" in quotes(talk, "How long did William Cho talk with Zuckerberg?")


def test_conversations_do_not_mix(bot: Chatbot) -> None:
    def hold(number: int) -> str:
        talk = bot.conversation()
        talk.ask("How big is the infrastructure that Meta builds?" if number % 2 else "Who leads LG Electronics?")
        return talk.ask("And who else?").text

    alone = [hold(0), hold(1)]
    assert alone[0] != alone[1]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(hold, range(8))) == alone * 4


def test_a_question_that_is_refused_or_broken_off_is_not_remembered(bot: Chatbot) -> None:
    talk = bot.conversation()
    with pytest.raises(UsageError):
        talk.ask("  ")
    stream = talk.stream("Who leads LG Electronics?")
    assert isinstance(next(stream), EvidenceFound)
    stream.close()
    assert talk.answers == []
    assert isinstance(list(talk.stream("Who leads LG Electronics?"))[-1], AnswerReady)
    assert len(talk.answers) == 1


def test_the_history_is_bounded_and_the_newest_kept(corpus_dir: Path) -> None:
    with ModelServer(["NONE"]) as server:
        address = {"llm": "ollama", "model": "m", "ollama_url": server.address}
        with Chatbot.open(corpus_dir, **address) as bot:
            talk = bot.conversation()
            for number in range(6):
                talk.ask(f"Who leads LG Electronics, question {number}?")
            history = talk.history()
        sent = server.requests[-1][1]["messages"][-1]["content"]
    assert len(talk.answers) == 6
    assert 1 <= len(history) < 6
    assert history[-1] is talk.answers[-1]
    assert "question 4?" in sent
    assert "question 0?" not in sent
    assert HISTORY_TOKENS < 4096


def test_a_long_question_in_context_stays_within_the_limit(bot: Chatbot) -> None:
    talk = bot.conversation()
    talk.ask("Who leads LG Electronics? " * 70)
    text = in_context("And " + "x " * 900, talk.answers, 2000)
    assert len(text) <= 2000
    assert talk.ask("And " + "who else " * 200).text


@pytest.mark.parametrize(
    ("question", "language", "leaning"),
    [
        ("Und wer noch?", "de", True),
        ("And by the end of the year?", "en", True),
        ("那三星呢？", "zh-Hans", True),
        ("Wie viele Mannschaften spielen in der Bundesliga?", "de", False),
        ("What is the maximum daily dose of ibuprofen?", "en", False),
    ],
)
def test_which_questions_lean(question: str, language: str, leaning: bool) -> None:
    assert leans(question, language) is leaning


def test_chat_reads_questions_line_by_line(corpus_dir: Path) -> None:
    lines = (
        "How long did William Cho talk with Zuckerberg?\n\n"
        + "x" * 3000
        + "\nAnd what did Zuckerberg say of his talk with Kishida?\n"
    )
    done = run("chat", "--data-dir", corpus_dir, "--llm", "none", stdin=lines)
    assert done.returncode == 0
    assert "two hours" in done.stdout
    assert "Kishida" in done.stdout or "岸田文雄" in done.stdout
    assert "max_question_chars" in done.stderr
    assert "Traceback" not in done.stderr


# -- Documents that differ ---------------------------------------------------------------------------------------------


def folder_with(tmp_path: Path, *texts: str) -> Chatbot:
    folder = tmp_path / "differ"
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text, "utf-8")
    settings = load_settings(llm="none", data_dir=folder / ".polycite")
    index_folder(folder, folder / ".polycite", settings)
    return Chatbot.open(folder / ".polycite", llm="none")


def test_sources_that_differ_are_both_cited_and_it_is_said(tmp_path: Path) -> None:
    texts = ("The ferry to the island takes 40 minutes. It runs daily.", "Die Fähre zur Insel braucht zwei Stunden.")
    with folder_with(tmp_path, *texts, "The museum shop sells postcards and tea.") as bot:
        answer = bot.ask("How long does the ferry to the island take?")
    assert answer.differ
    assert answer.text.startswith("The documents differ on this.")
    assert {citation.source for citation in answer.citations[:2]} == {"0.txt", "1.txt"}
    assert answer.sentences[0].text in texts[0] or answer.sentences[0].text in texts[1]


@pytest.mark.parametrize(
    "texts",
    [
        ("The ferry to the island takes 40 minutes.", "Die Fähre zur Insel braucht vierzig Minuten."),
        ("Meta wants to buy 350,000 H100 chips.", "Meta's infrastructure equals 600,000 H100 chips."),
        ("The ferry to the island takes 40 minutes.", "The ferry to the island costs 12 euros."),
        ("The ferry takes 40 minutes. The ferry takes 50 minutes in winter.", "The island has a lighthouse."),
    ],
)
def test_different_things_are_no_difference(tmp_path: Path, texts: tuple[str, str]) -> None:
    with folder_with(tmp_path, *texts) as bot:
        assert not bot.ask("How long does the ferry to the island take?").differ
        assert not bot.ask("How many H100 chips does Meta want?").differ
