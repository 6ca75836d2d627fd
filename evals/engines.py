"""The golden questions by the engines that run in polycite, and by the same as servers: ``make engines``.

The servers are a real ``chroma run`` and llama.cpp's own HTTP server, on this machine: what they find and word must not
differ from what the embedded ones do.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from evals.chroma_server import ChromaServer
from evals.results import ResultRow, Summary, read_rows
from evals.run import Progress, run
from evals.tables import table
from index import load_settings
from index.errors import ModelError
from qa.gguf import bundled_model
from qa.llamacpp import LlamaCppServer
from qa.models import SMALL

SPLIT = "report"

_TIMES = "seconds"  # what the names of figures of time begin with; a row's own


@dataclass(frozen=True)
class Engines:
    """A run with embedded engines and one with servers: figures and answers."""

    embedded: Summary
    served: Summary
    rows: list[tuple[ResultRow, ResultRow]]

    def differing_figures(self) -> list[str]:
        """Names of the figures, those of time left out, that are not the same."""
        pairs = {name: (figure, self.served.figures.get(name)) for name, figure in self.embedded.figures.items()}
        return [name for name, pair in pairs.items() if pair[0] != pair[1] and not name.startswith(_TIMES)]

    def differing_rows(self) -> list[str]:
        """Ids of the questions of which anything but the time is not the same."""
        left, right = ([row[side].model_dump(exclude={_TIMES}) for row in self.rows] for side in (0, 1))
        return [str(one["id"]) for one, other in zip(left, right, strict=True) if one != other]


def run_engines(corpus: Path, split: str, progress: Progress = lambda done, total: None) -> Engines:
    """Ask all questions of a split both ways, with the bundled model.

    Raises:
        ModelError: it is not installed.
    """
    model = bundled_model()
    if model is None:
        raise ModelError("the bundled model is not installed; run 'make ask' once")
    with tempfile.TemporaryDirectory(prefix="polycite-") as folder:
        embedded = run(corpus, Path(folder, "embedded"), load_settings(llm="llamacpp"), split=split, progress=progress)
        with (
            ChromaServer(Path(folder, "chroma")) as chroma,
            closing(LlamaCppServer.start(model, SMALL.window, SMALL.timeout)) as llamacpp,
        ):
            settings = load_settings(
                chroma=chroma.url,
                llm="openai",
                base_url=f"{llamacpp.address}/v1",
                api_key=llamacpp.key,
                model=SMALL.name,
            )
            served = run(corpus, Path(folder, "served"), settings, split=split, progress=progress)
        rows = list(zip(read_rows(Path(folder, "embedded")), read_rows(Path(folder, "served")), strict=True))
    return Engines(embedded, served, rows)


def main() -> int:
    """Print both runs' figures; returns 1 if any differs that is not a time."""
    engines = run_engines(Path(__file__).resolve().parent.parent / "corpus", SPLIT)
    head = ("figure", "embedded", "chroma run, llama.cpp over HTTP")
    figures = [
        (name, f"{figure.value:.3f}", f"{engines.served.figures[name].value:.3f}")
        for name, figure in engines.embedded.figures.items()
    ]
    different = [*engines.differing_figures(), *engines.differing_rows()]
    sys.stdout.write(f"{table(head, figures)}\n\n")
    sys.stdout.write(
        f"{len(engines.rows)} questions; not the same but for the time: {', '.join(different) or 'none'}.\n"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
