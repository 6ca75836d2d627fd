"""The list of licences agrees with the locks, and each licence is one that is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.licenses import canonicalize_license_expression

from tests.licences import (
    ALLOWED,
    ALLOWED_OF_TOOLS,
    BUNDLED,
    PAGE,
    Bundled,
    Pin,
    allowed,
    installed,
    licence,
    run_pins,
    tool_pins,
)

LISTS = pytest.mark.parametrize(
    ("heading", "locked", "among"),
    [("To run", run_pins, ALLOWED), ("To work on the code", tool_pins, ALLOWED_OF_TOOLS)],
)


def listed(heading: str) -> dict[str, str]:
    """Licence by name==version, of a part of the page."""
    part = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\S+) \| (\S*\d\S*) \| (.+?) \|", part, re.MULTILINE)
    assert rows
    return {f"{name}=={version}": words for name, version, words in rows}


@LISTS
def test_the_list_is_that_of_the_locks(heading: str, locked: Callable[[], list[Pin]], among: frozenset[str]) -> None:
    assert set(listed(heading)) == {str(pin) for pin in locked()}, "run: make licences"


@LISTS
def test_every_licence_is_allowed(heading: str, locked: Callable[[], list[Pin]], among: frozenset[str]) -> None:
    assert {name: words for name, words in listed(heading).items() if not allowed(words, among)} == {}


@LISTS
def test_the_list_says_what_the_wheels_say(
    heading: str, locked: Callable[[], list[Pin]], among: frozenset[str]
) -> None:
    found = {str(pin): licence(pin) for pin in locked() if str(pin) in installed()}
    assert len(found) > 20
    assert {name: words for name, words in listed(heading).items() if name in found} == found, "run: make licences"


@pytest.mark.parametrize("name", sorted(ALLOWED_OF_TOOLS))
def test_names_are_those_of_spdx(name: str) -> None:
    assert canonicalize_license_expression(name) == name


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-or-later", False),
        ("MIT OR GPL-2.0-only", False),
        ("unknown", False),
        ("BSD License", False),
    ],
)
def test_what_is_allowed(expression: str, fine: bool) -> None:
    assert allowed(expression, ALLOWED) is fine


@pytest.mark.parametrize("part", BUNDLED, ids=lambda part: part.what)
def test_what_is_bundled_is_there(part: Bundled) -> None:
    assert part.inside in {pin.name for pin in run_pins()}
    assert any(Path(file).match(part.path) for file in distribution(part.inside).files or [])


def test_the_page_has_the_licence_of_the_messages_that_polycite_carries() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "Copyright (c) Django Software Foundation" in text
    assert "Redistributions of source code must retain" in text
