"""Making what SQLite holds the current generation, and making a damaged one again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index import vectors
from index.datadir import storage_faults, writer
from index.manifest import Manifest
from index.neutral import basis_fingerprint, load_basis, neutral
from index.store import Store
from index.types import FloatArray


@contextmanager
def writing(data_dir: Path, prepare: Callable[[], None] = lambda: None) -> Iterator[Store]:
    """Hold the right to write, ``prepare``, and open the store; raises as ``index.datadir.writer`` does."""
    with storage_faults(data_dir), writer(data_dir):
        prepare()
        store = Store.create(data_dir)
        try:
            yield store
        finally:
            store.close()


def publish(store: Store, data_dir: Path, **meta: object) -> None:
    """Make the next generation current, with these meta values; nothing is done where it would be the same."""
    if needs_publishing(store, data_dir):
        following = store.generation + 1
        folder = vectors.generation_folder(data_dir, following)
        built = vectors.build(folder, lambda: search_vectors(store, following))
        store.publish(chroma=built.to_json(), basis=basis_fingerprint(), **meta)


def search_vectors(store: Store, generation: int) -> Iterator[tuple[list[int], FloatArray]]:
    """What Chroma is to search: chunk ids with their vectors, without the languages' share."""
    return ((ids, neutral(raw, load_basis())) for ids, raw in store.vectors(generation))


def needs_publishing(store: Store, data_dir: Path) -> bool:
    """Whether the current generation is not what it is to be, or not whole."""
    return (
        not store.generation
        or store.has_unpublished()
        or store.meta("basis") != basis_fingerprint()
        or manifest(store).fault(vectors.generation_folder(data_dir, store.generation), thorough=True) is not None
    )


def manifest(store: Store) -> Manifest:
    """What the current generation's folder is to hold."""
    return Manifest.from_json(store.meta("chroma"))


def mend(data_dir: Path) -> None:
    """Build the current generation again from SQLite, unless it is whole; embeds nothing.

    Raises:
        IndexBusyError: another process is writing, perhaps for the same reason.
    """
    with writing(data_dir) as store:
        store.begin()
        publish(store, data_dir)
        tidy(store, data_dir)


def tidy(store: Store, data_dir: Path, path: str = "") -> None:
    """End a run: delete what no reader needs."""
    # A reader may still be in the generation before this one: it goes with the next generation.
    vectors.remove_others(data_dir, keep=(store.generation - 1, store.generation))
    store.finish(path)
