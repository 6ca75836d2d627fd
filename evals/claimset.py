"""The claim set: statements about the sample corpus that are true, and statements that are near to true ones.

A claim is worded anew, in a language of its own; it is no sentence of a document. It is true or false of the sample
corpus and of the texts that the corpus restates alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evals.goldenset import Split, split_of
from evals.jsonl import Filled, Language, Row, read_rows
from index.errors import UsageError

Kind = Literal["figure", "magnitude", "date", "name", "negation", "direction"]

CLAIMS_FILE = Path(__file__).parent / "golden_claims" / "claims.jsonl"


class Claim(Row):
    """One sentence that a person or a model might say of the documents.

    Attributes:
        fact: what it is about, topic before the slash; the topic decides the split, as for the golden questions.
        true: whether the documents say so.
        kind: what a true claim turns on, and what is wrong with a false one. A magnitude is a power of ten or a unit, a
            name also that of a place, a product or a thing, a direction who does what to whom, more or less, before or
            after.
        documents: those which state the fact, as a true claim would have it.
    """

    id: Filled
    language: Language
    fact: Filled
    split: Split
    text: Filled
    true: bool
    kind: Kind
    documents: Annotated[tuple[Filled, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Claim:
        if self.split != split_of(self.fact):
            raise ValueError(f"split: must be {split_of(self.fact)} where the fact is {self.fact}")
        if self.documents != tuple(sorted(set(self.documents))):
            raise ValueError("documents: must be sorted, each once")
        return self


def load_claims(split: str = "all", path: Path = CLAIMS_FILE) -> list[Claim]:
    """The claims of a split (tune, report or all), in the order of the file.

    Raises:
        UsageError: the file can't be read, a row is wrong, an id returns, or no claim has the split.
    """
    claims: dict[str, Claim] = {}
    for place, claim in read_rows(path, lambda row: Claim):
        if claims.setdefault(claim.id, claim) is not claim:
            raise UsageError(f"{place}: id: {claim.id} is the id of an earlier row already")
    chosen = [claim for claim in claims.values() if split in ("all", claim.split)]
    if not chosen:
        raise UsageError(f"no claim has the split {split!r}; choose tune, report or all")
    return chosen
