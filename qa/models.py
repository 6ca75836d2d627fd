"""Which models there are, how each is best asked and how much it takes; and the choice between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from index.errors import ModelError
from index.settings import Settings
from qa import ollama_server
from qa.gguf import BUNDLED, bundled_model, check_model

Provider = Literal["llamacpp", "ollama", "openai"]

DEFAULT_OLLAMA_MODEL = "llama3.2"
PROBE_S = 0.5  # what looking for an Ollama server may take, when nobody asked for one


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as it is asked.

    Attributes:
        provider: what runs it: llama.cpp in a child process, an Ollama server, or any OpenAI-compatible server.
        name: what answers and receipts call it; the name that a server knows it by.
        languages: what it speaks; in another language it is not asked. Empty: no limit is known.
        window: tokens of prompt and answer together.
        max_tokens: tokens of the answer at most.
        timeout: seconds that an answer may take, from the request to its last token.
        prompt: file in qa/prompts that asks it best.
        passages: how many quotes it is given, at most.
        address: of its server; of a llama.cpp model, its file.
    """

    provider: Provider
    name: str
    languages: tuple[str, ...]
    window: int
    max_tokens: int
    timeout: float
    prompt: str
    passages: int
    address: str = ""


# A model of 135 million parameters copies one sentence at best; instruct models can be asked for prose.
SMALL = ModelSpec(
    "llamacpp", BUNDLED.alias, BUNDLED.languages, BUNDLED.context_window, 80, 30, "short_answer.toml", passages=3
)
INSTRUCT = ModelSpec("ollama", DEFAULT_OLLAMA_MODEL, (), 4096, 200, 120, "cited_prose.toml", passages=6)


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that will word answers (None: quotes only), and why, in one sentence."""

    model: ModelSpec | None
    why: str


def choose_model(settings: Settings) -> Choice:
    """Pick the model that the settings ask for.

    Raises:
        ModelError: it was asked for and is not there, or is no GGUF file. The bundled one is checked as it starts.
    """
    match settings.llm:
        case "none":
            return Choice(None, "quotes only, as asked (--llm none)")
        case "ollama":
            return Choice(_ollama(settings), f"the model of Ollama at {settings.ollama_url}, as asked")
        case "openai":
            return Choice(_openai(settings), f"the model at {settings.base_url}, as asked")
        case "llamacpp":
            return Choice(_llamacpp(settings), "the GGUF model, as asked")
        case "auto":
            return _automatic(settings)


def _automatic(settings: Settings) -> Choice:
    if settings.model is not None and _is_file(settings.model):
        return Choice(_llamacpp(settings), "the GGUF file that --model names (auto)")
    name = _ollama_name(settings)
    try:
        if ollama_server.has_model(settings.ollama_url, name, PROBE_S):
            return Choice(_ollama(settings, known=True), f"Ollama at {settings.ollama_url} has {name} (auto)")
        missing = f"Ollama has no {name}"
    except ModelError:
        missing = f"no Ollama at {settings.ollama_url}"
    if settings.model is not None:
        raise ModelError(f"there is no model {settings.model}: no such file, and {missing}; 'ollama pull' gets one")
    if bundled_model() is None:
        return Choice(None, f"quotes only: {missing}, and no model is installed (auto)")
    return Choice(_llamacpp(settings), f"the bundled model: {missing} (auto)")


def _is_file(model: str) -> bool:
    return model.endswith(".gguf") or Path(model).expanduser().is_file()


def _ollama(settings: Settings, *, known: bool = False) -> ModelSpec:
    name = _ollama_name(settings)
    if not known and not ollama_server.has_model(settings.ollama_url, name, ollama_server.ANSWER_S):
        raise ModelError(f"Ollama at {settings.ollama_url} has no model {name}; get it with --pull")
    return _adapted(replace(INSTRUCT, name=name, address=settings.ollama_url), settings)


def _ollama_name(settings: Settings) -> str:
    return settings.model or DEFAULT_OLLAMA_MODEL


def _openai(settings: Settings) -> ModelSpec:
    if settings.base_url is None or settings.model is None:
        raise ModelError(
            "--llm openai needs --base-url, such as http://127.0.0.1:8080/v1, and --model, a name that the server knows"
        )
    known = SMALL if settings.model == SMALL.name else INSTRUCT  # the bundled one, served by llama.cpp elsewhere
    return _adapted(replace(known, provider="openai", name=settings.model, address=settings.base_url), settings)


def _llamacpp(settings: Settings) -> ModelSpec:
    if settings.model is not None:
        path = Path(settings.model).expanduser()
        check_model(path)
        spec = replace(INSTRUCT, provider="llamacpp", name=path.stem, address=str(path))
        return _adapted(spec, settings)
    bundled = bundled_model()
    if bundled is None:
        raise ModelError("the bundled model is not installed; run 'make ask' once, or name a GGUF file with --model")
    return _adapted(replace(SMALL, address=str(bundled)), settings)


def _adapted(spec: ModelSpec, settings: Settings) -> ModelSpec:
    """The spec with the window and the time limit that the settings give."""
    return replace(
        spec,
        window=settings.model_window or spec.window,
        timeout=settings.model_timeout or spec.timeout,
    )
