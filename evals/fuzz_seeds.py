"""What fuzzing begins with: sound inputs, and the words that our rules look for."""

from __future__ import annotations

import io
import zipfile

from evals.made_files import DOCUMENT_XML, pdf, word

LANGUAGES = ("en", "de", "fr", "es", "zh-Hans", "zh-Hant", "ja", "ko", "ar", "hi", "th", "ru", "tr", "cs", "und")
DOCX_XML = "document.xml"  # the text's part of a DOCX: behind the checksums of the whole, no change would get by
KINDS = (".txt", ".md", ".html", ".pdf", ".docx", DOCX_XML)
SENTENCES = (
    "Meta wants to buy 350,000 H100 GPUs by the end of 2024, said Mark Zuckerberg on 18 January.",
    "Samsung investiert 622 Billionen Won in 16 Werke in Südkorea, nicht in Japan.",
    "英伟达去年卖出了三十五万块H100，黄仁勋在台北表示。",
)
TOKENS = (
    *"万亿兆千百十三五零〇一成만억조½¼²٣٫٬’⁄\u2009\u00a0\u3000。！？…”」』）;；:，、.!?\u2028\x85\x1c\ufeff\u202e\ud800",
    *(
        "million",
        "Milliarde",
        " bn",
        " k",
        "twenty",
        "zwei",
        "quatre-vingt",
        "hundred",
        "half",
        "%",
        "€",
        "km",
        "hours",
    ),
    *(
        "Dr. ",
        "M. ",
        "A. ",
        "U.S. ",
        "z.B. ",
        "Mr. ",
        "www.a.b/c?d=1",
        "“",
        "»",
        "(",
        ")",
        "[1]",
        "【2】",
        "not",
        "never",
    ),
    *(
        "January",
        "18.",
        "2024-01-18",
        "2024年1月",
        "Montag",
        "South Korea",
        "TSMC（台积电）",
        "does",
        "?",
        "1,000.5",
        "1e9",
    ),
)
PAGE = """<html><head><meta charset="utf-8"><title>Mill</title></head><body><p style="display:none">x</p>
<!-- y --><table><tr><td>Height</td><td>21&nbsp;m</td></tr></table><pre> a
 b</pre>&#55296;&#0;<br>end</body></html>"""


def seeds(target: str) -> list[bytes]:
    """The first inputs of a target, as ``evals.fuzz_child`` reads them."""
    if target == "readers":
        return [bytes([KINDS.index(kind)]) + data for kind, data in _files()]
    if target in ("sentences", "numbers"):
        return [bytes([number, 0]) + sentence.encode() for number in range(5) for sentence in SENTENCES]
    return [bytes(range(number, number + 40)) for number in range(0, 200, 40)]


def _files() -> list[tuple[str, bytes]]:
    document = word("The mill was built in 1820.", "It has three floors.")
    with zipfile.ZipFile(io.BytesIO(document)) as parts:
        xml = parts.read(DOCUMENT_XML)
    plain = "Das Mühlrad dreht sich.\nLe musée a fermé à Noël."
    return [
        (".txt", plain.encode()),
        (".txt", plain.encode("utf-16")),
        (".md", plain.encode("cp1252")),
        (".txt", SENTENCES[2].encode("gb18030")),
        (".html", PAGE.encode()),
        (".html", SENTENCES[2].encode("big5", "ignore")),
        (".pdf", pdf("The mill was built\nin 1820.", "It burned.")),
        (".docx", document),
        (DOCX_XML, xml),
    ]
