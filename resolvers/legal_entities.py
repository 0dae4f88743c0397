"""From the code that a record carries to the legal entity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from canonical.legal_entity import LegalEntity
from canonical.wanted import Wanted
from resolvers.context import Context


class OfEntity(Protocol):
    """Anything that belongs to a legal entity, by its code."""

    @property
    def legal_entity_code(self) -> str | None:
        """The code, None where the record names none."""


async def of_parents(
    context: Context, parents: Sequence[OfEntity], _: Wanted
) -> Sequence[LegalEntity | Exception | None]:
    """The legal entity of each; one that is not configured is told by its code alone."""
    return [_entity(context, parent.legal_entity_code) for parent in parents]


def _entity(context: Context, code: str | None) -> LegalEntity | None:
    if not code:
        return None
    return context.landscape.entities.get(code) or LegalEntity(code=code)
