"""A run of the claim set: how many false claims verification accepts, and how many true ones it recognizes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evals.benchmark import Progress, versions
from evals.claims_report import ClaimsReport, Judged, Language, Outcome, report
from evals.claimset import Claim, load_claims
from evals.run import PACKAGES, fingerprint, read_documents
from index import Index, Settings, index_folder
from index.errors import UsageError
from qa import Chatbot


def run_claims(corpus: Path, split: str, settings: Settings, command: str, progress: Progress) -> ClaimsReport:
    """Index ``corpus`` in a folder that goes away again, verify every claim of the split, and work out the figures.

    Raises:
        UsageError: there is no such split, or the corpus lacks a document that states a claim's fact.
        PolyciteError: indexing or verification fails.
    """
    claims = load_claims(split)
    with tempfile.TemporaryDirectory(prefix="polycite-") as folder:
        index_folder(corpus, Path(folder), settings)
        with Chatbot(Index(Path(folder), settings), settings) as bot:
            documents = read_documents(bot.index)
            languages = {name: document.language for name, document in documents.items()}
            results = measure(claims, languages, lambda text: verify(bot, text), progress)
    meta = {
        "command": command,
        "split": split,
        "claims": fingerprint([claim.model_dump(mode="json") for claim in claims]),
        "corpus": fingerprint(sorted((document.id, document.sha256) for document in documents.values())),
        "settings": settings.model_dump_json(exclude={"data_dir"}),
        "versions": versions(*PACKAGES),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }
    return report(meta, results)


def verify(bot: Chatbot, text: str) -> Outcome:
    """What verification makes of a claim, which is accepted when it has sentences and all of them are supported."""
    found = bot.verify(text)
    refused = [sentence for sentence in found.sentences if sentence.verdict != "supported"]
    if found.sentences and not refused:
        return Outcome(accepted=True, notes=tuple(f"{item.source}: {item.quote}" for item in found.citations))
    return Outcome(accepted=False, notes=tuple(sentence.reason for sentence in refused))


def measure(
    claims: Sequence[Claim],
    languages: Mapping[str, str],
    judge: Callable[[str], Outcome],
    progress: Progress = lambda what, done, total: None,
) -> list[Judged]:
    """Have every claim judged; ``languages`` are those of the corpus's documents."""
    missing = {name: claim.id for claim in claims for name in claim.documents if name not in languages}
    if missing:
        name, claim_id = next(iter(missing.items()))
        raise UsageError(f"{claim_id}: {name} is not in the corpus; give --corpus a folder that has it")
    results = []
    for done, claim in enumerate(claims):
        progress("Verifying", done, len(claims))
        stated_in = nearness(claim.language, [languages[name] for name in claim.documents])
        results.append(Judged(claim=claim, stated_in=stated_in, outcome=judge(claim.text)))
    progress("Verifying", len(claims), len(claims))
    return results


def nearness(language: str, others: Sequence[str]) -> Language:
    """How near a claim's language is to the nearest of its documents' languages (zh-Hant is near to zh-Hans)."""
    if language in others:
        return "the claim's language"
    near = language.partition("-")[0] in {other.partition("-")[0] for other in others}
    return "its other script" if near else "other languages only"
