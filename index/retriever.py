"""The search as a LlamaIndex retriever, for programs built on LlamaIndex."""

from __future__ import annotations

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.reader import Index
from index.types import Evidence


class PolyciteRetriever(BaseRetriever):
    """Gives chunks as nodes whose offsets count in the document's text; source and language are metadata."""

    def __init__(self, index: Index, k: int) -> None:
        self._index = index
        self._k = k
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [to_node(item) for item in self._index.search(query_bundle.query_str, self._k)]


def to_node(item: Evidence) -> NodeWithScore:
    """Evidence in LlamaIndex's own form."""
    metadata = {"source": item.source, "language": item.language}
    node = TextNode(
        id_=f"{item.source}:{item.span.start}-{item.span.end}",
        text=item.text,
        start_char_idx=item.span.start,
        end_char_idx=item.span.end,
        metadata=metadata,
        excluded_embed_metadata_keys=list(metadata),
    )
    return NodeWithScore(node=node, score=item.score)
