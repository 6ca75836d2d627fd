"""Embeddings by Ollama: a server on a real socket that speaks its protocol, with e5's vectors, whole and at fault."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from index import Index, index_folder, load_settings
from index.e5 import E5Engine
from index.errors import IndexMismatchError, ModelError, PolyciteError, SettingsError
from index.neutral import frozen_basis
from index.ollama_embedding import OllamaEmbedding
from index.publish import space
from index.settings import Settings
from index.store import Store


class Server(ThreadingHTTPServer):
    """Answers /api/embed; counts the texts; ``fault`` makes it misbehave."""

    daemon_threads = True
    engine = E5Engine()
    known: ClassVar[dict[str, list[float]]] = {}  # the parallel messages are embedded once for all tests

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.texts: list[str] = []
        self.fault = ""
        self.silence = threading.Event()

    def vectors(self, texts: list[str]) -> list[list[float]]:
        missing = [text for text in texts if text not in self.known]
        self.known.update(zip(missing, self.engine.passages(missing).tolist(), strict=True))
        return [self.known[text] for text in texts]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [request["input"]] if isinstance(request["input"], str) else request["input"]
        assert request["truncate"] is False
        self.server.texts += texts
        if self.server.fault == "silent":
            self.server.silence.wait(20)
        elif self.server.fault == "closes":
            self.connection.close()
        elif request["model"] != "tiny":
            self.reply(404, {"error": f'model "{request["model"]}" not found'})
        elif self.server.fault == "long":
            self.reply(400, {"error": "the input length exceeds\nthe context length"})
        elif self.server.fault == "nonsense":
            self.reply(200, {"embeddings": []})
        else:
            self.reply(200, {"embeddings": self.server.vectors(texts)})

    def reply(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name for it
        """Nothing on standard error."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.silence.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bees.md").write_text("Bees make honey. A hive holds 40,000 bees in summer.\n", encoding="utf-8")
    (folder / "mond.txt").write_text("Der Mond ist 384.400 km von der Erde entfernt.\n", encoding="utf-8")
    (folder / "soleil.txt").write_text("Le Soleil est une étoile. Il a un diamètre de 1,39 million de km.\n", "utf-8")
    return folder


def settings(server: Server, model: str = "tiny") -> Settings:
    return load_settings(embedder=f"ollama:{model}", ollama_url=server.url, embed_timeout=5)


def test_an_index_by_ollama_learns_its_basis_once_and_keeps_it(server: Server, folder: Path, tmp_path: Path) -> None:
    ollama = settings(server)
    index_folder(folder, tmp_path / "d", ollama)
    first = len(server.texts)
    assert first > 1000  # the parallel messages
    with Index(tmp_path / "d", ollama) as index:
        assert index.search("Wie viele Bienen leben in einem Bienenstock?", 1)[0].source == "bees.md"
        assert index.search("How far away is the Moon?", 1)[0].source == "mond.txt"
        assert index.search("太阳的直径是多少？", 1)[0].source == "soleil.txt"
    (folder / "new.txt").write_text("Mars is red.", encoding="utf-8")
    index_folder(folder, tmp_path / "d", ollama)
    assert len(server.texts) - first == 3 + 1  # three questions; a sentence that is its own chunk


def test_the_basis_is_the_one_that_e5_has(server: Server, folder: Path, tmp_path: Path) -> None:
    """The same vectors by another way, so the same directions."""
    index_folder(folder, tmp_path / "d", settings(server))
    with closing(Store.open(tmp_path / "d")) as store:
        learned = space(store).basis
    assert learned.fingerprint != frozen_basis().fingerprint
    overlap = np.linalg.svd(learned.rows @ frozen_basis().rows.T)[1]
    assert overlap.min() > 0.99


def test_another_embedder_is_named(server: Server, folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", load_settings())
    with pytest.raises(IndexMismatchError, match=r"instead of ollama:tiny.*--rebuild"):
        Index(tmp_path / "d", settings(server))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("silent", "did not answer in time; raise embed_timeout"),
        ("closes", "no Ollama at http://127.0.0.1:"),
        ("long", "cannot embed with tiny: the input length exceeds the context length"),
        ("nonsense", "gave 0 vectors for 1 texts"),
    ],
)
def test_faults_are_one_line_with_a_next_step(server: Server, fault: str, words: str) -> None:
    server.fault = fault
    with pytest.raises(ModelError, match=words) as caught:
        OllamaEmbedding("tiny", server.url, timeout=0.3).get_text_embedding("text")
    assert "\n" not in str(caught.value)


def test_a_model_that_is_not_there_and_a_server_that_is_off(server: Server) -> None:
    with pytest.raises(ModelError, match="ollama pull huge"):
        OllamaEmbedding("huge", server.url, timeout=5).get_query_embedding("text")
    with pytest.raises(ModelError, match="ollama serve"):
        OllamaEmbedding("tiny", "http://127.0.0.1:9", timeout=5).get_query_embedding("text")


def test_a_failed_run_leaves_the_index_as_it_was(server: Server, folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", settings(server))
    (folder / "new.txt").write_text("Mars is red.", encoding="utf-8")
    server.fault = "closes"
    with pytest.raises(PolyciteError):
        index_folder(folder, tmp_path / "d", settings(server))
    server.fault = ""
    with Index(tmp_path / "d", settings(server)) as index:
        assert len(index.documents()) == 3
        assert index.search("How many bees?", 1)[0].source == "bees.md"


def test_a_models_own_prefixes_are_put_before_its_texts(server: Server) -> None:
    with pytest.raises(ModelError):
        OllamaEmbedding("someone/nomic-embed-text:v1.5", server.url, timeout=5).get_query_embedding("why?")
    with pytest.raises(ModelError):
        OllamaEmbedding("nomic-embed-text", server.url, timeout=5).get_text_embedding("because")
    assert server.texts == ["search_query: why?", "search_document: because"]


def test_names_that_are_none() -> None:
    for name in ("ollama:", "openai:x", "e6"):
        with pytest.raises(SettingsError, match="embedder"):
            load_settings(embedder=name)
