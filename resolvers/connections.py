"""A page of a list, as every root list and nested connection answers it."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from canonical.errors import Fault, Mistake
from canonical.system import SourceGap

T = TypeVar("T")
MAX_PAGE = 200


class Edge(Struct, Generic[T], frozen=True, weakref=True):
    """One item and the cursor to go on behind it."""

    cursor: str
    node: T


class PageInfo(Struct, frozen=True):
    """Whether more follows, and from where."""

    has_next_page: bool
    end_cursor: str | None


class Connection(Struct, Generic[T], frozen=True, kw_only=True, weakref=True):
    """A page: its edges in the list's order, and the systems whose part is missing from it."""

    edges: tuple[Edge[T], ...]
    page_info: PageInfo
    gaps: tuple[SourceGap, ...] = ()

    @property
    def nodes(self) -> tuple[T, ...]:
        """The items without their cursors."""
        return tuple(edge.node for edge in self.edges)


def page_size(first: int) -> int:
    """The asked size; a Mistake with code BAD_PAGE_SIZE unless it is 1 to 200."""
    if not 1 <= first <= MAX_PAGE:
        raise Mistake("BAD_PAGE_SIZE", f"`first` is {first}; ask for 1 to {MAX_PAGE} at a time.")
    return first


def gap(system: str, fault: Fault, *missing: str) -> SourceGap:
    """What a fault left out, in words."""
    after = None if fault.retry_after is None else max(1, round(fault.retry_after))
    return SourceGap(system=system, missing=missing, reason=fault.sentence, retry_after_seconds=after)
