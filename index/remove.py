"""Taking a document out of the index."""

from __future__ import annotations

from pathlib import Path

from index.errors import IndexMissingError, UsageError
from index.publish import publish, tidy, writing
from index.settings import Settings
from index.share import sharing


def remove_document(data_dir: Path, doc_id: str, settings: Settings) -> None:
    """Take a document out of the index; its file stays, and is left out until it changes or is indexed by a rebuild.

    Raises:
        UsageError: there is no such document.
        IndexBusyError, DataDirError: see ``index.datadir.writer``.
        ServerError: the Chroma server that shares the index cannot be reached or used.
    """
    with writing(data_dir) as store, sharing(store, settings):
        if not store.generation:
            raise IndexMissingError(f"nothing is indexed in {data_dir} yet; run 'polycite index FOLDER'")
        document = store.document(doc_id)
        if document is None:
            raise UsageError(f"no document {doc_id!r} in the index; 'polycite list' names them")
        store.begin()
        store.leave_out(doc_id, document.sha256)
        store.drop(doc_id)
        publish(store, data_dir, shared=settings.chroma is not None)
        tidy(store, data_dir)
