"""Documents to evidence: reading, cutting, embedding, storing and searching."""

from index.errors import PolyciteError
from index.indexer import IndexReport, index_folder
from index.reader import Index
from index.settings import Settings, load_settings
from index.types import Chunk, Document, Evidence, ScoredSentence, Sentence, Span

__all__ = [
    "Chunk",
    "Document",
    "Evidence",
    "Index",
    "IndexReport",
    "PolyciteError",
    "ScoredSentence",
    "Sentence",
    "Settings",
    "Span",
    "index_folder",
    "load_settings",
]
