from __future__ import annotations

import numpy as np
import pytest
from llama_index.core.base.base_retriever import BaseRetriever

from index import Index
from index.e5 import E5Engine
from index.errors import UsageError
from index.retriever import PolyciteRetriever


@pytest.mark.parametrize(
    ("question", "source", "words"),
    [
        ("How many H100 GPUs does Meta want to secure by the end of the year?", "004_875c8616b7d31ca9.txt", "350 000"),
        ("Wie viele H100-GPUs will Meta bis Jahresende beschaffen?", "004_875c8616b7d31ca9.txt", "350 000"),
        ("Meta想在年底前获得多少块H100？", "004_875c8616b7d31ca9.txt", "350 000"),
        ("How big will the AI chip market be in 2026?", "002_c9b6f5bea1152195.txt", "861亿"),
        ("Wann hat LG sein Mobilfunkgeschäft eingestellt?", "001_5ce07173e47cad90.txt", "April 2021"),
        ("Combien coûtait le Quest 2 ?", "000_477a174cfaa6d9be.txt", "299美元"),
    ],
)
def test_the_passage_is_found_whatever_its_language(
    corpus_index: Index, question: str, source: str, words: str
) -> None:
    best = corpus_index.search(question, 3)[0]
    assert best.source == source
    assert words in best.text


def test_only_the_languages_that_are_asked_for(corpus_index: Index) -> None:
    question = "How many H100 GPUs does Meta want?"
    assert {item.language for item in corpus_index.search(question, 20)} >= {"fr", "en", "de"}
    for languages in (("zh-Hans",), ("en", "fr"), ("ja",)):
        found = corpus_index.search(question, 20, languages)
        assert {item.language for item in found} == set(languages) - {"ja"}
    assert len(corpus_index.search(question, 20, ("zh-Hans",))) == 10


def test_results_are_exact_and_best_first(corpus_index: Index) -> None:
    results = corpus_index.search("What did Zuckerberg discuss in Seoul?", 10)
    assert len(results) == 10
    assert [item.score for item in results] == sorted((item.score for item in results), reverse=True)
    for item in results:
        document = corpus_index.document(item.source)
        assert document is not None
        assert item.span.of(document.text) == item.text
        assert item.language == document.language
        assert [s.score for s in item.sentences] == sorted((s.score for s in item.sentences), reverse=True)
        assert all(s.span.of(document.text) == s.text for s in item.sentences)


@pytest.mark.parametrize(
    ("question", "message"),
    [(" \n", "empty"), ("a" * 100_000, "100,000 characters, over max_question_chars = 2,000"), ("\udcff?", "UTF-8")],
)
def test_questions_that_cannot_be_asked(corpus_index: Index, question: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        corpus_index.search(question, 1)


def test_the_retriever_is_llamaindexs_own(corpus_index: Index) -> None:
    retriever: BaseRetriever = PolyciteRetriever(corpus_index, 2)
    nodes = retriever.retrieve("How many H100 GPUs does Meta want?")
    direct = corpus_index.search("How many H100 GPUs does Meta want?", 2)
    assert [(node.get_content(), node.score) for node in nodes] == [(item.text, item.score) for item in direct]
    assert nodes[0].metadata == {"source": "004_875c8616b7d31ca9.txt", "language": "fr"}


def test_the_same_folder_gives_the_same_scores(corpus_index: Index) -> None:
    question = "Wer traf wen in Seoul?"
    assert corpus_index.search(question, 5) == corpus_index.search(question, 5)


def test_a_question_is_embedded_as_a_question(corpus_index: Index) -> None:
    question = "How many H100 GPUs does Meta want?"
    as_passage = E5Engine().passages([question])[0]
    assert not np.allclose(corpus_index.embedder.question(question), as_passage, atol=1e-2)
