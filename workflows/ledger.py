"""The ledger of submissions: what was asked for, where it stands, and what was told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.intent import Intent
from canonical.principal import Principal
from canonical.problem import Problem
from canonical.refs import Ref
from canonical.submission import Submission, SubmissionOperation, SubmissionState, SubmissionStep
from workflows.outbox import About, put, submission_updated
from workflows.store import desk_tables, tables
from workflows.store.opening import from_json

Connection = AsyncConnection
"""A transaction of the store."""

_table = tables.submission
ENDED = (SubmissionState.COMPLETED, SubmissionState.REFUSED, SubmissionState.FAILED)
"""States in which nothing goes on until a person asks for it."""


class Rights(Struct, frozen=True):
    """What whoever submitted may touch; None is everything."""

    legal_entities: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None


class Taken(Struct, frozen=True, kw_only=True):
    """A submission as a workflow takes it up: what was asked for, and in which round."""

    id: str
    tenant: str
    client: str
    operation: SubmissionOperation
    state: SubmissionState
    external_reference: str
    input: Intent
    rights: Rights
    urgency: int
    correlation_id: str
    submitted_by: str
    submitted_at: datetime
    round: int
    legal_entities: tuple[str, ...] = ()
    crm_customer_key: str | None = None

    @property
    def age_hours(self) -> float:
        """How long ago it was submitted."""
        return (datetime.now(UTC) - self.submitted_at).total_seconds() / 3600


def about(held: Taken | Row[Any]) -> About:
    """Whose submission it is, given as one or as its row, for what is told of it."""
    return About(held.tenant, held.id, held.correlation_id, tuple(held.legal_entities), held.crm_customer_key)


async def take(connection: AsyncConnection, id: str) -> Taken | None:
    """The submission of this id, while there is something to do for it."""
    row = (await connection.execute(select(_table).where(_table.c.id == id))).first()
    if row is None or row.input is None or row.resume_at is not None or row.settled_at is not None:
        return None
    return taken_of(row)


def taken_of(row: Row[Any]) -> Taken:
    """The submission that a row holds."""
    return from_json(_named(row, Taken), Taken)


async def move(
    connection: AsyncConnection,
    taken: Taken,
    state: SubmissionState,
    problems: Iterable[Problem] = (),
    *,
    resume_in: float | None = None,
) -> Taken | None:
    """Say where the submission stands now; None, and nothing, where a later round has it.

    `resume_in`: seconds until the schedule takes it up again. What became known of it in this round, its books and its
    customer in the CRM, is in the answer and in what is told.
    """
    ended = state in ENDED
    resume = None if resume_in is None else func.clock_timestamp() + text(f"interval '{float(resume_in)} seconds'")
    # Ended already by whoever ran this round before us: nothing is told a second time.
    idle = and_(_table.c.resume_at.is_(None), _table.c.settled_at.is_(None))
    stated = update(_table).where(_table.c.id == taken.id, _table.c.round == taken.round, idle)
    values = {
        "state": state.value,
        "problems": list(problems),
        "settled_at": func.clock_timestamp() if ended else None,
        "resume_at": resume,
    }
    known = stated.values(**values).returning(_table.c.legal_entities, _table.c.crm_customer_key)
    row = (await connection.execute(known)).first()
    if row is None:
        return None
    moved = replace(taken, state=state, legal_entities=tuple(row.legal_entities), crm_customer_key=row.crm_customer_key)
    await put(connection, submission_updated(about(moved), state, f"{taken.round}:{state.value}"))
    return moved


async def give_up(connection: AsyncConnection, id: str) -> None:
    """End a submission that waits for a system; one whose outcome is uncertain goes on being looked for."""
    waiting = (_table.c.state == SubmissionState.IN_PROGRESS.value, _table.c.resume_at.is_not(None))
    ended = {"state": SubmissionState.FAILED.value, "settled_at": func.clock_timestamp(), "resume_at": None}
    stated = update(_table).where(_table.c.id == id, *waiting).values(**ended).returning(_table)
    row = (await connection.execute(stated)).first()
    if row is not None:
        turn = f"{row.round}:{SubmissionState.FAILED.value}"
        await put(connection, submission_updated(about(row), SubmissionState.FAILED, turn))


async def know(
    connection: AsyncConnection,
    id: str,
    *,
    orders: Sequence[Ref] = (),
    legal_entities: Sequence[str] = (),
    crm_customer_key: str | None = None,
    customer: Ref | None = None,
) -> None:
    """Keep what became known of a submission: its orders' records, whose books it is in, its customer in the CRM."""
    if orders:
        rows = [{"submission_id": id, "system": ref.system, "key": ref.key} for ref in orders]
        await connection.execute(insert(tables.submission_order).values(rows).on_conflict_do_nothing())
    values: dict[str, object] = {}
    if legal_entities:
        values["legal_entities"] = list(legal_entities)
    if crm_customer_key:
        values["crm_customer_key"] = crm_customer_key
    if customer:
        values |= {"customer_system": customer.system, "customer_key": customer.key}
    if values:
        await connection.execute(update(_table).where(_table.c.id == id).values(**values))


