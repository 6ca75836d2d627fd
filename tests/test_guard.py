"""What another page in the visitor's browser, or a visitor who means harm, cannot get from the page's server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from index import index_folder, load_settings
from tests.browser import page_server
from ui.guard import own_names, refusal

NAMES = own_names("127.0.0.1")


@pytest.fixture(scope="module")
def address(corpus_dir: Path) -> Iterator[str]:
    with page_server(corpus_dir, "--llm", "none") as served:
        yield served


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"host": "127.0.0.1:7860"}, ""),
        ({"host": "[::1]:7860"}, ""),
        ({"host": "192.168.1.5"}, ""),
        ({"host": "LOCALHOST:7860", "origin": "http://localhost:7860"}, ""),
        ({"host": "localhost.:7860"}, "not known by the name"),
        ({"host": "rebound.example:7860", "origin": "http://rebound.example:7860"}, "not known by the name"),
        ({}, "not known by the name"),
        ({"host": "localhost:7860", "origin": "http://localhost:3000"}, "another page"),
        ({"host": "localhost:7860", "origin": "https://evil.example"}, "another page"),
        ({"host": "localhost:7860", "origin": "null"}, "another page"),
    ],
)
def test_who_may_ask(headers: dict[str, str], why: str) -> None:
    found = refusal("/config", headers, NAMES)
    assert why in found if why else found == ""


def test_behind_a_password_any_name_will_do_but_no_other_page() -> None:
    assert refusal("/", {"host": "polycite.example", "origin": "https://polycite.example"}, None) == ""
    assert refusal("/", {"host": "polycite.example", "origin": "https://evil.example"}, None)


def test_a_page_elsewhere_reads_nothing_by_another_name(address: str) -> None:
    port = address.rpartition(":")[2]
    assert httpx.get(f"{address}/config").status_code == 200
    for name in (f"localhost.:{port}", f"rebound.example:{port}"):
        asked = {"Host": name, "Origin": "https://evil.example"}
        assert httpx.get(f"{address}/config", headers=asked).status_code == 403
        body = {"data": ["Who leads LG Electronics?"]}
        assert httpx.post(f"{address}/gradio_api/call/ask", json=body, headers=asked).status_code == 403


def test_no_other_page_may_show_this_one(address: str) -> None:
    assert httpx.get(address).headers["content-security-policy"] == "frame-ancestors 'self'"


def test_nothing_is_fetched_from_elsewhere(address: str) -> None:
    refused = httpx.get(f"{address}/gradio_api/file=https://example.org/picture.png")
    assert (refused.status_code, refused.text) == (403, "polycite: it fetches nothing from elsewhere\n")


def test_a_conversation_opens_no_file(address: str, corpus_dir: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The vault code is 4711.", "utf-8")
    part = {"type": "component", "component": "file", "value": {"path": str(secret)}, "props": {}}
    history = [{"role": "user", "content": [part | {"constructor_args": {}}]}]
    config = httpx.get(f"{address}/config").json()
    chosen = next(item["id"] for item in config["dependencies"] if item["api_name"] == "option_clicked")
    body = {"data": [history], "fn_index": chosen, "session_hash": "s", "event_data": {"index": 0, "value": "a"}}
    assert httpx.post(f"{address}/gradio_api/queue/join", json=body).status_code == 200
    with httpx.stream("GET", f"{address}/gradio_api/queue/data?session_hash=s", timeout=30) as events:
        done = next(json.loads(line[6:]) for line in events.iter_lines() if "process_completed" in line)
    assert done["success"]
    assert not list((corpus_dir / "web").rglob("secret.txt"))


def test_a_data_directory_is_its_owners(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("The mill stands by the river.", "utf-8")
    index_folder(tmp_path / "docs", tmp_path / "made", load_settings())
    with page_server(tmp_path / "fresh", "--llm", "none"):
        pass
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("made", "fresh")} == {0o700}


@pytest.mark.parametrize("path", ["gradio_api/run/ask", "gradio_api/api/ask"])
def test_no_question_jumps_the_queue(address: str, path: str) -> None:
    assert httpx.post(f"{address}/{path}", json={"data": ["Who leads LG Electronics?", True]}).status_code == 404


def test_no_history_of_runs_is_kept(address: str) -> None:
    assert httpx.get(f"{address}/config").json()["run_history"] is False
    assert httpx.get(f"{address}/gradio_api/runs").status_code == 404
