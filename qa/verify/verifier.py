"""Whether the documents say what a sentence says; by rules and the embedder, never by the model that wrote it.

A sentence is held against the nearest passages of at most two sentences. One of them must be near in meaning (by
language-neutral vectors), state every date and quantity of it, have every name of it, and not be turned round by a
negation or an opposite. In doubt a sentence is not supported: a refusal costs convenience, a wrong yes costs trust.
Who does what to whom is seen in one way only: in one language, names must come in the passage's own order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from index import Evidence, Index
from index.errors import UsageError
from index.language import detect_language, same_language
from index.sentences import split_sentences
from qa.marks import strip_marks
from qa.quotes import Quote, pair_with
from qa.types import Verification, VerifiedSentence
from qa.verify.facts import Facts, read_facts
from qa.verify.fold import fold
from qa.verify.names import NameBook, find_names
from qa.verify.places import take_places
from qa.verify.polarity import contradiction

PASSAGES = 16  # chunks that are looked at
TRIED = 20  # sentences, and pairs of them, at most
# Chosen on the tune part of the claim set: similarity at which a passage in the sentence's own language, or in another,
# may support it, and how far below the nearest passage one may lie.
NEAR, NEAR_ACROSS = 0.62, 0.50
BEHIND = 0.10
CLAUSE_COST = 0.10  # a passage's nearest clause counts as much less than the whole of another
TELLING = 0.15  # so much less is asked of a sentence with a figure that is rarely met by chance
PAIR_COST = 0.02  # a single sentence goes before two that say the same
MIN_WORDS = 3  # fewer words make no statement that could be held against anything

_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u9fff\uac00-\ud7af]+")
_CLAUSE_END = re.compile(r"[,;:](?=\s)|[，；：。]|(?<=[.!?])\s")
_WORDS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """The passage that supports a sentence, or why none does."""

    quote: Quote | None
    reason: str = ""


class Verifier:
    """Holds sentences against an index; safe across threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._place = lru_cache(_WORDS_KEPT)(index.place)

    def verify(self, text: str) -> Verification:
        """Check any text, sentence by sentence; citation marks in it count for nothing.

        Raises:
            UsageError: it is empty.
        """
        if not text.strip():
            raise UsageError("there is nothing to verify; give a sentence, or a file that holds some")
        language = detect_language(text)
        sentences: list[VerifiedSentence] = []
        numbers: dict[Quote, int] = {}
        for span in split_sentences(text, language):
            sentence = span.of(text)
            outcome = self.check(sentence, detect_language(sentence) if len(sentence) > len(text) / 2 else language)
            if outcome.quote is None:
                sentences.append(VerifiedSentence(sentence, "unsupported", outcome.reason, ()))
            else:
                number = numbers.setdefault(outcome.quote, len(numbers) + 1)
                sentences.append(VerifiedSentence(sentence, "supported", "", (number,)))
        return Verification(tuple(sentences), tuple(quote.citation(number) for quote, number in numbers.items()))

    def check(self, sentence: str, language: str, among: Sequence[Quote] | None = None) -> Outcome:
        """Find the words that support a sentence in the language of a BCP 47 tag: in ``among``, or in any document."""
        sentence = strip_marks(sentence)
        if sentence.rstrip("\"'”»」』 ").endswith(("?", "？", "؟")):
            return Outcome(None, "a question states nothing")
        if len(_words(sentence)) < MIN_WORDS:
            return Outcome(None, "too short to be held against a passage")
        try:
            evidence = self._index.search(sentence, PASSAGES)
        except UsageError as error:
            return Outcome(None, str(error).partition(";")[0].replace("the question", "the sentence"))
        passages = sorted(_passages(evidence), key=lambda quote: -quote.score)
        if among is not None:
            passages = [passage for passage in passages if any(passage.lies_in(quote) for quote in among)]
        if not passages:
            return Outcome(None, "no passage is near enough in meaning")
        same = next((quote for quote in passages if _words(quote.text) == _words(sentence)), None)
        if same:
            return Outcome(same)
        claim = _Claim(sentence, language, evidence, self)
        reasons = []
        for quote in passages[:TRIED]:
            if quote.score < passages[0].score - BEHIND:
                break
            near = (NEAR if same_language(quote.language, language) else NEAR_ACROSS) - TELLING * claim.is_telling
            if max(quote.score, self.nearest_clause(sentence, quote)[0] - CLAUSE_COST) >= near:
                reason = claim.objection(quote)
                if reason is None:
                    return Outcome(quote)
                reasons.append(reason)
        return Outcome(None, reasons[0] if reasons else "no passage is near enough in meaning")

    def nearest_clause(self, sentence: str, quote: Quote) -> tuple[float, str]:
        """The clause of a passage that is nearest to a sentence, and how near; a passage may say much besides."""
        clauses = [clause for clause in _CLAUSE_END.split(quote.text) if len(_words(clause)) >= MIN_WORDS]
        return max(((self.likeness(sentence, clause), clause) for clause in clauses), default=(0.0, quote.text))

    def likeness(self, first: str, second: str) -> float:
        """Similarity of two words (-1 to 1)."""
        return float(self._place(first) @ self._place(second))


class _Claim:
    """What a sentence states; ``is_telling``: something that is rarely met by chance."""

    def __init__(self, sentence: str, language: str, evidence: list[Evidence], verifier: Verifier) -> None:
        self._language = language
        self._sentence = sentence
        self._verifier = verifier
        self._facts = read_facts(sentence, language)
        self._places, rest = take_places(self._facts.rest, language)
        self.is_telling = self._facts.are_telling()
        self._names = find_names(rest, language)
        texts = [(read_facts(item.text, item.language).text, item.language) for item in evidence]
        self._book = NameBook([(self._facts.text, language), *texts], verifier.likeness)

    def objection(self, quote: Quote) -> str | None:
        """Why the passage does not say so; None when it does."""
        given = read_facts(quote.text, quote.language)
        missing = self._facts.missing(given) or self._missing_place(given, quote.language)
        missing = missing or self._book.missing(self._names, given.text, quote.language)
        if missing:
            return f"{missing!r} is not in the nearest passage"
        if same_language(quote.language, self._language) and not self._in_order(fold(given.text)):
            return "the nearest passage has these names in another order"
        turned = contradiction(self._facts.text, self._language, given.text, quote.language)
        if turned:
            clause = read_facts(self._verifier.nearest_clause(self._sentence, quote)[1], quote.language).text
            turned = contradiction(self._facts.text, self._language, clause, quote.language)
        return turned

    def _in_order(self, passage: str) -> bool:
        """Whether the names come as in the passage, which says of others what it says where they do not."""
        claim = fold(self._facts.text)
        forms = sorted({fold(name.text) for name in self._names} | set(map(fold, self._places)), key=claim.find)
        place = -1
        for form in forms:
            if form in passage:
                place = passage.find(form, place + 1)
                if place < 0:
                    return False
        return True

    def _missing_place(self, given: Facts, language: str) -> str | None:
        named, _ = take_places(given.text, language)
        return next(
            (word for word, codes in self._places.items() if not any(codes & its for its in named.values())), None
        )


def _passages(evidence: list[Evidence]) -> Iterator[Quote]:
    """Every sentence, and each two in a row."""
    for item in evidence:
        single = [
            Quote.of(item, sentence) for sentence in sorted(item.sentences, key=lambda sentence: sentence.span.start)
        ]
        yield from single
        for first, second in pairwise(single):
            yield pair_with(first, second, item, PAIR_COST)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
