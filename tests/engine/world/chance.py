"""Chance that repeats: of the same words, a world with the same seed always thinks the same."""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from graphql import GraphQLError


class Absent(Enum):
    """What an attribute holds that nobody asked for; the schema serves it as None."""

    ABSENT = "absent"


class Problem(Exception):
    """One parent's trouble, in the place of its value."""


class Down(Exception):
    """Everybody's trouble: a whole call came to nothing."""


class Awkward(Exception):
    """Trouble with attributes of the names that graphql-core reads from any exception."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.message = f"awkward: {text}"
        self.extensions = {"said": text}


class Other(Enum):
    """Members that the graph has no name for."""

    BOOKED = "nowhere"


class Word(str):
    """A text of a class of its own."""

    __slots__ = ()


_WRONG: tuple[Any, ...] = (
    None,
    None,
    Absent.ABSENT,
    7,
    "word",
    Other.BOOKED,
    b"bytes",
    (1, None),
    {"amount": 1},
    object,
)
# Nearly right: what a scalar takes for its own, or turns into its own, or just refuses.
_NEARLY: dict[type, tuple[Any, ...]] = {
    str: (Word("word"), 7, True, 1.5, b"bytes", ""),
    int: (True, 2**31, -(2**31), 3.0, 1.5, "7", Decimal(5)),
    bool: (1, 0, "true", 1.0),
    float: (float("nan"), float("inf"), -0.0, 7, True, Decimal("1.5"), "1.5"),
    Decimal: (Decimal("NaN"), Decimal("1E+3"), 7, 1.5, "1.50"),
    date: (datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "2026-11-20"),
    datetime: (date(2026, 11, 20), datetime(2026, 11, 20, 9, 30), "2026-11-20T09:30:00Z"),  # noqa: DTZ001 - naive
}
_TROUBLE = (Problem, Problem, Awkward, GraphQLError, KeyError)


class Chance:
    """Rolls dice by name. `faults` is how many of a hundred values are spoilt."""

    def __init__(self, seed: int, faults: int) -> None:
        self.seed, self.faults = seed, faults

    def roll(self, sides: int, *words: object) -> int:
        """0 to sides - 1, the same for the same words."""
        digest = hashlib.blake2b(repr((self.seed, words)).encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") % sides

    def strikes(self, *words: object) -> bool:
        """Whether a fault falls here."""
        return self.faults > 0 and self.roll(1000, "strike", *words) < 10 * self.faults

    def trouble(self, *words: object) -> Exception:
        """An exception of some kind, which says where it is."""
        kind = _TROUBLE[self.roll(len(_TROUBLE), "kind", *words)]
        return kind(f"no {'.'.join(map(str, words))}")

    def spoilt(self, good: Any, *words: object) -> Any:
        """The good value; where a fault falls, one of the wrong ones or an exception."""
        if not self.strikes(*words):
            return good
        nearly = _NEARLY.get(type(good), ("booked", "BOOKED"))
        ways = (nearly, nearly, nearly, _WRONG, (self.trouble(*words),))
        way = ways[self.roll(len(ways), "way", *words)]
        return way[self.roll(len(way), "wrong", *words)]

    def listed(self, items: list[Any], *words: object) -> Any:
        """The items, each perhaps spoilt, in a container that is mostly a list and always iterable more than once."""
        held = [self.spoilt(item, *words, place) for place, item in enumerate(items)]
        container = (list, list, list, list, tuple, tuple, deque)[self.roll(7, "container", *words)]
        return self.spoilt(container(held), *words)
