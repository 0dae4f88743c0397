"""Plays the story on: which order takes which step next, the same for the same seed, at a speed that was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from sandbox.chronicle import Happening
from sandbox.going_on import NEW, STEPS, GoingOn
from sandbox.scene import NoSenseError
from sources.kit.sandbox.moves import EstrangedError
from sources.kit.sandbox.story import Deal

WEIGHTS: Final[Mapping[str, int]] = {
    "accept": 10, "activate": 10, "book": 12, "write_back": 20, "hold": 2, "release": 6, "amend": 2, "cancel": 1,
    "ship": 8, "ship_rest": 6, "deliver": 8, "invoice": 10, "pay_part": 2, "pay": 8, "move_customer": 1,
    "amend_contract": 2,
}  # fmt: skip
"""How readily an order takes a step; what is never likelier than others is not listed."""

KINDS: Final = (NEW, *STEPS)
_CAST: Final = 24
_BIRTHS: Final = 0.08
_LOOK_EVERY: Final = 5
_ENDLESS: Final = frozenset({"amend", "amend_contract", "move_customer", "hold"})
"""Steps that lead nowhere: an order that can take no others leaves the stage, unless they were wished for by name."""


class NothingLeftError(Exception):
    """No order that may take part has a step left."""


@dataclass(frozen=True)
class Wish:
    """How it is to be played. `speed`: steps a second. None: no end, all orders that are under way, every kind.

    `adopt`: orders that clients booked take part, too.
    """

    speed: float = 1.0
    steps: int | None = None
    seed: int = 1
    orders: Sequence[str] | None = None
    kinds: frozenset[str] | None = None
    adopt: bool = False

    def may(self, kind: str) -> bool:
        """Whether steps of this kind are wished for."""
        return self.kinds is None or kind in self.kinds


class Director:
    """Chooses order and step, from chance alone; what somebody else has changed leaves the stage."""

    def __init__(self, going: GoingOn, wish: Wish) -> None:
        """LookupError for an order that the story does not have."""
        self._going = going
        self._wish = wish
        self._chance = Random(f"{wish.seed}/play")
        if wish.orders is None:
            waiting = [place for place, deal in enumerate(going.story.deals) if _is_under_way(deal)]
            self._chance.shuffle(waiting)
        else:
            waiting = list(dict.fromkeys(going.find(order) for order in wish.orders))
        self._waiting = waiting
        self._stage: list[int] = []
        self._looks = 0

    def step(self) -> Happening:
        """Let the next thing happen; NothingLeftError where nothing can."""
        self._look_around()
        if self._bears():
            with suppress(NoSenseError):
                place, happening = self._going.propose(self._chance)
                self._stage.append(place)
                return happening
        while True:
            place = self._chosen()
            steps = [name for name in self._going.sensible(place) if self._wish.may(name)]
            if set(steps) <= _ENDLESS and self._wish.kinds is None:
                self._stage.remove(place)
                continue
            try:
                return self._going.take(place, self._step_of(steps), self._chance)
            except (NoSenseError, EstrangedError):
                self._stage.remove(place)

    def _step_of(self, steps: Sequence[str]) -> str:
        if not steps:
            raise NoSenseError("Nothing that was wished for can happen to this order.")
        return self._chance.choices(steps, [WEIGHTS[one] for one in steps])[0]

    def _look_around(self) -> None:
        """Now and then: orders of clients come onto the stage at once."""
        if self._wish.adopt and self._wish.orders is None and self._looks % _LOOK_EVERY == 0:
            self._stage.extend(self._going.adopt())
        self._looks += 1

    def _bears(self) -> bool:
        """Whether a new deal begins now."""
        if self._wish.orders is not None or not self._wish.may(NEW):
            return False
        return self._wish.kinds == frozenset({NEW}) or self._chance.random() < _BIRTHS

    def _chosen(self) -> int:
        while self._waiting and len(self._stage) < _CAST:
            self._stage.append(self._waiting.pop(0))
        if not self._stage:
            raise NothingLeftError("No order that takes part has a step left.")
        return self._chance.choice(self._stage)


def _is_under_way(deal: Deal) -> bool:
    """Not known to be at its end: a look at the deal alone, the steps tell the rest."""
    return not (deal.cancelled_at or any(booking.cancelled_at for booking in deal.bookings))


@dataclass
class Seen:
    """How far a play is, which begins behind the happening `after`; `ended` says in words why it has."""

    wish: Wish
    after: int = 0
    done: int = 0
    last: str | None = None
    ended: str | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Player:
    """One play at a time, in the loop that serves the systems."""

    def __init__(self, going: GoingOn) -> None:
        """Nothing is played yet."""
        self._going = going
        self.seen: Seen | None = None

    @property
    def plays(self) -> bool:
        """Whether something is being played."""
        return self.seen is not None and self.seen.ended is None

    def start(self, wish: Wish) -> Seen:
        """Begin. RuntimeError while another is played, LookupError for an unknown order."""
        if self.plays:
            raise RuntimeError("A play goes on already; DELETE /story/play ends it.")
        seen, director = Seen(wish, self._going.happened), Director(self._going, wish)
        seen.task = asyncio.create_task(self._play(seen, director))
        self.seen = seen
        return seen

    async def stop(self) -> None:
        """End it, if one goes on, and wait until it has."""
        seen = self.seen
        if seen is None or seen.task is None:
            return
        seen.ended = seen.ended or "It was asked to end."
        seen.task.cancel()
        await asyncio.gather(seen.task, return_exceptions=True)

    async def _play(self, seen: Seen, director: Director) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while seen.wish.steps is None or seen.done < seen.wish.steps:
                seen.last = director.step().words
                seen.done += 1
                due = max(due + 1 / seen.wish.speed, loop.time())
                await asyncio.sleep(due - loop.time())
            seen.ended = "All steps are done."
        except NothingLeftError as end:
            seen.ended = str(end)
        except Exception as broken:
            seen.ended = f"It broke off: {broken!r}"
            raise
