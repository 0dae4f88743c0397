"""What people do about exceptions: look, assign, retry with corrections, resolve; each act is audited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.audit import AuditEntry
from canonical.errors import Mistake, ProblemCategory
from canonical.events import Event
from canonical.integration_exception import (
    Correction,
    ExceptionAnswer,
    ExceptionResolution,
    ExceptionStatus,
    IntegrationException,
)
from canonical.intent import Intent
from canonical.principal import Principal
from canonical.problem import of_mistake
from canonical.refs import Ref
from canonical.timeline import TimelineKind
from sources.landscape import Landscape
from workflows import audit
from workflows.binding import begin_round
from workflows.correcting import corrected
from workflows.exception_queue import ExceptionFilter, exception_of, fetch_exceptions, narrowed
from workflows.ledger import give_up, visible
from workflows.outbox import About, of_exception, put
from workflows.store import desk_tables, tables
from workflows.store.opening import Store
from workflows.store.paging import Page, dated_page
from workflows.validating import against

_table = desk_tables.integration_exception

Act = Callable[[AsyncConnection, IntegrationException], Awaitable[None]]
"""Something that is done about an exception, in the transaction that holds it."""


@dataclass(frozen=True)
class ExceptionDesk:
    """One gateway process's."""

    store: Store
    landscape: Landscape

    async def fetch(self, principal: Principal, ids: Sequence[str]) -> list[IntegrationException | None]:
        """Exceptions by id with their history, as many as asked for; None where the principal sees none."""
        async with self.store.transaction() as transaction:
            found = {one.id: one for one in await self._whole(transaction, principal, ids)}
        return [found.get(name) for name in ids]

    async def histories(self, ids: Sequence[str]) -> list[tuple[AuditEntry, ...]]:
        """All that was done about each exception, the oldest first. Whoever asks has seen the exceptions."""
        async with self.store.transaction() as transaction:
            told = await audit.history(transaction, [_subject(name) for name in ids])
        return [tuple(told.get(_subject(name), ())) for name in ids]

    async def of_records(
        self, principal: Principal, records: Sequence[Sequence[Ref]]
    ) -> list[list[IntegrationException]]:
        """For each order, given as its records, its exceptions and its submissions', the newest first."""
        told, mine = tables.submission_order, visible(principal, _table)
        refs = {ref for many in records for ref in many}
        keys = {ref.key for ref in refs}
        async with self.store.transaction() as transaction:
            rows = await transaction.execute(select(told).where(told.c.key.in_(keys)))
            of_submission: dict[str, set[Ref]] = {}
            for row in rows:
                of_submission.setdefault(row.submission_id, set()).add(Ref(row.system, row.key))
            named = _table.c.subject_key.in_(keys) | _table.c.submission_id.in_(list(of_submission))
            found = await fetch_exceptions(transaction, [named, *mine])
        about = [(one, _about(one) | of_submission.get(one.submission_id or "", set())) for one in found]
        return [[one for one, refs in about if refs & set(many)] for many in records]

    async def list_exceptions(
        self, principal: Principal, wanted: ExceptionFilter, first: int, after: tuple[datetime, str] | None = None
    ) -> Page[IntegrationException]:
        """The exceptions that the principal may see, the newest first, with how many there are; without history."""
        asked = select(_table).where(*visible(principal, _table), *narrowed(wanted))
        async with self.store.transaction() as transaction:
            page = await dated_page(transaction, asked, (_table.c.raised_at, _table.c.id), first, after)
        return Page(tuple(exception_of(row) for row in page.items), page.more, page.total)

    async def retry(
        self, principal: Principal, id: str, corrections: Sequence[Correction], note: str | None, correlation_id: str
    ) -> ExceptionAnswer:
        """Run the submission again from what failed, under the same key and references, with the corrections made."""

        async def act(transaction: AsyncConnection, held: IntegrationException) -> None:
            _open(held)
            before, after = await self._corrected(transaction, principal, held, corrections)
            if await begin_round(transaction, held.submission_id or "", changed=after if corrections else None) is None:
                raise Mistake("NOT_RETRYABLE", "It is being worked on just now, or nothing of it is left to retry.")
            await self._set(transaction, held, "RETRY_EXCEPTION", principal, note, before if corrections else None,
                            after if corrections else None, {"status": ExceptionStatus.RETRYING.value})  # fmt: skip

        return await self._act(principal, id, correlation_id, act)

    async def resolve(
        self, principal: Principal, id: str, resolution: ExceptionResolution, note: str, correlation_id: str
    ) -> ExceptionAnswer:
        """Close it with a note. CANCELLED also ends a submission that was still waiting."""

        async def act(transaction: AsyncConnection, held: IntegrationException) -> None:
            _open(held)
            values: dict[str, object] = {
                "status": ExceptionStatus.RESOLVED.value,
                "resolution": resolution.value,
                "resolved_at": func.clock_timestamp(),
            }
            if resolution is ExceptionResolution.CANCELLED and held.submission_id:
                await give_up(transaction, held.submission_id)
            await self._set(transaction, held, "RESOLVE_EXCEPTION", principal, note, held.status.value,
                            resolution.value, values)  # fmt: skip
            await put(transaction, _resolved(principal.tenant, held))

        return await self._act(principal, id, correlation_id, act)

    async def assign(
        self, principal: Principal, ids: Sequence[str], owner: str, correlation_id: str
    ) -> list[ExceptionAnswer]:
        """Give them to somebody, each for itself; as many answers as ids."""

        async def act(transaction: AsyncConnection, held: IntegrationException) -> None:
            _open(held)
            values: dict[str, object] = {"owner": owner, "status": ExceptionStatus.ASSIGNED.value}
            await self._set(transaction, held, "ASSIGN_EXCEPTION", principal, None, held.owner, owner, values)

        return [await self._act(principal, name, correlation_id, act) for name in ids]

    async def _act(self, principal: Principal, id: str, correlation_id: str, act: Act) -> ExceptionAnswer:
        try:
            async with self.store.transaction() as transaction:
                await transaction.execute(select(_table.c.id).where(_table.c.id == id).with_for_update())
                held = await self._whole(transaction, principal, [id])
                if not held:
                    raise Mistake("NOT_FOUND", f"There is no exception {id} that your access includes.")
                await act(transaction, held[0])
                [told] = await self._whole(transaction, principal, [id])
        except Mistake as mistake:
            problems = (of_mistake(mistake, correlation_id),)
            [seen] = await self.fetch(principal, [id])
            return ExceptionAnswer(integration_exception=seen, problems=problems)
        return ExceptionAnswer(integration_exception=told)

    async def _whole(
        self, transaction: AsyncConnection, principal: Principal, ids: Sequence[str]
    ) -> list[IntegrationException]:
        found = await fetch_exceptions(transaction, [_table.c.id.in_(ids), *visible(principal, _table)])
        told = await audit.history(transaction, [_subject(one.id) for one in found])
        return [replace(one, history=tuple(told.get(_subject(one.id), ()))) for one in found]

    async def _corrected(
        self,
        transaction: AsyncConnection,
        principal: Principal,
        held: IntegrationException,
        corrections: Sequence[Correction],
    ) -> tuple[Intent | None, Intent | None]:
        """The input before and after; a Mistake where something of it is done already, or the values do not fit."""
        mine = select(tables.submission.c.input).where(tables.submission.c.id == held.submission_id)
        plain = (await transaction.execute(mine)).scalar()
        if plain is None or not corrections:
            return None, None
        done = select(tables.effect.c.reference).where(
            tables.effect.c.submission_id == held.submission_id,
            tables.effect.c.kind.in_(("BOOK_ORDER", "AMEND_ORDER")),
            tables.effect.c.state.in_(("DONE", "UNCERTAIN")),
        )
        if (await transaction.execute(done.limit(1))).first() is not None:
            raise Mistake("NOT_CORRECTABLE", "A part of it stands in a system already; amend the order instead.")
        before: Intent = msgspec.convert(plain, Intent)
        after = corrected(before, corrections)
        wrong = against(after, self.landscape, principal)
        if wrong:
            raise Mistake(wrong[0].code, wrong[0].message, wrong[0].category)
        return before, after

    async def _set(
        self,
        transaction: AsyncConnection,
        held: IntegrationException,
        action: str,
        principal: Principal,
        note: str | None,
        before: object,
        after: object,
        values: dict[str, object],
    ) -> None:
        await transaction.execute(update(_table).where(_table.c.id == held.id).values(**values))
        act = audit.Act(
            tenant=principal.tenant,
            actor=principal.subject,
            action=action,
            subject=_subject(held.id),
            detail=note,
            before=before,
            after=after,
            correlation_id=held.correlation_id,
        )
        await audit.write_down(transaction, act)


def _open(held: IntegrationException) -> None:
    if held.status is ExceptionStatus.RESOLVED:
        raise Mistake("ALREADY_RESOLVED", "This exception is resolved already.", ProblemCategory.CONFLICT)


def _resolved(tenant: str, held: IntegrationException) -> Event:
    told = About(tenant, held.submission_id, held.correlation_id, held.legal_entities, held.crm_customer_key)
    return of_exception(told, held.id, TimelineKind.EXCEPTION_RESOLVED, held.title, held.system)


def _about(one: IntegrationException) -> set[Ref]:
    return {one.subject[1]} if one.subject else set()


def _subject(id: str) -> str:
    return audit.subject("IntegrationException", id)
