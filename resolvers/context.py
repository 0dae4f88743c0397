"""What one operation's resolvers share: who asks, the systems, what is read of each concept, and loads by key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from aiodataloader import DataLoader

from canonical.events import NOWHERE, Cursor
from canonical.principal import Principal
from canonical.wanted import Tree, Wanted
from sources.kit.call import Call
from sources.landscape import Landscape
from sources.ports import Source
from workflows.desk import Desk
from workflows.hub import Hub

P = TypeVar("P", bound=Source)


class Systems(Protocol):
    """The opened systems, by configured name."""

    @property
    def by_name(self) -> Mapping[str, Source]:
        """Every opened system."""

    def get(self, name: str, port: type[P]) -> P | None:
        """The system of this name as a keeper of the port; None when it does not keep it."""


def now_utc() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Context:
    """One operation's share of the house. Made new for every operation, and never used for a second one."""

    landscape: Landscape
    systems: Systems
    call: Call
    clock: Callable[[], datetime] = now_utc
    loaders: dict[Hashable, Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    wants: dict[str, Wanted] = field(default_factory=dict)
    desk: Desk | None = None
    """Where orders are handed in; None where this gateway has no store."""
    hub: Hub | None = None
    """The process's ear on the event log; None where this gateway has no store."""
    resume_from: Cursor = NOWHERE
    """The log's position when this operation began."""
    resumes_after: str | None = None
    """A cursor that came by the transport, and wins over the operation's own."""
    resumed: Cursor | None = None
    """Behind which a subscription was asked to begin, once that is known; None: from now on."""

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self.call.principal

    def wanted(self, tree: Tree) -> Wanted:
        """The resolvers' form of the engine's plain tree."""
        return Wanted.from_tree(tree)

    def learn(self, wants: Mapping[str, Wanted]) -> None:
        """Keep what the whole operation reads of each GraphQL type: loads by key ask for all of it at once."""
        self.wants = dict(wants)

    def wants_of(self, concept: str) -> Wanted:
        """What the whole operation reads of a concept; nothing where it reads none of it."""
        return self.wants.get(concept, Wanted())

    def also_wants(self, concept: str, wanted: Wanted) -> None:
        """Read more of a concept than the operation's text says: a filter has to tell records apart by it."""
        self.wants[concept] = self.wants_of(concept) | wanted

    def forget(self) -> None:
        """Read anew from here on: what was loaded may be another since something was done."""
        self.loaders.clear()

    def loader(self, name: Hashable, make: Callable[[], DataLoader[Any, Any]]) -> DataLoader[Any, Any]:
        """The operation's loader of this name, made at its first use."""
        held = self.loaders.get(name)
        if held is None:
            held = self.loaders[name] = make()
        return held

    def system(self, name: str, port: type[P]) -> P | None:
        """The configured system, where it keeps the port."""
        return self.systems.get(name, port)
