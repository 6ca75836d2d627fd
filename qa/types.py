"""What an answer is made of. Offsets count code points of the document's text; times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["supported", "unsupported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words that support a sentence: ``document.text[start:end] == quote``, always."""

    number: int
    source: str
    start: int
    end: int
    quote: str
    language: str


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence that is shown, with the numbers of its citations (at least one)."""

    text: str
    verdict: Verdict
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence of the model that is not shown as answer, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class VerifiedSentence:
    """A sentence of a text that was held against the documents: the citations that support it, or why none does."""

    text: str
    verdict: Verdict
    reason: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What the documents say to a text, sentence by sentence."""

    sentences: tuple[VerifiedSentence, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class ClosestPassage:
    """A passage that is near the question without answering it, shown with an abstention."""

    source: str
    start: int
    end: int
    quote: str
    language: str


@dataclass(frozen=True, slots=True)
class ContextItem:
    """A passage that was offered to the model; ``tokens`` by tiktoken's cl100k_base."""

    source: str
    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by the server's own count; None where it gives none. ``cached``: of the prompt, not read again."""

    prompt: int | None = None
    cached: int | None = None
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one question may ask for beside its answer.

    Attributes:
        passages: how many passages are looked at; None: as many as the settings say.
        languages: BCP 47 tags of the documents to look at; none: all.
        worded: whether the model may word the answer; otherwise it is quotes only.
    """

    passages: int | None = None
    languages: tuple[str, ...] = ()
    worded: bool = True


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went to the model and what was left out.

    Attributes:
        asked: whether the model was asked at all.
        why: one sentence on who worded the answer, and why.
        window: tokens that the model can take; 0 without a model.
        planned_tokens: tokens of prompt and answer as planned (tiktoken's count times a margin for their languages).
        used: tokens that it took in fact.
        included, dropped: passages that were, and were not, part of the prompt.
        fault: what went wrong with the model, in one line, if anything did.
    """

    asked: bool
    why: str
    window: int = 0
    planned_tokens: int = 0
    used: Usage = Usage()
    included: tuple[ContextItem, ...] = ()
    dropped: tuple[ContextItem, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown: sentences with citations, or an abstention with the closest passages.

    ``text`` is the whole as one string with marks such as ``[1]``; ``model`` names who worded it ("none": quotes only);
    ``differ`` says that the first two citations give different figures for what was asked.
    """

    question: str
    language: str
    text: str
    sentences: tuple[AnswerSentence, ...]
    withheld: tuple[Withheld, ...]
    citations: tuple[Citation, ...]
    closest: tuple[ClosestPassage, ...]
    abstained: bool
    differ: bool
    model: str
    timings: dict[str, float]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """First event of a stream: how many passages were found, and the best score."""

    sources: tuple[str, ...]
    best_score: float


@dataclass(frozen=True, slots=True)
class DraftToken:
    """A piece of the model's unverified draft; never to be shown as answer."""

    text: str


@dataclass(frozen=True, slots=True)
class SentenceVerified:
    """A sentence that will be part of the answer."""

    sentence: AnswerSentence
    citations: tuple[Citation, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class AnswerReady:
    """Last event of a stream."""

    answer: Answer


Event = EvidenceFound | DraftToken | SentenceVerified | AnswerReady
