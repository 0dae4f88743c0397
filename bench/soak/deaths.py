"""What dies in a soak: everything once by a list, and then what chance picks."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from bench.soak.house import House

LOOK_EVERY: Final = 0.25


class Death(StrEnum):
    """Who, and how. Whoever dies is started again at once, the database a moment later."""

    KILL_A = "gateway A killed with -9"
    END_A = "gateway A ended by SIGTERM"
    KILL_B = "gateway B killed with -9"
    END_B = "gateway B ended by SIGTERM"
    REDIS = "Redis killed with -9"
    DATABASE = "PostgreSQL killed with -9"


SCHEDULE: Final = (Death.KILL_A, Death.END_B, Death.REDIS, Death.DATABASE, Death.KILL_B, Death.END_A)
_GATEWAYS: Final[Mapping[Death, tuple[int, signal.Signals]]] = {
    Death.KILL_A: (0, signal.SIGKILL),
    Death.END_A: (0, signal.SIGTERM),
    Death.KILL_B: (1, signal.SIGKILL),
    Death.END_B: (1, signal.SIGTERM),
}


async def let_die(house: House, every: float, seconds: float, patience: float, chance: random.Random) -> Counter[Death]:
    """Let one die every so many seconds, for so long at least, until the schedule is through; how often each did.

    A gateway waits for both to answer before it dies, so that never both are away; Redis and the database wait for
    nobody, and may go while a gateway begins. TimeoutError where a gateway does not come back.
    """
    died: Counter[Death] = Counter()
    until = time.monotonic() + seconds
    for death in _picked(chance, lambda: time.monotonic() + every >= until):
        await asyncio.sleep(every)
        await _die(house, death, patience)
        died[death] += 1
    await asyncio.sleep(max(0.0, until - time.monotonic()))
    return died


def _picked(chance: random.Random, over: Callable[[], bool]) -> Iterator[Death]:
    yield from SCHEDULE
    while not over():
        yield chance.choice(list(Death))


async def _die(house: House, death: Death, patience: float) -> None:
    if death is Death.REDIS:
        await asyncio.to_thread(house.kill_redis)
    elif death is Death.DATABASE:
        await asyncio.to_thread(house.kill_database)
    else:
        if not await holds_within(patience, lambda: all(gateway.answers() for gateway in house.gateways)):
            raise TimeoutError(f"a gateway did not come back within {patience:g} seconds")
        number, how = _GATEWAYS[death]
        await asyncio.to_thread(house.gateways[number].end, how)
        house.gateways[number].start()


async def holds_within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Wait until it holds, but no longer; whether it does. It may block for a moment."""
    until = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_EVERY)
    return True
