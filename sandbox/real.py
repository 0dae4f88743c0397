"""Starts the systems of the company that are real ones: programs of their own, not pretended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from sandbox.company import System


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers: where, and what a landscape needs to be told of it."""

    url: str
    told: Mapping[str, str]


class _Real(Protocol):
    @property
    def url(self) -> str: ...

    def settings(self) -> dict[str, str]: ...


class _RunReal(Protocol):
    def __call__(self, name: str, state: Path, port: int = 0) -> AbstractAsyncContextManager[_Real]: ...


@asynccontextmanager
async def run_real(system: System, state: Path, port: int) -> AsyncIterator[Running]:
    """The real system of a vendor folder, as its `sandbox.serve.run` starts it; stopped at the end."""
    run = cast("_RunReal", import_module(f"sources.{system.kind}.sandbox.serve").run)
    async with run(system.name, state / system.name, port) as real:
        yield Running(real.url, real.settings())
