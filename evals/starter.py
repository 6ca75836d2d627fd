"""The pipeline that LlamaIndex's tutorials start with, over Chroma: what polycite is measured against.

SimpleDirectoryReader, VectorStoreIndex with the default SentenceSplitter, ChromaVectorStore in a persistent client, a
retriever with similarity_top_k (https://docs.llamaindex.ai). Only what keeps it from running here is changed: the
embedder is the same e5 as polycite's (the tutorials call OpenAI), and telemetry is off.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from index.readers import SUFFIXES

if TYPE_CHECKING:
    from llama_index.vector_stores.chroma import ChromaVectorStore

MODULES = ("llama_index.core", "llama_index.vector_stores.chroma", "index.embedding")
CHUNK_SIZE = 1024  # LlamaIndex's default, in tokens of tiktoken
CHUNK_OVERLAP = 20  # the tutorials'


def build(folder: Path, store: Path, chunk_size: int = CHUNK_SIZE) -> int:
    """Index the folder into ``store``; returns the number of chunks."""
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter

    from index.embedding import E5Embedding

    documents = SimpleDirectoryReader(str(folder), recursive=True, required_exts=list(SUFFIXES)).load_data()
    vector_store = _vector_store(store)
    VectorStoreIndex.from_documents(
        documents,
        storage_context=StorageContext.from_defaults(vector_store=vector_store),
        embed_model=E5Embedding(),
        transformations=[SentenceSplitter(chunk_size=chunk_size, chunk_overlap=CHUNK_OVERLAP)],
    )
    return int(vector_store.client.count())


def searcher(folder: Path, store: Path, k: int) -> Callable[[str], list[tuple[str, str]]]:
    """What answers a question with the ``k`` nearest chunks: (path inside ``folder``, text), best first.

    Args:
        folder: what was indexed, an absolute path.
        store: where ``build`` put the index.
        k: number of chunks.
    """
    from llama_index.core import VectorStoreIndex

    from index.embedding import E5Embedding

    index = VectorStoreIndex.from_vector_store(_vector_store(store), embed_model=E5Embedding())
    retriever = index.as_retriever(similarity_top_k=k)
    root = f"{folder}/"

    def search(question: str) -> list[tuple[str, str]]:
        nodes = retriever.retrieve(question)
        return [(node.metadata["file_path"].removeprefix(root), node.get_content()) for node in nodes]

    return search


def _vector_store(store: Path) -> ChromaVectorStore:
    import chromadb
    from chromadb.config import Settings
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = chromadb.PersistentClient(str(store), settings=Settings(anonymized_telemetry=False))
    return ChromaVectorStore(chroma_collection=client.get_or_create_collection("quickstart"))
