"""Asking the desk: within the operation's time, and in words where there is none or its store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from canonical.errors import Mistake, ProblemCategory
from resolvers.context import Context
from workflows.desk import Desk
from workflows.store.faults import in_words

T = TypeVar("T")
PART: Final = 0.9
"""Of the time that is left: what remains is for saying that the store was silent."""


def desk_of(context: Context) -> Desk:
    """The gateway's desk; a Mistake that says what to do where it has none."""
    if context.desk is None:
        raise Mistake(
            "NO_STORE",
            "This gateway reads only: it has no store for orders. Set DATABASE_URL to a PostgreSQL, start it again, "
            "and start a worker beside it.",
            ProblemCategory.SYSTEM_UNAVAILABLE,
        )
    return context.desk


async def told(context: Context, question: Awaitable[T]) -> T:
    """The desk's answer; Unavailable where its store is away or too slow."""
    # A TimeoutError is an OSError, so that a store that is too slow is told as one that is away.
    with in_words():
        async with asyncio.timeout(context.call.deadline.left() * PART):
            return await question
