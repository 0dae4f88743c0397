"""What is kept for the next time, within bounds; what was used least lately is forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most `most` values, which weigh at most `heaviest` together; a single one that weighs more is not kept."""

    def __init__(self, most: int, heaviest: int) -> None:
        self._most, self._heaviest = most, heaviest
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    @property
    def weight(self) -> int:
        """What they weigh together."""
        return self._weight

    def get(self, key: K) -> V | None:
        """The value, now the one used last; None where it is not held."""
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Hold the value, and forget others until everything fits."""
        self._drop(key)
        if weight > self._heaviest:
            return
        self._held[key] = (value, weight)
        self._weight += weight
        while len(self._held) > self._most or self._weight > self._heaviest:
            self._drop(next(iter(self._held)))

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._weight = 0

    def _drop(self, key: K) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._weight -= held[1]
