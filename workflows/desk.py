"""The desk: where the gateway hands in what is to be done, and asks where it stands. It runs no workflow itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.audit import AuditEntry
from canonical.errors import Mistake, Outcome, ProblemCategory
from canonical.intent import Intent
from canonical.kpi import KpiInterval, KpiReport
from canonical.principal import Principal
from canonical.problem import Problem, of_mistake
from canonical.refs import Ref
from canonical.submission import Submission, SubmissionState, Submitted
from sources.landscape import Landscape
from workflows import audit, kpis, ledger
from workflows.audit import AuditFilter
from workflows.back_pressure import too_much
from workflows.binding import Bound, Given, bind, replay
from workflows.durable.enqueueing import INTERACTIVE
from workflows.exception_desk import ExceptionDesk
from workflows.idempotency import check_key
from workflows.ledger import SubmissionFilter, narrowed, visible
from workflows.store import tables
from workflows.store.faults import NOT_MIGRATED, is_of_another_version
from workflows.store.opening import Store
from workflows.store.paging import Page, dated_page
from workflows.validating import against

_table = tables.submission

LONGEST: Final = 1.9
"""Seconds for taking something in; after that whoever asks is told to ask again."""
SELDOM: Final = 0.25

Position = tuple[datetime, str]
"""Where a page was left: the instant and the id of its last item."""

KEY = ("idempotency_key",)
"""The path of what a key's own problems are about."""
_AWAY = (DBAPIError, PoolTimeoutError, OSError)


class Verdict(Struct, frozen=True, kw_only=True):
    """What the systems had to be asked before an intent is bound: what forbids it, and its customer in the CRM."""

    problems: tuple[Problem, ...] = ()
    crm_customer_key: str | None = None


Judge = Callable[[], Awaitable[Verdict]]
"""Asks the systems whether somebody may do something. A key that was given before is answered without it."""


@dataclass
class _Taken:
    """What the store was told to keep; whether it did is not known before it says so."""

    bound: Bound | None = None


