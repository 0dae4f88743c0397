"""The open store: connections for one event loop, and values that go into JSON columns as they are."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import msgspec
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

T = TypeVar("T")


class StoreUrlError(Exception):
    """The address of the store is not PostgreSQL's; the text never holds its password."""


class Store:
    """The pool of one process and loop. Nothing is connected before the first question."""

    def __init__(self, url: str, connections: int = 8, name: str = "revgraph", patience: float = 3.0) -> None:
        """Keep the address; no more connections than this are ever open, and the database shows them by this name.

        `patience`: seconds that somebody waits for one of them to be free.
        """
        self.url = plain_url(url)
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=patience,
            pool_pre_ping=True,
            json_serializer=in_json,
            json_deserializer=json.loads,
            # A session that waits for a lock for longer has met a stuck one: an error is better than a standstill.
            connect_args={
                "options": "-c lock_timeout=10000 -c timezone=UTC",
                "connect_timeout": 5,
                "application_name": name,
            },
        )

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that is committed when its block ends well, and rolled back otherwise."""
        return self.engine.begin()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def in_json(value: object) -> str:
    """JSON text of canonical values: decimals and days as text, a Struct as an object."""
    return msgspec.json.encode(value).decode()


def from_json(value: object, kind: type[T]) -> T:
    """The canonical value that a JSON column holds."""
    return msgspec.convert(value, kind)


def driver_url(url: str) -> URL:
    """The address for SQLAlchemy; StoreUrlError when it is not PostgreSQL's."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreUrlError("DATABASE_URL is not an address such as postgresql://user@host:5432/revgraph.") from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise StoreUrlError(f"The store is PostgreSQL, and DATABASE_URL names {parsed.get_backend_name()}.")
    return parsed.set(drivername="postgresql+psycopg")


def plain_url(url: str) -> str:
    """The address for PostgreSQL's own tools."""
    return driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
