"""Binds an idempotency key to an intent, and begins its workflow, in one transaction: both are there, or neither is."""

from __future__ import annotations

import secrets
from base64 import b32encode
from time import time

from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.intent import CreateCustomer, Intent, SubmitOrder
from canonical.principal import Principal
from canonical.refs import Ref
from canonical.submission import SubmissionOperation, SubmissionState
from workflows import audit
from workflows.durable import SUBMISSIONS, Started
from workflows.durable.enqueueing import enqueue
from workflows.idempotency import fingerprint, key_reused
from workflows.ledger import Rights, about, know
from workflows.outbox import About, order_handed_in, put, submission_updated
from workflows.store import tables

_table = tables.submission


class Given(Struct, frozen=True, kw_only=True):
    """What somebody wants done, under which key. `crm_customer_key`: of the customer, where it is known already."""

    principal: Principal
    intent: Intent
    key: str
    correlation_id: str
    urgency: int
    crm_customer_key: str | None = None

    @property
    def operation(self) -> SubmissionOperation:
        """What is asked for."""
        return SubmissionOperation(self.intent.__struct_config__.tag)


class Bound(Struct, frozen=True):
    """The submission that the key names; `replayed`: it was bound before."""

    id: str
    replayed: bool


async def replay(connection: AsyncConnection, given: Given) -> Bound | None:
    """What the key is bound to; None where it is free. A Mistake where it is bound to something else."""
    mine = (
        _table.c.tenant == given.principal.tenant,
        _table.c.client == given.principal.client,
        _table.c.idempotency_key == given.key,
    )
    found = (await connection.execute(select(_table.c.id, _table.c.fingerprint).where(*mine))).first()
    if found is None:
        return None
    if found.fingerprint != fingerprint(given.intent):
        raise key_reused()
    counted = update(_table).where(_table.c.id == found.id)
    await connection.execute(counted.values(replays=_table.c.replays + 1))
    return Bound(found.id, replayed=True)


async def bind(connection: AsyncConnection, given: Given) -> Bound:
    """Bind the key and begin the workflow when this transaction is committed; of many at once one binds.

    Raises a Mistake with code IDEMPOTENCY_KEY_REUSED, and does nothing, where the key stands for something else.
    """
    made = new_id()
    stated = insert(_table).values(id=made, **_row(given)).on_conflict_do_nothing(constraint="uq_submission_key")
    won = (await connection.execute(stated.returning(_table.c.id))).first()
    if won is None:
        # Whoever won has committed, or we would still wait for it.
        bound = await replay(connection, given)
        return bound or await bind(connection, given)
    await know(connection, made, orders=_orders(given.intent))
    await enqueue(connection, SUBMISSIONS, round_of(given.operation, made, 1), given.urgency)
    await _tell(connection, given, made)
    return Bound(made, replayed=False)


def round_of(operation: SubmissionOperation, id: str, number: int) -> Started:
    """One round of a submission: the workflow of its operation."""
    return Started(operation.value.lower(), f"{id}:{number}", f"{id}:{number}")


async def begin_round(connection: AsyncConnection, id: str, *, changed: Intent | None = None) -> int | None:
    """Take a submission up again, under the same key; None where a worker has it just now.

    `changed`: the input with the corrections that a person made. Whoever listens is told where it stood elsewhere.
    """
    idle = (_table.c.id == id, _table.c.resume_at.is_not(None) | _table.c.settled_at.is_not(None))
    asked = select(_table.c.state).where(*idle, _table.c.input.is_not(None)).with_for_update()
    before = (await connection.execute(asked)).scalar()
    if before is None:
        return None
    values: dict[str, object] = {
        "round": _table.c.round + 1,
        "state": SubmissionState.IN_PROGRESS.value,
        "settled_at": None,
        "resume_at": None,
    }
    if changed is not None:
        values["input"] = changed
    stated = update(_table).where(_table.c.id == id).values(**values)
    row = (await connection.execute(stated.returning(_table))).one()
    started = round_of(SubmissionOperation(row.operation), id, row.round)
    await enqueue(connection, SUBMISSIONS, started, row.urgency)
    if before != SubmissionState.IN_PROGRESS.value:
        await put(connection, submission_updated(about(row), SubmissionState.IN_PROGRESS, str(row.round)))
    return int(row.round)


def _row(given: Given) -> dict[str, object]:
    principal, intent = given.principal, given.intent
    rights = Rights(_sorted(principal.legal_entities), _sorted(principal.accounts))
    customer = _customer(intent)
    return {
        "tenant": principal.tenant,
        "client": principal.client,
        "operation": given.operation.value,
        "idempotency_key": given.key,
        "fingerprint": fingerprint(intent),
        "state": SubmissionState.IN_PROGRESS.value,
        "external_reference": new_reference(),
        "input": intent,
        "rights": rights,
        "urgency": given.urgency,
        "customer_system": customer.system if customer else None,
        "customer_key": customer.key if customer else None,
        "crm_customer_key": given.crm_customer_key,
        "legal_entities": list(_entities(given)),
        "correlation_id": given.correlation_id,
        "submitted_by": principal.subject,
    }


def _entities(given: Given) -> tuple[str, ...]:
    """Whose books it is in as far as is known: until the routing knows better, whoever submitted it sees it."""
    return named_entities(given.intent) or _sorted(given.principal.legal_entities) or ()


def named_entities(intent: Intent) -> tuple[str, ...]:
    """The legal entities that the input names itself."""
    match intent:
        case SubmitOrder():
            named = [intent.legal_entity, *(line.legal_entity for line in intent.lines)]
            return tuple(sorted({name for name in named if name}))
        case CreateCustomer():
            return (intent.legal_entity,)
        case _:
            return ()


def _customer(intent: Intent) -> Ref | None:
    match intent:
        case SubmitOrder():
            return intent.customer
        case CreateCustomer():
            return intent.source
        case _:
            return None


def _orders(intent: Intent) -> tuple[Ref, ...]:
    return () if isinstance(intent, SubmitOrder | CreateCustomer) else (intent.order,)


def _sorted(names: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))


async def _tell(connection: AsyncConnection, given: Given, id: str) -> None:
    tenant, correlation_id = given.principal.tenant, given.correlation_id
    await audit.write_down(
        connection,
        audit.Act(
            tenant=tenant,
            actor=given.principal.subject,
            action=given.operation.value,
            subject=audit.subject("Submission", id),
            detail=f"by {given.principal.client} under key {given.key}",
            after=given.intent,
            correlation_id=correlation_id,
        ),
    )
    told = About(tenant, id, correlation_id, _entities(given), given.crm_customer_key)
    if isinstance(given.intent, SubmitOrder):
        await put(connection, order_handed_in(told, given.principal.subject))
    await put(connection, submission_updated(told, SubmissionState.IN_PROGRESS, "1"))


def new_id() -> str:
    """An id that nobody has, and that sorts by the time it was made."""
    return f"{int(time() * 1000):012x}{secrets.token_hex(10)}"


def new_reference() -> str:
    """What every system will carry: 18 plain characters, so that a leg's number still fits behind it."""
    return "RG" + b32encode(secrets.token_bytes(10)).decode()
