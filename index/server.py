"""Chroma's own server (``chroma run``): one index that one writer fills and readers on many machines share.

A database of the server holds one index, in four collections. ``polycite`` is empty; its metadata, replaced in one
step, is the head: which generation is current and which collections hold it. ``documents`` has a record a document,
``texts`` one a part of a document's text, ``chunks`` one a chunk, with the vector that is searched and all else that
ranking needs, so that one request brings it. Each record says with which generation it came (``added``) and with which
it goes (``removed``; 0: it stays).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection as Names
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from index.errors import IndexMissingError, PolyciteError, ServerError
from index.settings import Settings
from index.vectors import HNSW

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings as ChromaSettings

_HEAD = "polycite"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LEAST_SYNC = 1000  # Chroma's own


@dataclass(frozen=True, slots=True)
class Head:
    """What is current.

    Attributes:
        index: tells this index from others.
        generation: of the writer's index.
        recipe: what the vectors depend on.
        space: the ``Space`` of the generation, as JSON.
        documents: name of the collection of documents.
        texts: of texts.
        chunks: of chunks.
        deleted: chunks deleted since that collection was made.
    """

    index: str
    generation: int = 0
    recipe: str = ""
    space: str = ""
    documents: str = ""
    texts: str = ""
    chunks: str = ""
    deleted: int = 0


def visible(metadata: Mapping[str, Any], generation: int) -> bool:
    """Whether a record belongs to a generation."""
    return metadata["added"] <= generation and not 0 < metadata["removed"] <= generation


class MissingCollectionError(ServerError):
    """A collection is not there (any more)."""


class Server:
    """A connection to the database that the settings name; safe across threads."""

    def __init__(self, settings: Settings, *, prepare: bool = False) -> None:
        """Connect; ``prepare`` makes the tenant and the database where they are missing.

        Raises:
            IndexMissingError: there is no such tenant or database.
            ServerError: the server cannot be reached, or refuses.
        """
        self.url = str(settings.chroma).rstrip("/")
        self._tenant, self._database = settings.chroma_tenant, settings.chroma_database
        self._place = f"{self.url} (tenant {self._tenant}, database {self._database})"
        self._known: dict[str, Collection] = {}
        with self.faults():
            self._check(settings, prepare)
            self._client = self._connect(settings)

    def _check(self, settings: Settings, prepare: bool) -> None:
        import chromadb
        from chromadb.errors import NotFoundError

        # A client that finds no database leaves its connections open, so one that only looks goes first.
        admin = chromadb.AdminClient(_chroma_settings(settings))
        session = _session(admin)
        session.timeout = settings.chroma_timeout
        try:
            admin.get_database(self._database, self._tenant)
        except NotFoundError as error:
            if not prepare:
                raise self._missing() from error
            try:
                admin.get_tenant(self._tenant)
            except NotFoundError:
                admin.create_tenant(self._tenant)
            admin.create_database(self._database, self._tenant)
        finally:
            session.close()

    def _connect(self, settings: Settings) -> Client:
        import chromadb

        address = urlsplit(self.url)
        client = chromadb.HttpClient(
            cast("str", address.hostname),
            address.port or _DEFAULT_PORTS[address.scheme],
            ssl=address.scheme == "https",
            settings=_chroma_settings(settings),
            tenant=self._tenant,
            database=self._database,
        )
        _session(client).timeout = settings.chroma_timeout  # Chroma's own waits for ever
        return cast("Client", client)

    def close(self) -> None:
        """Let go of the connection."""
        for session in (_session(self._client), _session(self._client._admin_client)):
            session.close()  # Chroma's own close leaves them open
        self._client.close()

    def head(self) -> Head | None:
        """What is current, if anything ever was."""
        try:
            with self.faults():
                found = self._client.get_collection(_HEAD, embedding_function=None).metadata or {}
        except MissingCollectionError:
            return None
        try:
            return Head(**found) if found else None
        except TypeError as error:
            raise ServerError(
                f"what {self._place} holds was made by another version of polycite; name another --chroma-database"
            ) from error

    def current(self) -> Head:
        """What is current; raises IndexMissingError where nothing is."""
        head = self.head()
        if head is None:
            raise self._missing()
        return head

    def _missing(self) -> IndexMissingError:
        return IndexMissingError(f"no index at {self._place}; fill it with 'polycite index FOLDER --chroma {self.url}'")

    def set_head(self, head: Head) -> None:
        """Make this current, in one step."""
        with self.faults():
            collection = self._client.get_or_create_collection(_HEAD, embedding_function=None)
            collection.modify(metadata=asdict(head))

    def collection(self, name: str) -> Collection:
        """A collection that is there."""
        if name not in self._known:
            with self.faults():
                self._known[name] = self._client.get_collection(name, embedding_function=None)
        return self._known[name]

    def make(self, kind: str, records: int) -> Collection:
        """A new collection for about so many ``documents``, ``texts`` or ``chunks``."""
        # Chroma writes a graph out after so many changes, and is not safe against being killed meanwhile. So it does
        # that once, when a collection is filled, before it is current; what changes later stays in its log.
        least: CreateHNSWConfiguration = {"sync_threshold": max(records, _LEAST_SYNC)}
        hnsw: CreateHNSWConfiguration = HNSW | least if kind == "chunks" else least
        name = f"{_HEAD}-{kind}-{uuid.uuid4().hex}"
        with self.faults():
            self._known[name] = self._client.create_collection(
                name, embedding_function=None, configuration={"hnsw": hnsw}
            )
        return self._known[name]

    def sweep(self, keep: Names[str]) -> None:
        """Delete the index's collections but these."""
        with self.faults():
            names = {collection.name for collection in self._client.list_collections()}
            for name in sorted(names - {*keep, _HEAD}):
                if name.startswith(f"{_HEAD}-"):
                    self._client.delete_collection(name)
                    self._known.pop(name, None)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn what Chroma and the connection raise into a ServerError that says what to do."""
        import httpx
        from chromadb.errors import NotFoundError

        try:
            yield
        except PolyciteError:
            raise
        except NotFoundError as error:
            raise MissingCollectionError(
                f"{self._place} lacks a part of the index ({error}); run 'polycite index FOLDER --chroma {self.url}' "
                "where it is filled from"
            ) from error
        except Exception as error:
            broken = next((cause for cause in _causes(error) if isinstance(cause, httpx.TransportError)), None)
            if isinstance(broken, httpx.TimeoutException):
                raise ServerError(
                    f"the Chroma server at {self.url} gave no answer in time (chroma_timeout); look after it, then "
                    "run this again"
                ) from error
            if broken:
                raise ServerError(
                    f"no Chroma server answers at {self.url} ({broken}); start it with 'chroma run --path FOLDER "
                    "--host ADDRESS --port N', then run this again"
                ) from error
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ServerError(
                f"the Chroma server at {self.url} refuses: {reason}; check the address, and the token in "
                "POLYCITE_CHROMA_TOKEN if it wants one"
            ) from error


def _chroma_settings(settings: Settings) -> ChromaSettings:
    from chromadb.config import Settings as ChromaSettings

    address = urlsplit(str(settings.chroma))
    chosen: dict[str, Any] = {
        "anonymized_telemetry": False,
        "chroma_api_impl": "chromadb.api.fastapi.FastAPI",
        "chroma_server_host": address.hostname,
        "chroma_server_http_port": address.port or _DEFAULT_PORTS[address.scheme],
        "chroma_server_ssl_enabled": address.scheme == "https",
    }
    if settings.chroma_token:
        chosen |= {
            "chroma_client_auth_provider": "chromadb.auth.token_authn.TokenAuthClientProvider",
            "chroma_client_auth_credentials": settings.chroma_token.get_secret_value(),
        }
    return ChromaSettings(**chosen)


def _session(client: Any) -> httpx.Client:  # noqa: ANN401 - Chroma's own, which it declares as interfaces
    session: httpx.Client = client._server._session
    return session


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
