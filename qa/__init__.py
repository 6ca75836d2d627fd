"""Questions to verified answers."""

from qa.chatbot import Chatbot
from qa.conversation import Conversation
from qa.types import (
    Answer,
    AnswerReady,
    AnswerSentence,
    Citation,
    ClosestPassage,
    DraftToken,
    Event,
    EvidenceFound,
    Receipt,
    SentenceVerified,
    Verification,
    VerifiedSentence,
    Wishes,
    Withheld,
)

__all__ = [
    "Answer",
    "AnswerReady",
    "AnswerSentence",
    "Chatbot",
    "Citation",
    "ClosestPassage",
    "Conversation",
    "DraftToken",
    "Event",
    "EvidenceFound",
    "Receipt",
    "SentenceVerified",
    "Verification",
    "VerifiedSentence",
    "Wishes",
    "Withheld",
]
