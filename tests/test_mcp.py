"""The tools for assistants, called by the protocol's own client over a real process."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import TextContent

from tests.conftest import CORPUS

QUESTION = "How many H100 GPUs does Meta want to secure by the end of the year?"


def server(data_dir: Path) -> StdioServerParameters:
    arguments = ["-m", "ui.cli", "mcp", "--data-dir", str(data_dir), "--llm", "none"]
    return StdioServerParameters(command=sys.executable, args=arguments)


def test_an_assistant_asks_searches_and_verifies(corpus_dir: Path) -> None:
    async def talk() -> None:
        async with Client(server(corpus_dir)) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == {"ask", "search", "verify"}
            answer = (await client.call_tool("ask", {"question": QUESTION})).structured_content
            assert answer is not None
            citation = answer["citations"][0]
            text = (CORPUS / citation["source"]).read_text(encoding="utf-8")
            assert text[citation["start"] : citation["end"]] == citation["quote"]
            assert "350 000" in citation["quote"]
            found = (await client.call_tool("search", {"question": QUESTION, "k": 2})).structured_content
            assert found is not None
            assert len(found["results"]) == 2
            claim = "William Cho spent nine hours with Zuckerberg."
            checked = (await client.call_tool("verify", {"text": claim})).structured_content
            assert checked is not None
            assert checked["sentences"][0]["verdict"] == "unsupported"

    asyncio.run(talk())


def test_an_assistant_is_told_what_is_wrong(corpus_dir: Path) -> None:
    async def talk() -> None:
        async with Client(server(corpus_dir)) as client:
            result = await client.call_tool("ask", {"question": " "})
            assert result.is_error
            said = result.content[0]
            assert isinstance(said, TextContent)
            assert "the question is empty" in said.text

    asyncio.run(talk())
