"""Pages of what Revgraph keeps itself, the newest first, with how many there are in all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from resolvers.connections import Edge, PageInfo
from resolvers.cursors import bad_cursor, decode, encode, instant
from workflows.store.paging import Page

T = TypeVar("T")
LONGEST = 19
"""Digits of the largest number that a row has."""


class CountedPage(Struct, Generic[T], frozen=True, kw_only=True, weakref=True):
    """A page and the number of items over all pages; None where nobody counted."""

    edges: tuple[Edge[T], ...]
    page_info: PageInfo
    total_count: int | None

    @property
    def nodes(self) -> tuple[T, ...]:
        """The items without their cursors."""
        return tuple(edge.node for edge in self.edges)


def counted(page: Page[T], cursor: Callable[[T], str], after: str | None) -> CountedPage[T]:
    """The page as it is served; an empty one leaves the reader where it was."""
    edges = tuple(Edge(cursor(item), item) for item in page.items)
    end = edges[-1].cursor if edges else after
    return CountedPage(edges=edges, page_info=PageInfo(page.more, end), total_count=page.total)


def dated_cursor(kind: str, at: datetime, key: str) -> str:
    """The position of an item by its instant and key."""
    return encode([kind, at.isoformat(), key])


def dated_position(kind: str, cursor: str | None) -> tuple[datetime, str] | None:
    """The position of such a cursor; None without one."""
    if cursor is None:
        return None
    match decode(cursor):
        case [str(found), str(at), str(key)] if found == kind:
            return instant(at), key
        case _:
            raise bad_cursor()


def numbered_cursor(kind: str, number: str) -> str:
    """The position of an item by its number."""
    return encode([kind, number])


def numbered_position(kind: str, cursor: str | None) -> int | None:
    """The number of such a cursor; None without one."""
    if cursor is None:
        return None
    match decode(cursor):
        case [str(found), str(number)] if found == kind and number.isdecimal() and len(number) < LONGEST:
            return int(number)
        case _:
            raise bad_cursor()