@dataclass(frozen=True)
class Desk:
    """One gateway process's. What it raises is a fault of the store; everything else is in the answers."""

    store: Store
    landscape: Landscape
    wait: float = 1.8
    """Seconds that a new submission is waited for before it is answered as it stands."""
    accept_within: float = LONGEST
    look_every: float = 0.05
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = monotonic

    @property
    def exceptions(self) -> ExceptionDesk:
        """Where people look after what went wrong."""
        return ExceptionDesk(self.store, self.landscape)

    async def submit(
        self,
        principal: Principal,
        intent: Intent,
        key: str,
        correlation_id: str,
        *,
        urgency: int = INTERACTIVE,
        crm_customer_key: str | None = None,
        judge: Judge | None = None,
        within: float | None = None,
    ) -> Submitted:
        """Bind the key to the intent and begin, or say what became of it before; within two seconds, either way.

        What is wrong with the input, the key or the rights binds nothing, and neither does a queue that is full or a
        store that is away. `within`: the most seconds to wait for its end, where that is less than usual.
        """
        given = Given(
            principal=principal,
            intent=intent,
            key=key,
            correlation_id=correlation_id,
            urgency=urgency,
            crm_customer_key=crm_customer_key,
        )
        until = self.clock() + (self.wait if within is None else min(self.wait, within))
        taken = _Taken()
        try:
            async with asyncio.timeout(self.accept_within):
                bound = await self._bound(given, judge, taken)
            if isinstance(bound, list):
                problems = tuple(replace(problem, correlation_id=correlation_id) for problem in bound)
                return Submitted(submission=None, problems=problems)
            return await self._answer(bound, until)
        except Mistake as mistake:
            return Submitted(submission=None, problems=(of_mistake(mistake, correlation_id, KEY),))
        except _AWAY as error:
            problem = _trouble(error, correlation_id, perhaps=taken.bound is not None)
            return Submitted(submission=None, problems=(problem,))

    async def submissions(self, principal: Principal, ids: Sequence[str]) -> list[Submission | None]:
        """Submissions by id, as many as asked for; None where there is none that the principal may see."""
        return await self._named(principal, ids, _table.c.id, ())

    async def submissions_by_key(self, principal: Principal, keys: Sequence[str]) -> list[Submission | None]:
        """Submissions by the idempotency keys of the principal's own client application."""
        mine = (_table.c.client == principal.client,)
        return await self._named(principal, keys, _table.c.idempotency_key, mine)

    async def submissions_of_orders(
        self, principal: Principal, orders: Sequence[Sequence[Ref]]
    ) -> list[list[Submission]]:
        """For each order, given as its records, its submissions, the newest first."""
        records = tables.submission_order
        wanted = {(ref.system, ref.key) for refs in orders for ref in refs}
        found: dict[tuple[str, str], set[str]] = {}
        async with self.store.transaction() as transaction:
            named = (records.c.system.in_({s for s, _ in wanted}), records.c.key.in_({k for _, k in wanted}))
            for row in await transaction.execute(select(records).where(*named)):
                found.setdefault((row.system, row.key), set()).add(row.submission_id)
            ids = sorted({one for many in found.values() for one in many})
            seen = await self._seen(transaction, principal, [_table.c.id.in_(ids)])
        return [
            _newest([seen[one] for ref in refs for one in found.get((ref.system, ref.key), ()) if one in seen])
            for refs in orders
        ]

    async def list_submissions(
        self, principal: Principal, wanted: SubmissionFilter, first: int, after: Position | None = None
    ) -> Page[Submission]:
        """The submissions that the principal may see, the newest first, with how many there are."""
        asked = select(_table.c.id, _table.c.submitted_at).where(*visible(principal, _table), *narrowed(wanted))
        async with self.store.transaction() as transaction:
            page = await dated_page(transaction, asked, (_table.c.submitted_at, _table.c.id), first, after)
            ids = [row.id for row in page.items]
            loaded = await ledger.load(transaction, ids, self.landscape.crm)
        return Page(tuple(loaded[one] for one in ids), page.more, page.total)

    async def list_audit(
        self, principal: Principal, wanted: AuditFilter, first: int, after: int | None = None
    ) -> Page[AuditEntry]:
        """What was done in the principal's tenant, the newest first; `after` is an entry's id."""
        async with self.store.transaction() as transaction:
            return await audit.list_acts(transaction, principal, wanted, first, after)

    async def kpis(
        self, principal: Principal, since: datetime, until: datetime | None = None, interval: KpiInterval | None = None
    ) -> KpiReport:
        """How well orders got through, of what the principal may see."""
        async with self.store.transaction() as transaction:
            return await kpis.report(transaction, principal, self.landscape, since, until, interval)

    async def _bound(self, given: Given, judge: Judge | None, taken: _Taken) -> Bound | list[Problem]:
        check_key(given.key)
        if judge is not None:
            # Not inside the transaction: while the systems are asked, nobody waits for a connection of ours.
            async with self.store.transaction() as transaction:
                held = await replay(transaction, given)
            if held is not None:
                taken.bound = held
                return held
            verdict = await judge()
            if verdict.problems:
                return list(verdict.problems)
            given = replace(given, crm_customer_key=verdict.crm_customer_key or given.crm_customer_key)
        async with self.store.transaction() as transaction:
            decided = await self._decided(transaction, given)
            # Known outside before the commit: that may come to its end though nobody waits for it any more.
            taken.bound = decided if isinstance(decided, Bound) else None
        return decided

    async def _decided(self, transaction: AsyncConnection, given: Given) -> Bound | list[Problem]:
        held = await replay(transaction, given)
        if held is not None:
            return held
        wrong = against(given.intent, self.landscape, given.principal)
        if wrong:
            return wrong
        full = await too_much(transaction, self.landscape, given.intent)
        return [full] if full else await bind(transaction, given)

    async def _answer(self, bound: Bound, until: float) -> Submitted:
        """The submission, finished if it gets there in time; one that was given before is told as it stands."""
        pause = self.look_every
        while True:
            async with self.store.transaction() as transaction:
                state = await transaction.execute(select(_table.c.state).where(_table.c.id == bound.id))
                waits = state.scalar_one() == SubmissionState.IN_PROGRESS.value and not bound.replayed
                if not waits or self.clock() + pause > until:
                    loaded = await ledger.load(transaction, [bound.id], self.landscape.crm)
                    submission = loaded[bound.id]
                    return Submitted(submission=submission, replayed=bound.replayed, problems=submission.problems)
            await self.sleep(pause)
            # Most are there at once or not for a while: looking less and less often costs few of them anything.
            pause = min(SELDOM, pause * 1.5)

    async def _named(
        self,
        principal: Principal,
        names: Sequence[str],
        column: ColumnElement[str],
        narrower: Sequence[ColumnElement[bool]],
    ) -> list[Submission | None]:
        async with self.store.transaction() as transaction:
            conditions = [column.in_(names), *narrower]
            asked = select(_table.c.id, column).where(*conditions, *visible(principal, _table))
            ids = {row[1]: row[0] for row in await transaction.execute(asked)}
            loaded = await ledger.load(transaction, list(ids.values()), self.landscape.crm)
        return [loaded.get(ids.get(name, "")) for name in names]

    async def _seen(
        self, transaction: AsyncConnection, principal: Principal, conditions: Sequence[ColumnElement[bool]]
    ) -> dict[str, Submission]:
        asked = select(_table.c.id).where(*conditions, *visible(principal, _table))
        ids = [row.id for row in await transaction.execute(asked)]
        return await ledger.load(transaction, ids, self.landscape.crm)


def _newest(submissions: Sequence[Submission]) -> list[Submission]:
    distinct = {submission.id: submission for submission in submissions}
    return sorted(distinct.values(), key=lambda one: (one.submitted_at, one.id), reverse=True)


def _trouble(error: Exception, correlation_id: str, *, perhaps: bool) -> Problem:
    """What keeps the store from taking it. `perhaps`: it may have accepted the submission before."""
    if is_of_another_version(error) and not perhaps:
        return _not_migrated(correlation_id)
    return _away(correlation_id, perhaps=perhaps)


def _not_migrated(correlation_id: str) -> Problem:
    return Problem(
        code="STORE_NOT_MIGRATED",
        category=ProblemCategory.SYSTEM_UNAVAILABLE,
        message=f"{NOT_MIGRATED} Nothing was accepted.",
        outcome=Outcome.NOT_APPLIED,
        correlation_id=correlation_id,
    )


def _away(correlation_id: str, *, perhaps: bool) -> Problem:
    """That the store is away."""
    so = "it is not known whether this was accepted" if perhaps else "nothing was accepted"
    return Problem(
        code="STORE_UNAVAILABLE",
        category=ProblemCategory.SYSTEM_UNAVAILABLE,
        message=f"Revgraph's own store does not answer, so {so}. Send the same key again in a moment.",
        retryable=True,
        retry_after_seconds=5,
        outcome=Outcome.UNCERTAIN if perhaps else Outcome.NOT_APPLIED,
        correlation_id=correlation_id,
    )
