"""The claim set holds what it promises; its figures are right by hand; a wrong row is named by file and line."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from evals.claims import measure, nearness, verify
from evals.claims_page import to_markdown
from evals.claims_report import FALSE, FALSE_HARD, HARD, TRUE, TRUE_HARD, ClaimsReport, Outcome, report
from evals.claimset import CLAIMS_FILE, Claim, Kind, load_claims
from evals.goldenset import load_golden, split_of
from index import Index, load_settings
from index.errors import UsageError
from index.sentences import split_sentences
from qa import Chatbot
from tests.conftest import CORPUS, SEEDS
from ui.cli import USAGE, main

CLAIMS = load_claims()
LANGUAGES = ("en", "de", "fr", "zh-Hans", "zh-Hant")
TEXTS = [path.read_bytes().decode() for folder in (CORPUS, SEEDS) for path in sorted(folder.glob("*.txt"))]

# -- What the set holds ------------------------------------------------------------------------------------------------


def test_each_side_holds_every_language_half_true_half_false() -> None:
    for side, least in (("report", 330), ("tune", 170)):
        claims = [claim for claim in CLAIMS if claim.split == side]
        assert len(claims) >= least
        languages = Counter(claim.language for claim in claims)
        assert set(languages) == set(LANGUAGES)
        assert min(languages.values()) >= 0.8 * len(claims) / len(LANGUAGES)
        for language in (*LANGUAGES, ""):
            true = [claim.true for claim in claims if language in ("", claim.language)]
            assert 0.45 <= sum(true) / len(true) <= 0.55, language


def test_each_side_holds_every_kind_true_and_false() -> None:
    for side in ("report", "tune"):
        kinds = Counter((claim.kind, claim.true) for claim in CLAIMS if claim.split == side)
        assert len(kinds) == 2 * len(get_args(Kind))
        false = {kind: count for (kind, true), count in kinds.items() if not true}
        assert 0.2 <= sum(false[kind] for kind in HARD) / sum(false.values()) <= 0.3


def test_related_facts_are_on_one_side_as_in_the_golden_questions() -> None:
    assert {claim.split == split_of(claim.fact) for claim in CLAIMS} == {True}
    topics = {question.fact.partition("/")[0] for question in load_golden().questions}
    assert {claim.fact.partition("/")[0] for claim in CLAIMS} <= topics


def test_no_claim_returns() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert len({claim.text.casefold() for claim in CLAIMS}) == len(CLAIMS)
    lines = CLAIMS_FILE.read_text("utf-8").splitlines()
    assert [json.dumps(json.loads(line), ensure_ascii=False) for line in lines] == lines
    assert [claim.id for claim in CLAIMS] == sorted(claim.id for claim in CLAIMS)


def test_documents_exist() -> None:
    documents = {path.name for path in CORPUS.glob("*.txt")}
    assert {name for claim in CLAIMS for name in claim.documents} == documents


def test_the_same_fact_is_in_the_same_documents() -> None:
    found = {(claim.fact, claim.documents) for claim in CLAIMS}
    assert len(found) == len({fact for fact, _ in found})


def test_a_claim_is_one_sentence() -> None:
    assert [claim.text for claim in CLAIMS if len(split_sentences(claim.text, claim.language)) != 1] == []


@pytest.mark.parametrize(("language", "encoding"), [("zh-Hans", "gb2312"), ("zh-Hant", "big5")])
def test_chinese_claims_keep_to_their_script(language: str, encoding: str) -> None:
    for claim in CLAIMS:
        if claim.language == language:
            claim.text.encode(encoding)


def test_no_claim_is_or_holds_a_sentence_of_a_document_nor_lies_within_one() -> None:
    sentences = {squeezed(text[s.start : s.end]) for text in TEXTS for s in split_sentences(text, "zh")}
    sentences |= {squeezed(line) for text in TEXTS for line in re.split(r"[.!?。！？\n]", text)}
    sentences = {sentence for sentence in sentences if len(sentence) > 8}  # headings such as "NHK" are no sentences
    whole = [squeezed(text) for text in TEXTS]
    for claim in CLAIMS:
        text = squeezed(claim.text)
        assert not any(sentence in text for sentence in sentences), claim.id
        assert not any(text in document for document in whole), claim.id


def squeezed(text: str) -> str:
    """Letters and digits only, whatever their case."""
    return re.sub(r"[\W_]", "", text.casefold())


# -- Figures -----------------------------------------------------------------------------------------------------------


def claim(number: int, kind: Kind, true: bool, language: str = "en") -> Claim:
    text = f"Claim {number}."
    return Claim(
        id=f"c{number}",
        language=language,
        fact="f",
        split=split_of("f"),
        text=text,
        true=true,
        kind=kind,
        documents=("a",),
    )


def run(accepted: set[str]) -> ClaimsReport:
    claims = [
        claim(1, "figure", True),
        claim(2, "date", True, "fr"),
        claim(3, "figure", False),
        claim(4, "name", False, "zh-Hant"),
        claim(5, "magnitude", False),
        claim(6, "negation", True),
        claim(7, "direction", False),
    ]
    judge = {text: Outcome(accepted=text in accepted, notes=(f"note on {text}",)) for text in (c.text for c in claims)}
    return report(
        {"command": "c", "versions": "v", "split": "s", "claims": "1", "corpus": "2"},
        measure(claims, {"a": "zh-Hans"}, judge.__getitem__),
    )


def test_figures_by_hand() -> None:
    found = run({"Claim 1.", "Claim 3.", "Claim 6."})
    assert {name: (figure.value, figure.n) for name, figure in found.figures.items()} == {
        FALSE: (pytest.approx(1 / 3), 3),
        TRUE: (0.5, 2),
        FALSE_HARD: (0, 1),
        TRUE_HARD: (1, 1),
    }
    low, high = found.figures[TRUE].low, found.figures[TRUE].high
    assert low == pytest.approx(0.0945, abs=1e-3) and high == pytest.approx(0.9055, abs=1e-3)  # noqa: PT018 - one interval
    assert found.by_kind["figure"][FALSE].value == found.by_kind["figure"][TRUE].value == 1
    assert found.by_kind["direction"].keys() == {FALSE}
    assert found.by_language["fr"].keys() == {TRUE}
    assert found.by_stated_in["its other script"][FALSE].n == 1
    assert found.by_stated_in["other languages only"][FALSE].n == 2


def test_the_page_lists_what_was_judged_wrongly_when_asked_to() -> None:
    found = run({"Claim 1.", "Claim 3.", "Claim 6."})
    assert "note on" not in to_markdown(found, failures=False)
    page = to_markdown(found, failures=True)
    accepted, refused = page.split("### True, refused: 1")
    assert accepted.partition("### False, accepted: 1")[2].strip() == "- c3 (figure): Claim 3.\n  - note on Claim 3."
    assert refused.strip() == "- c2 (date): Claim 2.\n  - note on Claim 2."
    assert "| .333 [" in page


def test_a_report_comes_back_from_json() -> None:
    found = run({"Claim 1."})
    assert ClaimsReport.model_validate_json(found.model_dump_json()) == found


def test_nearness_of_languages() -> None:
    assert nearness("de", ["fr", "de"]) == "the claim's language"
    assert nearness("zh-Hans", ["fr", "zh-Hant"]) == "its other script"
    assert nearness("en", ["de", "zh-Hans"]) == "other languages only"


def test_a_document_that_the_corpus_lacks_is_named() -> None:
    with pytest.raises(UsageError, match="c1: a is not in the corpus"):
        measure([claim(1, "figure", True)], {"b": "en"}, lambda text: Outcome(accepted=True, notes=()))


# -- Verification -----------------------------------------------------------------------------------------------------


def test_a_claim_is_accepted_when_all_its_sentences_are_supported(corpus_index: Index) -> None:
    bot = Chatbot(corpus_index, load_settings(llm="none"))
    right = "LG said it was eager to cooperate more closely with Meta."
    assert verify(bot, right) == Outcome(accepted=True, notes=(f"003_f03269b3951d46b0.txt: {right}",))
    assert not verify(bot, f"{right} Its profit was 12 billion dollars.").accepted


def test_the_command_prints_the_figures_and_keeps_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "claims.json"
    assert main(["eval", "claims", "--corpus", str(CORPUS), "--split", "tune", "--out", str(kept)]) == 0
    printed = capsys.readouterr().out
    assert "| magnitude | " in printed
    rows = json.loads(kept.read_text("utf-8"))["results"]
    assert len(rows) == len(load_claims("tune"))
    wrong = [row for row in rows if row["claim"]["kind"] == "magnitude" and not row["claim"]["true"]]
    assert not any(row["outcome"]["accepted"] for row in wrong)


# -- Wrong input -------------------------------------------------------------------------------------------------------


def row_with(**changes: Any) -> dict[str, Any]:
    row = {"id": "c1", "language": "en", "fact": "f/x", "split": split_of("f"), "text": "It is so.", "true": True}
    return {**row, "kind": "figure", "documents": ["a.txt"], **changes}


def test_a_right_row_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(row_with()) + "\n", "utf-8")
    assert [found.text for found in load_claims(path=path)] == ["It is so."]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (row_with(id="c2", kind="maybe"), "kind: Input should be"),
        (row_with(id="c2", true="yes"), "true: Input should be a valid boolean"),
        (row_with(id="c2", documents=[]), "documents: Tuple should have at least 1 item"),
        (row_with(id="c2", documents=["b", "a"]), "documents: must be sorted, each once"),
        (row_with(id="c2", text=" "), "text: String should match"),
        (row_with(id="c2", split={"tune": "report", "report": "tune"}[split_of("f")]), "split: must be "),
        (row_with(id="c2", note="?"), "note: Extra inputs are not permitted"),
        (row_with(), "id: c1 is the id of an earlier row already"),
        ([], "Input should be an object"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: object, expected: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(row_with()) + "\n" + json.dumps(row) + "\n", "utf-8")
    with pytest.raises(UsageError) as caught:
        load_claims(path=path)
    assert str(caught.value).startswith(f"own.jsonl line 2: {expected}")


def test_a_split_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "claims", "--corpus", str(CORPUS), "--split", "half"]) == USAGE
    assert "no claim has the split 'half'; choose tune, report or all" in capsys.readouterr().err


def test_a_corpus_without_the_documents_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("Nothing of the kind.", "utf-8")
    assert main(["eval", "claims", "--corpus", str(tmp_path / "other")]) == USAGE
    assert "is not in the corpus; give --corpus a folder that has it" in capsys.readouterr().err
