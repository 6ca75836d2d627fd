"""Answers, evidence and documents as HTML. Whatever comes from a person, a document or a model is escaped here.

An answer goes through Gradio's Markdown, so in ``text`` every mark of punctuation becomes a reference too, and no line
breaks remain between tags.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from index.store import DocumentSummary
from index.types import Document
from qa.phrases import phrase
from qa.types import Answer, AnswerSentence, Citation, ClosestPassage, Receipt
from ui.words import Words

AROUND = 600  # characters of a paragraph that are shown before and after a quote
WHOLE = 400_000  # characters of a document that are shown whole; of a longer one, as many around the quote

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_MARKUP = re.compile(r"[&<>\\`*_#\[\]~|$]|^[-+=]", re.MULTILINE)
# Marks that turn the direction of writing could show what is not there.
_TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def text(words: str) -> str:
    """Any text, as text: no HTML, no Markdown, in one line."""
    plain = _TURNING.sub("\N{REPLACEMENT CHARACTER}", words)
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark.group())};", " ".join(plain.split()))


def typed(words: str) -> str:
    """A visitor's message: no HTML, no Markdown, and otherwise as it was typed, since it can be edited."""
    return _MARKUP.sub(lambda mark: f"&#{ord(mark.group())};", words)


def lines(words: str) -> str:
    """Any text as HTML that keeps its spaces and line ends."""
    return html.escape(_TURNING.sub("\N{REPLACEMENT CHARACTER}", words), quote=True)


def attribute(words: str) -> str:
    """Any text as the value of an attribute."""
    return html.escape(words, quote=True)


# -- the answer --------------------------------------------------------------------------------------------------------


def answer(given: Answer, turn: int, say: Words) -> str:
    """A whole answer: sentences with their marks, what was withheld, or the abstention with the closest passages."""
    if given.abstained:
        body = f'<p class="pc-abstained">{text(given.text)}</p>' + _closest(given.closest, say)
    else:
        citations = {item.number: item for item in given.citations}
        body = sentences(given.sentences, citations, turn, given.language, differ=given.differ)
    if given.withheld:
        items = "".join(f"<li>{text(item.text)} <em>({text(item.reason)})</em></li>" for item in given.withheld)
        body += f'<details class="pc-withheld"><summary>{text(say("withheld"))}</summary><ul>{items}</ul></details>'
    if given.receipt.fault:
        body += f'<p class="pc-fault">{text(given.receipt.fault)}</p>'
    return f'<div class="pc-answer" lang="{attribute(given.language)}">{body}</div>' + receipt(given, say)


def sentences(
    shown: Sequence[AnswerSentence],
    citations: dict[int, Citation],
    turn: int,
    language: str,
    *,
    differ: bool = False,
) -> str:
    """Sentences of an answer; those that are a quote, word for word, as quotes in their own language."""
    worded, quoted = [], []
    for sentence in shown:
        cited = citations[sentence.citations[0]]
        marks = "".join(_mark(turn, number) for number in sentence.citations)
        if sentence.text == cited.quote:
            quoted.append(
                f'<blockquote lang="{attribute(cited.language)}" dir="auto">{text(sentence.text)} {marks}</blockquote>'
            )
        else:
            worded.append(f'<span dir="auto">{text(sentence.text)}</span> {marks} ')
    body = f"<p>{''.join(worded)}</p>" if worded else ""
    if quoted:
        lead_in = phrase("differ" if differ else "lead_in", language)
        body += f'<p class="pc-lead">{text(lead_in)}</p>{"".join(quoted)}'
    return body


def _mark(turn: int, number: int) -> str:
    name = f"{turn}-{number}"
    return f'<a class="pc-mark" id="mark-{name}" href="#quote-{name}">&#91;{number}&#93;</a>'


def _closest(passages: Sequence[ClosestPassage], say: Words) -> str:
    if not passages:
        return ""
    items = "".join(
        f'<li lang="{attribute(item.language)}" dir="auto">{text(item.quote)} <cite>{text(item.source)}</cite></li>'
        for item in passages
    )
    return f'<p class="pc-closest">{text(say("closest"))}</p><ul class="pc-closest">{items}</ul>'


def draft(words: str, say: Words) -> str:
    """What a model has written so far, named as a draft."""
    return f'<div class="pc-draft"><strong>{text(say("draft"))}</strong> <span dir="auto">{text(words)}</span></div>'


def notice(words: str) -> str:
    """A line of polycite's own."""
    return f'<p class="pc-notice">{text(words)}</p>'


def receipt(given: Answer, say: Words) -> str:
    """What went to the model and what was left out, behind one click."""
    facts = [(say("who"), f"{given.model}: {given.receipt.why}"), *_tokens(given.receipt, say)]
    seconds = [f"{given.timings[name]:.2f}" for name in ("search", "model", "total") if name in given.timings]
    facts.append((say("seconds"), " / ".join(seconds)))
    rows = "".join(f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in facts)
    return (
        f'<details class="pc-receipt"><summary>{text(say("receipt"))}</summary><table><tbody>{rows}</tbody></table>'
        "</details>"
    )


