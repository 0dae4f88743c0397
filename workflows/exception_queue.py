"""The exception queue: what people have to look at is raised, assigned, retried and resolved, and all of it audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import Unreadable
from canonical.errors import Outcome, ProblemCategory
from canonical.events import Event, ExceptionFacts
from canonical.integration_exception import (
    CorrectableField,
    ExceptionResolution,
    ExceptionStatus,
    IntegrationException,
    Severity,
)
from canonical.problem import Problem, owner_of
from canonical.refs import Ref
from canonical.submission import HERE
from canonical.timeline import TimelineKind
from sources.landscape_rules import Rules
from workflows import audit
from workflows.binding import new_id
from workflows.correcting import correctable
from workflows.exception_words import USUAL, WORDS, suits
from workflows.ledger import Taken, about
from workflows.outbox import About, of_exception, put
from workflows.store import desk_tables
from workflows.store.opening import from_json

_table = desk_tables.integration_exception
Subject = tuple[str, Ref] | None
"""A concept and the record that something is about."""

_OPEN = text("status <> 'RESOLVED'")
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(80, hashtext(:place))")
_READ_IT = (
    "Read what came, look at the record in the system, and tell whoever maintains the feed. Nothing waits for it."
)


class Cause(Struct, frozen=True, kw_only=True):
    """What went wrong where. `place`: the step and the leg; one open exception at a time for each.

    `severity` where it is worse than the category says.
    """

    place: str
    problem: Problem
    subject: Subject = None
    severity: Severity | None = None


class Concern(NamedTuple):
    """What people have to look at though it is about no submission. `place`: one open exception at a time for each."""

    place: str
    problem: Problem
    title: str
    action: str
    correlation_id: str


class Raised(NamedTuple):
    """The exception's id, and whether it is a new one."""

    id: str
    fresh: bool


class ExceptionFilter(Struct, frozen=True, kw_only=True):
    """What a list of exceptions is narrowed to; None narrows nothing."""

    statuses: frozenset[ExceptionStatus] | None = None
    categories: frozenset[ProblemCategory] | None = None
    severities: frozenset[Severity] | None = None
    owner: str | None = None
    system: str | None = None
    correlation_id: str | None = None

    def fits(self, event: Event) -> bool:
        """Whether it wants the exception of this event, by what that was when it was raised."""
        facts = event.exception
        if facts is None:
            return self == ExceptionFilter()
        lists = ((self.statuses, facts.status), (self.categories, facts.category), (self.severities, facts.severity))
        values = (
            (self.owner, facts.owner),
            (self.system, facts.system),
            (self.correlation_id, event.correlation_id),
        )
        among = all(wanted is None or found in wanted for wanted, found in lists)
        return among and all(wanted is None or wanted == found for wanted, found in values)


async def raise_exception(connection: AsyncConnection, taken: Taken, rules: Rules, cause: Cause) -> str:
    """Put it before people, or say what is new of it where it is open already; its id."""
    row = _row(about(taken), rules, cause, correctable(taken.input, cause.problem.field))
    stated = insert(_table).values(id=new_id(), **row)
    renewed = {name: stated.excluded[name] for name in row if name not in ("raised_at", "owner", "status", "due_at")}
    status = func.coalesce(text("case when integration_exception.status = 'RETRYING' then 'OPEN' end"), _table.c.status)
    stated = stated.on_conflict_do_update(
        index_elements=["submission_id", "cause"], index_where=_OPEN, set_={**renewed, "status": status}
    )
    raised = (await connection.execute(stated.returning(_table.c.id, text("xmax = 0 as fresh")))).one()
    if raised.fresh:
        told = about(taken)
        await put(connection, _raised(told, raised.id, row))
        await _audit(connection, told, raised.id, "RAISE_EXCEPTION", cause.problem.message)
    return str(raised.id)


async def raise_unreadable(
    connection: AsyncConnection, tenant: str, rules: Rules, system: str, unreadable: Unreadable
) -> str:
    """Put a message that a system sent, and that means nothing here, before people, as it came; the exception's id."""
    problem = Problem(
        code="UNREADABLE_MESSAGE",
        category=ProblemCategory.CONFLICT,
        message=unreadable.sentence,
        system=system,
        outcome=Outcome.NOT_APPLIED,
        detail=unreadable.payload,
    )
    title = "A message of a system cannot be read"
    # Systems name their messages each for itself: two may use one name.
    place = f"feed:{system}:{unreadable.event_id}"
    concern = Concern(place, problem, title, _READ_IT, unreadable.event_id)
    return (await raise_concern(connection, tenant, rules, concern)).id


async def raise_concern(connection: AsyncConnection, tenant: str, rules: Rules, concern: Concern) -> Raised:
    """Put something that is about no submission before people, or say what is new of it where it is open already."""
    problem = concern.problem
    await connection.execute(_ONE_AT_A_TIME, {"place": f"{tenant}/{concern.place}"})
    news = {"explanation": problem.message, "technical_detail": problem.detail}
    held = update(_table).where(*_of_concern(tenant, concern.place), _OPEN).values(**news).returning(_table.c.id)
    row = (await connection.execute(held)).first()
    if row is not None:
        return Raised(row.id, fresh=False)
    told, id = About(tenant, None, concern.correlation_id), new_id()  # noqa: A001 - the exception's
    values = _row(told, rules, Cause(place=concern.place, problem=problem), ())
    values |= {"subject_concept": None, "subject_system": None, "subject_key": None}
    values |= {"title": concern.title, "suggested_action": concern.action}
    await connection.execute(insert(_table).values(id=id, **values))
    await put(connection, _raised(told, id, values))
    await _audit(connection, told, id, "RAISE_EXCEPTION", problem.message)
    return Raised(id, fresh=True)


