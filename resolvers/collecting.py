"""Pages that are filled from one scan of the systems' streams: one page, or one each of many parents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from canonical.system import SourceGap
from resolvers.connections import MAX_PAGE, Connection, Edge, PageInfo

T = TypeVar("T")

Keys = Mapping[str, tuple[str, ...]]
"""The keys of one customer, by system."""
ROUNDS = 4
"""How often a scan goes back for more rows than its first: it is bounded, and a page may then be short."""


class Collector(Generic[T]):
    """One page being filled; `whose` are the customer's keys that it is of, None where it is of everybody."""

    def __init__(self, size: int, whose: Keys | None) -> None:
        """Start empty."""
        self.size, self.whose = size, whose
        self.edges: list[Edge[T]] = []
        self.more = False

    @property
    def full(self) -> bool:
        """Whether nothing more fits in."""
        return len(self.edges) >= self.size

    @property
    def last(self) -> bool:
        """Whether one more item makes it full: the page's end is told by that one's cursor."""
        return len(self.edges) == self.size - 1

    def fits(self, system: str, customer_key: str | None) -> bool:
        """Whether a record of this customer in this system belongs here."""
        return self.whose is None or (customer_key is not None and customer_key in self.whose.get(system, ()))

    def offer(self, cursor: str, node: T) -> None:
        """Take the next item; where it is full already, know that more follow."""
        if self.full:
            self.more = True
        else:
            self.edges.append(Edge(cursor, node))

    def page(self, end: str | None, *, going: bool, gaps: Sequence[SourceGap]) -> Connection[T]:
        """The page. A full one goes on behind its last item, any other behind all that the scan looked at.

        One with nothing in it that nothing follows has no end: where the scan came to for others is not its place.
        """
        nothing = not self.edges and not self.more and not going
        last = self.edges[-1].cursor if self.full else None if nothing else end
        return Connection(edges=tuple(self.edges), page_info=PageInfo(self.more or going, last), gaps=tuple(gaps))


def rows_a_round(size: int, pages: int) -> int:
    """How many rows each stream is asked for when so many pages are filled from it."""
    return min(MAX_PAGE, size * max(1, pages))


def union(whose: Iterable[Keys | None]) -> Keys | None:
    """Everybody's keys together; None where one of them is of everybody."""
    together: dict[str, dict[str, None]] = {}
    for keys in whose:
        if keys is None:
            return None
        for system, held in keys.items():
            together.setdefault(system, {}).update(dict.fromkeys(held))
    return {system: tuple(held) for system, held in together.items()}
