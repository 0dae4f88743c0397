"""What the engine asks of the context that one operation's resolvers share."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, MutableMapping, MutableSequence
from typing import Any, Protocol, TypeVar

from engine.wants import Tree


class Asked(Protocol):
    """What a resolver is told to read: a tree of names, built through the context; the engine looks no deeper."""

    def names(self) -> Iterator[str]:
        """The fields read at this level."""

    def below(self, name: str, /) -> Asked:
        """What is read below one of them."""


WantedT = TypeVar("WantedT", bound=Asked)


class Context(Protocol[WantedT]):
    """What the engine needs of an operation's context; each operation has its own."""

    @property
    def loaders(self) -> MutableMapping[Hashable, Any]:
        """The loaders of this operation. Empty at first; other keys than the engine's may live beside them.

        They are emptied between the root fields of a mutation, so that none reads what was loaded before another acted.
        """

    @property
    def kept(self) -> MutableSequence[Any]:
        """What has to live as long as the operation. Empty at first; the engine's alone."""

    def wanted(self, tree: Tree, /) -> WantedT:
        """The resolvers' own form of a tree. Of the tree alone: a plan keeps it for the operations that follow."""

    def learn(self, wants: Mapping[str, WantedT], /) -> None:
        """Told once, before the first resolver is called: all that the operation reads, by GraphQL object type."""
