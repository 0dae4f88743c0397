"""Starts the systems of the company that are real ones: programs of their own, not pretended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from sandbox.company import System


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers: where, and what a landscape needs to be told of it."""

    url: str
    told: Mapping[str, str]


class _Reached(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def base_url(self) -> str: ...


class _Serving(Protocol):
    def __call__(self, state: Path, port: int = 0) -> AbstractAsyncContextManager[_Reached]: ...


@asynccontextmanager
async def run_real(system: System, state: Path, port: int) -> AsyncIterator[Running]:
    """The real system of a vendor folder, as its `sandbox.serve.serving` starts it; stopped at the end.

    It holds a snapshot of the default story. Its first start may take minutes: it is installed then.
    """
    serving = cast("_Serving", import_module(f"sources.{system.kind}.sandbox.serve").serving)
    async with serving(state / system.name, port) as reached:
        yield Running(reached.base_url, {one.name: str(getattr(reached, one.name)) for one in fields(reached)})
