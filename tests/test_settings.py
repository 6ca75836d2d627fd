from __future__ import annotations

from pathlib import Path

import pytest

from index import load_settings
from index.errors import SettingsError
from ui.cli import main


def test_flags_over_environment_over_file_over_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().passages == 8
    (tmp_path / "polycite.toml").write_text("passages = 3\nchunk_tokens = 100\nmax_file_mb = 1.5\n", encoding="utf-8")
    monkeypatch.setenv("POLYCITE_PASSAGES", "4")
    monkeypatch.setenv("POLYCITE_CHUNK_TOKENS", "150")
    settings = load_settings(passages=5, chunk_tokens=None)
    assert (settings.passages, settings.chunk_tokens, settings.max_file_mb) == (5, 150, 1.5)


def test_an_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYCITE_PASAGES", "4")
    with pytest.raises(SettingsError, match=r"POLYCITE_PASAGES.*passages"):
        load_settings()


@pytest.mark.parametrize("toml", ["pasages = 3", "passages = 0", "passages = 'many'", "passages ="])
def test_a_bad_file_is_one_clear_line(tmp_path: Path, toml: str) -> None:
    (tmp_path / "polycite.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"pas|polycite\.toml") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_an_unknown_or_bad_flag() -> None:
    with pytest.raises(SettingsError, match="colour"):
        load_settings(colour="red")
    with pytest.raises(SettingsError, match="llm"):
        load_settings(llm="gpt")


def test_a_toml_file_that_nests_too_deep(tmp_path: Path) -> None:
    (tmp_path / "polycite.toml").write_text(f"a = {'[' * 5000}", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()


def test_a_name_in_a_toml_file_does_not_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "polycite.toml").write_text('"\\u001b[31m" = 1', encoding="utf-8")
    assert main(["list"]) == 2
    assert "\x1b" not in capsys.readouterr().err
