"""The records that happenings and exceptions are about."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.identity import global_id
from canonical.integration_exception import IntegrationException
from canonical.timeline import TimelineEntry
from canonical.wanted import Wanted
from resolvers.context import Context
from resolvers.nodes import load_nodes


async def of_parents(
    context: Context, parents: Sequence[TimelineEntry | IntegrationException], _: Wanted
) -> Sequence[object]:
    """The record that each is about; None where it names none."""
    ids = [global_id(*parent.subject) if parent.subject else None for parent in parents]
    asked = list(dict.fromkeys(text for text in ids if text))
    found = dict(zip(asked, await load_nodes(context, asked), strict=True))
    return [found[text] if text else None for text in ids]
