"""Kills the indexer again and again, at random moments, and checks what is left: ``make chaos``.

Folders change between the kills, and a reader asks all the while. After each kill readers must find all of what was
published before or all of what the run was to publish, the doctor must find nothing wrong, and a run that is left alone
must come to the right end. Small folders are embedded by e5; large ones by a stand-in, so that time goes elsewhere.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from evals.chaos_child import ask_one, index_in_child, make_embedder, make_settings
from evals.chaos_reader import processes, reader_beside
from evals.chaos_shared import SharedChaos
from evals.chaos_tally import Scene, Tally, table
from evals.chaos_world import World
from index import Index, index_folder
from index.doctor import examine
from index.store import Store
from index.vectors import generation_folder

KILLS = 200
_LARGE_SHARE = 0.25  # of the kills; they take longer
_SHARED_SHARE = 0.25  # of the kills
_AIMED_SHARE = 0.1  # kills as soon as the new generation is current, which chance would seldom hit
_FINISH_SHARE = 0.5  # of the kills after which a run is left alone
_MARGIN = 1.1
_POLL_S = 0.0005
_QUESTIONS = 3
_FOLDERS = ("first", "second")  # of one index; a run is about one of them
_SHOWN = 20  # violations


SMALL = Scene("small, e5", True, 8, 4)
LARGE = Scene("10,000 chunks", False, 100, 100)


class Chaos:
    """One scene: its folders, its index, and the processes around it."""

    def __init__(self, scene: Scene, root: Path, seed: int) -> None:
        self._chance = random.Random(f"{seed} {scene.name}")
        self._scene = scene
        self._data_dir = root / ".polycite"
        self._world = World(root, self._chance, folders=_FOLDERS, documents=scene.documents, size=scene.size)
        self._settings = make_settings(scene.real)
        self._embedder = make_embedder(scene.real)
        self._context = processes()
        self.tally = Tally(scene)
        self._longest = 0.0

    def run(self, kills: int) -> Tally:
        """Kill so many runs, with a reader beside them; then finish what is left."""
        started = time.perf_counter()
        for number in range(len(self._world.folders)):
            self.finish(number)
        with reader_beside(self._data_dir, self._settings, self._chance.randrange(1 << 32), self.tally):
            while self.tally.kills.total() < kills:
                self._round()
            for number in range(len(self._world.folders)):
                self.finish(number)
            self._expect({"ok"}, "at the end")
        self.tally.seconds = time.perf_counter() - started
        return self.tally

    def _round(self) -> None:
        number = self._chance.randrange(len(self._world.folders))
        self._world.change(number)
        where = self._kill(number)
        if where is None:
            self._world.settle(number)
            self.check(number, "after a run that was too quick to be killed")
            return
        self.tally.kills[where] += 1
        self.check(number, f"after kill {self.tally.kills.total()} ({where})")
        if self._chance.random() < _FINISH_SHARE:
            self.finish(number)

    def _kill(self, number: int) -> str | None:
        """Start a run and kill it; returns what it was doing, or None if it was through already."""
        arguments = (self._world.folders[number], self._data_dir, self._settings)
        child = self._context.Process(target=index_in_child, args=arguments)
        with closing(Store.open(self._data_dir)) as store:
            before, started = store.generation, time.time()
            child.start()
            if self._chance.random() < _AIMED_SHARE:
                while child.is_alive() and store.generation == before:
                    time.sleep(_POLL_S)
            else:
                child.join(self._chance.uniform(0, self._longest))
            child.kill()
            child.join()
            if child.exitcode == 0:
                self._longest = _MARGIN * (time.time() - started)
                return None
            if child.exitcode != -signal.SIGKILL:
                self.tally.violations.append(f"a run failed with status {child.exitcode}")
            if store.generation > before:
                return "published"
            folder = generation_folder(self._data_dir, before + 1)
            return "building" if folder.exists() and folder.stat().st_ctime >= started else "preparing"

    def finish(self, number: int) -> None:
        """Let a run come to its end."""
        started = time.perf_counter()
        index_folder(self._world.folders[number], self._data_dir, self._settings, embedder=self._embedder)
        self._longest = max(self._longest, time.perf_counter() - started)
        self._world.settle(number)
        self.tally.finished += 1
        self.check(number, "after a run that was left alone")

    def check(self, number: int, when: str) -> None:
        """Look for what must not be, after a run on a folder; what is found goes into the tally."""
        self._expect({"ok", "note"}, when)
        allowed = self._world.may_be_seen(number)
        with Index(self._data_dir, self._settings, self._embedder) as index:
            texts = {item.source: index.document(item.source) for item in index.documents()}
            visible = {source: document.text for source, document in texts.items() if document}
            if visible not in allowed:
                self.tally.violations.append(f"{when}: what is visible was never whole")
            elif visible == allowed[1]:
                self._world.settle(number)
            for _ in range(_QUESTIONS):
                self.tally.violations += [f"{when}: {fault}" for fault in ask_one(index, self._chance)]

    def _expect(self, states: set[str], when: str) -> None:
        for finding in examine(self._data_dir):
            if finding.state not in states:
                self.tally.violations.append(f"{when}: {finding.check}: {finding.detail}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run all scenes; returns 1 if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m evals.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help=f"in all (default: {KILLS})")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args(argv)
    sys.stdout.write(f"seed {arguments.seed}\n")
    large, shared = round(arguments.kills * _LARGE_SHARE), round(arguments.kills * _SHARED_SHARE)
    tallies = []
    for scene, kills in ((SMALL, arguments.kills - large - shared), (LARGE, large)):
        with tempfile.TemporaryDirectory() as root:
            tallies.append(Chaos(scene, Path(root), arguments.seed).run(kills))
    with tempfile.TemporaryDirectory() as root:
        tallies.append(SharedChaos(Path(root), arguments.seed).run(shared))
    violations = [violation for tally in tallies for violation in tally.violations]
    sys.stdout.write("\n".join([table(tallies), *violations[:_SHOWN]]) + "\n")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
