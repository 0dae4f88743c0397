"""Tells the ledger, the audit and the inbox that an effect took place, in the transaction that keeps its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import Change, Concept
from canonical.intake import CustomerAcknowledgment, OrderAcknowledgment
from canonical.refs import Ref
from canonical.submission import StepState, SubmissionState
from workflows import audit, exception_queue, ledger
from workflows.effects import Effect, EffectKind, EffectState
from workflows.inbox import store_changes
from workflows.journal import LEGS
from workflows.store import tables

WRITE_BACK_STEP = "write-back"
"""The step at which the CRM is told of its order."""
ACCOUNT_STEP = "account-write-back"
"""The step at which the CRM is told by what number an ERP knows its customer."""
TELLING = {EffectKind.WRITE_BACK: WRITE_BACK_STEP, EffectKind.WRITE_BACK_CUSTOMER: ACCOUNT_STEP}
"""What keeps no submission from its end, and is done again by itself; by the step that shows it."""

_OF_ORDERS = (
    EffectKind.BOOK_ORDER,
    EffectKind.AMEND_ORDER,
    EffectKind.UNDO_AMENDMENT,
    EffectKind.CANCEL_ORDER,
)


@dataclass(frozen=True, slots=True)
class Telling:
    """An effect, and for which tenant and question it is done."""

    effect: Effect
    tenant: str
    correlation_id: str

    async def done(self, transaction: AsyncConnection, answer: Struct, *, found: bool) -> None:
        """It took place. `found`: its answer was lost, and it was found by looking."""
        submission_id = self.effect.submission_id
        ref = _record(answer)
        if submission_id and ref and not isinstance(answer, CustomerAcknowledgment):
            await ledger.know(transaction, submission_id, orders=[ref])
        await self._audit(transaction, answer, "found by looking" if found else "acknowledged")
        if self.effect.kind in TELLING and submission_id:
            await _told_after_all(transaction, submission_id, self)
        if ref and self.effect.kind in _OF_ORDERS:
            await store_changes(transaction, self.effect.system, [self._change(ref)])

    async def _audit(self, transaction: AsyncConnection, answer: Struct, how: str) -> None:
        concept, key = ("Submission", self.effect.submission_id) if self.effect.submission_id else ("Effect", None)
        act = audit.Act(
            tenant=self.tenant,
            actor=audit.OURSELVES,
            action=self.effect.kind.value,
            subject=audit.subject(concept, key or self.effect.reference),
            detail=f"{self.effect.reference} in {self.effect.system}, {how}",
            after=answer,
            correlation_id=self.correlation_id,
        )
        await audit.write_down(transaction, act)

    def _change(self, ref: Ref) -> Change:
        """What we did ourselves is looked at like everything that systems tell, and told once, whoever tells it."""
        name = f"{self.effect.kind.value}:{self.effect.reference}"
        return Change(event_id=name, concept=Concept.ORDER, key=ref.key, changed_at=datetime.now(UTC))


async def _told_after_all(transaction: AsyncConnection, submission_id: str, telling: Telling) -> None:
    """A submission that was at its end but for the CRM: nobody has to look after that any more."""
    mine, step, effect = tables.submission, tables.submission_step, telling.effect
    ended = (mine.c.id == submission_id, mine.c.settled_at.is_not(None))
    state = (await transaction.execute(select(mine.c.state).where(*ended))).scalar()
    if state is None:
        return
    if state == SubmissionState.COMPLETED.value and not await _left_to_tell(transaction, submission_id):
        await transaction.execute(update(mine).where(mine.c.id == submission_id).values(problems=[]))
    name = TELLING[effect.kind]
    shown = update(step).where(
        step.c.submission_id == submission_id, step.c.name == name, step.c.place % LEGS == effect.leg
    )
    values = {"state": StepState.DONE.value, "message": f"{effect.system} was told."}
    await transaction.execute(shown.values(**values, ended_at=func.clock_timestamp()))
    await exception_queue.settle_place(transaction, telling.tenant, submission_id, f"{name}:{effect.leg}")


async def _left_to_tell(transaction: AsyncConnection, submission_id: str) -> bool:
    told = tables.effect
    left = select(told.c.reference).where(
        told.c.submission_id == submission_id,
        told.c.kind.in_([kind.value for kind in TELLING]),
        told.c.state != EffectState.DONE.value,
    )
    return (await transaction.execute(left.limit(1))).first() is not None


def _record(answer: Struct) -> Ref | None:
    match answer:
        case OrderAcknowledgment():
            return answer.order
        case CustomerAcknowledgment():
            return answer.customer
        case Ref():
            return answer
        case _:
            return None
