"""README's commands and snippets do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CORPUS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
VENV = ROOT / ".venv"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a user has it after the set-up, with an index of its own."""
    if not (VENV / "ready-to-ask").exists():
        pytest.skip("make has not set up .venv")
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("Makefile", "pyproject.toml", "lock", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(CORPUS, folder / "corpus")
    return folder


def transcripts() -> list[tuple[str, str]]:
    """Each console command with the output that README prints for it."""
    parts = (re.split(r"^\$ ", block, flags=re.MULTILINE)[1:] for block in blocks("console"))
    return [(command, output) for part in parts for command, _, output in (entry.partition("\n") for entry in part)]


def test_every_transcript_is_what_the_commands_print(checkout: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("POLYCITE_", "MAKE", "MFLAGS"))
    }
    assert len(transcripts()) >= 6
    for command, expected in transcripts():
        done = subprocess.run(
            command, shell=True, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )
        pattern = re.escape(expected.strip()).replace("…", ".*")
        assert re.fullmatch(pattern, done.stdout.strip(), flags=re.DOTALL), f"{command}\n{done.stdout}{done.stderr}"


def test_the_two_commands_are_targets_of_make() -> None:
    assert [line.split()[1] for line in blocks("sh")[0].splitlines()] == ["ask", "test"]
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), flags=re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_the_python_snippets_run(checkout: Path) -> None:
    for snippet in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", snippet], cwd=checkout, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "66.7%" in done.stdout


def test_every_command_named_exists() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "ui.cli", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    for command in set(re.findall(r"polycite (\w+) ", README)) - {"does"}:
        assert f"    {command} " in help_text.stdout
