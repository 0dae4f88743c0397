"""Runs the scripts of tests/clients/graphql: GraphQL clients that other people wrote, as their users would use them."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.news import PATIENCE

FOLDER = Path(__file__).parents[1] / "clients" / "graphql"
INSTALL_WITHIN = 300.0


def installed() -> Path:
    """The folder of the scripts with what they need beside them; skips the test where that cannot be, and says why."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("needs node and npm: these are the clients of JavaScript")
    with (FOLDER / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = FOLDER / "node_modules" / ".package-lock.json"
        if not mark.exists() or mark.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=FOLDER, capture_output=True, timeout=INSTALL_WITHIN, check=False)
            if done.returncode:
                pytest.skip(f"npm ci could not install the clients: {done.stderr.decode()[-200:]}")
            mark.touch()
    return FOLDER


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

    async def news(self) -> str:
        """The next piece of news, whatever is told before it."""
        while True:
            said = await self.told()
            assert "failed" not in said, said
            if "news" in said:
                return str(said["news"])


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
