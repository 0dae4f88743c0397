"""Who did what to what, when."""

from __future__ import annotations

from datetime import datetime

import strawberry

from engine.seam import derived
from resolvers import audit
from schema.scalars import Cursor
from schema.values import PageInfo


@strawberry.type
class AuditEntry:
    """One act; `before` and `after` are JSON."""

    id: strawberry.ID = derived(audit.entry_id, needs=["id"])
    at: datetime
    actor: str
    action: str
    subject: str = derived(
        audit.subject_id, needs=["subject"], description="What was acted upon: the id of a record of this graph."
    )
    detail: str | None
    before: str | None = strawberry.field(description="What it was before, as JSON.")
    after: str | None = strawberry.field(description="What it was after, as JSON.")
    correlation_id: str | None


@strawberry.type
class AuditEdge:
    """An act in a page."""

    cursor: Cursor
    node: AuditEntry


@strawberry.type
class AuditConnection:
    """A page of what was done."""

    edges: list[AuditEdge]
    nodes: list[AuditEntry]
    page_info: PageInfo
