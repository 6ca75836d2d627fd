"""A conversation: questions that lean on those before them, each answered with citations of its own."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from qa.budget import plan_tokens
from qa.types import Answer, AnswerReady, Event
from qa.words import content_words

if TYPE_CHECKING:
    from qa.chatbot import Chatbot

FEW_WORDS = 2  # a question with no more words of its own ("And by the end of the year?") leans on the one before
HISTORY_TOKENS = 400  # planned tokens of earlier questions and answers that a model is shown


class Conversation:
    """One person's questions and answers; many of them may share a Chatbot, none sees another's."""

    def __init__(self, bot: Chatbot) -> None:
        self._bot = bot
        self.answers: list[Answer] = []

    def ask(self, question: str) -> Answer:
        """Answer a question, which may lean on the one before; raises UsageError for an empty or endless one."""
        for event in self.stream(question):
            if isinstance(event, AnswerReady):
                return event.answer
        raise AssertionError("a stream ends with its answer")

    def stream(self, question: str) -> Generator[Event, None, None]:
        """Answer a question as it goes, as ``Chatbot.stream`` does; a stream that is closed early is not remembered."""
        for event in self._bot.stream(question, history=self.history()):
            if isinstance(event, AnswerReady):
                self.answers.append(event.answer)
            yield event

    def history(self) -> list[Answer]:
        """The newest answers that fit into HISTORY_TOKENS, oldest first."""
        room = HISTORY_TOKENS
        kept: list[Answer] = []
        for answer in reversed(self.answers):
            room -= sum(plan_tokens(text, answer.language) for text in (answer.question, answer.text))
            if room < 0 and kept:
                break
            kept.insert(0, answer)
        return kept


def leans(question: str, language: str) -> bool:
    """Whether a question says too little to stand alone."""
    return len(content_words(question, language)) <= FEW_WORDS


def in_context(question: str, history: Sequence[Answer], limit: int) -> str:
    """A question with those before it that it may lean on, as a text to search for; at most ``limit`` characters.

    The question stands twice, around the one before: so it outweighs that one, and of the ways that were tried on the
    tune part of the golden conversations this one found the most.
    """
    before: list[str] = []
    for answer in reversed(history):
        before.insert(0, answer.question)
        if not leans(answer.question, answer.language):
            break
    if not before:
        return question
    room = max(limit - 2 * len(question) - 2, 0)
    return f"{question} {' '.join(before)[:room]} {question}"[:limit]


def earlier(history: Sequence[Answer]) -> str:
    """What a model is told of the conversation: the questions, and only sentences that were verified."""
    return " ".join(
        f"Question: {answer.question} Answer: {' '.join(sentence.text for sentence in answer.sentences) or answer.text}"
        for answer in history
    )
