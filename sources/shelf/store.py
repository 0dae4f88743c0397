"""What stands in Redis: kept answers, the changes that make them untrue, and who is reading what anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from sources.landscape import LONGEST_KEPT
from sources.shelf.addresses import Addresses, Shelfmark, refreshing
from sources.shelf.entries import Kept, pack, unpack
from sources.shelf.line import Line
from sources.shelf.names import Name
from sources.shelf.questions import CONCEPTS, Mark, Question

CHANGES_KEPT: Final = int(2 * LONGEST_KEPT) + 3_600
"""Seconds; longer than any answer is kept, else a forgotten one could come back."""
REFRESH_WITHIN: Final = 10.0
"""Seconds that reading anew may take; nobody else begins it meanwhile."""
AT_ONCE: Final = 500
"""Changes that are written in one go."""

_COUNT: Final = """
local held = redis.call('GET', KEYS[1])
if not (held and string.match(held, '^%d+$')) then redis.call('SET', KEYS[1], ARGV[1]) end
local number = redis.call('INCR', KEYS[1])
for place = 2, #KEYS do redis.call('SET', KEYS[place], number, 'EX', ARGV[2]) end
return number
"""
"""Counts a change and writes its number, in one step: else the lower of two could be written after the higher."""
_NEVER: Final = 2**63


class NotForgottenError(Exception):
    """What was kept may still be served: the change did not reach Redis, and has to be announced again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look into Redis found: the answers that still hold by name, and the number of the last change."""

    held: Mapping[Name, Kept]
    changes: int


class Store:
    """Kept answers of one tenant. Nothing but `forget` ever raises because of Redis.

    Every change that is announced gets a number, and stands with it beside the records it is about. An answer has the
    number of the last change before its question was sent, and holds while nothing it hangs on changed under a higher
    one. So an answer that was on its way while the change was announced is stored, but never served.
    """

    def __init__(self, line: Line, addresses: Addresses) -> None:
        """Keep through this line."""
        self._line = line
        self._addresses = addresses

    async def look(self, question: Question[Any], system: str, mark: Shelfmark, names: Sequence[Name]) -> Seen | None:
        """What is held for these names and still holds; None where Redis did not answer in time."""
        places = {name: mark.of(name) for name in names}
        moves = [self._addresses.every(system, concept) for concept in (question.concept, *question.embeds)]
        moves += [self._addresses.some(system, concept) for concept in question.moved_by]
        counted = [self._addresses.changes, self._addresses.some(system, question.concept), *moves]

        async def ask(redis: Redis) -> Seen | None:
            found = await redis.mget([*counted, *places.values()])
            changes, grown, *moved = (_number(held) for held in found[: len(counted)])
            answers = zip(places.items(), found[len(counted) :], strict=True)
            kept = {name: one for (name, place), packed in answers if (one := unpack(packed, place)) is not None}
            changed = await self._changed(redis, system, {mark for one in kept.values() for mark in one.marks})
            held = {
                name: one
                for name, one in kept.items()
                if max(*moved, *(changed[mark] for mark in one.marks), 0 if one.final else grown)
                <= one.began
                <= changes
            }
            return Seen(held, changes) if changes < _NEVER else None

        return await self._line.ask(ask)

    async def _changed(self, redis: Redis, system: str, marks: Iterable[Mark]) -> Mapping[Mark, int]:
        """The number of the last change to each record."""
        ordered = list(marks)
        found = await redis.mget([self._addresses.one(system, mark) for mark in ordered]) if ordered else []
        return dict(zip(ordered, map(_number, found), strict=True))

    async def keep(self, kept: Iterable[tuple[Kept, float]]) -> None:
        """Keep each for so many seconds; what Redis does not take in time is not kept."""
        taken = [(one.whose, packed, seconds) for one, seconds in kept if (packed := pack(one)) is not None]

        async def put(redis: Redis) -> None:
            async with redis.pipeline(transaction=False) as pipe:
                for place, packed, seconds in taken:
                    pipe.set(place, packed, px=max(1, int(seconds * 1000)))
                await pipe.execute()

        if taken:
            await self._line.ask(put)

    async def claim(self, places: Sequence[str]) -> list[str]:
        """Those places that nobody else is reading anew just now: they are the caller's for REFRESH_WITHIN."""

        async def take(redis: Redis) -> list[object]:
            async with redis.pipeline(transaction=False) as pipe:
                for place in places:
                    pipe.set(refreshing(place), b"", nx=True, px=int(REFRESH_WITHIN * 1000))
                return list(await pipe.execute())

        mine = await self._line.ask(take) or [None] * len(places)
        return [place for place, taken in zip(places, mine, strict=True) if taken]

    async def release(self, places: Sequence[str]) -> None:
        """Give claimed places back."""

        async def give(redis: Redis) -> None:
            await redis.unlink(*map(refreshing, places))

        if places:
            await self._line.ask(give)

    async def forget(self, system: str, concept: str, keys: Sequence[str] | None, now: float) -> None:
        """Serve nothing any more that was kept of these records, whoever read it; of every one of a concept for None.

        `now` (UTC, in seconds) is where counting goes on if Redis lost the number of the last change: microseconds are
        beyond all numbers before. Raises NotForgottenError where Redis did not take it: try again until it does.
        """
        if concept not in CONCEPTS:
            raise ValueError(f"{concept!r} is none of {', '.join(CONCEPTS)}.")
        places = [self._addresses.one(system, (concept, key)) for key in keys or ()]
        places += [self._addresses.every(system, concept)] if keys is None else []
        some = self._addresses.some(system, concept)
        runs = [places[start : start + AT_ONCE] for start in range(0, len(places), AT_ONCE)]
        try:
            for run in runs:
                await self._line.insist(self._counting([self._addresses.changes, some, *run], now))
        except (TimeoutError, OSError, RedisError) as error:
            raise NotForgottenError(f"Redis did not take the change: {error} ({type(error).__name__})") from error

    def _counting(self, places: Sequence[str], now: float) -> Any:
        async def count(redis: Redis) -> None:
            await redis.eval(_COUNT, len(places), *places, str(int(now * 1_000_000)), str(CHANGES_KEPT))

        return count


def _number(held: bytes | str | None) -> int:
    """The number of a change; a text that is none is beyond every number, so that nothing holds."""
    try:
        return int(held or 0)
    except ValueError:
        return _NEVER
