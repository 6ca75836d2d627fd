"""Which models there are, what each speaks and how much it takes; and the choice between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index.errors import ModelError
from index.settings import Settings
from qa.gguf import BUNDLED, bundled_model, check_model


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as it is asked.

    Attributes:
        name: what answers and receipts call it.
        path: its GGUF file.
        languages: what it speaks; in another language it is not asked.
        window: tokens of prompt and answer together.
        max_tokens: tokens of the answer at most.
        prompt: file in qa/prompts that asks it best.
    """

    name: str
    path: Path
    languages: tuple[str, ...]
    window: int
    max_tokens: int = 80
    prompt: str = "short_answer.toml"


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that will word answers (None: quotes only), and why, in one sentence."""

    model: ModelSpec | None
    why: str


def choose_model(settings: Settings) -> Choice:
    """Pick the model that the settings ask for.

    Raises:
        ModelError: it was asked for and is not there, or is not a sound GGUF file.
    """
    if settings.llm == "none":
        return Choice(None, "quotes only, as asked (--llm none)")
    if settings.model is not None:
        path = Path(settings.model).expanduser()
        check_model(path)
        return Choice(ModelSpec(path.stem, path, ("en",), BUNDLED.context_window), "the GGUF file that --model names")
    bundled = bundled_model()
    if bundled is None:
        if settings.llm == "llamacpp":
            raise ModelError(
                "the bundled model is not installed; run 'make ask' once, or name a GGUF file with --model"
            )
        return Choice(None, "quotes only: no model is installed")
    if settings.llm == "llamacpp":
        check_model(bundled)
    spec = ModelSpec(BUNDLED.alias, bundled, BUNDLED.languages, BUNDLED.context_window)
    return Choice(spec, "the bundled model (auto)" if settings.llm == "auto" else "the bundled model, as asked")
