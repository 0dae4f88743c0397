"""A world that does what it is told: lists are as long as they can be, and wrong is what the script says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.engine.world.book import Book


class Scripted(Book):
    """`spoils`: values by the words that name their places (a key and an attribute; a list's words and an index).

    `down`: the names of calls that come to nothing, `miscounted`: of those that give one answer too many.
    """

    def __init__(self, spoils: Mapping[tuple[object, ...], Any], down: str = "", miscounted: str = "") -> None:
        super().__init__(0, 1)
        self._spoils, self._down, self._miscounted = spoils, down, miscounted

    def roll(self, sides: int, *words: object) -> int:
        return 1 if words[0] == self._miscounted else 0

    def strikes(self, *words: object) -> bool:
        return (words[0] == "down" and words[1] == self._down) or (
            words[0] in {"miscounted", "indeed"} and words[1] == self._miscounted
        )

    def spoilt(self, good: Any, *words: object) -> Any:
        return self._spoils.get(words, good)

    def some(self, make: Callable[[str], Any], most: int, *words: object) -> Any:
        return self.listed([make(str(place)) for place in range(most)], *words)
