"""Rows to figures: each with its n, rates with a 95% Wilson interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from evals.metrics.abstention import abstention_precision, abstention_recall, auroc
from evals.metrics.budget import hit_within
from evals.metrics.citations import citation_precision, citation_recall
from evals.metrics.consistency import consistency
from evals.metrics.latency import percentile
from evals.metrics.mrr import reciprocal_rank
from evals.metrics.ndcg import ndcg_at_k
from evals.metrics.recall import hit_at_k
from evals.metrics.wilson import wilson
from evals.results import Figure, ResultRow, Summary, errors

MATRIX = ("recall@1", "recall@5", "answer_correct")
LANGUAGES_OF_A_FACT = 5  # a fact counts for consistency when it is asked in as many languages
BUDGETS = (256, 512, 1024)


def summarize(rows: Sequence[ResultRow], meta: dict[str, str]) -> Summary:
    """All figures of a run; questions that could not be asked are counted apart."""
    sound = [row for row in rows if row.error is None]
    alone = [row for row in sound if row.turn == 0]
    return Summary(
        meta=meta,
        figures=figures(alone) | _once(alone),
        by_language=_grouped(alone, lambda row: row.language),
        by_kind=_grouped(alone, lambda row: row.kind),
        matrix={name: _matrix(alone, name) for name in MATRIX},
        follow_ups=figures([row for row in sound if row.turn > 1]),
        errors=errors(rows),
    )


def outcomes(row: ResultRow) -> dict[str, bool]:
    """What is right or wrong of one row, by the name of the rate that it counts for."""
    if not row.answerable:
        topic = "off_topic" if row.kind.startswith("off-topic") else "on_topic"
        return {f"abstention_recall_{topic}": row.abstained}
    relevance = [chunk.relevant for chunk in row.evidence]
    tokens = [chunk.tokens for chunk in row.evidence]
    right = {f"recall@{k}": hit_at_k(relevance, k) for k in (1, 5, 10)}
    right |= {f"recall_within_{budget}_tokens": hit_within(relevance, tokens, budget) for budget in BUDGETS}
    return right | {
        "answer_correct": row.correct,
        "first_citation_correct": row.first_citation_correct,
        "answered": not row.abstained,
    }


def figures(rows: Sequence[ResultRow]) -> dict[str, Figure]:
    """The figures of some rows; those without anything to count are left out."""
    rates: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        for name, right in outcomes(row).items():
            rates[name].append(right)
    found = {name: rate(values) for name, values in rates.items()}
    found |= _sentence_rates(rows)
    answerable = [row for row in rows if row.answerable]
    found |= _means(
        {
            "mrr": [reciprocal_rank([chunk.relevant for chunk in row.evidence]) for row in answerable],
            "ndcg@10": [
                ndcg_at_k([chunk.relevant for chunk in row.evidence], len(row.golden_passages), 10)
                for row in answerable
            ],
            "token_f1": [row.token_f1 for row in answerable],
        }
    )
    return found


def rate(values: Sequence[bool]) -> Figure:
    """A rate with its interval."""
    low, high = wilson(sum(values), len(values))
    return Figure(value=sum(values) / len(values), n=len(values), low=low, high=high)


def _sentence_rates(rows: Iterable[ResultRow]) -> dict[str, Figure]:
    shown = [(row, sentence) for row in rows for sentence in row.sentences]
    cited = [(row, citation) for row in rows for citation in row.citations]
    lists = {
        "exact_offsets": [citation.exact for _, citation in cited],
        "citation_precision_golden": [citation.golden for row, citation in cited if row.answerable],
        "citation_recall_golden": [
            any(citation.golden for citation in row.citations) for row in rows if row.answerable and row.citations
        ],
        "sentences_true": [sentence.true for _, sentence in shown],
        "sentences_answer": [sentence.answers for row, sentence in shown if row.answerable],
    }
    found = {name: rate(values) for name, values in lists.items() if values}
    # ALCE, by polycite's own check: a citation alone supports its sentence here, so no other could make it needless.
    recall = citation_recall([sentence.checked for _, sentence in shown])
    precision = citation_precision(
        [(sentence.checked, [(sentence.checked, False)] * len(sentence.citations)) for _, sentence in shown]
    )
    if recall is not None:
        found["citation_recall_checked"] = rate([sentence.checked for _, sentence in shown])
    if precision is not None:
        found["citation_precision_checked"] = Figure(value=precision, n=len(cited))
    return found


def _once(rows: Sequence[ResultRow]) -> dict[str, Figure]:
    """Figures that only make sense over all questions together."""
    pairs = [(row.answerable, row.abstained) for row in rows]
    scores = {side: [row.confidence for row in rows if row.answerable is side] for side in (True, False)}
    values = {
        "abstention_precision": (abstention_precision(pairs), sum(abstained for _, abstained in pairs)),
        "abstention_recall": (abstention_recall(pairs), sum(not answerable for answerable, _ in pairs)),
        "abstention_auroc": (auroc(scores[True], scores[False]), len(rows)),
        "planned_tokens_per_question": (_mean([row.planned_tokens for row in rows]), len(rows)),
        "model_asked": (_mean([row.model_asked for row in rows]), len(rows)),
        "model_worded": (_mean([row.model != "none" for row in rows if not row.abstained]), len(rows)),
    }
    for name in ("first_event", "first_sentence", "total"):
        seconds = [row.seconds[name] for row in rows if name in row.seconds]
        for q in (50, 95):
            values[f"seconds_{name}_p{q}"] = (percentile(seconds, q), len(seconds))
    found = {name: Figure(value=value, n=n) for name, (value, n) in values.items() if value is not None}
    facts = _facts(rows)
    same = consistency(facts)
    if same is not None:
        found["consistency_all_right"] = Figure(value=same[0], n=len(facts))
        found["consistency_same_outcome"] = Figure(value=same[1], n=len(facts))
    return found


def _facts(rows: Iterable[ResultRow]) -> list[list[bool]]:
    by_fact: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in rows:
        if row.answerable:
            by_fact[row.fact][row.language] = row.correct
    return [list(right.values()) for right in by_fact.values() if len(right) >= LANGUAGES_OF_A_FACT]


def _grouped(rows: Sequence[ResultRow], name: Callable[[ResultRow], str]) -> dict[str, dict[str, Figure]]:
    groups: dict[str, list[ResultRow]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    return {group: figures(members) for group, members in sorted(groups.items())}


def _matrix(rows: Sequence[ResultRow], name: str) -> dict[str, dict[str, Figure]]:
    """Question language -> language of a supporting document -> figure; a row counts for each of its documents."""
    cells: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.answerable:
            for language in {passage.language for passage in row.golden_passages}:
                cells[row.language][language].append(outcomes(row)[name])
    return {asked: {given: rate(cells[asked][given]) for given in sorted(cells[asked])} for asked in sorted(cells)}


def _means(values: dict[str, list[float]]) -> dict[str, Figure]:
    return {name: Figure(value=sum(found) / len(found), n=len(found)) for name, found in values.items() if found}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
