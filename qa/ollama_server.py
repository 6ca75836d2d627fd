"""An Ollama server: what it has, and how a model gets there."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import ollama

from index.errors import ModelError

ANSWER_S = 10.0  # what listing models may take, when the server was asked for by name
PULL_S = 60.0  # without a byte, while a model comes

Progress = Callable[[str, int, int], None]  # step, bytes done, bytes in all


def has_model(url: str, name: str, timeout: float) -> bool:
    """Whether the server has a model of that name (``llama3.2`` is ``llama3.2:latest``).

    Raises:
        ModelError: no Ollama answers there within ``timeout`` seconds.
    """
    try:
        with _client(url, timeout) as client:
            listed = client.list().models
    except Exception as error:  # whatever answers there need not be Ollama, and may send anything
        raise ModelError(f"no Ollama at {url}; start it with 'ollama serve', or set ollama_url") from error
    wanted = name if ":" in name else f"{name}:latest"
    return any(model.model == wanted for model in listed)


def pull(url: str, name: str, progress: Progress) -> None:
    """Have the server fetch a model.

    Raises:
        ModelError: no Ollama there, or it cannot get the model.
    """
    try:
        with _client(url, PULL_S) as client:
            for step in client.pull(name, stream=True):
                progress(step.status or "", step.completed or 0, step.total or 0)
    except ollama.ResponseError as error:
        raise ModelError(
            f"Ollama at {url} cannot get {name}: {' '.join(error.error.split())}; check the name"
        ) from error
    except (ConnectionError, httpx.HTTPError) as error:
        raise ModelError(
            f"Ollama at {url} does not answer ({type(error).__name__}); start it with 'ollama serve'"
        ) from error


def _client(url: str, timeout: float) -> ollama.Client:
    return ollama.Client(host=url, timeout=timeout, trust_env=False)  # no proxy between this machine and itself
