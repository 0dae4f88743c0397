"""An order of the CRM is booked once, whatever keys it is handed in under."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.refs import Ref
from canonical.submission import SubmissionOperation, SubmissionState
from workflows import ledger
from workflows.ledger import Taken
from workflows.store import tables

_GOES_ON = (SubmissionState.IN_PROGRESS.value, SubmissionState.COMPLETED.value, SubmissionState.UNCERTAIN.value)


async def taken_by_another(connection: AsyncConnection, taken: Taken, sale: Ref) -> str | None:
    """Take the CRM's order for this submission; the reference of the one that has it, where there is one.

    Of two at once one gets it: they queue for the order's lock. A submission that came to nothing holds no order, and
    neither does one whose order was cancelled since.
    """
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"{taken.tenant}/{sale.system}/{sale.key}", 0))
    await connection.execute(select(lock))
    one, of_order = tables.submission, tables.submission_order
    asked = (
        select(one.c.operation, one.c.external_reference)
        .join(of_order, of_order.c.submission_id == one.c.id)
        .where(of_order.c.system == sale.system, of_order.c.key == sale.key, one.c.tenant == taken.tenant)
        .where(one.c.id != taken.id, one.c.state.in_(_GOES_ON))
        .order_by(one.c.submitted_at.desc())
    )
    for operation, reference in await connection.execute(asked):
        if operation == SubmissionOperation.SUBMIT_ORDER.value:
            return str(reference)
        if operation == SubmissionOperation.CANCEL_ORDER.value:
            break
    await ledger.know(connection, taken.id, orders=[sale])
    return None
