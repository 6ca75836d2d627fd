"""From a spec to LlamaIndex's LLM; libraries of clients are imported only when a model is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.models import ModelSpec

if TYPE_CHECKING:
    from llama_index.core.llms import LLM
    from pydantic import SecretStr

Connection = tuple["LLM", Callable[[], None]]  # the model, and what hangs up, whoever waits for a byte


def connect(spec: ModelSpec, key: SecretStr | None) -> Connection:
    """Make the LLM of a spec; a llama.cpp child is started.

    Raises:
        ModelError: the child cannot be started.
    """
    match spec.provider:
        case "llamacpp":
            return _llamacpp(spec)
        case "ollama":
            return _ollama(spec)
        case "openai":
            return _openai(spec, key)


def _llamacpp(spec: ModelSpec) -> Connection:
    from qa.llamacpp import LlamaCppServer

    server = LlamaCppServer.start(Path(spec.address), spec.window, spec.timeout)
    llm = server.llm(max_tokens=spec.max_tokens, timeout=spec.timeout)
    return llm, lambda: server.close()


def _ollama(spec: ModelSpec) -> Connection:
    import ollama
    from llama_index.llms.ollama import Ollama

    client = ollama.Client(host=spec.address, timeout=spec.timeout, trust_env=False)
    llm = Ollama(
        model=spec.name,
        base_url=spec.address,
        context_window=spec.window,  # num_ctx of every request: else the server takes the model's most, or cuts
        request_timeout=spec.timeout,
        temperature=0,
        additional_kwargs={"num_predict": spec.max_tokens},
        client=client,
    )
    return llm, client._client.close


def _openai(spec: ModelSpec, key: SecretStr | None) -> Connection:
    from llama_index.llms.openai_like import OpenAILike

    from qa.openai_clients import closing_clients

    secret = key.get_secret_value() if key else "none"
    client, async_client = closing_clients(base_url=spec.address, api_key=secret, timeout=spec.timeout, max_retries=0)
    clients: dict[str, Any] = {"openai_client": client, "async_openai_client": async_client}
    llm = OpenAILike(
        model=spec.name,
        api_base=spec.address,
        api_key=secret,
        is_chat_model=True,
        context_window=spec.window,
        max_tokens=spec.max_tokens,
        temperature=0,
        timeout=spec.timeout,
        max_retries=0,
        additional_kwargs={"stream_options": {"include_usage": True}},
        **clients,
    )
    return llm, client.close
