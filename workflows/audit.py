"""Who did what to what, when, and what it was before and after: written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Table, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.audit import AuditEntry
from canonical.principal import Principal
from workflows.ledger import visible
from workflows.store import desk_tables, tables
from workflows.store.opening import in_json
from workflows.store.paging import Page, numbered_page

OURSELVES = "revgraph"
"""The actor of what a workflow does by itself."""

_table = desk_tables.audit_entry
_SUBJECTS = {"Submission": tables.submission, "IntegrationException": desk_tables.integration_exception}


class Act(Struct, frozen=True, kw_only=True):
    """One act to be written down. `subject` is "Concept key"; `before` and `after` are any JSON values or Structs."""

    tenant: str
    actor: str
    action: str
    subject: str
    detail: str | None = None
    before: Any = None
    after: Any = None
    correlation_id: str | None = None


class AuditFilter(Struct, frozen=True, kw_only=True):
    """What a list of the audit is narrowed to; instants are UTC, `until` itself is not in it."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    correlation_id: str | None = None


def subject(concept: str, key: str) -> str:
    """How the audit names what was acted upon."""
    return f"{concept} {key}"


async def write_down(connection: AsyncConnection, *acts: Act) -> None:
    """Write the acts down."""
    if acts:
        rows = [{name: getattr(act, name) for name in Act.__struct_fields__} for act in acts]
        await connection.execute(insert(_table), rows)


async def list_acts(
    connection: AsyncConnection, principal: Principal, wanted: AuditFilter, first: int, after: int | None
) -> Page[AuditEntry]:
    """The acts of a tenant, the newest first, behind the one with the number `after`.

    Whose rights are narrowed sees what was done to the submissions and exceptions that it sees.
    """
    asked = select(_table).where(_table.c.tenant == principal.tenant)
    if principal.legal_entities is not None or principal.accounts is not None:
        asked = asked.where(or_(*(_of_visible(principal, concept, table) for concept, table in _SUBJECTS.items())))
    for name in ("actor", "action", "subject", "correlation_id"):
        value = getattr(wanted, name)
        asked = asked if value is None else asked.where(_table.c[name] == value)
    asked = asked if wanted.since is None else asked.where(_table.c.at >= wanted.since)
    asked = asked if wanted.until is None else asked.where(_table.c.at < wanted.until)
    page = await numbered_page(connection, asked, _table.c.id, first, after)
    return Page(tuple(_entry(row) for row in page.items), page.more)


async def history(connection: AsyncConnection, subjects: Sequence[str]) -> dict[str, list[AuditEntry]]:
    """Everything that was done to each subject, the oldest first."""
    asked = select(_table).where(_table.c.subject.in_(subjects)).order_by(_table.c.id)
    found: dict[str, list[AuditEntry]] = {}
    for row in await connection.execute(asked):
        found.setdefault(row.subject, []).append(_entry(row))
    return found


def _of_visible(principal: Principal, concept: str, table: Table) -> ColumnElement[bool]:
    seen = select(literal(f"{concept} ").concat(table.c.id)).where(*visible(principal, table))
    return _table.c.subject.in_(seen)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=str(row.id),
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
        before=_text(row.before),
        after=_text(row.after),
        correlation_id=row.correlation_id,
    )


def _text(value: object) -> str | None:
    return None if value is None else in_json(value)
