"""What a worker looks after: submissions that are stuck or abandoned, versions that nobody runs, and old answers."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import delete, func, null, select, text, update

from canonical.errors import Outcome, ProblemCategory
from canonical.problem import Problem
from canonical.submission import SubmissionState
from workflows import exception_queue, ledger
from workflows.durable.enqueueing import has_parts, standing
from workflows.exception_queue import Cause
from workflows.ledger import Taken
from workflows.round import Round, failure
from workflows.store import desk_tables, tables
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

MOST: Final = 200
ROUNDS: Final = 100
"""Parts that are tidied at a time: a hundred thousand submissions."""
ENGINE_DAYS: Final = 7
"""How long the engine's own record of what has ended is kept; ours stays."""
_OVER: Final = ("SUCCESS", "ERROR", "CANCELLED")
_POISON: Final = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
_table = tables.submission

_STRANDED = text(
    "select s.application_version, count(*) from dbos.workflow_status s"
    " where s.status in ('PENDING', 'ENQUEUED') and s.application_version is not null and not exists (select 1 from"
    " worker w where w.version = s.application_version and w.heartbeat_at > clock_timestamp() - interval '1 minute')"
    " group by 1"
)


async def look_after(shop: Workshop) -> None:
    """Put before people what is stuck, and take up what nobody has any more."""
    await _find_abandoned(shop)
    await _show_stuck(shop)
    await _warn_of_stranded(shop)


async def tidy(shop: Workshop, part: int = MOST * 5) -> None:
    """Empty answers whose time is over, down to what tells a repeated key from a new one; and the engine's record.

    Part by part, so that nobody waits for long.
    """
    for tidied in (partial(_emptied, shop, part), partial(shop.durable.forget, ENGINE_DAYS)):
        for _ in range(ROUNDS):
            if not await tidied():
                break


async def _emptied(shop: Workshop, part: int) -> int:
    days = shop.landscape.rules.orders.answer_days
    old = (_table.c.settled_at < func.clock_timestamp() - timedelta(days=days), _table.c.input.is_not(None))
    async with shop.store.transaction() as transaction:
        ids = [row.id for row in await transaction.execute(select(_table.c.id).where(*old).limit(part))]
        await transaction.execute(update(_table).where(_table.c.id.in_(ids)).values(input=null(), problems=[]))
        steps, done = tables.submission_step, tables.effect
        await transaction.execute(delete(steps).where(steps.c.submission_id.in_(ids)))
        await transaction.execute(update(done).where(done.c.submission_id.in_(ids)).values(request=null()))
        gone = desk_tables.worker.c.heartbeat_at < func.clock_timestamp() - timedelta(days=ENGINE_DAYS)
        await transaction.execute(delete(desk_tables.worker).where(gone))
    return len(ids)


async def _find_abandoned(shop: Workshop) -> None:
    """Rounds whose workflow is over without having left the submission anywhere: its end could not be written."""
    idle = (_table.c.settled_at.is_(None), _table.c.resume_at.is_(None))
    old = _table.c.submitted_at < func.clock_timestamp() - timedelta(seconds=shop.pace.resume_after)
    async with shop.store.transaction() as transaction:
        rows = {
            f"{r.id}:{r.round}": r.id for r in await transaction.execute(select(_table).where(*idle, old).limit(MOST))
        }
        words = await standing(transaction, list(rows))
    for workflow, mine in rows.items():
        word = words.get(workflow)
        if word == _POISON:
            await _end_poison(shop, workflow, mine)
        elif word is None or word in _OVER:
            async with shop.store.transaction() as transaction:
                anew = update(_table).where(_table.c.id == mine, *idle)
                await transaction.execute(anew.values(resume_at=func.clock_timestamp()))


async def _end_poison(shop: Workshop, workflow: str, id: str) -> None:
    """What kills its worker again and again is not run once more by itself.

    What it gave into a queue is still carried out, and only then it is known what became of the submission.
    """
    async with shop.store.transaction() as transaction:
        taken = None if await has_parts(transaction, workflow) else await ledger.take(transaction, id)
    if taken is not None:
        round_ = Round(shop, taken)
        await round_.end(await failure(round_, "it ended its worker too often"))


async def _show_stuck(shop: Workshop) -> None:
    """Submissions that are not settled long after they were submitted, and of which nobody has been told."""
    raised = desk_tables.integration_exception
    told = select(raised.c.id).where(raised.c.submission_id == _table.c.id, raised.c.status != "RESOLVED").exists()
    minutes = shop.landscape.rules.orders.stuck_minutes
    late = _table.c.submitted_at < func.clock_timestamp() - timedelta(minutes=minutes)
    asked = select(_table).where(_table.c.settled_at.is_(None), late, ~told).limit(MOST)
    async with shop.store.transaction() as transaction:
        for row in (await transaction.execute(asked)).all():
            if row.input is not None:
                taken = ledger.taken_of(row)
                cause = Cause(place="stuck", problem=_stuck(taken, minutes))
                await exception_queue.raise_exception(transaction, taken, shop.landscape.rules, cause)


def _stuck(taken: Taken, minutes: float) -> Problem:
    unsure = taken.state is SubmissionState.UNCERTAIN
    return Problem(
        code="STUCK",
        category=ProblemCategory.SYSTEM_UNAVAILABLE,
        message=f"It is not settled {minutes:g} minutes after it was submitted. Its steps say what it waits for.",
        outcome=Outcome.UNCERTAIN if unsure else Outcome.NOT_APPLIED,
        correlation_id=taken.correlation_id,
    )


async def _warn_of_stranded(shop: Workshop) -> None:
    async with shop.store.transaction() as transaction:
        rows: list[Any] = list(await transaction.execute(_STRANDED))
    for version, count in rows:
        log.error(
            "%d workflows wait for a worker of version %s, and none lives: start one of that version", count, version
        )
