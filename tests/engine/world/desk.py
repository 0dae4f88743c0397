"""The context of one operation in a world: it answers through the book, and notes every call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from canonical.wanted import Wanted
from engine.wants import Tree
from tests.engine.world.book import Book
from tests.engine.world.chance import Down


@dataclass(frozen=True)
class Call:
    """One call of a resolver. Parents are told by name, as some are made anew each time they are read."""

    name: str
    arguments: str
    wanted: Wanted
    parents: tuple[str, ...]
    distinct: bool

    @property
    def question(self) -> tuple[str, str, Wanted]:
        """What was asked, whoever for."""
        return self.name, self.arguments, self.wanted

    @property
    def from_root(self) -> bool:
        """Whether it answers a root field, whose parent is None."""
        return self.parents == ("None",)


@dataclass
class Desk:
    """One operation's share of a world; worlds are shared, desks are not."""

    book: Book
    unsteady: bool = False
    calls: list[Call] = field(default_factory=list)
    learned: list[Mapping[str, Tree]] = field(default_factory=list)
    loaders: dict[Hashable, Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    count: int = 0

    def wanted(self, tree: Tree) -> Wanted:
        return Wanted.from_tree(tree)

    def learn(self, wants: Mapping[str, Tree]) -> None:
        self.learned.append(wants)

    async def answer(
        self,
        name: str,
        parents: Sequence[Any],
        wanted: Wanted,
        make: Callable[[str], Any],
        **arguments: object,
    ) -> Sequence[Any]:
        """What `make` says of each parent's key, as far as chance lets it."""
        told = repr(sorted(arguments.items()))
        tokens = tuple(map(token, parents))
        self.calls.append(Call(name, told, wanted, tokens, len({*map(id, parents)}) == len(parents)))
        if self.unsteady:
            for _ in range(self.book.roll(4, "pause", name, told)):
                await asyncio.sleep(0)
        if self.book.strikes("down", name, told):
            raise Down(f"{name} is down")
        answers = [self._one(name, key, make, told) for key in tokens]
        if self.book.strikes("miscounted", name, told) and self.book.strikes("indeed", name, told):
            return [*answers, None] if self.book.roll(2, name, told) else answers[1:]
        return answers

    def _one(self, name: str, key: str, make: Callable[[str], Any], told: str) -> Any:
        value = self.book.once(f"{name}{told}", key, lambda: make(key))
        return self.book.once(f"{name}{told}!", key, lambda: self.book.spoilt(value, name, key, told))


def token(parent: object) -> str:
    """A parent's key; of what has none, what it looks like."""
    key = getattr(parent, "key", None)
    return key if isinstance(key, str) else repr(parent)
