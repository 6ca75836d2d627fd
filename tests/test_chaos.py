"""A short run of the chaos test, and that it can fail."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from evals.chaos import SMALL, Chaos
from evals.chaos_shared import SharedChaos
from evals.chaos_tally import Scene, Tally, table
from evals.chaos_world import World, is_whole, paragraphs
from index.server import Server

pytestmark = pytest.mark.fault


def test_a_few_kills_leave_nothing_half_done(tmp_path: Path) -> None:
    tally = Chaos(SMALL, tmp_path, seed=7).run(4)
    assert tally.violations == []
    assert tally.kills.total() == 4
    assert tally.questions > 0
    assert "small, e5" in table([tally])


def test_a_few_kills_of_the_writer_and_of_the_server_that_shares(tmp_path: Path) -> None:
    tally = SharedChaos(tmp_path, seed=3).run(4)
    assert tally.violations == []
    assert set(tally.kills) == {"server", "writer"}
    assert tally.questions > 0


def test_it_sees_what_the_server_must_not_show(tmp_path: Path) -> None:
    chaos = SharedChaos(tmp_path, seed=3, scene=Scene("two documents", False, 2, 2))
    with chaos.server:
        chaos.finish()
        assert chaos.tally.violations == []
        with closing(Server(chaos.settings)) as server:
            server.collection(server.current().documents).delete(ids=["1"])
            chaos.check("after that")
    assert any("was never published" in found for found in chaos.tally.violations)


@pytest.mark.parametrize(
    ("statement", "violation"),
    [
        ("DELETE FROM documents WHERE id = 2", "was never whole"),
        ("UPDATE documents SET text = substr(text, 1, 100) WHERE id = 2", "is visible"),
        ("DELETE FROM chunks WHERE id = 2", "do not follow each other"),
    ],
)
def test_it_sees_what_must_not_be(tmp_path: Path, statement: str, violation: str) -> None:
    chaos = Chaos(Scene("one document of each folder", False, 2, 2), tmp_path, seed=7)
    chaos.finish(0)
    chaos.finish(1)
    assert chaos.tally.violations == []
    with closing(sqlite3.connect(tmp_path / ".polycite" / "polycite.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(statement)
    chaos.check(1, "after that")
    assert any(violation in found for found in chaos.tally.violations)


def test_documents_tell_whether_they_are_whole(tmp_path: Path) -> None:
    world = World(tmp_path, random.Random(1), folders=("a", "b"), documents=4, size=3)
    texts = [text for folder in world.written for text in folder.values()]
    assert all(is_whole(text) and len(paragraphs(text)) == 3 for text in texts)
    assert not any(is_whole(text[:-2]) or is_whole(text.replace(".", ",", 1)) for text in texts)
    for _ in range(20):
        world.change(1)
        assert {name: (tmp_path / name).read_text("utf-8") for name in world.written[1]} == world.written[1]


def test_the_table_counts_violations() -> None:
    tally = Tally(SMALL, violations=["a", "b"])
    assert table([tally]).splitlines()[1].split()[-1] == "2"
