"""Tells the ledger, the audit and the outbox that an effect took place, in the transaction that keeps its answer."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.intake import CustomerAcknowledgment, OrderAcknowledgment
from canonical.refs import Ref
from canonical.timeline import TimelineKind
from workflows import audit, ledger
from workflows.effects import Effect, EffectKind
from workflows.outbox import Happening, put

_KINDS = {
    EffectKind.BOOK_ORDER: TimelineKind.ORDER_BOOKED,
    EffectKind.AMEND_ORDER: TimelineKind.ORDER_AMENDED,
    EffectKind.CANCEL_ORDER: TimelineKind.ORDER_CANCELLED,
}


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
        kind = _KINDS.get(self.effect.kind)
        if kind and ref:
            await put(transaction, self._happening(kind, ref, answer))

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

    def _happening(self, kind: TimelineKind, ref: Ref, answer: Struct) -> Happening:
        number = answer.number if isinstance(answer, OrderAcknowledgment) else None
        return Happening(
            tenant=self.tenant,
            kind=kind.value,
            concept="Order",
            ref=ref,
            submission_id=self.effect.submission_id,
            correlation_id=self.correlation_id,
            body={"number": number, "legal_entity": self.effect.legal_entity, "reference": self.effect.reference},
        )


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
