"""What a run of claims needs of verification; Chatbot has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class VerifiedSentence(Protocol):
    """A sentence of the text."""

    @property
    def verdict(self) -> str:
        """Supported or unsupported, in lower case."""

    @property
    def reason(self) -> str | None:
        """Why it is not supported."""


class Citation(Protocol):
    """Words of a document that support a sentence."""

    @property
    def source(self) -> str:
        """Id of the document."""

    @property
    def quote(self) -> str:
        """The words."""


class Verification(Protocol):
    """What is said of a text."""

    @property
    def sentences(self) -> Sequence[VerifiedSentence]:
        """The text's sentences, in order."""

    @property
    def citations(self) -> Sequence[Citation]:
        """What supports those that are supported."""


class Verifier(Protocol):
    """What checks a text."""

    def verify(self, text: str) -> Verification:
        """Check each sentence of the text against the documents."""
