"""Making what SQLite holds the current generation, and making a damaged one again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index import vectors
from index.datadir import storage_faults, writer
from index.manifest import Manifest
from index.neutral import Basis, neutral
from index.space import Space
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


def publish(store: Store, data_dir: Path, basis: Basis | None = None, *, shared: bool = False, **meta: object) -> None:
    """Make the next generation current, with these meta values; nothing is done where it would be the same.

    ``basis`` is that of the embedder in use; without it, the one of the current generation stays. What is ``shared`` by
    a server needs no folder of Chroma's here: whoever reads it here all the same builds it.
    """
    basis = basis or space(store).basis
    previous = whole(store, data_dir, basis)
    if (previous or (shared and is_of(store, basis))) and not store.has_unpublished():
        return
    following = store.generation + 1
    folder = vectors.generation_folder(data_dir, following)
    parts = ((languages, raw) for _, languages, raw in store.vectors(following))
    fair = Space.fit(basis, parts, store.languages(following))
    built = None
    if not shared:
        wanted = store.distinct(following)
        built = vectors.build(folder, wanted, lambda: search_vectors(store, following, basis), previous).to_json()
    store.publish(chroma=built, space=fair.to_json(), **meta)


def whole(store: Store, data_dir: Path, basis: Basis) -> tuple[Path, Manifest] | None:
    """The folder of the current generation, if nothing of it is damaged or missing and it was made by this basis."""
    if not is_of(store, basis):
        return None
    folder, found = vectors.generation_folder(data_dir, store.generation), manifest(store)
    return (folder, found) if found.fault(folder, thorough=True) is None else None


def is_of(store: Store, basis: Basis) -> bool:
    """Whether the current generation was made by this basis."""
    return store.generation > 0 and space(store).basis.fingerprint == basis.fingerprint


def search_vectors(store: Store, generation: int, basis: Basis | None = None) -> Iterator[tuple[list[int], FloatArray]]:
    """What Chroma is to search: chunk ids with their vectors, without the share of the languages.

    The places of the languages in this index are left out here, and reckoned with when candidates are ranked, so that
    a chunk's vector does not depend on what other documents there are.
    """
    rows = (basis or space(store).basis).rows
    return ((ids, neutral(raw, rows)) for ids, _, raw in store.vectors(generation))


def space(store: Store) -> Space:
    """The space of the current generation."""
    return Space.from_json(store.meta("space"))


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
    waiting = {other for other in store.unfinished() - {path, ""} if (data_dir / other).is_dir()}
    store.finish(waiting)