def _tokens(given: Receipt, say: Words) -> list[tuple[str, str]]:
    if not given.asked:
        return []
    used = " / ".join("–" if count is None else f"{count:,}" for count in _counts(given))
    return [
        (say("window"), f"{given.window:,}"),
        (say("planned"), f"{given.planned_tokens:,}"),
        (say("used"), used),
        (say("included"), str(len(given.included))),
        (say("dropped"), str(len(given.dropped))),
    ]


def _counts(given: Receipt) -> tuple[int | None, int | None, int | None]:
    return given.used.prompt, given.used.cached, given.used.answer


# -- the evidence ------------------------------------------------------------------------------------------------------


def evidence(turns: Sequence[tuple[int, Answer]], documents: dict[str, Document], say: Words) -> str:
    """The quotes behind the answers, newest first, each in its paragraph."""
    parts = [_turn(turn, given, documents, say) for turn, given in reversed(turns) if given.citations]
    body = "".join(parts) or f'<p class="pc-notice">{lines(say("evidence_empty"))}</p>'
    return f'<section class="pc-evidence" aria-label="{attribute(say("evidence"))}">{body}</section>'


def _turn(turn: int, given: Answer, documents: dict[str, Document], say: Words) -> str:
    quotes = "".join(_quote(turn, citation, documents.get(citation.source), say) for citation in given.citations)
    return f'<h3 dir="auto">{lines(given.question)}</h3>{quotes}'


def _quote(turn: int, citation: Citation, document: Document | None, say: Words) -> str:
    name = f"{turn}-{citation.number}"
    before, after = _paragraph(citation, document)
    return (
        f'<article id="quote-{name}" tabindex="-1" aria-labelledby="source-{name}">'
        f'<header id="source-{name}"><strong>[{citation.number}]</strong> {lines(citation.source)} '
        f'<span class="pc-tag">{lines(citation.language)}</span>{_page(citation, document, say)}</header>'
        f'<p lang="{attribute(citation.language)}" dir="auto">{lines(before)}<mark>{lines(citation.quote)}</mark>'
        f"{lines(after)}</p>"
        f'<footer><a href="#mark-{name}">↩ {lines(say("back"))}</a> {_open(citation, say)}</footer></article>'
    )


def _page(citation: Citation, document: Document | None, say: Words) -> str:
    page = document.page(citation.start) if document else None
    return f" {lines(say('page', n=page))}" if page else ""


def _open(citation: Citation, say: Words) -> str:
    return (
        f'<button type="button" data-open="{attribute(citation.source)}" data-start="{citation.start}" '
        f'data-end="{citation.end}">{lines(say("open_document"))}</button>'
    )


def _paragraph(citation: Citation, document: Document | None) -> tuple[str, str]:
    """What stands in the quote's paragraph before and after it; nothing where the document has gone since."""
    if document is None or document.text[citation.start : citation.end] != citation.quote:
        return "", ""
    start = document.text.rfind("\n", 0, citation.start) + 1
    end = document.text.find("\n", citation.end)
    before = document.text[start : citation.start]
    after = document.text[citation.end : end if end >= 0 else len(document.text)]
    return (
        before if len(before) <= AROUND else f"…{before[-AROUND:]}",
        after if len(after) <= AROUND else f"{after[:AROUND]}…",
    )


# -- documents ---------------------------------------------------------------------------------------------------------


def document(shown: Document, start: int, end: int, say: Words) -> str:
    """A whole document with a part of it marked."""
    first = max(0, start - WHOLE // 2) if len(shown.text) > WHOLE else 0
    last = first + WHOLE
    before, marked, after = shown.text[first:start], shown.text[start:end], shown.text[end:last]
    here = f'<mark id="here" tabindex="-1">{lines(marked)}</mark>' if marked else ""
    return (
        f'<header><h2>{lines(shown.id)}</h2><button type="button" data-close autofocus>{lines(say("close"))}</button>'
        f'</header><div class="pc-text" lang="{attribute(shown.language)}" dir="auto">'
        f"{'…' if first else ''}{lines(before)}{here}{lines(after)}{'…' if last < len(shown.text) else ''}</div>"
    )


def documents(summaries: Sequence[DocumentSummary], gone: frozenset[str], say: Words) -> str:
    """The table of documents, each to be opened and removed."""
    if not summaries:
        return f'<p class="pc-notice">{lines(say("no_documents"))}</p>'
    keys = ("document", "language", "read_as", "size", "chunks", "state")
    heads = "".join(f"<th>{lines(say(key))}</th>" for key in keys)
    rows = "".join(_row(item, item.source in gone, say) for item in summaries)
    return f'<table class="pc-documents"><thead><tr>{heads}<th></th></tr></thead><tbody>{rows}</tbody></table>'


def _row(item: DocumentSummary, gone: bool, say: Words) -> str:
    name = attribute(item.source)
    sure = attribute(say("remove_sure", name=item.source))
    return (
        f'<tr><td><button type="button" class="pc-link" data-open="{name}" data-start="0" data-end="0" dir="auto">'
        f"{lines(item.source)}</button></td><td>{lines(item.language)}</td><td>{lines(item.read_as)}</td><td>{item.characters:,}</td>"
        f"<td>{item.chunks:,}</td><td>{lines(say('state_gone' if gone else 'state_ready'))}</td>"
        f'<td><button type="button" data-remove="{name}" data-sure="{sure}">{lines(say("remove"))}</button></td></tr>'
    )
