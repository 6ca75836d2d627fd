"""XQuAD, in miniature: six paragraphs in two languages, made here, through the whole product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.metrics.wilson import wilson
from evals.xquad_data import Item, Wording, draw_languages, read_xquad, write_pool
from evals.xquad_page import to_markdown
from evals.xquad_report import XquadReport
from evals.xquad_score import score
from index import Evidence, Span
from index.errors import UsageError
from qa import Answer, Receipt
from ui.cli import main

PARAGRAPHS = {
    "en": [
        (
            "The lighthouse on the northern cape was built in 1874. Its lamp is lit at dusk.",
            "When was it built?",
            "1874",
        ),
        ("Bees visit about 300 flowers a day. They carry the pollen home on their legs.", "How many a day?", "300"),
        (
            "The bakery in Mill Street opens at five. Its rye bread is sold out by nine.",
            "What is sold out?",
            "rye bread",
        ),
        ("The ferry to the island takes 40 minutes. In winter it sails only twice a day.", "How long?", "40 minutes"),
        (
            "Copper conducts heat better than iron. Cooks therefore value copper pans.",
            "What do cooks value?",
            "copper pans",
        ),
        ("The old library burned down in 1921. Its maps had been moved away before.", "When did it burn?", "1921"),
    ],
    "de": [
        ("Der Leuchtturm am Nordkap wurde 1874 gebaut. Sein Licht brennt ab der Dämmerung.", "Seit wann?", "1874"),
        ("Bienen besuchen etwa 300 Blüten am Tag. Den Pollen tragen sie an den Beinen heim.", "Wie viele?", "300"),
        ("Die Bäckerei in der Mühlgasse öffnet um fünf. Ihr Roggenbrot ist um neun weg.", "Was ist weg?", "Roggenbrot"),
        ("Die Fähre zur Insel braucht 40 Minuten. Im Winter fährt sie nur zweimal.", "Wie lange?", "40 Minuten"),
        ("Kupfer leitet Wärme besser als Eisen. Köche schätzen darum Kupferpfannen.", "Was?", "Kupferpfannen"),
        ("Die alte Bibliothek brannte 1921 ab. Ihre Karten waren schon fort.", "Wann brannte sie?", "1921"),
    ],
}


def squad(language: str) -> dict[str, Any]:
    """One language in SQuAD's form; a question names its paragraph, so that even a small pool tells them apart."""
    paragraphs = []
    for number, (context, question, answer) in enumerate(PARAGRAPHS[language]):
        asked = f"{' '.join(context.split()[:4])}: {question}"
        answers = [{"text": answer, "answer_start": context.index(answer)}]
        paragraphs.append({"context": context, "qas": [{"id": f"q{number}", "question": asked, "answers": answers}]})
    return {"data": [{"title": "a", "paragraphs": paragraphs[:4]}, {"title": "b", "paragraphs": paragraphs[4:]}]}


def write_folder(folder: Path) -> Path:
    folder.mkdir()
    for language in PARAGRAPHS:
        (folder / f"xquad.{language}.json").write_text(json.dumps(squad(language)), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "xquad")


# -- End to end --------------------------------------------------------------------------------------------------------


