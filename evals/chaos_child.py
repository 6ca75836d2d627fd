"""The processes beside the chaos test: one that indexes and is killed, one that asks all the while."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from llama_index.core.base.embeddings.base import BaseEmbedding

from evals.chaos_world import is_whole, paragraphs
from evals.hash_embedding import HashEmbedding
from index import Index, PolyciteError, Settings, index_folder, load_settings
from index.embedding import E5Embedding
from index.errors import ServerError

_PAUSE_S = 0.05
_REOPEN = 20  # questions to one opened index
_RESULTS = 5
_REAL_TOKENS = 200  # tells settings for e5 from those for the stand-in


def make_settings(real: bool, chroma: str | None = None) -> Settings:
    """Chunks of about a paragraph, by the embedder's own count; shared by a Chroma server, if it has an address."""
    return load_settings(chunk_tokens=_REAL_TOKENS if real else 32, chroma=chroma)


def make_embedder(real: bool) -> BaseEmbedding:
    """e5, or the fast stand-in."""
    return E5Embedding() if real else HashEmbedding()


def _embedder(settings: Settings) -> BaseEmbedding:
    return make_embedder(settings.chunk_tokens == _REAL_TOKENS)


def index_in_child(folder: Path, data_dir: Path, settings: Settings) -> None:
    """Index a folder; to be killed. A server that is killed ends it."""
    with suppress(ServerError):
        index_folder(folder, data_dir, settings, embedder=_embedder(settings))


def read_in_child(data_dir: Path, settings: Settings, seed: int, pipe: Connection) -> None:
    """Ask until told to stop; answers how many questions were asked and what was wrong."""
    embedder = _embedder(settings)
    chance = random.Random(seed)
    asked, faults = 0, []
    while not pipe.poll():
        try:
            with Index(data_dir, settings, embedder) as index:
                for _ in range(_REOPEN):
                    if pipe.poll():
                        break
                    faults += ask_one(index, chance)
                    asked += 1
                    time.sleep(_PAUSE_S)
        except ServerError as error:
            if "no Chroma server answers" not in str(error):
                faults.append(f"a reader met {error}")
            time.sleep(_PAUSE_S)
        except PolyciteError as error:
            faults.append(f"a reader met {type(error).__name__}: {error}")
    pipe.send((asked, faults))


def ask_one(index: Index, chance: random.Random) -> list[str]:
    """Read a document and ask for one of its paragraphs; what is seen must be whole, whatever runs meanwhile."""
    source = chance.choice(index.documents()).source
    document = index.document(source)
    if document is None:  # removed since it was listed
        return []
    faults = [] if is_whole(document.text) else [f"half of {source} is visible"]
    wanted = chance.choice(paragraphs(document.text))
    found = index.search(wanted, _RESULTS)
    if not any(wanted in item.text for item in found) and index.document(source) == document:
        faults.append(f"a paragraph of {source} is not found")
    return faults
