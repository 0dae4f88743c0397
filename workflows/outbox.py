"""What happened, put into the outbox in the transaction in which it happened; a relay orders it into the log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.events import Event, EventKind, ExceptionFacts, Happening
from canonical.submission import HERE, SubmissionState
from canonical.timeline import TimelineArea, TimelineKind
from workflows.store import event_tables


class About(NamedTuple):
    """Of which tenant and submission something is, and who may hear of it."""

    tenant: str
    submission_id: str | None
    correlation_id: str
    legal_entities: tuple[str, ...] = ()
    crm_customer: str | None = None


async def put(connection: AsyncConnection, *events: Event) -> None:
    """Put them into the outbox, in this order."""
    rows = [{"tenant": one.tenant, "key": one.key, "body": one} for one in events]
    if rows:
        await connection.execute(insert(event_tables.event_out), rows)


def submission_updated(about: About, state: SubmissionState, turn: str) -> Event:
    """The submission stands somewhere else now; `turn` tells one such change of it from the next."""
    return Event(
        key=f"{EventKind.SUBMISSION_UPDATED.value}:{about.submission_id}:{turn}",
        kind=EventKind.SUBMISSION_UPDATED,
        at=datetime.now(UTC),
        submission_state=state,
        **about._asdict(),
    )


def of_exception(
    about: About,
    exception_id: str,
    kind: TimelineKind,
    title: str,
    system: str | None,
    facts: ExceptionFacts | None = None,
) -> Event:
    """An exception was raised, with these facts, or resolved."""
    raised = kind is TimelineKind.EXCEPTION_RAISED
    return Event(
        key=f"{kind.value}:{exception_id}",
        kind=EventKind.EXCEPTION_RAISED if raised else EventKind.HAPPENING,
        at=datetime.now(UTC),
        happening=Happening(kind=kind, area=TimelineArea.EXCEPTION, title=title, system=system or HERE),
        exception_id=exception_id,
        exception=facts,
        **about._asdict(),
    )


def order_handed_in(about: About, by: str) -> Event:
    """Somebody handed an order in; where it will stand is not known yet."""
    kind = TimelineKind.ORDER_SUBMITTED
    return Event(
        key=f"{kind.value}:{HERE}:{about.submission_id}",
        kind=EventKind.HAPPENING,
        at=datetime.now(UTC),
        happening=Happening(kind=kind, area=TimelineArea.ORDER, title=f"An order was handed in by {by}", system=HERE),
        **about._asdict(),
    )
