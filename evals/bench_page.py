"""The benchmark's figures as a page: the table, and what differs between the sides."""

from __future__ import annotations

from evals import starter
from evals.bench_report import BenchReport
from evals.bench_sides import WARM_UP
from evals.results import Figure
from evals.tables import cell, table

FEWEST = 10  # right results of the starter that a ratio may rest on


def to_markdown(report: BenchReport) -> str:
    """The table, and what differs between the sides."""
    meta, ours, theirs = report.meta, report.polycite, report.starter
    rows = [
        [name, _number(value), _number(theirs.costs[name]), _ratio(value, theirs.costs[name])]
        for name, value in ours.costs.items()
    ]
    rows += [
        [f"{name} (n={figure.n})", cell(figure), cell(other), _found_ratio(figure, other)]
        for (name, figure), other in zip(ours.found.items(), theirs.found.values(), strict=True)
    ]
    parts = [
        "## polycite beside a LlamaIndex starter pipeline",
        f"    {meta['command']}",
        f"{meta['versions']}; {meta['cores']} cores, load {meta['load']} at the start (other programs at work "
        f"spoil the times). {meta['work']}",
        table(["", "polycite", "starter", "polycite / starter"], rows),
        f"The starter is what LlamaIndex's tutorials build: SimpleDirectoryReader, SentenceSplitter (chunk_size "
        f"{meta['chunk_size']}, overlap {starter.CHUNK_OVERLAP}), VectorStoreIndex over a persistent Chroma, "
        f"similarity_top_k {meta['k']}, with the same e5 by the same engine. A result is right when it holds the whole "
        "supporting passage; *within N tokens*: among the results that fit whole, in their order, into N tokens of the "
        "embedder, so that a chunk larger than N never counts. In brackets: 95% Wilson intervals. No ratio where "
        f"the starter was right on fewer than {FEWEST} questions.",
        "What differs: polycite embeds every sentence besides every chunk, so it embeds each text twice and takes "
        "longer to index; it keeps texts and all vectors in SQLite beside Chroma's copy; it takes the language's share "
        "out of the vectors and joins a chunk's score with its best sentence's; its chunks are whole sentences, "
        "counted by the embedder's tokens (--chunk-size makes the starter's smaller). The starter puts the path of "
        "the file before each text that it embeds, as LlamaIndex does.",
        f"Each side runs in processes of its own, one at a time, in an order that turns (rounds: {meta['rounds']}). "
        "Index times are of the fastest round, without imports (CPU: all cores together); question times are over all "
        f"rounds, after {WARM_UP} questions of warm-up at the start of each; memory is the "
        "highest of a whole process, Python and imports included.",
    ]
    return "\n\n".join(parts) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}×" if theirs else "–"


def _found_ratio(ours: Figure, theirs: Figure) -> str:
    """A ratio says something only where the starter found a few questions' passages at least."""
    return _ratio(ours.value, theirs.value) if theirs.value * theirs.n >= FEWEST else "–"
