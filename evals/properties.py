"""What holds for any input whatever; fuzzing (``make fuzz``) and the tests with hypothesis both check it here.

Each function returns when its property holds and raises when it does not, an AssertionError or whatever came up.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from index import load_settings
from index.errors import PolyciteError, SettingsError
from index.extract import ExtractError, extract
from index.language import detect_language
from index.numbers import numbers
from index.sentences import MAX_CHARS, split_sentences
from qa import Chatbot


def reads(name: str, data: bytes) -> None:
    """A file gives a text that can be stored, with pages that begin in order within it; or a reason in one line.

    The parsers run in this process, where fuzzing sees which of their lines are reached.
    """
    try:
        found = extract(PurePosixPath(name).suffix, data)
    except ExtractError as reason:
        _is_one_line(reason)
        return
    assert found.text.strip()
    assert found.text.encode().decode() == found.text
    assert detect_language(found.text)
    assert list(found.pages) == sorted(found.pages)
    assert all(0 <= page <= len(found.text) for page in found.pages)


def cuts(text: str, language: str) -> None:
    """Sentences lie in the text, in order and apart, without white space around them, and leave out nothing else."""
    end = 0
    for sentence in split_sentences(text, language):
        assert end <= sentence.start < sentence.end <= len(text)
        words = sentence.of(text)
        assert words == words.strip()
        assert len(words) <= MAX_CHARS
        assert not text[end : sentence.start].strip()
        end = sentence.end
    assert not text[end:].strip()


def counts(text: str, language: str) -> None:
    """Numbers are finite."""
    assert all(number.is_finite() for number in numbers(text, language))


def verifies(bot: Chatbot, claim: str) -> None:
    """Whatever is claimed, each citation is in its document, word for word; or there is a reason in one line."""
    try:
        verification = bot.verify(claim)
    except PolyciteError as error:
        _is_one_line(error)
        return
    for citation in verification.citations:
        document = bot.index.document(citation.source)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote
    known = {citation.number for citation in verification.citations}
    for sentence in verification.sentences:
        assert set(sentence.citations) <= known
        assert bool(sentence.citations) == (sentence.verdict == "supported")


def configures(flags: Mapping[str, object]) -> None:
    """Flags make settings, or a SettingsError in one line."""
    try:
        load_settings(**flags)
    except SettingsError as error:
        _is_one_line(error)


def _is_one_line(error: PolyciteError) -> None:
    assert str(error)
    assert len(str(error).splitlines()) == 1
