"""Prompts: a file for each in qa/prompts, with an instruction and worked examples."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

_MARKUP = re.compile(
    r"<\|[^|]*\|>|<(?:start|end)_of_turn>|\[/?INST\]"
)  # chat templates mark turns so; a document must not

Turn = tuple[str, str]  # role, content


@dataclass(frozen=True, slots=True)
class Prompt:
    """An instruction and worked examples, as turns of a chat that every question continues; they stay in the cache."""

    fixed: tuple[Turn, ...]

    def turns(self, passages: Sequence[str], question: str) -> list[Turn]:
        """The whole chat for one question."""
        return [*self.fixed, ("user", _ask(_MARKUP.sub(" ", " ".join(passages)), _MARKUP.sub(" ", question)))]


def load_prompt(name: str) -> Prompt:
    """Read qa/prompts/``name``."""
    content = tomllib.loads(files("qa").joinpath("prompts", name).read_text(encoding="utf-8"))
    turns: list[Turn] = [("system", content["system"])]
    for example in content["examples"]:
        turns += [("user", _ask(example["text"], example["question"])), ("assistant", example["answer"])]
    return Prompt(tuple(turns))


def _ask(text: str, question: str) -> str:
    return f"Text: {text}\nQuestion: {question}"
