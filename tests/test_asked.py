"""What a question asks for: its parts, and the kind of thing that each asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Span
from qa import Chatbot
from qa.asked import lacks_money, prefer_stated, repeats, split_question
from qa.quotes import Quote, choose_quotes, in_turn


@pytest.fixture(scope="module")
def bot(corpus_dir: Path) -> Iterator[Chatbot]:
    with Chatbot.open(corpus_dir, llm="none") as opened:
        yield opened


def quote(text: str, score: float = 0.5, language: str = "en") -> Quote:
    return Quote("a.txt", language, Span(0, len(text)), text, score)


@pytest.mark.parametrize(
    ("language", "question", "parts"),
    [
        (
            "en",
            "How many bees live in the old hive, and in what year was the new orchard planted?",
            ["How many bees live in the old hive,", "and in what year was the new orchard planted?"],
        ),
        (
            "de",
            "Wer leitet das neue Museum am Hafen und wie viele Gemälde hängen im großen Saal?",
            ["Wer leitet das neue Museum am Hafen", "und wie viele Gemälde hängen im großen Saal?"],
        ),
        (
            "fr",
            "Qui dirige le nouveau musée du port ? Combien de tableaux sont exposés dans la grande salle ?",
            ["Qui dirige le nouveau musée du port ?", "Combien de tableaux sont exposés dans la grande salle ?"],
        ),
        (
            "zh-Hans",
            "港口城市博物馆的馆长是谁，中央大厅里展出多少幅油画作品？",
            ["港口城市博物馆的馆长是谁，", "中央大厅里展出多少幅油画作品？"],
        ),
        (
            "zh-Hant",
            "港口城市博物館的館長是誰？中央大廳裡展出多少幅油畫作品？",
            ["港口城市博物館的館長是誰？", "中央大廳裡展出多少幅油畫作品？"],
        ),
    ],
)
def test_two_questions_in_one_are_told_apart(language: str, question: str, parts: list[str]) -> None:
    assert split_question(question, language) == parts


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "When and where did the director meet the mayor?"),
        ("en", "What did the director say about the harbour and the old town?"),
        ("en", "Which painters and sculptors does the museum show, which opened last year?"),
        ("en", "The museum opened in May. How long did it take?"),
        ("de", "Wie bezeichnete die Direktorin die Lage, was den Umbau des Museums betrifft?"),
        ("zh-Hans", "馆长在发言中提到了城市、港口和博物馆，还说了什么？"),
        ("ja", "館長は誰ですか"),
        ("en", "?"),
    ],
)
def test_one_question_stays_whole(language: str, question: str) -> None:
    assert split_question(question, language) == [question]


@pytest.mark.parametrize(
    ("language", "question", "stated", "other"),
    [
        ("en", "In which year did the museum open?", "The museum opened in 1998.", "The museum opened with a party."),
        ("en", "How long did the tour of 2011 last?", "The tour lasted two hours.", "The tour of 2011 was a success."),
        ("de", "Wann öffnete das Museum?", "Das Museum öffnete am 3. Mai.", "Das Museum öffnete mit einem Fest."),
        ("fr", "Combien de tableaux le musée montre-t-il ?", "Il en montre 340.", "Le musée montre des tableaux."),
        ("zh-Hans", "博物馆的投资是多少美元？", "投资为3000万美元。", "市政府宣布了投资。"),
    ],
)
def test_a_quote_that_states_the_kind_of_thing_asked_for_goes_up(
    language: str, question: str, stated: str, other: str
) -> None:
    ranked = [quote(other, 0.6, language), quote(stated, 0.55, language)]
    assert [item.text for item in prefer_stated(question, language, ranked)] == [stated, other]


def test_a_figure_of_the_question_itself_is_no_answer() -> None:
    ranked = [quote("The fair of 2011 was the largest.", 0.6), quote("It had been planned in 2009.", 0.58)]
    best = prefer_stated("In which year was the fair of 2011 planned?", "en", ranked)[0]
    assert best.text == "It had been planned in 2009."


def test_there_are_no_more_parts_than_quotes() -> None:
    one = "Who painted the great hall of the old museum?"
    assert split_question(" ".join([one] * 5), "en") == [one, one, " ".join([one] * 3)]


def test_without_a_kind_the_order_stays() -> None:
    ranked = [quote("The director is Ada.", 0.6), quote("In 1998 there were 300 guests.", 0.59)]
    assert prefer_stated("Who is the director?", "en", ranked) == ranked


def test_money_that_no_good_quote_names() -> None:
    ranked = [quote("The museum opened in 1998.", 0.6)]
    assert lacks_money("How many dollars did the museum cost?", "en", ranked)
    assert not lacks_money("How many dollars did the museum cost?", "en", [*ranked, quote("It cost $3 million.", 0.5)])
    assert not lacks_money("How many rooms does the museum have?", "en", ranked)


@pytest.mark.parametrize(
    ("language", "question", "sentence", "expected"),
    [
        ("en", "Why did the museum open a hall in Japan?", "The museum opened a hall in Japan.", True),
        ("en", "Why did the museum open a hall in Japan?", "The museum opened a hall in Japan for its guests.", False),
        ("en", "How many rooms does the museum have?", "The museum has 12 rooms.", False),
        ("en", "Did the museum open a hall in Japan?", "The museum opened a hall in Japan.", False),
        ("de", "Wer leitet das Museum?", "Das Museum leitet.", True),
        ("de", "Wer leitet das Museum?", "Maria leitet das Museum.", False),
        ("zh-Hans", "博物馆由谁管理？", "博物馆管理。", True),
        ("zh-Hans", "博物馆由谁管理？", "博物馆由市政府管理。", False),
    ],
)
def test_a_sentence_that_only_repeats_the_question(language: str, question: str, sentence: str, expected: bool) -> None:
    assert repeats(sentence, question, language) is expected


def test_quotes_are_taken_in_turn_and_the_best_of_each_part_is_among_them() -> None:
    first = [quote("a", 0.9), quote("b", 0.85), quote("c", 0.4)]
    second = [quote("d", 0.5), quote("b", 0.45), quote("e", 0.3)]
    assert [item.text for item in in_turn([first, second])] == ["a", "d", "b", "c", "e"]
    assert [item.text for item in choose_quotes([first, second])] == ["a", "d", "b"]
    assert [item.text for item in choose_quotes([first])] == ["a", "b"]


def test_an_answer_quotes_for_each_part(bot: Chatbot) -> None:
    answer = bot.ask("Which Ray-Ban maker works with Meta, and how many H100 does Meta want from Nvidia this year?")
    assert any("350" in citation.quote for citation in answer.citations)
    question = "Wie lange sprach William Cho mit Zuckerberg? Wie viele H100 will Meta in diesem Jahr von Nvidia?"
    quotes = [citation.quote for citation in bot.ask(question).citations]
    assert any("zwei Stunden" in text or "two hours" in text or "2小時" in text for text in quotes)
    assert any("350" in text or "35萬" in text for text in quotes)


def test_a_part_that_the_documents_do_not_answer_costs_the_other_nothing(bot: Chatbot) -> None:
    question = "How long did William Cho speak with Zuckerberg? How do I bake an apple pie with cinnamon?"
    answer = bot.ask(question)
    assert not answer.abstained
    assert any("two hours" in citation.quote or "zwei Stunden" in citation.quote for citation in answer.citations)
