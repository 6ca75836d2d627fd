"""Taking a document out of the index."""

from __future__ import annotations

from pathlib import Path

from index.errors import IndexMissingError, UsageError
from index.publish import publish, tidy, writing


def remove_document(data_dir: Path, doc_id: str) -> None:
    """Take a document out of the index; its file stays, and is left out until it changes or is indexed by a rebuild.

    Raises:
        UsageError: there is no such document.
        IndexBusyError, DataDirError: see ``index.datadir.writer``.
    """
    with writing(data_dir) as store:
        if not store.generation:
            raise IndexMissingError(f"nothing is indexed in {data_dir} yet; run 'polycite index FOLDER'")
        document = store.document(doc_id)
        if document is None:
            raise UsageError(f"no document {doc_id!r} in the index; 'polycite list' names them")
        store.begin()
        store.leave_out(doc_id, document.sha256)
        store.drop(doc_id)
        publish(store, data_dir)
        tidy(store, data_dir)
