"""What a worker does by the clock, as long as it lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    """Do the work again and again until it is time to stop; a turn that failed is told, and the next one comes."""
    while not stop.is_set():
        try:
            await work()
        except Exception:
            log.exception("A turn of %s failed; the next one comes", getattr(work, "__name__", "the schedule"))
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            continue
