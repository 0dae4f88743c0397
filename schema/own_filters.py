"""What lists of submissions, exceptions and acts are narrowed to, and how it becomes canonical."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TypeVar

import strawberry

from schema.enums import ExceptionStatus, ProblemCategory, Severity, SubmissionOperation, SubmissionState
from workflows import audit, exception_queue, ledger

E = TypeVar("E", bound=Enum)


@strawberry.input(
    one_of=True, description="A submission by its id, or by the key that the caller's own client application gave."
)
class SubmissionBy:
    """One way of naming a submission."""

    id: strawberry.ID | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@strawberry.input
class SubmissionFilter:
    """What a list of submissions is narrowed to."""

    state: list[SubmissionState] | None = None
    operation: list[SubmissionOperation] | None = None
    submitted_since: datetime | None = None
    correlation_id: str | None = None


@strawberry.input
class ExceptionFilter:
    """What a list of exceptions is narrowed to."""

    status: list[ExceptionStatus] | None = None
    category: list[ProblemCategory] | None = None
    severity: list[Severity] | None = None
    owner: str | None = None
    system: str | None = None
    correlation_id: str | None = None


@strawberry.input(description="subject: the id of a submission or an exception.")
class AuditFilter:
    """What a list of acts is narrowed to."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    correlation_id: str | None = None


def submission_filter(given: SubmissionFilter | None) -> ledger.SubmissionFilter:
    """The same filter in canonical form."""
    if given is None:
        return ledger.SubmissionFilter()
    return ledger.SubmissionFilter(
        states=_set(given.state),
        operations=_set(given.operation),
        submitted_since=given.submitted_since,
        correlation_id=given.correlation_id,
    )


def exception_filter(given: ExceptionFilter | None) -> exception_queue.ExceptionFilter:
    """The same filter in canonical form."""
    if given is None:
        return exception_queue.ExceptionFilter()
    return exception_queue.ExceptionFilter(
        statuses=_set(given.status),
        categories=_set(given.category),
        severities=_set(given.severity),
        owner=given.owner,
        system=given.system,
        correlation_id=given.correlation_id,
    )


def audit_filter(given: AuditFilter | None) -> audit.AuditFilter:
    """The same filter in canonical form."""
    if given is None:
        return audit.AuditFilter()
    return audit.AuditFilter(
        actor=given.actor,
        action=given.action,
        subject=given.subject,
        since=given.since,
        until=given.until,
        correlation_id=given.correlation_id,
    )


def _set(given: Iterable[E] | None) -> frozenset[E] | None:
    return None if given is None else frozenset(given)
