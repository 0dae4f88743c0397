"""Choices that shrink: the first of everything, and No, is what a failing example is reduced to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

# One number of 256 for each choice: ten times as fast to draw as one choice after the other.
STREAM = 600


class Choosing:
    """Choices out of a stream of bytes. Zero, and what comes after the end, is the first of what there is."""

    def __init__(self, stream: bytes) -> None:
        self._stream = iter(stream)

    def below(self, limit: int) -> int:
        """0 to limit - 1."""
        return next(self._stream, 0) * limit >> 8

    def percent(self, likely: int) -> bool:
        """Yes in about so many of a hundred cases."""
        return self.below(100) >= 100 - likely

    def one_of(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.below(len(things))]