async def load(connection: AsyncConnection, ids: Sequence[str], crm: str) -> dict[str, Submission]:
    """Submissions by id, whole. `crm`: the system in which an order is anchored where it has a record there."""
    rows = list(await connection.execute(select(_table).where(_table.c.id.in_(ids))))
    steps = await _by_submission(connection, tables.submission_step, ids, tables.submission_step.c.place)
    records = await _by_submission(connection, tables.submission_order, ids, tables.submission_order.c.system)
    raised = desk_tables.integration_exception
    exceptions = await _by_submission(connection, raised, ids, raised.c.raised_at.desc())
    return {
        row.id: _submission(row, crm, steps.get(row.id, []), records.get(row.id, []), exceptions.get(row.id, []))
        for row in rows
    }


async def _by_submission(
    connection: AsyncConnection, table: Any, ids: Sequence[str], order: ColumnElement[Any]
) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(select(table).where(table.c.submission_id.in_(ids)).order_by(order)):
        found.setdefault(row.submission_id, []).append(row)
    return found


def _submission(
    row: Row[Any], crm: str, steps: list[Row[Any]], records: list[Row[Any]], exceptions: list[Row[Any]]
) -> Submission:
    refs = tuple(Ref(record.system, record.key) for record in records)
    customer = Ref(row.customer_system, row.customer_key) if row.customer_system else None
    return Submission(
        id=row.id,
        tenant=row.tenant,
        client=row.client,
        operation=SubmissionOperation(row.operation),
        state=SubmissionState(row.state),
        external_reference=row.external_reference,
        idempotency_key=row.idempotency_key,
        correlation_id=row.correlation_id,
        submitted_at=row.submitted_at,
        submitted_by=row.submitted_by,
        settled_at=row.settled_at,
        order_refs=tuple(ref for ref in refs if ref.system == crm) or refs,
        record_refs=refs,
        customer_ref=customer,
        legal_entities=tuple(row.legal_entities),
        steps=tuple(from_json(_named(step, SubmissionStep), SubmissionStep) for step in steps),
        problems=from_json(row.problems, tuple[Problem, ...]),
        exception_ids=tuple(raised.id for raised in exceptions),
    )


def _named(row: Row[Any], kind: type[Struct]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in kind.__struct_fields__}


def visible(principal: Principal, table: Any) -> list[ColumnElement[bool]]:
    """What narrows rows with tenant, legal_entities and crm_customer_key to those that the principal may see."""
    conditions: list[ColumnElement[bool]] = [table.c.tenant == principal.tenant]
    if principal.legal_entities is not None:
        conditions.append(table.c.legal_entities.overlap(sorted(principal.legal_entities)))
    if principal.accounts is not None:
        conditions.append(table.c.crm_customer_key.in_(sorted(principal.accounts)))
    return conditions


class SubmissionFilter(Struct, frozen=True, kw_only=True):
    """What a list of submissions is narrowed to; None narrows nothing."""

    states: frozenset[SubmissionState] | None = None
    operations: frozenset[SubmissionOperation] | None = None
    submitted_since: datetime | None = None
    correlation_id: str | None = None


def narrowed(wanted: SubmissionFilter) -> list[ColumnElement[bool]]:
    """The conditions of a filter."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.states is not None:
        conditions.append(_table.c.state.in_([state.value for state in wanted.states]))
    if wanted.operations is not None:
        conditions.append(_table.c.operation.in_([operation.value for operation in wanted.operations]))
    if wanted.submitted_since is not None:
        conditions.append(_table.c.submitted_at >= wanted.submitted_since)
    if wanted.correlation_id is not None:
        conditions.append(_table.c.correlation_id == wanted.correlation_id)
    return conditions
