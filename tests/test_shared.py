"""One index on a real Chroma server: many readers, one writer, and what goes wrong between them."""

from __future__ import annotations

import http.client
import itertools
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from evals.chroma_server import ChromaServer
from evals.hash_embedding import HashEmbedding
from index import Index, IndexReport, Settings, index_folder, load_settings
from index.doctor import examine
from index.errors import IndexMismatchError, IndexMissingError, PolyciteError, ServerError, UsageError
from index.records import PART
from index.remove import remove_document
from index.server import Head, Server
from index.share import difference, share
from index.store import Store
from tests.browser import ask, chromium, page_server, visit
from tests.conftest import CORPUS
from ui.cli import ABSTAINED, ANSWERED, FAULT, main
from ui.library import Library

pytestmark = pytest.mark.fault

_databases = itertools.count()


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with ChromaServer(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def settings(chroma: ChromaServer) -> Settings:
    """A database of its own for each test, of a tenant that is not there yet either."""
    number = next(_databases)
    return load_settings(
        chroma=chroma.url, chroma_tenant=f"tenant-{number}", chroma_database=f"database-{number}", chunk_tokens=32
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(text(name), encoding="utf-8")
    return folder


def text(name: str, sentences: int = 20) -> str:
    """Every sentence is a chunk."""
    return "\n\n".join(
        f"In {name} this is sentence {number} of many that all say little and are long enough to be alone."
        for number in range(sentences)
    )


def run(
    folder: Path, data_dir: Path, settings: Settings, *, rebuild: bool = False, vectors_from: tuple[Path, ...] = ()
) -> IndexReport:
    return index_folder(
        folder, data_dir, settings, embedder=HashEmbedding(), rebuild=rebuild, vectors_from=vectors_from
    )


def reader(settings: Settings) -> Index:
    return Index.open(settings, HashEmbedding())


def sentence(name: str, number: int = 3) -> str:
    return text(name).split("\n\n")[number]


def fault(data_dir: Path, settings: Settings) -> str | None:
    with closing(Store.open(data_dir)) as store, closing(Server(settings)) as server:
        return difference(store, server)


def test_readers_of_the_server_find_what_readers_of_the_data_directory_find(
    settings: Settings, tmp_path: Path, corpus_index: Index
) -> None:
    settings = settings.model_copy(update={"chunk_tokens": load_settings().chunk_tokens})
    index_folder(CORPUS, tmp_path / "d", settings)
    assert not (tmp_path / "d" / "chroma").exists()  # nobody reads it here
    with Index.open(settings) as shared:
        for question in ("How many H100 GPUs does Meta want?", "Wer traf wen?", "350 000"):
            assert shared.search(question, 8) == corpus_index.search(question, 8)
        assert shared.search("Meta", 8, ["de"]) == corpus_index.search("Meta", 8, ["de"])
        assert shared.documents() == corpus_index.documents()
        assert shared.fingerprint() == corpus_index.fingerprint()
        for item in shared.documents():
            assert shared.document(item.source) == corpus_index.document(item.source)
        assert shared.document("nothing.txt") is None
        assert (shared.files(), shared.folders()) == ({}, [])
        assert (shared.place("Mond") == corpus_index.place("Mond")).all()


def test_an_open_reader_sees_what_changes(settings: Settings, folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "d", settings)
    with reader(settings) as index:
        (folder / "a.txt").write_text(text("another"), encoding="utf-8")
        (folder / "b.txt").unlink()
        (folder / "d.txt").write_text(text("d"), encoding="utf-8")
        run(folder, tmp_path / "d", settings)
        assert [item.source for item in index.documents()] == ["a.txt", "c.txt", "d.txt"]
        assert index.search(sentence("another"), 1)[0].source == "a.txt"
        assert not any(sentence("a") in item.text for item in index.search(sentence("a"), 5))
        remove_document(tmp_path / "d", "c.txt", settings)
        assert [item.source for item in index.documents()] == ["a.txt", "d.txt"]
    assert fault(tmp_path / "d", settings) is None


def test_many_changes_one_after_the_other(settings: Settings, folder: Path, tmp_path: Path) -> None:
    """Past a share of changed chunks the collection is made anew, and the old one goes."""
    names = set()
    with reader_of_all(settings, folder, tmp_path) as index:
        for number in range(12):
            (folder / "a.txt").write_text(text(f"a{number}", 4), encoding="utf-8")
            run(folder, tmp_path / "d", settings)
            assert index.search(sentence(f"a{number}", 1), 1)[0].source == "a.txt"
            assert fault(tmp_path / "d", settings) is None
            with closing(Server(settings)) as server:
                names.add(server.current().chunks)
                assert len(server._client.list_collections()) == 4
    assert 1 < len(names) < 12


def reader_of_all(settings: Settings, folder: Path, tmp_path: Path) -> Index:
    run(folder, tmp_path / "d", settings)
    return reader(settings)


def test_a_text_longer_than_a_record(settings: Settings, folder: Path, tmp_path: Path) -> None:
    long = text("long", PART // 80)
    assert len(long) > PART
    (folder / "long.txt").write_text(long, encoding="utf-8")
    with reader_of_all(settings, folder, tmp_path) as index:
        document = index.document("long.txt")
        assert document is not None
        assert document.text == long


def test_readers_see_whole_generations_while_the_writer_works(settings: Settings, folder: Path, tmp_path: Path) -> None:
    """Every run replaces the one word by which all documents can be told from those of other runs."""
    for name in "abc":
        (folder / f"{name}.txt").write_text(text(f"{name} of run 0"), encoding="utf-8")
    seen: list[set[str]] = []
    done = threading.Event()
    faults: list[str] = []

    def read() -> None:
        try:
            while not done.is_set():
                found = index.search("this is sentence 3 of many", 60)
                seen.append({item.text.split("run ")[1].split()[0] for item in found})
        except PolyciteError as error:
            faults.append(str(error))

    with reader_of_all(settings, folder, tmp_path) as index:
        thread = threading.Thread(target=read)
        thread.start()
        for number in range(1, 6):
            for name in "abc":
                (folder / f"{name}.txt").write_text(text(f"{name} of run {number}"), encoding="utf-8")
            run(folder, tmp_path / "d", settings)
        done.set()
        thread.join()
    assert not faults
    assert all(len(runs) == 1 for runs in seen)
    assert len(set.union(*seen)) > 1


def test_a_reader_where_nothing_was_shared(settings: Settings, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="fill it with 'polycite index FOLDER --chroma"):
        reader(settings)
    Server(settings, prepare=True).close()  # the database is there, and empty
    with pytest.raises(IndexMissingError, match="fill it with 'polycite index FOLDER --chroma"):
        reader(settings)
    run(folder, tmp_path / "d", settings)
    with pytest.raises(IndexMismatchError, match="chunk_tokens"):
        Index.open(settings.model_copy(update={"chunk_tokens": 50}), HashEmbedding())


def test_an_index_does_not_take_the_place_of_another_unasked(settings: Settings, folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "d", settings)
    other = tmp_path / "others"
    other.mkdir()
    (other / "z.txt").write_text(text("z"), encoding="utf-8")
    with pytest.raises(ServerError, match=r"another index.*--chroma-database.*--rebuild"):
        run(other, tmp_path / "e", settings)
    with reader(settings) as index:
        assert [item.source for item in index.documents()] == ["a.txt", "b.txt", "c.txt"]
        run(other, tmp_path / "e", settings, rebuild=True)
        assert [item.source for item in index.documents()] == ["z.txt"]
        assert index.search(sentence("z"), 1)[0].source == "z.txt"


def test_one_data_directory_fills_two_places(settings: Settings, folder: Path, tmp_path: Path) -> None:
    other = settings.model_copy(update={"chroma_database": "another-place"})
    for turn in range(2):
        (folder / "a.txt").write_text(text(f"a in turn {turn}"), encoding="utf-8")
        for place in (settings, other):
            run(folder, tmp_path / "d", place)
            assert fault(tmp_path / "d", place) is None


def test_an_older_copy_of_the_data_directory_does_not_take_it_back(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    run(folder, tmp_path / "d", settings)
    shutil.copytree(tmp_path / "d", tmp_path / "copy")
    (folder / "a.txt").unlink()
    run(folder, tmp_path / "d", settings)
    with pytest.raises(ServerError, match="a newer state of this index"):
        run(folder, tmp_path / "copy", settings)
    run(folder, tmp_path / "copy", settings, rebuild=True)
    assert fault(tmp_path / "copy", settings) is None


class HeadlessServer(Server):
    """Fails when everything is in but the head."""

    def set_head(self, head: Head) -> None:
        raise ServerError("the test's own")


def test_a_run_cut_short_is_finished_by_the_next(settings: Settings, folder: Path, tmp_path: Path) -> None:
    with reader_of_all(settings, folder, tmp_path) as index:
        (folder / "a.txt").write_text(text("new"), encoding="utf-8")
        (folder / "b.txt").unlink()
        run(folder, tmp_path / "d", load_settings(chunk_tokens=32))  # here alone
        with (
            closing(Store.open(tmp_path / "d")) as store,
            closing(HeadlessServer(settings)) as server,
            pytest.raises(ServerError, match="own"),
        ):
            share(store, server)
        assert [item.source for item in index.documents()] == ["a.txt", "b.txt", "c.txt"]
        assert sentence("a") in index.search(sentence("a"), 1)[0].text
        # What was marked to go is wanted again, what was prepared is not.
        (folder / "a.txt").write_text(text("a"), encoding="utf-8")
        (folder / "b.txt").write_text(text("b"), encoding="utf-8")
        run(folder, tmp_path / "d", settings)
        assert [item.source for item in index.documents()] == ["a.txt", "b.txt", "c.txt"]
        for name in "abc":
            assert sentence(name) in index.search(sentence(name), 1)[0].text
        assert not any("In new" in item.text for item in index.search(sentence("new"), 60))
    assert fault(tmp_path / "d", settings) is None


def test_what_is_lost_on_the_server_is_found_and_filled_in(settings: Settings, folder: Path, tmp_path: Path) -> None:
    with reader_of_all(settings, folder, tmp_path) as index:
        with closing(Server(settings)) as server:
            server.collection(server.current().chunks).delete(ids=["1", "2"])
            assert "records" in str(fault(tmp_path / "d", settings))
            run(folder, tmp_path / "d", settings)
            assert fault(tmp_path / "d", settings) is None
            server._client.delete_collection(server.current().chunks)
        with pytest.raises(ServerError, match=r"lacks a part of the index.*run 'polycite index"):
            index.search(sentence("a"), 1)
        findings = examine(tmp_path / "d", None, settings)
        assert [item.check for item in findings if item.state == "wrong"] == ["Chroma's server"]
        run(folder, tmp_path / "d", settings)
        assert index.search(sentence("a"), 1)[0].source == "a.txt"
        assert not any(item.state == "wrong" for item in examine(tmp_path / "d", None, settings))


def test_a_server_killed_amid_questions_is_named_and_works_when_it_is_back(folder: Path, tmp_path: Path) -> None:
    with ChromaServer(tmp_path / "server") as server:
        settings = load_settings(chroma=server.url, chunk_tokens=32, chroma_timeout=1)
        with reader_of_all(settings, folder, tmp_path) as index:
            outcomes: list[str] = []
            killed = threading.Event()

            def ask() -> None:
                while not killed.is_set() or len(outcomes) < 3:
                    try:
                        outcomes.append(index.search(sentence("a"), 1)[0].source)
                    except ServerError as error:
                        outcomes.append(str(error))

            thread = threading.Thread(target=ask)
            thread.start()
            time.sleep(0.3)
            server.kill()
            killed.set()
            thread.join()
            with pytest.raises(ServerError, match=f"no Chroma server answers at {server.url}.*chroma run"):
                index.search(sentence("a"), 1)
            with pytest.raises(ServerError, match="no Chroma server answers"):
                reader(settings)
            assert {outcome for outcome in outcomes if outcome != "a.txt"} <= {
                outcome for outcome in outcomes if "no Chroma server answers" in outcome
            }
            server.start()
            assert index.search(sentence("a"), 1)[0].source == "a.txt"
            server.pause()
            with pytest.raises(ServerError, match="no answer in time"):
                index.search(sentence("a"), 1)
            server.resume()
            assert index.search(sentence("a"), 1)[0].source == "a.txt"


def test_a_server_killed_while_it_is_filled(folder: Path, tmp_path: Path) -> None:
    """What was shared before is still there, what was indexed is kept, and the next run shares it."""
    with ChromaServer(tmp_path / "server") as server:
        settings = load_settings(chroma=server.url, chunk_tokens=32)
        run(folder, tmp_path / "d", settings)
        for number in range(20):
            (folder / f"new-{number}.txt").write_text(text(f"new {number}", 200), encoding="utf-8")
        threading.Thread(target=kill_when_filled, args=(server, settings)).start()
        with pytest.raises(ServerError, match="kept here, but not shared: no Chroma server answers"):
            run(folder, tmp_path / "d", settings)
        server.start()
        with reader(settings) as index:
            assert sentence("a") in index.search(sentence("a"), 1)[0].text
            report = run(folder, tmp_path / "d", settings)
            assert report.embedded_texts == 0
            assert index.search(sentence("new 7"), 1)[0].source == "new-7.txt"
        assert fault(tmp_path / "d", settings) is None
        server.kill()
        with pytest.raises(ServerError, match=r"^no Chroma server answers"):  # found out before anything is embedded
            run(folder, tmp_path / "d", settings)


def kill_when_filled(server: ChromaServer, settings: Settings) -> None:
    """Kill it once some hundred new chunks have come."""
    with closing(Server(settings)) as watcher:
        while not any(collection.count() > 300 for collection in watcher._client.list_collections()):
            time.sleep(0.02)
    server.kill()


class Proxy(ThreadingHTTPServer):
    """Lets requests with a token through to a Chroma server."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.target = urlsplit(target).netloc


class Passing(BaseHTTPRequestHandler):
    def handle_any(self) -> None:
        assert isinstance(self.server, Proxy)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != "Bearer open-sesame":
            self.answer(401, b"Unauthorized")
            return
        with closing(http.client.HTTPConnection(self.server.target)) as behind:
            behind.request(self.command, self.path, body, {"Content-Type": "application/json"})
            response = behind.getresponse()
            self.answer(response.status, response.read())

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - http.server's names

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_a_token_is_shown_to_who_asks_for_it(
    settings: Settings, chroma: ChromaServer, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(chroma.url) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        guarded = settings.model_dump(exclude={"chroma", "chroma_token"})
        url = f"http://127.0.0.1:{proxy.server_port}"
        with pytest.raises(ServerError, match=r"refuses.*POLYCITE_CHROMA_TOKEN"):
            run(folder, tmp_path / "d", load_settings(**guarded, chroma=url))
        monkeypatch.setenv("POLYCITE_CHROMA_TOKEN", "open-sesame")
        allowed = load_settings(**guarded, chroma=url)
        assert "open-sesame" not in repr(allowed)
        run(folder, tmp_path / "d", allowed)
        with reader(allowed) as index:
            assert index.search(sentence("b"), 1)[0].source == "b.txt"
        proxy.shutdown()


def test_the_commands(
    chroma: ChromaServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking needs no data directory; the database is one that the server has at once."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "moon.txt").write_text("The Moon is 384,400 km from the Earth.", encoding="utf-8")
    shared = ["--chroma", chroma.url, "--chroma-database", "commands"]
    assert main(["index", str(tmp_path / "docs"), *shared]) == ANSWERED
    assert f"--chroma {chroma.url} --chroma-database commands" in capsys.readouterr().out
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert main(["ask", "How far is the Moon?", "--llm", "none", *shared]) == ANSWERED
    assert "384,400 km" in capsys.readouterr().out
    assert main(["ask", "Wer hat gestern gewonnen?", "--llm", "none", *shared]) in (ANSWERED, ABSTAINED)
    assert main(["verify", "The Moon is 384,400 km from the Earth.", *shared]) == ANSWERED
    assert main(["list", *shared]) == ANSWERED
    assert main(["show", "moon.txt", *shared]) == ANSWERED
    assert "moon.txt" in capsys.readouterr().out
    assert not list(elsewhere.iterdir())
    assert main(["doctor", "--data-dir", str(tmp_path / ".polycite"), *shared]) == ANSWERED
    assert main(["remove", "moon.txt", "--data-dir", str(tmp_path / ".polycite"), *shared]) == ANSWERED
    capsys.readouterr()
    assert main(["list", *shared]) == ANSWERED
    assert "moon.txt" not in capsys.readouterr().out
    assert main(["list", "--chroma", "http://127.0.0.1:1"]) == FAULT
    assert capsys.readouterr().err.startswith("polycite: no Chroma server answers at http://127.0.0.1:1 ")
    assert main(["list", "--chroma", "127.0.0.1:1"]) == 2


def test_the_page_reads_and_says_where_to_write(settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"chunk_tokens": 250, "llm": "none"})
    index_folder(CORPUS, tmp_path / "d", settings)
    with closing(Library(tmp_path / "page", settings)) as library:
        assert len(library.summaries()) == 5
        assert library.gone() == frozenset()
        file = tmp_path / "new.txt"
        file.write_text("New.", encoding="utf-8")
        for change in (
            lambda: library.add([file], lambda done, total: None),
            lambda: library.refresh(lambda done, total: None),
            lambda: library.remove(library.summaries()[0].source),
        ):
            with pytest.raises(UsageError, match=r"shared by a server.*'polycite index FOLDER --chroma"):
                change()
        assert len(library.summaries()) == 5


def test_vectors_that_others_made_are_not_made_again(settings: Settings, folder: Path, tmp_path: Path) -> None:
    """Two machines embed a part each, a third takes both and shares them."""
    local = load_settings(chunk_tokens=32)
    for name in "ab":
        part = tmp_path / f"part-{name}"
        part.mkdir()
        shutil.copy(folder / f"{name}.txt", part)
        assert run(part, tmp_path / f"worker-{name}", local).embedded_texts > 0
    (folder / "c.txt").unlink()
    workers = (tmp_path / "worker-a", tmp_path / "worker-b")
    assert run(folder, tmp_path / "d", settings, vectors_from=workers).embedded_texts == 0
    with reader(settings) as index:
        assert index.search(sentence("b"), 1)[0].source == "b.txt"
    with pytest.raises(IndexMissingError, match=r"no index in .*nowhere"):
        run(folder, tmp_path / "e", local, vectors_from=(tmp_path / "nowhere",))


def test_the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    question = "How many H100 GPUs does Meta want to secure by the end of the year?"
    with chromium() as browser, ChromaServer(tmp_path / "server") as server:
        index_folder(CORPUS, tmp_path / "d", load_settings(chroma=server.url))
        with (
            page_server(tmp_path / "page", "--chroma", server.url, "--llm", "none", cwd=tmp_path) as address,
            visit(browser, address) as page,
        ):
            assert "350" in ask(page, question).inner_text()
            server.kill()
            page.fill("#question textarea", question)
            page.press("#question textarea", "Enter")
            expect(page.locator("#chat")).to_contain_text(f"no Chroma server answers at {server.url}")
            page.get_by_role("tab", name="Documents").click()
            expect(page.locator("#documents")).to_contain_text("no Chroma server answers")
            server.start()
            page.get_by_role("tab", name="Ask").click()
            assert "350" in ask(page, question).inner_text()
