"""Pictures of the page's main states for docs/, and how soon it is there: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from index import index_folder, load_settings
from tests.browser import ask, chromium, page_server
from tests.conftest import CORPUS, ROOT

FOLDER = ROOT / "docs" / "page"


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the visitor, and what is done before it is taken."""

    name: str
    locale: str
    colours: Literal["light", "dark"]
    width: int
    act: Callable[[Page], object]


def _documents(page: Page) -> None:
    page.get_by_role("tab").nth(1).click()
    page.locator("#documents table").wait_for()


def _open(page: Page) -> None:
    ask(page, "How long did William Cho talk with Zuckerberg?")
    page.locator("#evidence article button").first.click()
    page.locator("#here").wait_for()


SHOTS = (
    Shot("start", "en-US", "light", 1200, lambda page: None),
    Shot("answer", "en-US", "light", 1200, lambda page: ask(page, "How many H100 GPUs does Meta want this year?")),
    Shot("answer-dark", "zh-CN", "dark", 1200, lambda page: ask(page, "扎克伯格与尹锡悦谈了多久？")),
    Shot("answer-narrow", "zh-TW", "light", 390, lambda page: ask(page, "紮克伯格與尹錫悅談了多久？")),
    Shot("abstention", "de-DE", "dark", 1200, lambda page: ask(page, "Wie backe ich einen Apfelkuchen?")),
    Shot("document", "en-US", "light", 1200, _open),
    Shot("documents", "fr-FR", "light", 1200, _documents),
)  # fmt: skip


def main() -> None:
    """Take the pictures, and print the times."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="polycite-") as name, chromium() as browser:
        data_dir = Path(name) / ".polycite"
        index_folder(CORPUS, data_dir, load_settings())
        started = time.perf_counter()
        with page_server(data_dir, "--llm", "none") as address:
            sys.stdout.write(f"server up: {time.perf_counter() - started:.1f} s\n")
            ready = [_take(browser, address, shot) for shot in SHOTS]
    sys.stdout.write(f"page ready: {min(ready):.1f} to {max(ready):.1f} s\n")


def _take(browser: Browser, address: str, shot: Shot) -> float:
    context = browser.new_context(
        viewport={"width": shot.width, "height": 800}, locale=shot.locale, color_scheme=shot.colours
    )
    page = context.new_page()
    started = time.perf_counter()
    page.goto(address)
    page.locator("#evidence section").wait_for()
    ready = time.perf_counter() - started
    shot.act(page)
    page.wait_for_timeout(600)
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()
    return ready


if __name__ == "__main__":
    main()