async def settle_concern(connection: AsyncConnection, tenant: str, place: str) -> None:
    """Close the open exception of a place that is about no submission."""
    await _settle(connection, tenant, list(_of_concern(tenant, place)))


def _of_concern(tenant: str, place: str) -> tuple[ColumnElement[bool], ...]:
    return (_table.c.tenant == tenant, _table.c.submission_id.is_(None), _table.c.cause == place)


async def settle_exceptions(connection: AsyncConnection, taken: Taken, keep: Sequence[str] = ()) -> None:
    """Close the open exceptions of a submission that went well after all, but for the places that did not."""
    await _settle(connection, taken.tenant, [_table.c.submission_id == taken.id, _table.c.cause.not_in(list(keep))])


async def settle_place(connection: AsyncConnection, tenant: str, submission_id: str, place: str) -> None:
    """Close the open exception of one place of a submission, which went well after all."""
    await _settle(connection, tenant, [_table.c.submission_id == submission_id, _table.c.cause == place])


async def _settle(connection: AsyncConnection, tenant: str, conditions: list[ColumnElement[bool]]) -> None:
    closed = update(_table).where(*conditions, _OPEN)
    closed = closed.values(
        status=ExceptionStatus.RESOLVED.value,
        resolution=ExceptionResolution.SETTLED.value,
        resolved_at=func.clock_timestamp(),
    )
    for row in (await connection.execute(closed.returning(_table))).all():
        told = About(tenant, row.submission_id, row.correlation_id, tuple(row.legal_entities), row.crm_customer_key)
        await put(connection, of_exception(told, row.id, TimelineKind.EXCEPTION_RESOLVED, row.title, row.system))
        await _audit(connection, told, row.id, "RESOLVE_EXCEPTION", "It went well after all.")


async def fetch_exceptions(
    connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]]
) -> list[IntegrationException]:
    """Exceptions under these conditions, the newest first, without their history."""
    asked = select(_table).where(*conditions).order_by(_table.c.raised_at.desc(), _table.c.id.desc())
    return [exception_of(row) for row in await connection.execute(asked)]


def _raised(told: About, id: str, row: Mapping[str, Any]) -> Event:
    """That an exception was raised, with what listeners narrow by, so that nobody has to look it up."""
    facts = from_json({name: row[name] for name in ExceptionFacts.__struct_fields__}, ExceptionFacts)
    return of_exception(told, id, TimelineKind.EXCEPTION_RAISED, row["title"], row["system"], facts)


def narrowed(wanted: ExceptionFilter) -> list[ColumnElement[bool]]:
    """The conditions of a filter."""
    conditions: list[ColumnElement[bool]] = []
    lists = (("status", wanted.statuses), ("category", wanted.categories), ("severity", wanted.severities))
    for name, values in lists:
        if values is not None:
            conditions.append(_table.c[name].in_([value.value for value in values]))
    for name in ("owner", "system", "correlation_id"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(_table.c[name] == value)
    return conditions


def exception_of(row: Row[Any]) -> IntegrationException:
    """The exception that a row holds, without its history."""
    names = set(IntegrationException.__struct_fields__) - {"subject", "history"}
    kept = from_json({name: getattr(row, name) for name in names}, IntegrationException)
    return replace(kept, subject=_subject(row))


def _row(told: About, rules: Rules, cause: Cause, correctable_now: Sequence[CorrectableField]) -> dict[str, object]:
    problem = cause.problem
    words = WORDS.get(problem.category)
    rule = next((rule for rule in rules.exceptions if suits(rule, problem, told.legal_entities)), None)
    due = (rule and rule.due_minutes) or (words.due_minutes if words else 480.0)
    severity = (rule and rule.severity) or cause.severity or (words.severity if words else Severity.MEDIUM)
    concept, ref = cause.subject or ("Submission", Ref(HERE, told.submission_id or ""))
    return {
        "tenant": told.tenant,
        "submission_id": told.submission_id,
        "cause": cause.place,
        "category": problem.category.value,
        "code": problem.code,
        "title": _title(problem),
        "explanation": problem.message,
        "suggested_action": words.action if words else USUAL,
        "status": ExceptionStatus.OPEN.value,
        "severity": max(severity, cause.severity or severity, key=list(Severity).index).value,
        "outcome": problem.outcome.value,
        "owner": rule.owner if rule and not problem.owner else owner_of(problem),
        "system": problem.system or None,
        "legal_entities": list(told.legal_entities),
        "crm_customer_key": told.crm_customer,
        "subject_concept": concept,
        "subject_system": ref.system,
        "subject_key": ref.key,
        "correctable": list(correctable_now),
        "technical_detail": problem.detail,
        "correlation_id": told.correlation_id,
        "raised_at": func.statement_timestamp(),
        "due_at": func.statement_timestamp() + timedelta(minutes=due),
    }


def _title(problem: Problem) -> str:
    words = WORDS.get(problem.category)
    return words.title if words else "Something went wrong"


def _subject(row: Row[Any]) -> Subject:
    return (row.subject_concept, Ref(row.subject_system, row.subject_key)) if row.subject_concept else None


async def _audit(connection: AsyncConnection, told: About, id: str, action: str, detail: str) -> None:
    act = audit.Act(
        tenant=told.tenant,
        actor=audit.OURSELVES,
        action=action,
        subject=audit.subject("IntegrationException", id),
        detail=detail,
        correlation_id=told.correlation_id,
    )
    await audit.write_down(connection, act)
