"""Every setting, its default and its limits, in one place.

Precedence: command-line flags, then POLYCITE_* variables, then polycite.toml in the working directory, then defaults.
Settings are built once, at the edge (the command line or ``Chatbot.open``), and passed in from there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from index.errors import SettingsError

ENV_PREFIX = "POLYCITE_"
TOML_FILE = "polycite.toml"

_NAME = r"^[A-Za-z0-9._-]{3,512}$"

OLLAMA = "ollama:"  # before the name of a model of Ollama's

LLMChoice = Literal["auto", "ollama", "llamacpp", "openai", "none"]


class Settings(BaseSettings):
    """What a user may set. Sizes are in the unit that the name says; tokens are the embedder's own unless noted."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, toml_file=TOML_FILE, extra="forbid", frozen=True)

    data_dir: Path | None = Field(None, description="folder that holds the index (default: .polycite)")
    chroma: str | None = Field(
        None,
        pattern=r"^https?://[^\s/?#@]+/?$",
        description="address of a Chroma server that holds the index for many readers, such as http://127.0.0.1:8000",
    )
    chroma_tenant: str = Field("default_tenant", pattern=_NAME, description="tenant on that server")
    chroma_database: str = Field("default_database", pattern=_NAME, description="database of it: one index each")
    chroma_token: SecretStr | None = Field(
        None, description="token that a proxy before that server asks for; only as POLYCITE_CHROMA_TOKEN or in the file"
    )
    chroma_timeout: float = Field(30, gt=0, description="seconds that server may take for one request")
    max_file_mb: float = Field(20, gt=0, description="a larger file is skipped")
    chunk_tokens: int = Field(250, ge=32, le=500, description="most tokens of a chunk, counted by the embedder")
    embedder: str = Field(
        "e5", pattern=rf"^(e5|{OLLAMA}\S+)$", description="what makes the vectors: e5 (bundled) or ollama:NAME"
    )
    embed_timeout: float = Field(120, gt=0, description="seconds that Ollama may take to embed 32 texts")
    ollama_url: str = Field("http://127.0.0.1:11434", description="where Ollama listens")
    passages: int = Field(8, ge=1, le=50, description="passages retrieved for an answer")
    max_question_chars: int = Field(2000, ge=10, description="a longer question is refused")
    llm: LLMChoice = Field("auto", description="who words the answer: auto, ollama, llamacpp, openai, or none (quotes)")
    model: str | None = Field(
        None, description="name of a model, or path of a GGUF file (default: llama3.2 in Ollama, else the bundled one)"
    )
    base_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="address of an OpenAI-compatible server, with its /v1"
    )
    api_key: SecretStr | None = Field(None, description="key of that server; better in POLYCITE_API_KEY than on a line")
    auth: SecretStr | None = Field(None, description="USER:PASSWORD that the page asks for; better in POLYCITE_AUTH")
    log_texts: bool = Field(
        False, description="whether the log of 'ui' and 'mcp' holds questions, answers and the names of documents"
    )
    model_window: int | None = Field(
        None,
        ge=512,
        description="tokens of prompt and answer together (default: 2048 for the bundled one, else 4096)",
    )
    model_timeout: float | None = Field(
        None, gt=0, description="seconds a model may take for one answer (default: 30 for the bundled one, else 120)"
    )

    @field_validator("auth")
    @classmethod
    def _check_auth(cls, auth: SecretStr | None) -> SecretStr | None:
        if auth and not all(auth.get_secret_value().partition(":")):
            raise ValueError("give USER:PASSWORD")
        return auth

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources, strongest first."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: object) -> Settings:
    """Build the settings from flags (those that are not None), environment, polycite.toml and defaults.

    Raises:
        SettingsError: a key or POLYCITE_* variable is unknown, a value is out of range, or polycite.toml is no TOML.
    """
    known = Settings.model_fields
    for variable in os.environ:
        # pydantic-settings passes over an unknown variable in silence, so a misspelt one would do nothing.
        if variable.upper().startswith(ENV_PREFIX) and variable[len(ENV_PREFIX) :].lower() not in known:
            raise SettingsError(f"unknown variable {variable}; the settings are: {', '.join(known)}")
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {name}: {first['msg'].lower()}; the settings are: {', '.join(known)}") from error
    except (SourceError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"{TOML_FILE} or a {ENV_PREFIX}* variable cannot be read: {error}".splitlines()[0]
        ) from error
