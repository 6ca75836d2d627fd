from __future__ import annotations

import pytest

from index.language import detect_language
from tests.conftest import CORPUS


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("How many H100 GPUs does Meta want?", "en"),
        ("Who met Yoon Suk Yeol on Thursday?", "en"),
        ("Wer ist William Cho?", "de"),
        ("Qui est Kwon Bong-seok ?", "fr"),
        ("扎克伯格什么时候到韩国？", "zh-Hans"),
        ("紮克伯格什麼時候到韓國？", "zh-Hant"),
        ("ザッカーバーグ氏は韓国を訪問した。", "ja"),
        ("저커버그는 한국을 방문했다.", "ko"),
        ("¿Cuántas unidades quiere comprar Meta?", "es"),
        ("350 000", "und"),
        ("", "und"),
    ],
)
def test_languages_and_scripts(text: str, tag: str) -> None:
    assert detect_language(text) == tag


def test_each_document_of_the_sample_corpus() -> None:
    tags = [detect_language(path.read_text(encoding="utf-8")) for path in sorted(CORPUS.glob("*.txt"))]
    assert tags == ["zh-Hant", "de", "zh-Hans", "en", "fr"]
