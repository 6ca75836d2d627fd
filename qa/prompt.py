"""Prompts: a file for each in qa/prompts, with an instruction and worked examples."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from babel import Locale, UnknownLocaleError

# Chat templates mark turns so (ChatML, Llama, Gemma, Mistral, Phi, DeepSeek); a document must not.
_MARKUP = re.compile(
    r"<\|[^|>]{0,40}\|>|</?(?:start|end)_of_turn>|</?s>|<</?SYS>>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\]"
    r"|</?(?:think|tool_call|tool_response)>|<｜[^｜>]{0,40}｜>",
    re.IGNORECASE,
)
_MARK = re.compile(r"[\[【](\d{1,3})[\]】]")  # a document's own [1] is no number of ours
_NONE = re.compile(r"\W*none\W*", re.IGNORECASE)

Turn = tuple[str, str]  # role, content


@dataclass(frozen=True, slots=True)
class Prompt:
    """An instruction and worked examples, as turns of a chat that every question continues; they stay in the cache."""

    fixed: tuple[Turn, ...]
    template: str
    numbered: bool

    def turns(self, passages: Sequence[str], question: str, language: str, earlier: str = "") -> list[Turn]:
        """The whole chat for one question, to be answered in ``language``."""
        return [*self.fixed, ("user", self.ask(passages, question, language, earlier))]

    def ask(self, passages: Sequence[str], question: str, language: str, earlier: str = "") -> str:
        """The turn that asks."""
        clean = [_harmless(passage) for passage in passages]
        lines = [f"[{number}] {passage}" for number, passage in enumerate(clean, start=1)]
        return self.template.format(
            text="\n".join(lines) if self.numbered else " ".join(clean),
            question=_harmless(question),
            language=_name(language),
            earlier=f"Said before: {_harmless(earlier)}\n\n" if earlier else "",
        )


def load_prompt(name: str) -> Prompt:
    """Read qa/prompts/``name``."""
    content = tomllib.loads(files("qa").joinpath("prompts", name).read_text(encoding="utf-8"))
    blank = Prompt((), content["turn"], content["numbered"])
    turns: list[Turn] = [("system", content["system"])]
    for example in content["examples"]:
        asked = blank.ask(example["text"], example["question"], example["language"])
        turns += [("user", asked), ("assistant", example["answer"])]
    return Prompt(tuple(turns), blank.template, blank.numbered)


def declines(draft: str) -> bool:
    """Whether a model says, as it was told to, that the evidence does not answer."""
    return _NONE.fullmatch(draft) is not None


def _harmless(text: str) -> str:
    """One line, without what a chat template or the numbering could be forged with."""
    return " ".join(_MARK.sub(r"(\1)", _MARKUP.sub(" ", text)).split())


def _name(language: str) -> str:
    try:
        return Locale.parse(language, sep="-").get_display_name("en") or language
    except (ValueError, UnknownLocaleError):
        return "the language of the question"
