"""What a worker does by the clock, as long as it lives, and how it ends what takes longer than that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    """Do the work again and again until it is time to stop; a turn that failed is told, and the next one comes.

    A turn that is under way then is cancelled: it must be such that its worker may be killed at any point of it.
    """
    while not stop.is_set():
        try:
            await unless_stopped(work(), stop)
        except Exception:
            log.exception("A turn of %s failed; the next one comes", getattr(work, "__name__", "the schedule"))
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            continue


async def unless_stopped(work: Awaitable[T], stop: asyncio.Event) -> T | None:
    """What the work comes to; None where it was time to stop before: then it was cancelled, and has cleaned up."""
    doing, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        for task in (doing, stopping):
            task.cancel()
        await asyncio.gather(doing, stopping, return_exceptions=True)
