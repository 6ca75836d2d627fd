"""One target of ``make fuzz`` in a process of its own: ``python -m evals.fuzz_child TARGET`` with libFuzzer's options.

An input is bytes; what a target makes of them is here, what must hold is in ``evals.properties``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import atheris

# Coverage is taken where our own code and the parsers of files branch.
with atheris.instrument_imports(
    include=["index", "qa", "bs4", "html", "_markupbase", "charset_normalizer", "docx", "pypdf", "zipfile"]
):
    from evals import properties
    from evals.fuzz_seeds import DOCX_XML, KINDS, LANGUAGES, SENTENCES, TOKENS
    from evals.made_files import docx_of
    from index import Settings, index_folder, load_settings
    from qa import Chatbot


def readers(data: bytes) -> None:
    """The first byte is the kind of file."""
    kind = KINDS[data[0] % len(KINDS)] if data else ".txt"
    if kind == DOCX_XML:
        properties.reads("file.docx", docx_of(data[1:]))
    else:
        properties.reads(f"file{kind}", data[1:])


def sentences(data: bytes) -> None:
    """The first byte is the language."""
    properties.cuts(_text(data[1:]), _language(data))


def numbers(data: bytes) -> None:
    """The first byte is the language."""
    properties.counts(_text(data[1:]), _language(data))


def verification(bot: Chatbot, data: bytes) -> None:
    """A sentence of the documents with any text put in the place of a part of it, so that it stays near to them."""
    chosen, start, end = data[0:1], data[1:2], data[2:3]
    sentence = SENTENCES[sum(chosen) % len(SENTENCES)]
    properties.verifies(bot, sentence[: sum(start) % 100] + _text(data[3:]) + sentence[sum(end) % 100 :])


def settings(data: bytes) -> None:
    """Some flags, known and unknown, of any type."""
    provider = atheris.FuzzedDataProvider(data)
    known = list(Settings.model_fields)
    flags: dict[str, object] = {}
    for _ in range(provider.ConsumeIntInRange(1, 4)):
        chosen = provider.ConsumeIntInRange(0, len(known))
        name = known[chosen] if chosen < len(known) else provider.ConsumeUnicode(8)
        flags[name] = _value(provider)
    properties.configures(flags)


def _language(data: bytes) -> str:
    return LANGUAGES[sum(data[:1]) % len(LANGUAGES)]


def _text(data: bytes) -> str:
    """UTF-8 after a byte 0, with lone surrogates after a 1; else a byte from 128 on is what our rules look for."""
    if data[:1] <= b"\x01":
        return data[1:].decode("utf-8", "surrogateescape" if data[:1] else "ignore")
    return "".join(chr(byte) if byte < 128 else TOKENS[byte % len(TOKENS)] for byte in data)


def _value(provider: atheris.FuzzedDataProvider) -> object:
    kind = provider.ConsumeIntInRange(0, 6)
    if kind == 0:
        return provider.ConsumeInt(8)
    if kind == 1:
        return provider.ConsumeFloat()
    if kind == 2:
        return provider.ConsumeBytes(12)
    if kind == 3:
        return [provider.ConsumeUnicode(4)]
    return str(provider.ConsumeUnicode(24))


@cache
def open_bot(folder: Path) -> Chatbot:
    """A chatbot over a document for each of the sentences."""
    for number, sentence in enumerate(SENTENCES):
        (folder / f"{number}.txt").write_text(sentence, encoding="utf-8")
    index_folder(folder, folder / ".polycite", load_settings())
    return Chatbot.open(folder / ".polycite", llm="none")


def main() -> None:
    """Run a target, or replay a file, until libFuzzer ends the process."""
    name = sys.argv.pop(1)
    targets: dict[str, Callable[[bytes], None]] = {
        "readers": readers,
        "sentences": sentences,
        "numbers": numbers,
        "settings": settings,
    }
    with tempfile.TemporaryDirectory() as folder:
        if name == "verification":
            targets[name] = partial(verification, open_bot(Path(folder)))
        atheris.Setup(sys.argv, targets[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
