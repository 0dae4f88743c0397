"""The line to Redis: short patience with each question, and none at all while it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TooSlow

T = TypeVar("T")

SLOW_AT_ONCE: Final = 3
"""How many questions in a row may be too slow before the line counts as lost."""
LATE: Final = 0.005
LATE_COUNTS: Final = 0.25
"""Where the end of the patience itself came so many seconds late, it was we who were busy, and it counts for less."""
LOOK_EVERY: Final = 1.0
LONGEST_LOOK: Final = 2.0
"""Seconds: how often a lost Redis is looked for, and how long one look may take."""

log = logging.getLogger("revgraph.shelf")


class Line:
    """Asks Redis, and never lets anybody wait for one that is gone.

    States: OPEN, where questions go through, and LOST, where each is answered None at once. A broken connection, or
    several slow answers in a row, make it LOST; only a look makes it OPEN, once Redis answers as fast as it should. So
    no request pays for finding out, and a Redis that comes back is used again within a second or two.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        patience: float,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask through this client, which keeps no retries of its own, and wait for `patience` seconds at most.

        LOST until it was looked for.
        """
        self._redis = redis
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._slow = 0.0
        self._refused = ""
        self._lost = asyncio.Event()
        self._lost.set()

    @property
    def open(self) -> bool:
        """Whether questions go through."""
        return not self._lost.is_set()

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T | None:
        """The answer; None where there is none to be had in time."""
        if self._lost.is_set():
            return None
        began = self._clock()
        try:
            async with asyncio.timeout(self._patience):
                answer = await question(self._redis)
        except (TimeoutError, OSError, RedisError) as error:
            self._failed(error, self._clock() - began)
            return None
        except Exception:  # nothing on the way to what is kept is a reason to fail a read
            log.exception("Redis was asked in vain: every read is live until it answers again.")
            self._lost.set()
            return None
        self._slow = 0.0
        return answer

    async def insist(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """The answer, however the line is; raises what kept Redis from giving one."""
        async with asyncio.timeout(LONGEST_LOOK):
            return await question(self._redis)

    async def look(self) -> bool:
        """Look for Redis once, and use it from now on if it answers."""
        try:
            await self.insist(lambda redis: redis.ping())  # which may have to connect first
            async with asyncio.timeout(self._patience):
                await self._redis.ping()
        except (TimeoutError, OSError, RedisError):
            return False
        except Exception:  # as above
            log.exception("Redis was looked for in vain.")
            return False
        if self._lost.is_set():
            log.info("Redis answers: answers are kept from now on.")
        self._slow = 0.0
        self._lost.clear()
        return True

    async def watch(self) -> None:
        """Look for a lost Redis until it is back; runs until it is cancelled."""
        while True:
            await self._lost.wait()
            # First the rest: one that is lost for being slow would else be back, and slow, at once.
            await self._sleep(LOOK_EVERY)
            await self.look()

    def _failed(self, error: Exception, took: float) -> None:
        slow = isinstance(error, TimeoutError | TooSlow)
        if not slow and not isinstance(error, NoConnection | OSError):
            # It answered, and said no: out of memory, a replica, a key of another kind. The line is fine.
            if str(error) != self._refused:
                self._refused = str(error)
                log.warning("Redis refuses what is asked of it: %s", error)
            return
        self._slow += LATE_COUNTS if took - self._patience > LATE else 1.0
        if not self._lost.is_set() and (not slow or self._slow >= SLOW_AT_ONCE):
            self._lost.set()
            log.warning("Redis is lost (%s): every read is live until it is back.", type(error).__name__)
