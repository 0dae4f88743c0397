"""Waiting for what is going on elsewhere: for a condition, with a deadline, and never for a fixed time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

LONGEST = 60.0
"""Seconds on a machine that is busy with other things."""


async def until(condition: Callable[[], object | Awaitable[object]], look_every: float = 0.005) -> None:
    """Come back once it holds; TimeoutError where it does not in all this time."""
    async with asyncio.timeout(LONGEST):
        while True:
            held = condition()
            if await held if isawaitable(held) else held:
                return
            await asyncio.sleep(look_every)
