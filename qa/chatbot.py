"""The one pipeline: question -> evidence -> draft -> verified answer, as a stream of events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from types import TracebackType

from index import Evidence, Index, Settings, load_settings
from index.errors import ModelError
from index.language import detect_language, same_language
from index.sentences import split_sentences
from qa.asked import lacks_money, prefer_stated, repeats, split_question
from qa.budget import context_item
from qa.compose import Draft, abstain, compose, quoted
from qa.conversation import Conversation, earlier, in_context, leans
from qa.differ import find_difference
from qa.marks import strip_marks
from qa.models import choose_model
from qa.prompt import declines
from qa.quotes import MAX_QUOTES, Quote, choose_quotes, different, in_turn, is_weak, merge, rank_quotes
from qa.types import (
    NO_WISHES,
    Answer,
    AnswerReady,
    DraftToken,
    Event,
    EvidenceFound,
    Receipt,
    SentenceVerified,
    Usage,
    Verification,
    Wishes,
    Withheld,
)
from qa.verify import Outcome, Verifier
from qa.writer import Writer


class Chatbot:
    """Answers questions about an index; safe across threads, one model for all of them."""

    def __init__(self, index: Index, settings: Settings) -> None:
        """Take over ``index``, which ``close`` closes.

        Raises:
            ModelError: the settings name a model that is not there.
        """
        self.index = index
        self._settings = settings
        self._verifier = Verifier(index)
        choice = choose_model(settings)
        self._why = choice.why
        self._writer = Writer(choice.model, settings.api_key) if choice.model else None

    @classmethod
    def open(cls, data_dir: str | Path | None = None, **settings: object) -> Chatbot:
        """Open an index with its model: ``Chatbot.open("my/.polycite", llm="none")``.

        The embedder and the vectors are loaded now (some seconds), so that the first question does not wait for them;
        the model starts with the first question that it is asked.

        Args:
            data_dir: folder of the index; by default the nearest ``.polycite`` at or above the working directory.
            settings: any field of ``index.Settings``.

        Raises:
            PolyciteError: no index there, an unknown setting, or no such model.
        """
        return cls.with_settings(load_settings(data_dir=data_dir, **settings))

    @classmethod
    def with_settings(cls, settings: Settings) -> Chatbot:
        """Open the index that the settings name, as ``open`` does."""
        index = Index.open(settings)
        try:
            bot = cls(index, settings)
            index.search("polycite", 1)
            return bot
        except BaseException:
            index.close()
            raise

    def stop_model(self) -> None:
        """Stop the model for good: answers that it is wording end with their quotes, and so do all that follow."""
        if self._writer:
            self._writer.close()

    def close(self) -> None:
        """Stop the model and let go of the index."""
        self.stop_model()
        self.index.close()

    def __enter__(self) -> Chatbot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def model_name(self) -> str:
        """Who may word answers; ``none`` when they are quotes only."""
        return self._writer.spec.name if self._writer else "none"

    def ask(self, question: str) -> Answer:
        """Answer a question; raises UsageError for an empty or endless one."""
        for event in self.stream(question):
            if isinstance(event, AnswerReady):
                return event.answer
        raise AssertionError("a stream ends with its answer")

    async def aask(self, question: str) -> Answer:
        """Answer a question without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question)

    def verify(self, text: str) -> Verification:
        """Hold any text, sentence by sentence, against the documents; raises UsageError for an empty one."""
        return self._verifier.verify(text)

    def conversation(self) -> Conversation:
        """Begin a conversation, in which a question may lean on those before it."""
        return Conversation(self)

    def stream(
        self, question: str, history: Sequence[Answer] = (), wishes: Wishes = NO_WISHES
    ) -> Generator[Event, None, None]:
        """Answer a question as it goes: evidence, quotes, draft tokens, the draft's verified sentences, the answer.

        The quotes come at once, without waiting for the model. Closing the iterator stops the model. ``history`` are
        the answers before, oldest first, in a conversation.
        """
        started = time.perf_counter()
        question = question.strip()
        language = detect_language(question)
        asked = split_question(question, language)
        found = [self._search(part, language, history, wishes) for part in asked]
        evidence = merge(found)
        timings = {"search": time.perf_counter() - started}
        yield EvidenceFound(tuple(item.source for item in evidence), evidence[0].score if evidence else 0.0)

        rankings = [different(rank_quotes(items)) for items in found]
        answering = [
            prefer_stated(part, language, ranked)
            for part, items, ranked in zip(asked, found, rankings, strict=True)
            if not is_weak(items) and not lacks_money(part, language, ranked)
        ]
        if not answering:
            weak = is_weak(evidence)
            why = "no evidence is strong enough" if weak else "money is asked for, and the best evidence names no sum"
            receipt = Receipt(asked=False, why=why)
            timings["total"] = time.perf_counter() - started
            yield AnswerReady(abstain(question, language, in_turn(rankings), timings, receipt))
            return
        ranked = in_turn(answering)
        quotes = choose_quotes(answering)
        difference = find_difference(evidence, self._verifier.likeness)
        if difference:
            others = (quote for quote in quotes if not any(one.lies_in(quote) for one in difference))
            quotes = [*difference, *others][:MAX_QUOTES]
        for sentence, citation in quoted(quotes):
            timings.setdefault("first_quote", time.perf_counter() - started)
            yield SentenceVerified(sentence, (citation,))
        before_model = time.perf_counter()
        if difference:  # no model is asked to settle what the documents leave open
            draft = Draft("none", Receipt(asked=False, why="the documents differ, so they speak for themselves"))
        elif not wishes.worded:
            draft = Draft("none", Receipt(asked=False, why="quotes only, as asked"))
        else:
            draft = yield from self._draft(question, language, ranked, earlier(history))
        timings["model"] = time.perf_counter() - before_model
        answer = compose(question, language, quotes, draft, timings, differ=difference is not None)
        cited = {citation.number: citation for citation in answer.citations}
        for sentence in answer.sentences[: len(draft.supported)]:
            yield SentenceVerified(sentence, tuple(cited[number] for number in sentence.citations))
        timings["total"] = time.perf_counter() - started
        yield AnswerReady(answer)

    def _search(self, question: str, language: str, history: Sequence[Answer], wishes: Wishes) -> list[Evidence]:
        """Find evidence; none for a question that is strong enough only by what was asked before it."""
        passages = wishes.passages or self._settings.passages
        alone = self.index.search(question, passages, wishes.languages)
        if not history or (is_weak(alone) and not leans(question, language)):
            return alone
        together = in_context(question, history, self._settings.max_question_chars)
        return self.index.search(together, passages, wishes.languages)

    def _draft(
        self, question: str, language: str, ranked: Sequence[Quote], before: str
    ) -> Generator[Event, None, Draft]:
        """Have the model word the best quotes, if it speaks the languages, and check every sentence of it."""
        if self._writer is None:
            return Draft("none", Receipt(asked=False, why=self._why))
        spec = self._writer.spec
        if not _speaks(spec.languages, language) or not _speaks(spec.languages, ranked[0].language):
            which = "the question" if not _speaks(spec.languages, language) else "the best evidence"
            why = f"quotes only: {spec.name} speaks {', '.join(spec.languages)}, and {which} is in another language"
            return Draft("none", Receipt(asked=False, why=why))
        readable = [quote for quote in ranked if _speaks(spec.languages, quote.language)]
        planned, included, dropped = self._writer.plan(question, language, readable[: spec.passages], before)
        text, fault, used = "", None, Usage()
        pieces = self._writer.draft(question, language, included, before)
        try:
            while True:
                piece = next(pieces)
                text += piece
                yield DraftToken(piece)
        except StopIteration as end:
            used = end.value
        except ModelError as error:
            fault = str(error)
        finally:
            pieces.close()
        supported, withheld = ([], []) if declines(text) else self._check(text, question, language, included)
        receipt = Receipt(
            asked=True,
            why=self._why + ("; it found no answer in the evidence" if declines(text) else ""),
            window=spec.window,
            planned_tokens=planned,
            used=used,
            included=tuple(map(context_item, included)),
            dropped=tuple(map(context_item, dropped)),
            fault=fault,
        )
        return Draft(spec.name if supported else "none", receipt, tuple(supported), tuple(withheld))

    def _check(
        self, text: str, question: str, language: str, quotes: Sequence[Quote]
    ) -> tuple[list[tuple[str, Quote]], list[Withheld]]:
        """Hold each sentence of a draft against the quotes: (sentence, the words that support it), and the rest."""
        supported: list[tuple[str, Quote]] = []
        withheld: list[Withheld] = []
        for span in split_sentences(text, language):
            sentence = strip_marks(span.of(text))
            outcome = self._verifier.check(sentence, language, quotes)
            if outcome.quote and repeats(sentence, question, language):
                outcome = Outcome(None, "it only repeats the question")
            if outcome.quote:
                supported.append((sentence, next(quote for quote in quotes if outcome.quote.lies_in(quote))))
            elif sentence:
                withheld.append(Withheld(sentence, outcome.reason))
        return supported, withheld


def _speaks(languages: Sequence[str], language: str) -> bool:
    return not languages or any(same_language(spoken, language) for spoken in languages)
