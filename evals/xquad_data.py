"""XQuAD's files, and the pool that is made of them: each paragraph in one language, drawn at random."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from index.errors import UsageError

LANGUAGES = ("en", "de", "zh", "es")


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Question(BaseModel):
    id: str
    question: str
    answers: Annotated[list[_Answer], Field(min_length=1)]


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question]


class _Article(BaseModel):
    paragraphs: list[_Paragraph]


class _File(BaseModel):
    data: list[_Article]


@dataclass(frozen=True, slots=True)
class Wording:
    """A question in one language, with its answer and where that begins in the paragraph in this language."""

    question: str
    answer: str
    start: int


@dataclass(frozen=True, slots=True)
class Item:
    """A question in all languages; ``paragraph`` counts from 0."""

    id: str
    paragraph: int
    wordings: Mapping[str, Wording]


@dataclass(frozen=True, slots=True)
class Xquad:
    """What was read: language -> paragraphs, the questions, and language -> the first digits of its file's SHA-256."""

    paragraphs: Mapping[str, Sequence[str]]
    items: Sequence[Item]
    digests: Mapping[str, str]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the order in which they were asked for."""
        return tuple(self.paragraphs)


def read_xquad(folder: Path, languages: Sequence[str], limit: int | None = None) -> Xquad:
    """Read the languages' files; with ``limit``, that many of the questions, always the same, and all paragraphs.

    Raises:
        UsageError: no such folder or language, another form, or files that do not belong together.
    """
    languages = tuple(dict.fromkeys(languages))
    if not languages:
        raise UsageError("name at least one language, such as en")
    paths = {language: _path(folder, language) for language in languages}
    files = {language: [p for a in _read(path).data for p in a.paragraphs] for language, path in paths.items()}
    shapes = {language: [[qa.id for qa in p.qas] for p in paragraphs] for language, paragraphs in files.items()}
    for language in languages:
        if shapes[language] != shapes[languages[0]]:
            raise UsageError(f"{paths[language]}: its paragraphs and questions are not those of {languages[0]}")
    items = [
        Item(question_id, paragraph, {language: _wording(files[language][paragraph].qas[n]) for language in languages})
        for paragraph, ids in enumerate(shapes[languages[0]])
        for n, question_id in enumerate(ids)
    ]
    return Xquad(
        {language: [paragraph.context for paragraph in paragraphs] for language, paragraphs in files.items()},
        _sample(items, limit),
        {language: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for language, path in paths.items()},
    )


def _path(folder: Path, language: str) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; give the one that holds xquad.en.json")
    path = folder / f"xquad.{language}.json"
    if not path.is_file():
        there = ", ".join(sorted(file.name.split(".")[1] for file in folder.glob("xquad.*.json"))) or "none"
        raise UsageError(f"{folder}: no {path.name}; languages there: {there}")
    return path


def _read(path: Path) -> _File:
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: not in SQuAD's form: {where or 'JSON'}: {first['msg']}") from error


def _wording(question: _Question) -> Wording:
    return Wording(question.question, question.answers[0].text, question.answers[0].answer_start)


def _sample(items: list[Item], limit: int | None) -> list[Item]:
    """The ``limit`` questions whose ids have the lowest hashes, in their order."""
    chosen = sorted(items, key=lambda item: hashlib.sha256(item.id.encode()).digest())[:limit]
    kept = {item.id for item in chosen}
    return [item for item in items if item.id in kept]


def draw_languages(count: int, languages: Sequence[str], draw: int) -> list[str]:
    """The language that each of ``count`` paragraphs is kept in: at random, by the seed ``draw`` alone."""
    numbers, choices = random.Random(draw), sorted(languages)
    return [choices[int(numbers.random() * len(choices))] for _ in range(count)]


def is_held_out(paragraph: int) -> bool:
    """Whether the paragraph took no part in choosing the weights of ``index.ranking``: those of even number did."""
    return paragraph % 2 == 1


def document_name(paragraph: int) -> str:
    """The file, and so the document, that holds a paragraph."""
    return f"{paragraph:03d}.txt"


def write_pool(data: Xquad, kept: Sequence[str], folder: Path) -> None:
    """Write each paragraph in its language as a file of its own."""
    folder.mkdir(parents=True)
    for number, language in enumerate(kept):
        (folder / document_name(number)).write_bytes(data.paragraphs[language][number].encode())
