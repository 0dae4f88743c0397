"""The control port's part where the story goes on: single steps, a play, and what happened."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from sandbox.chronicle import Happening
from sandbox.going_on import NEW, GoingOn, UnknownOrderError
from sandbox.opening import Opened
from sandbox.playing import KINDS, Player, Seen, Wish
from sandbox.scene import NoSenseError
from sources.kit.sandbox.moves import EstrangedError

MOST_STEPS = 100_000
MOST_HAPPENINGS = 1_000
_SPEED = 50.0

_NAMES = textwrap.fill(f"Steps: {', '.join(KINDS)}.", 118)

PLAY_WORDS = f"""
POST   /story/steps                      one step of one order: {{"order": "105176", "step": "ship"}}; what was written
POST   /story/play                       go on by itself: {{"speed": 2, "steps": 100, "seed": 7, "orders": null,
                                         "kinds": null, "adopt": false}}; speed is steps a second, null means: no end,
                                         all, every kind; adopt: orders that clients booked in an ERP take part, too
GET    /story/play                       how far it is
DELETE /story/play                       end it
GET    /story/happenings?after=&limit=   what happened since the story was told: step, instant, what was written where,
                                         and the order's status from then on, by the story

{_NAMES}
An order is named by its key or number in any system ("propose" is about none: a deal begins). What makes no sense for
an order as it stands is refused in words (409). sandbox/README.md says what each system records.
"""

StepName = Literal[
    "propose", "accept", "activate", "book", "write_back", "hold", "release", "amend", "cancel", "ship", "ship_rest",
    "deliver", "invoice", "pay_part", "pay", "amend_contract", "move_customer",
]  # fmt: skip


class StepWished(BaseModel):
    """One step; the seed decides what a person would have (which line is amended, by how much)."""

    model_config = ConfigDict(extra="forbid")
    order: str | None = None
    step: StepName
    seed: int = 1


class PlayWished(BaseModel):
    """A play; see `Wish`."""

    model_config = ConfigDict(extra="forbid")
    speed: float = Field(default=1.0, gt=0, le=_SPEED)
    steps: int | None = Field(default=None, ge=1, le=MOST_STEPS)
    seed: int = 1
    orders: list[str] | None = Field(default=None, min_length=1, max_length=1_000)
    kinds: list[StepName] | None = Field(default=None, min_length=1)
    adopt: bool = False


class PlaySeen(BaseModel):
    """How far a play is: `done` steps, the last one in words, and why it ended, where it has.

    Its happenings stand behind `after`.
    """

    plays: bool
    speed: float | None = None
    steps: int | None = None
    seed: int | None = None
    after: int = 0
    done: int = 0
    last: str | None = None
    ended: str | None = None


def story_goes_on(app: FastAPI, opened: Opened) -> None:
    """Add the endpoints; what plays ends with the app."""
    going = GoingOn(opened.company, opened.sandboxes, opened.chronicle)
    player = Player(going)
    app.router.lifespan_context = _ending(player)
    _steps(app, opened, going)
    _play(app, opened, player)

    @app.get("/story/happenings")
    async def happenings(
        after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=MOST_HAPPENINGS)] = 100
    ) -> list[Happening]:
        """What happened behind `after`, the oldest first."""
        return opened.chronicle.happenings(after, limit)


def _ending(player: Player) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await player.stop()

    return lifespan


def _steps(app: FastAPI, opened: Opened, going: GoingOn) -> None:
    @app.post("/story/steps", status_code=201)
    async def step(wished: StepWished) -> Happening:
        """Let one step happen; what was written where, and the status from then on."""
        await _told(opened)
        chance = Random(f"{wished.seed}/{wished.order}/{wished.step}")
        try:
            if wished.step == NEW:
                return going.propose(chance)[1]
            if wished.order is None:
                raise HTTPException(422, f"Which order is to take the step {wished.step!r}?")
            return going.take(going.find(wished.order), wished.step, chance, wished.order)
        except UnknownOrderError as unknown:
            raise HTTPException(404, str(unknown)) from unknown
        except NoSenseError as refused:
            raise HTTPException(409, str(refused)) from refused
        except EstrangedError as refused:
            raise HTTPException(409, f"The story leaves it alone: {refused}.") from refused


def _play(app: FastAPI, opened: Opened, player: Player) -> None:
    @app.post("/story/play", status_code=201)
    async def play(wished: PlayWished) -> PlaySeen:
        """Let the story go on by itself."""
        await _told(opened)
        kinds = frozenset(wished.kinds) if wished.kinds else None
        try:
            return _seen(
                player.start(Wish(wished.speed, wished.steps, wished.seed, wished.orders, kinds, wished.adopt))
            )
        except UnknownOrderError as unknown:
            raise HTTPException(404, str(unknown)) from unknown
        except RuntimeError as refused:
            raise HTTPException(409, str(refused)) from refused

    @app.get("/story/play")
    async def seen() -> PlaySeen:
        """How far it is."""
        return _seen(player.seen)

    @app.delete("/story/play")
    async def end() -> PlaySeen:
        """End it."""
        await player.stop()
        return _seen(player.seen)


async def _told(opened: Opened) -> None:
    # Telling takes a second: not on the loop that serves the systems.
    await asyncio.to_thread(lambda: opened.chronicle.story)


def _seen(seen: Seen | None) -> PlaySeen:
    if seen is None:
        return PlaySeen(plays=False)
    wish = seen.wish
    return PlaySeen(
        plays=seen.ended is None,
        speed=wish.speed,
        steps=wish.steps,
        seed=wish.seed,
        after=seen.after,
        done=seen.done,
        last=seen.last,
        ended=seen.ended,
    )
