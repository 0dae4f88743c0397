"""Worlds to try an engine in: calm ones, ones where much goes wrong, and ones where calls take their time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from engine.dialect import Dialect, Inline
from tests.engine.world.book import Book
from tests.engine.world.chance import Absent
from tests.engine.world.desk import Desk

DIALECT = Dialect(
    absent=Absent.ABSENT,
    inline={
        "Decimal": Inline(kind=Decimal, guard="v.is_finite()", write="str(v)"),
        "Date": Inline(kind=date, write="v.isoformat()"),
    },
)
"""Two of the scalars are written without a call, the third is not."""


@dataclass(frozen=True)
class Weather:
    """A world to be: its seed, how many of a hundred values are spoilt, and whether calls take turns."""

    seed: int = 0
    faults: int = 0
    unsteady: bool = False

    def desks(self) -> Callable[[], Desk]:
        """New desks, all in the same world."""
        book = Book(self.seed, self.faults)
        return lambda: Desk(book, self.unsteady)


weathers = st.builds(
    Weather,
    seed=st.integers(0, 2**20),
    faults=st.sampled_from([0, 0, 1, 3, 8, 20, 40]),
    unsteady=st.booleans(),
)
