"""Is an index sound, and if not, what mends it? Reads only, as far as a read-only directory allows too."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np

from index.audit import Audit
from index.chroma_child import ask
from index.database import CHROMA, FILE_NAME, MEND
from index.datadir import holder, is_passing
from index.embedder import basis_fingerprint
from index.errors import PolyciteError, VectorsDamagedError
from index.publish import manifest, search_vectors, space
from index.recipe import check_recipe
from index.server import Server
from index.settings import Settings
from index.share import difference
from index.types import FloatArray
from index.vectors import generation_folder

State = Literal["ok", "wrong", "note"]

SAMPLE = 50  # vectors that are to find themselves
_SAME = 1e-3  # how near two vectors are that a search may take for each other
_INDEX = "run 'polycite index FOLDER'"
_REBUILD = f"run {MEND}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A check and how it came out; a note is no fault."""

    check: str
    state: State = "ok"
    detail: str = ""


def examine(data_dir: Path, recipe: str | None = None, settings: Settings | None = None) -> list[Finding]:
    """Check everything; with ``recipe``, also whether the index was made by it.

    With ``settings`` that name a Chroma server, also whether it holds what the data directory does.
    """
    findings = list(_surroundings(data_dir))
    try:
        with closing(Audit.open(data_dir)) as audit, audit.transaction():
            findings += _store(audit)
            if not any(finding.state == "wrong" for finding in findings):
                findings += _settings(audit, recipe)
                findings += _chroma(audit, data_dir)
                findings += _leftovers(audit, data_dir)
                if settings and settings.chroma:
                    findings.append(_shared(audit, settings))
    except PolyciteError as error:
        findings.append(Finding("SQLite file", "wrong", str(error)))
    except sqlite3.Error as error:
        step = "check free space and permissions" if is_passing(error) else _REBUILD
        findings.append(Finding("SQLite file", "wrong", f"{data_dir / FILE_NAME}: {error}; {step}"))
    return findings


def _surroundings(data_dir: Path) -> Iterator[Finding]:
    if not os.access(data_dir, os.W_OK):
        yield Finding("data directory", "note", f"{data_dir} is read-only: it can be asked, not indexed into")
    else:
        yield Finding("data directory")
    writer = holder(data_dir)
    if writer:
        yield Finding("writer", "note", f"{writer} is writing; what it prepares is not checked")


def _store(audit: Audit) -> Iterator[Finding]:
    """SQLite's own structure first: what follows reads it."""
    checks: dict[str, Callable[[], str | None]] = {
        "SQLite file": audit.structure,
        "documents": audit.documents,
        "vectors": audit.raw_vectors,
    }
    for name, check in checks.items():
        fault = check()
        yield Finding(name, "wrong", f"{fault}; {_REBUILD}") if fault else Finding(name)
        if fault:
            return


def _settings(audit: Audit, recipe: str | None) -> Iterator[Finding]:
    made_by = cast("str", audit.meta("recipe"))
    if not audit.generation:
        yield Finding("settings", "note", f"nothing is indexed yet; {_INDEX}")
        return
    try:
        check_recipe(made_by, recipe or made_by)
    except PolyciteError as error:
        yield Finding("settings", "wrong", str(error))
    else:
        yield Finding("settings")
    if space(audit).basis.fingerprint != basis_fingerprint(json.loads(made_by)["embedder"]):
        yield Finding("language basis", "wrong", f"the index was made with another one; {_INDEX}, which embeds nothing")
    else:
        yield Finding("language basis")


def _chroma(audit: Audit, data_dir: Path) -> Iterator[Finding]:
    if not audit.generation:
        return
    if audit.meta("chroma") is None:
        yield Finding("Chroma's files", "note", "none here: the index was shared by a server; --chroma looks at it")
        return
    folder = generation_folder(data_dir, audit.generation)
    fault = manifest(audit).fault(folder, thorough=True)
    yield (
        Finding("Chroma's files", "wrong", f"{fault}; {_INDEX}, which embeds nothing")
        if fault
        else Finding("Chroma's files")
    )
    if fault:
        return
    fault = _search_fault(audit, folder)
    yield (
        Finding("Chroma's search", "wrong", f"{fault}; delete {folder} and {_INDEX}")
        if fault
        else Finding("Chroma's search")
    )


def _search_fault(audit: Audit, folder: Path) -> str | None:
    """Ask Chroma, in a child process, for all that it holds and for a sample of vectors."""
    wanted = audit.distinct(audit.generation)
    sample = dict(_rows(audit, wanted))
    try:
        answer = ask(folder, manifest(audit), list(sample.values()))
    except VectorsDamagedError as error:
        return str(error)
    if sorted(answer.ids) != sorted(wanted):
        return f"{folder} holds {len(answer.ids):,} chunks, not the {len(wanted):,} of SQLite"
    found = dict(_rows(audit, set(answer.nearest)))
    for (chunk, row), nearest in zip(sample.items(), answer.nearest, strict=True):
        if np.any(row) and not float(found[nearest] @ row) > 1 - _SAME:
            return f"{folder} does not find chunk {chunk}"
    return None


def _rows(audit: Audit, chunks: set[int]) -> Iterator[tuple[int, FloatArray]]:
    """The vectors of these chunks, or of ``SAMPLE`` at most of them, from end to end of the index."""
    step = -(-len(chunks) // SAMPLE) or 1
    kept = set(sorted(chunks)[::step])
    for ids, vectors in search_vectors(audit, audit.generation):
        yield from ((chunk, row) for chunk, row in zip(ids, vectors, strict=True) if chunk in kept)


def _shared(audit: Audit, settings: Settings) -> Finding:
    try:
        with closing(Server(settings)) as server:
            fault = difference(audit, server)
    except PolyciteError as error:
        return Finding("Chroma's server", "wrong", str(error))
    if fault:
        return Finding(
            "Chroma's server", "wrong", f"{fault}; {_INDEX} --chroma {settings.chroma}, which embeds nothing"
        )
    return Finding("Chroma's server")


def _leftovers(audit: Audit, data_dir: Path) -> Iterator[Finding]:
    """What an interrupted run leaves is no fault: the next run takes it up, or away."""
    unfinished = sorted(audit.unfinished())
    for path in unfinished:
        step = f"run 'polycite index {(data_dir / path).resolve()}' to finish it" if path else _INDEX
        yield Finding("unfinished run", "note", f"a run was cut short, and what was published before it holds; {step}")
    kept = {generation_folder(data_dir, audit.generation - back) for back in (0, 1)}
    stray = sorted(path for path in (data_dir / CHROMA).glob("*") if path not in kept)
    detail = "; ".join(filter(None, [audit.leftovers(), f"{stray[0]} is not in use" if stray else None]))
    if not detail:
        yield Finding("leftovers")
    else:
        harmless = bool(unfinished) or holder(data_dir) is not None
        yield Finding("leftovers", "note" if harmless else "wrong", f"{detail}; the next 'polycite index' deletes it")