def test_a_run_from_files_to_tables(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYCITE_CHUNK_TOKENS", "40")
    out = tmp_path / "figures.json"
    options = ["--languages", "en,de", "--draws", "1,3", "--out", str(out)]
    assert main(["eval", "--xquad", str(folder), *options]) == 0
    page, progress = capsys.readouterr()
    assert "    polycite eval --xquad FOLDER --languages en,de --draws 1,3\n" in page
    assert str(folder) not in page
    assert "draw 3: ask: 100%" in progress

    report = XquadReport.model_validate_json(out.read_bytes())
    assert to_markdown(report) == page
    assert [draw.draw for draw in report.draws] == [1, 3]
    for draw in report.draws:
        assert sum(draw.pool.values()) == 6
        figures = draw.figures["all"]
        assert figures["R@1"].n == figures["MRR"].n == figures["quote F1"].n == 12
        assert (figures["R@1"].low, figures["R@1"].high) == wilson(round(figures["R@1"].value * 12), 12)
        assert figures["MRR"].low is None
        assert figures["R@1"].value >= 0.75
        assert figures["answer R@5"].value >= figures["answer R@1"].value > 0.5
        assert figures["answer within 1024"].value >= figures["answer within 256"].value
        assert 0 < figures["quote F1"].value < 1
        assert "worded F1" not in figures
        assert draw.figures["cross-language"]["R@1"].n == draw.figures["same language"]["R@1"].n == 6
        cells = [cell for row in draw.matrix["R@1"].values() for cell in row.values()]
        assert sum(cell.n for cell in cells) == 12
        assert sum(cell.n * cell.value for cell in cells) == pytest.approx(12 * figures["R@1"].value)


def test_an_answer_counts_only_where_a_chunk_holds_all_of_it() -> None:
    wording = Wording("When?", "July 1921", 10)
    item = Item("q", 7, {"en": wording})
    result = [Evidence("007.txt", "en", Span(0, end), "x" * end, end, 0.5, ()) for end in (18, 19)]
    other = Evidence("008.txt", "en", Span(0, 40), "x" * 40, 40, 0.6, ())
    receipt = Receipt(asked=False, why="")
    answer = Answer("When?", "en", "", (), (), (), (), True, False, "none", {}, receipt)
    row = score(item, "en", "en", [other, *result], answer)
    assert (row.scores["MRR"], row.scores["answer MRR"]) == (1 / 2, 1 / 3)
    assert row.scores["R@1"] is False
    assert row.scores["answered"] is row.scores["quote holds answer"] is row.scores["quote EM"] is False
    assert row.scores["quote F1"] == 0


# -- The data ----------------------------------------------------------------------------------------------------------


def test_draws_are_the_same_each_time() -> None:
    first = draw_languages(240, ["en", "de", "zh", "es"], 1)
    assert first == draw_languages(240, ["es", "zh", "de", "en"], 1)
    assert first != draw_languages(240, ["en", "de", "zh", "es"], 2)
    assert "".join(language[0] for language in first[:12]) == "dzzeeeezddze"
    assert all(40 <= first.count(language) <= 80 for language in ("en", "de", "zh", "es"))


def test_the_sample_is_fixed_and_leaves_all_paragraphs(folder: Path) -> None:
    data = read_xquad(folder, ["en", "de"], 3)
    again = read_xquad(folder, ["de"], 3)
    assert [item.id for item in data.items] == [item.id for item in again.items]
    assert len(data.items) == 3
    assert len(data.paragraphs["en"]) == 6
    assert {item.id for item in data.items} < {item.id for item in read_xquad(folder, ["en"], 4).items}


def test_the_pool_is_written_as_it_is(folder: Path, tmp_path: Path) -> None:
    data = read_xquad(folder, ["en", "de"])
    write_pool(data, ["en", "de"] * 3, tmp_path / "pool")
    texts = [path.read_text("utf-8") for path in sorted((tmp_path / "pool").iterdir())]
    assert texts == [PARAGRAPHS[("en", "de")[number % 2]][number][0] for number in range(6)]


# -- Faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--xquad", "nowhere"], "nowhere: no such folder; give the one that holds xquad.en.json"),
        (["--xquad", "xquad", "--languages", "en,fr"], "xquad: no xquad.fr.json; languages there: de, en"),
        (["--xquad", "xquad", "--languages", ","], "name at least one language"),
        (["--xquad", "xquad", "--questions", "0"], "--questions takes 1 or more"),
        (["--xquad", "xquad", "--llm", "nobody"], "setting llm"),
        (["--xquad", "xquad", "--out", "none/x.json"], "none/x.json: no such folder to write to"),
    ],
)
def test_a_wrong_request_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["eval", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--xquad", "xquad", "--golden", "g.jsonl"], "eval --golden goes without --xquad"),
        (["--xquad", "xquad", "--corpus", "corpus"], "eval --corpus goes without --xquad"),
        (["--xquad", "xquad", "--split", "all"], "eval --split goes without --xquad"),
        (["--xquad", "xquad", "gate"], "eval gate goes without --xquad"),
        (["--draws", "1"], "eval --draws goes with --xquad"),
        (["--questions", "5", "gate"], "eval --questions goes with --xquad"),
        (["--xquad", "xquad", "--draws", "one"], "invalid numbers value: 'one'"),
    ],
)
def test_golden_questions_and_xquad_are_not_mixed(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["eval", *arguments])
    assert message in capsys.readouterr().err


def test_only_a_model_that_is_asked_for_words_the_answers(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYCITE_LLM", "llamacpp")
    monkeypatch.setenv("POLYCITE_MODEL", str(folder / "gone.gguf"))
    assert main(["eval", "--xquad", str(folder), "--languages", "de", "--draws", "2", "--questions", "1"]) == 0
    page, _ = capsys.readouterr()
    assert "    polycite eval --xquad FOLDER --languages de --draws 2 --questions 1\n" in page
    assert "### Draw 2 (paragraphs: de 6)" in page


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not in SQuAD's form: JSON: Invalid JSON"),
        (
            '{"data": [{"paragraphs": [{"context": "a"}]}]}',
            "not in SQuAD's form: data.0.paragraphs.0.qas: Field required",
        ),
        ('{"data": []}', "its paragraphs and questions are not those of en"),
    ],
)
def test_a_wrong_file_is_named(folder: Path, content: str, message: str) -> None:
    (folder / "xquad.de.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"xquad\.de\.json: ") as caught:
        read_xquad(folder, ["en", "de"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
