"""The systems within reach, and the landscape that says what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from canonical.errors import Mistake, ProblemCategory
from sources.landscape import Landscape
from sources.ports import Source

P = TypeVar("P", bound=Source)


class Systems(Protocol):
    """The opened systems, by configured name."""

    @property
    def by_name(self) -> Mapping[str, Source]:
        """Every opened system."""

    def get(self, name: str, port: type[P]) -> P | None:
        """The system of this name as a keeper of the port; None when it does not keep it."""


@dataclass(frozen=True)
class Reach:
    """What anybody needs who only asks: a worker and a gateway alike."""

    systems: Systems
    landscape: Landscape

    def system(self, name: str, port: type[P], what: str) -> P:
        """The system as a keeper of the port; a Mistake in words where it cannot do that. `what`: "book orders"."""
        found = self.systems.get(name, port)
        if found is None:
            raise Mistake("NOT_SUPPORTED", f"{name} is not set up to {what} through Revgraph.", ProblemCategory.ROUTING)
        return found
