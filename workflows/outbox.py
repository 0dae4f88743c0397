"""What happened, put into the outbox in the transaction in which it happened; a relay orders it into the log."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.refs import Ref
from canonical.submission import HERE
from workflows.store import desk_tables

SUBMISSION_UPDATED = "SUBMISSION_UPDATED"
"""Beside the kinds of the timeline: where a submission stands has changed."""


class Happening(Struct, frozen=True, kw_only=True):
    """One thing that happened. `kind` is a TimelineKind's value or SUBMISSION_UPDATED, `body` any JSON value."""

    tenant: str
    kind: str
    concept: str
    ref: Ref
    submission_id: str | None = None
    correlation_id: str | None = None
    body: Any


async def put(connection: AsyncConnection, *happenings: Happening) -> None:
    """Put them into the outbox, in this order."""
    rows = [
        {
            "tenant": one.tenant,
            "kind": one.kind,
            "subject_concept": one.concept,
            "subject_system": one.ref.system,
            "subject_key": one.ref.key,
            "submission_id": one.submission_id,
            "correlation_id": one.correlation_id,
            "body": one.body,
        }
        for one in happenings
    ]
    if rows:
        await connection.execute(insert(desk_tables.event_out), rows)


def submission_updated(tenant: str, submission_id: str, state: str, correlation_id: str) -> Happening:
    """The submission stands somewhere else now."""
    return Happening(
        tenant=tenant,
        kind=SUBMISSION_UPDATED,
        concept="Submission",
        ref=Ref(HERE, submission_id),
        submission_id=submission_id,
        correlation_id=correlation_id,
        body={"state": state},
    )
