"""One golden question, asked: what was found and answered, and what of it is right."""

from __future__ import annotations

import time
from collections.abc import Sequence

from evals.goldenset import Group, holds
from evals.locate import covers, overlaps_half
from evals.metrics.correctness import is_correct
from evals.metrics.offsets import exact_offsets
from evals.metrics.token_f1 import token_f1
from evals.metrics.truth import is_true
from evals.results import CitedWords, FoundChunk, ResultRow, ShownSentence, SupportingPassage
from index import Document
from qa import Answer, AnswerReady, AnswerSentence, Chatbot, Citation, Conversation, EvidenceFound, SentenceVerified

RESULTS = 20  # chunks looked at for the figures of retrieval


def ask(bot: Chatbot, row: ResultRow, documents: dict[str, Document], talk: Conversation) -> ResultRow:
    """Ask the row's question in ``talk`` and fill in what came of it; a model's failure is an error, not a score."""
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    answer, confidence = None, 0.0
    for event in talk.stream(row.question):
        if isinstance(event, EvidenceFound):
            seconds["first_event"] = time.perf_counter() - started
            confidence = event.best_score
        elif isinstance(event, SentenceVerified):
            seconds.setdefault("first_sentence", time.perf_counter() - started)
        elif isinstance(event, AnswerReady):
            answer = event.answer
    seconds["total"] = time.perf_counter() - started
    assert answer is not None
    return row.model_copy(
        update={
            "error": answer.receipt.fault,
            "evidence": find(bot, row),
            "confidence": confidence,
            "seconds": {name: round(value, 4) for name, value in seconds.items()},
            **judge(answer, row, documents, bot),
        }
    )


def find(bot: Chatbot, row: ResultRow) -> tuple[FoundChunk, ...]:
    """The chunks nearest to the question, each with whether it holds a supporting passage."""
    found = bot.index.search(row.question, RESULTS)
    return tuple(
        FoundChunk(
            source=item.source,
            language=item.language,
            start=item.span.start,
            end=item.span.end,
            text=item.text,
            score=round(item.score, 4),
            tokens=item.tokens,
            relevant=any(covers(item.span, passage, item.source) for passage in row.golden_passages),
        )
        for item in found
    )


def judge(answer: Answer, row: ResultRow, documents: dict[str, Document], bot: Chatbot) -> dict[str, object]:
    """What of an answer is right, by the golden row alone."""
    quotes = {citation.number: citation.quote for citation in answer.citations}
    texts = [sentence.text for sentence in answer.sentences]
    groups = row.golden_answers
    return {
        "abstained": answer.abstained,
        "answer": answer.text,
        "model": answer.model,
        "model_asked": answer.receipt.asked,
        "planned_tokens": answer.receipt.planned_tokens,
        "sentences": tuple(_sentence(sentence, quotes, groups, row.answerable, bot) for sentence in answer.sentences),
        "citations": tuple(_citation(citation, row.golden_passages, documents) for citation in answer.citations),
        "withheld": tuple((item.text, item.reason) for item in answer.withheld),
        "correct": is_correct([*texts, *quotes.values()], groups),
        "first_citation_correct": bool(quotes) and is_correct([quotes[1]], groups),
        "token_f1": round(token_f1(" ".join(texts), [choice for group in groups for choice in group]), 4)
        if groups
        else 0,
    }


def _sentence(
    sentence: AnswerSentence, quotes: dict[int, str], groups: Sequence[Group], answerable: bool, bot: Chatbot
) -> ShownSentence:
    text = sentence.text
    cited = [quotes[number] for number in sentence.citations]
    return ShownSentence(
        text=text,
        citations=sentence.citations,
        quoted=text in cited,
        checked=text in cited or all(item.verdict == "supported" for item in bot.verify(text).sentences),
        true=is_true(text, cited, groups, answerable),
        answers=any(holds(text, group) for group in groups),
    )


def _citation(citation: Citation, passages: Sequence[SupportingPassage], documents: dict[str, Document]) -> CitedWords:
    document = documents.get(citation.source)
    exact = document is not None and exact_offsets([(citation.start, citation.end, citation.quote)], document.text) == [
        True
    ]
    return CitedWords(
        number=citation.number,
        source=citation.source,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        language=citation.language,
        exact=exact,
        golden=any(overlaps_half(citation.start, citation.end, citation.source, passage) for passage in passages),
    )
