"""The steps of a submission as people see them: what is done, since when, how often it was tried, what came of it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.submission import StepState
from workflows.ledger import Taken
from workflows.store import tables

_table = tables.submission_step
_FINISHED = (StepState.DONE.value, StepState.SKIPPED.value, StepState.COMPENSATED.value)
LEGS = 100
"""Room for the legs of one step."""


class Place(NamedTuple):
    """A step: its name for people, its position among the steps, and of which leg, system and legal entity it is.

    `field` is the path of the input's value that it looks up: what is wrong there is wrong with that value.
    """

    name: str
    position: int
    leg: int = 0
    system: str | None = None
    legal_entity: str | None = None
    field: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Where it stands in the list."""
        return self.position * LEGS + self.leg

    @property
    def key(self) -> str:
        """Its name for programs, the same in every run."""
        return f"{self.name}:{self.leg}"


async def begin(connection: AsyncConnection, taken: Taken, place: Place) -> None:
    """One more try begins. A step that this round has finished is left as it is: it is only passed again."""
    values = {
        "name": place.name,
        "state": StepState.RUNNING.value,
        "system": place.system,
        "legal_entity": place.legal_entity,
        "round": taken.round,
        "started_at": func.clock_timestamp(),
    }
    stated = insert(_table).values(submission_id=taken.id, place=place.number, attempts=1, **values)
    renewed = {**values, "attempts": _table.c.attempts + 1, "ended_at": None, "message": None}
    renewed["started_at"] = func.coalesce(_table.c.started_at, func.clock_timestamp())
    again = or_(_table.c.round < taken.round, _table.c.state.not_in(_FINISHED))
    await connection.execute(
        stated.on_conflict_do_update(index_elements=["submission_id", "place"], set_=renewed, where=again)
    )


async def expect(connection: AsyncConnection, taken: Taken, places: list[Place]) -> None:
    """Show steps that are still to come; those that have begun are left as they are."""
    rows = [
        {
            "submission_id": taken.id,
            "place": place.number,
            "name": place.name,
            "state": StepState.WAITING.value,
            "system": place.system,
            "legal_entity": place.legal_entity,
            "round": taken.round,
        }
        for place in places
    ]
    await connection.execute(insert(_table).values(rows).on_conflict_do_nothing())


async def end(
    connection: AsyncConnection, taken: Taken, place: Place, state: StepState, message: str, attempts: int | None = None
) -> None:
    """What came of it. `attempts` where more tries were made than this step was begun."""
    mine = (_table.c.submission_id == taken.id, _table.c.place == place.number)
    values: dict[str, object] = {
        "state": state.value,
        "message": message,
        "ended_at": func.coalesce(_table.c.ended_at, func.clock_timestamp()),
    }
    if attempts:
        values["attempts"] = func.greatest(_table.c.attempts, attempts)
    await connection.execute(update(_table).where(*mine).values(**values))


async def drop_waiting(connection: AsyncConnection, taken: Taken) -> None:
    """What is still to come will not come: shown as skipped."""
    waiting = update(_table).where(_table.c.submission_id == taken.id, _table.c.state == StepState.WAITING.value)
    await connection.execute(waiting.values(state=StepState.SKIPPED.value))
