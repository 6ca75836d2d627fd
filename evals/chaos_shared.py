"""The chaos test's scene of an index on a Chroma server: the writer is killed at random moments, or the server is.

A reader asks the server all the while; it may be told that no server answers, and nothing else. After each kill the
readers of the server must see a state that was published, whole; a run that is left alone must bring it to the last.
"""

from __future__ import annotations

import random
import signal
import time
from contextlib import closing
from pathlib import Path

from evals.chaos_child import ask_one, index_in_child, make_embedder, make_settings
from evals.chaos_reader import processes, reader_beside
from evals.chaos_tally import Scene, Tally
from evals.chaos_world import World
from evals.chroma_server import ChromaServer
from index import Index, index_folder
from index.doctor import examine
from index.store import Store

SHARED = Scene("Chroma's server", False, 20, 20)

_MARGIN = 1.1
_SERVER_SHARE = 0.5  # of the kills; the others are the writer's
_FINISH_SHARE = 0.5  # of the kills after which a run is left alone

State = dict[str, str]  # document -> text


class SharedChaos:
    """A folder, its index, the server and the processes around it.

    Attributes:
        server: runs from the start.
        settings: of writer and readers.
        tally: what came of it.
    """

    def __init__(self, root: Path, seed: int, scene: Scene = SHARED) -> None:
        self._chance = random.Random(f"{seed} {scene.name}")
        self._data_dir = root / ".polycite"
        self._world = World(root, self._chance, folders=("first",), documents=scene.documents, size=scene.size)
        self.server = ChromaServer(root / "server")
        self.settings = make_settings(scene.real, self.server.url)
        self._embedder = make_embedder(scene.real)
        self._context = processes()
        self._scene = scene
        self._published: list[State] = []  # since the last that the server was seen to have, that one included
        self._longest = 0.0
        self.tally = Tally(scene)

    def run(self, kills: int) -> Tally:
        """Kill so often, with a reader beside it; then finish what is left."""
        started = time.perf_counter()
        with self.server:
            self.finish()
            with reader_beside(self._data_dir, self.settings, self._chance.randrange(1 << 32), self.tally):
                while self.tally.kills.total() < kills:
                    self._round()
                self.finish()
        self.tally.seconds = time.perf_counter() - started
        return self.tally

    def _round(self) -> None:
        self._world.change(0)
        child = self._context.Process(
            target=index_in_child, args=(self._world.folders[0], self._data_dir, self.settings)
        )
        started = time.perf_counter()
        child.start()
        child.join(self._chance.uniform(0, self._longest))
        if self._chance.random() < _SERVER_SHARE:
            self.server.kill()
            child.join()
            self.server.start()
            self.tally.kills["server"] += 1
        else:
            child.kill()
            child.join()
            if child.exitcode == -signal.SIGKILL:
                self.tally.kills["writer"] += 1
            else:
                self._longest = _MARGIN * (time.perf_counter() - started)
        self.check(f"after kill {self.tally.kills.total()}")
        if self._chance.random() < _FINISH_SHARE:
            self.finish()

    def finish(self) -> None:
        """Let a run come to its end."""
        started = time.perf_counter()
        index_folder(self._world.folders[0], self._data_dir, self.settings, embedder=self._embedder)
        self._longest = max(self._longest, time.perf_counter() - started)
        self.tally.finished += 1
        self.check("after a run that was left alone")
        for finding in examine(self._data_dir, None, self.settings):
            if finding.state == "wrong":
                self.tally.violations.append(f"after a run that was left alone: {finding.check}: {finding.detail}")
        if self._published != [self._world.written[0]]:
            self.tally.violations.append("after a run that was left alone: the server is not at what the folder holds")

    def check(self, when: str) -> None:
        """Look for what must not be; what is found goes into the tally."""
        with closing(Store.open(self._data_dir)) as store:
            texts = {item.source: store.document(item.source) for item in store.summaries()}
        self._published.append({source: document.text for source, document in texts.items() if document})
        with Index.open(self.settings, self._embedder) as index:
            seen = {item.source: index.document(item.source) for item in index.documents()}
            visible = {source: document.text for source, document in seen.items() if document}
            if visible not in self._published:
                self.tally.violations.append(f"{when}: what the server shows was never published")
            else:
                del self._published[: len(self._published) - 1 - self._published[::-1].index(visible)]
            self.tally.violations += [f"{when}: {fault}" for fault in ask_one(index, self._chance)]
