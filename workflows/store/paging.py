"""Pages of rows, the newest first, behind a position that survives what is added meanwhile."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """Items, the newest first, and whether there are more behind the last; `total` over all pages where counted."""

    items: tuple[T, ...]
    more: bool
    total: int | None = None


async def numbered_page(
    connection: AsyncConnection, asked: Select[Any], number: ColumnElement[Any], first: int, after: int | None
) -> Page[Row[Any]]:
    """A page of rows that are numbered in the order in which they came."""
    asked = asked if after is None else asked.where(number < after)
    return _cut(list(await connection.execute(asked.order_by(number.desc()).limit(first + 1))), first)


async def dated_page(
    connection: AsyncConnection,
    asked: Select[Any],
    position: tuple[ColumnElement[Any], ColumnElement[Any]],
    first: int,
    after: tuple[Any, str] | None,
) -> Page[Row[Any]]:
    """A page of rows by (instant, key), with how many there are over all pages."""
    at, key = position
    total = await connection.execute(select(func.count()).select_from(asked.order_by(None).subquery()))
    asked = asked if after is None else asked.where(tuple_(at, key) < tuple_(*after))
    rows = list(await connection.execute(asked.order_by(at.desc(), key.desc()).limit(first + 1)))
    page = _cut(rows, first)
    return Page(page.items, page.more, int(total.scalar_one()))


def _cut(rows: list[Row[Any]], first: int) -> Page[Row[Any]]:
    return Page(tuple(rows[:first]), len(rows) > first)
