"""Debian's chromium and the real page, for the tests of the page."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START_S = 90
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def page_server(data_dir: Path, *options: str, cwd: Path | None = None) -> Iterator[str]:
    """`polycite ui` on a free port, in a process of its own; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ui.cli", "ui", "--data-dir", str(data_dir), "--port", str(port), *options]
    log = data_dir.parent / f"ui-{port}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd) as server,
    ):
        try:
            _wait(server, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                raise
    told = log.read_text(encoding="utf-8")
    assert "Traceback" not in told, told


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(START_S * 10):
        if f":{port}/" in log.read_text(encoding="utf-8"):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; where there is none the test is skipped, unless REQUIRE_BROWSER is set."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER"):
            raise AssertionError("chromium is not installed")
        pytest.skip("chromium is not installed (Debian: apt install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, address: str, locale: str = "en-US", width: int = 1280) -> Iterator[Page]:
    """The page, ready to be asked; whatever it asks of another address fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 850}, locale=locale)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    page.locator("#question textarea").wait_for()
    page.locator("#evidence section").wait_for()
    yield page
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert faults == []
    context.close()


def ask(page: Page, question: str) -> Locator:
    """Ask, and wait for the whole answer: the last message, with its receipt."""
    before = page.locator(".pc-receipt").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.locator(".pc-receipt").nth(before).wait_for()
    return page.locator("#chat .bot").last
