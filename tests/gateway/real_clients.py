"""Runs the scripts of tests/clients/graphql: GraphQL clients that other people wrote, as their users would use them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.clients.npm import install
from tests.gateway.news import PATIENCE

SCRIPTS = [("graphql_ws.js",), ("graphql_sse.js",), ("graphql_sse.js", "single"), ("eventsource.js",), ("apollo.js",)]
"""Those that come back by themselves."""
NAMES = ["graphql-ws", "graphql-sse", "graphql-sse, single connection", "EventSource", "Apollo Client, multipart"]
FOLDER = Path(__file__).parents[1] / "clients" / "graphql"


def installed() -> None:
    """Have the scripts' clients beside them; where that cannot be, the test is skipped or fails, with the reason."""
    install(FOLDER)


class Client:
    """A script that runs, and what it tells."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def told(self) -> dict[str, Any]:
        """The next thing that it tells."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self.process.stdout.readline()
        assert line, "the client ended without a word"
        said: dict[str, Any] = json.loads(line)
        return said

    async def news(self) -> Any:
        """The next piece of news, whatever is told before it."""
        return (await self.message())["news"]

    async def message(self) -> dict[str, Any]:
        """The next piece of news with its cursor, whatever is told before it."""
        while True:
            said = await self.told()
            assert "failed" not in said, said
            if "news" in said:
                return said


@asynccontextmanager
async def running(script: str, *arguments: str, **given: Any) -> AsyncIterator[Client]:
    """A script with what telling.js reads, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        "node", str(FOLDER / script), json.dumps(given), *arguments, stdout=subprocess.PIPE
    )
    try:
        yield Client(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
