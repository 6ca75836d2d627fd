"""The page, served for real and used in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Request, expect

from index import index_folder, load_settings
from tests.browser import ask, chromium, page_server, visit
from tests.conftest import CORPUS
from tests.model_server import ModelServer
from ui.programs import AT_ONCE

EVIL = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
QUESTIONS = {
    "en": ("How many H100 GPUs does Meta want to secure by the end of the year?", "350"),
    "de": ("Wie lange sprach William Cho mit Zuckerberg?", "zwei Stunden"),
    "fr": ("Combien de H100 Meta veut-elle obtenir de Nvidia ?", "350"),
    "zh-CN": ("扎克伯格与尹锡悦谈了多久？", "30分鐘"),
    "zh-TW": ("紮克伯格與尹錫悅談了多久？", "30分鐘"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "docs"
    folder.mkdir()
    for file in CORPUS.glob("*.txt"):
        (folder / file.name).write_bytes(file.read_bytes())
    evil = (
        f"The zeppelin of Quorvik lands at noon {EVIL} every Sunday. # Not a heading\n**Not bold** [x](javascript:x)."
    )
    (folder / "<img src=x onerror=window.hit=1>.txt").write_text(evil, encoding="utf-8")
    index_folder(folder, folder.parent / ".polycite", load_settings())
    return folder.parent / ".polycite"


@pytest.fixture(scope="module")
def address(data_dir: Path, browser: Browser) -> Iterator[str]:
    with page_server(data_dir, "--llm", "none") as served:
        yield served


@pytest.mark.parametrize("language", list(QUESTIONS))
def test_a_question_in_each_language_with_the_page_in_it(browser: Browser, address: str, language: str) -> None:
    question, fact = QUESTIONS[language]
    tab = {"en": "Documents", "de": "Dokumente", "fr": "Documents", "zh-CN": "文档", "zh-TW": "文件"}[language]
    with visit(browser, address, locale=language) as page:
        expect(page.get_by_role("tab", name=tab)).to_be_visible()
        assert fact in ask(page, question).inner_text()


def test_a_mark_leads_to_the_quote_and_back_and_the_document_opens_at_it(
    browser: Browser, address: str, data_dir: Path
) -> None:
    with visit(browser, address) as page:
        answer = ask(page, QUESTIONS["en"][0])
        mark = answer.locator(".pc-mark").first
        mark.focus()
        page.keyboard.press("Enter")
        article = page.locator("#evidence article").first
        expect(article).to_be_focused()
        quote = article.locator("mark").inner_text()
        source = re.search(r"\S+\.txt", article.locator("header").inner_text())
        assert source
        whole = (CORPUS / source.group()).read_text(encoding="utf-8")
        assert quote in whole
        assert "350 000" in quote
        article.get_by_role("link", name="Back to the answer").click()
        assert page.url.endswith("#mark-0-1")
        article.get_by_role("button", name="Open document").press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("#here")).to_be_in_viewport()
        assert dialog.locator("#here").inner_text() == quote
        assert dialog.locator(".pc-text").inner_text().split() == whole.split()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(article.get_by_role("button", name="Open document")).to_be_focused()


def test_an_abstention_shows_the_closest_passages_as_such(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        answer = ask(page, "How do I bake an apple pie with cinnamon?")
        assert "The documents don't say" in answer.inner_text()
        assert "Closest passages, which do not answer" in answer.inner_text()
        assert answer.locator(".pc-mark").count() == 0


def test_a_follow_up_a_retry_an_edit_and_a_new_conversation(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        ask(page, "When did Zuckerberg meet President Yoon?")
        follow_up = ask(page, "And Kishida?")
        assert re.search("Kishida|岸田", follow_up.inner_text())
        expect(page.locator("#evidence h3")).to_have_count(2)
        page.get_by_role("button", name="Retry").last.click()
        expect(page.locator("#evidence h3").first).to_have_text("And Kishida?")
        expect(page.locator("#evidence h3")).to_have_count(2)
        page.wait_for_timeout(300)
        expect(page.locator("#question .submit-button")).to_be_visible()  # it is done with the retry
        page.get_by_role("button", name="Edit").last.click()
        page.locator("#chat textarea").fill("And William Cho?")
        page.get_by_role("button", name="Submit").last.click()
        expect(page.locator("#evidence h3").first).to_have_text("And William Cho?")
        expect(page.locator("#evidence h3")).to_have_count(2)
        page.get_by_role("button", name="Undo").last.click()
        expect(page.locator("#chat .bot")).to_have_count(1)
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator("#chat .bot")).to_have_count(0)
        expect(page.locator("#evidence h3")).to_have_count(0)


def test_an_edited_question_keeps_its_marks(browser: Browser, address: str) -> None:
    question = "How many H100 GPUs does Meta want *this* year, R&D or not?"
    with visit(browser, address) as page:
        ask(page, question)
        expect(page.locator("#question .submit-button")).to_be_visible()
        page.get_by_role("button", name="Edit").last.click()
        page.locator("#chat textarea").press_sequentially(" Really?")
        page.get_by_role("button", name="Submit").last.click()
        expect(page.locator("#evidence h3")).to_contain_text("Really?")
        assert sorted(page.locator("#evidence h3").inner_text()) == sorted(f"{question} Really?")
        assert page.locator("#chat .user").first.inner_text().count("*") == 2


def test_two_browsers_at_once_do_not_mix(browser: Browser, address: str) -> None:
    with visit(browser, address) as one, visit(browser, address, locale="de") as two:
        ask(one, "How long did William Cho talk with Zuckerberg?")
        ask(two, "Welche Brille brachte Meta mit Ray-Ban heraus?")
        assert "William Cho" in one.locator("#evidence h3").inner_text()
        assert "Brille" in two.locator("#evidence h3").inner_text()
        assert one.locator("#chat .bot").count() == two.locator("#chat .bot").count() == 1


def test_markup_in_documents_names_and_questions_stays_text(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        answer = ask(page, f"When does the zeppelin of Quorvik land {EVIL}?")
        assert (
            page.locator("#chat .user").first.inner_text().strip() == f"When does the zeppelin of Quorvik land {EVIL}?"
        )
        assert "<script>" in answer.inner_text()
        assert "# Not a heading" in answer.inner_text()
        assert answer.locator("a:not(.pc-mark), img, script, h1").count() == 0
        assert "onerror" in page.locator("#evidence").inner_text()
        page.locator("#evidence").get_by_role("button", name="Open document").first.click()
        assert "<script>" in page.get_by_role("dialog").inner_text()
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Documents").click()
        expect(page.locator("#documents table")).to_contain_text("onerror=window.hit=1")
        page.wait_for_timeout(300)
        assert page.evaluate("window.hit") is None


def test_a_thumb_down_is_saved_with_its_reason(browser: Browser, address: str, data_dir: Path) -> None:
    with visit(browser, address) as page:
        ask(page, QUESTIONS["en"][0])
        page.get_by_role("button", name="Dislike").click()
        page.get_by_label("A sentence is not true").check()
        page.get_by_role("button", name="Save the reason").click()
        expect(page.get_by_role("button", name="Save the reason")).to_be_hidden()
    rows = [json.loads(line) for line in (data_dir / "feedback.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["verdict"], row["reason"]) for row in rows] == [("down", ""), ("down", "untrue")]
    assert rows[1]["question"] == QUESTIONS["en"][0]
    assert "350 000" in rows[1]["citations"][0]["quote"]
    assert len(rows[1]["index"]) == 16


def test_a_file_is_added_asked_about_and_removed(
    browser: Browser, address: str, data_dir: Path, tmp_path: Path
) -> None:
    good = tmp_path / "lighthouse.txt"
    good.write_text("The lighthouse of Sandrim has 214 steps and was painted red in 1903.", encoding="utf-8")
    bad = tmp_path / "picture.txt"
    bad.write_bytes(b"\x89PNG\0\0")
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Documents").click()
        page.locator("#upload input[type=file]").set_input_files([good, bad])
        expect(page.locator("#news")).to_contain_text("1 added")
        expect(page.locator("#news")).to_contain_text("picture.txt")
        expect(page.locator("#documents table")).to_contain_text("uploads/lighthouse.txt")
        page.get_by_role("tab", name="Ask").click()
        assert "214" in ask(page, "How many steps does the lighthouse of Sandrim have?").inner_text()
        kept = data_dir / "uploads" / "lighthouse.txt"
        assert kept.read_bytes() == good.read_bytes()
        index_folder(data_dir.parent / "docs", data_dir, load_settings())
        page.get_by_role("tab", name="Documents").click()
        expect(page.locator("#documents table")).to_contain_text("uploads/lighthouse.txt")
        page.on("dialog", lambda dialog: dialog.accept())
        page.locator('[data-remove="uploads/lighthouse.txt"]').click()
        expect(page.locator("#news")).to_contain_text("1 removed")
        expect(page.locator("#documents table")).not_to_contain_text("lighthouse")
        assert not kept.exists()
        page.get_by_role("tab", name="Ask").click()
        assert "214" not in ask(page, "How many steps does the lighthouse of Sandrim have now?").inner_text()


def test_a_document_of_the_users_is_never_deleted(browser: Browser, address: str, data_dir: Path) -> None:
    file = data_dir.parent / "docs" / "003_f03269b3951d46b0.txt"
    with visit(browser, address) as page:
        page.get_by_role("tab", name="Documents").click()
        page.on("dialog", lambda dialog: dialog.accept())
        page.locator(f'[data-remove="{file.name}"]').click()
        expect(page.locator("#news")).to_contain_text("1 removed")
        assert file.exists()
    index_folder(data_dir.parent / "docs", data_dir, load_settings(), all_of_it=True)


def test_a_narrow_page_needs_no_scrolling_sideways(browser: Browser, address: str) -> None:
    with visit(browser, address, width=390) as page:
        ask(page, QUESTIONS["zh-TW"][0])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_conversation_is_saved_as_markdown(browser: Browser, address: str, tmp_path: Path) -> None:
    with visit(browser, address) as page:
        ask(page, QUESTIONS["en"][0])
        with page.expect_download() as download:
            page.get_by_role("button", name="Save conversation").click()
        download.value.save_as(tmp_path / "talk.md")
    talk = (tmp_path / "talk.md").read_text(encoding="utf-8")
    assert talk.startswith("## How many H100")
    assert "350 000" in talk
    assert "004\\_875c8616b7d31ca9.txt" in talk


def test_a_page_without_documents_says_so_and_takes_the_first(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "first.txt"
    file.write_text("The bridge of Olmar is 312 metres long.", encoding="utf-8")
    (tmp_path / "new").mkdir()
    with page_server(tmp_path / "new" / ".polycite", "--llm", "none") as address, visit(browser, address) as page:
        page.fill("#question textarea", "How long is the bridge of Olmar?")
        page.press("#question textarea", "Enter")
        expect(page.locator("#chat .bot")).to_contain_text("No documents yet")
        page.get_by_role("tab", name="Documents").click()
        page.locator("#upload input[type=file]").set_input_files(file)
        expect(page.locator("#news")).to_contain_text("1 added")
        page.get_by_role("tab", name="Ask").click()
        assert "312 metres" in ask(page, "How long is the bridge of Olmar?").inner_text()


def test_a_file_over_the_limit_is_refused(browser: Browser, data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("word " * 30_000, encoding="utf-8")
    (tmp_path / "polycite.toml").write_text("max_file_mb = 0.1", encoding="utf-8")
    with page_server(data_dir, "--llm", "none", cwd=tmp_path) as address, visit(browser, address) as page:
        page.get_by_role("tab", name="Documents").click()
        page.locator("#upload input[type=file]").set_input_files(file)
        expect(page.get_by_test_id("toast-body")).to_be_visible()
        assert "long.txt" not in page.locator("#documents").inner_text()


# -- With a model ------------------------------------------------------------------------------------------------------

ENGLISH = "How long did William Cho spend in conversation with Zuckerberg on Wednesday?"


def test_a_draft_is_named_so_and_stopping_stops_the_model(browser: Browser, data_dir: Path) -> None:
    says = ["William Cho spent two hours ", "in conversation with Zuckerberg on Wednesday."]
    with ModelServer(says=says, fault="stall in the middle") as server:
        options = ("--llm", "openai", "--model", "m", "--base-url", f"{server.address}/v1")
        with page_server(data_dir, *options) as address, visit(browser, address) as page:
            page.fill("#question textarea", ENGLISH)
            page.press("#question textarea", "Enter")
            expect(page.locator(".pc-draft")).to_contain_text("Draft, not verified yet")
            expect(page.locator(".pc-mark").first).to_be_visible()
            page.locator("#question button.stop-button").click()
            page.wait_for_timeout(500)
            assert page.locator(".pc-receipt").count() == 0
            server.fault = ""
            answer = ask(page, ENGLISH)
            assert "spent two hours in conversation" in answer.inner_text()
            assert page.locator("#evidence h3").count() == 1


def test_who_waits_for_their_turn_is_told_their_place(browser: Browser, data_dir: Path) -> None:
    with ModelServer(["William Cho spent two hours."], fault="stall") as server:
        options = ("--llm", "openai", "--model", "m", "--base-url", f"{server.address}/v1")
        with page_server(data_dir, *options) as address, visit(browser, address) as first:
            sent: list[Request] = []
            first.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
            with first.expect_request("**/queue/join*"):
                first.fill("#question textarea", ENGLISH)
                first.press("#question textarea", "Enter")
            for visitor in range(1, AT_ONCE + 2):  # ask the same; two of them have to wait
                for request in sent:
                    body = (request.post_data_json or {}) | {"session_hash": f"visitor{visitor}"}
                    body["data"] = [None if value == "model" else value for value in body["data"]]  # was never offered
                    assert httpx.post(request.url, json=body, timeout=20).status_code == 200
            with visit(browser, address) as late:
                late.fill("#question textarea", ENGLISH)
                late.press("#question textarea", "Enter")
                expect(late.locator("#chat")).to_contain_text("queue: 3/3")


def test_what_the_documents_do_not_bear_out_is_shown_as_withheld(browser: Browser, data_dir: Path) -> None:
    says = ["William Cho spent nine hours in conversation with Zuckerberg on Wednesday."]
    with ModelServer(says=says) as server:
        options = ("--llm", "openai", "--model", "m", "--base-url", f"{server.address}/v1")
        with page_server(data_dir, *options) as address, visit(browser, address) as page:
            answer = ask(page, ENGLISH)
            answer.locator(".pc-withheld summary").click()
            assert "nine hours" in answer.locator(".pc-withheld").inner_text()
            assert "nine hours" not in "".join(answer.locator("p, blockquote").all_inner_texts())
            answer.locator(".pc-receipt summary").click()
            assert "tokens used" in answer.locator(".pc-receipt").inner_text()
