"""Integration exceptions: what a person has to look at."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.federation import type as federated

from canonical import integration_exception as words
from engine.seam import batch, derived
from resolvers import identities, integration_exceptions, subjects
from schema import paths
from schema.audit import AuditEntry
from schema.enums import ExceptionStatus, Outcome, ProblemCategory, Severity
from schema.problem import Problem
from schema.scalars import Cursor
from schema.submission import Submission
from schema.values import Node, PageInfo


@strawberry.type
class CorrectableField:
    """A value that may be corrected before a retry."""

    field: list[str] = derived(paths.of_correctable, needs=["field"])
    label: str
    value: str | None


@federated(keys=["id"])
class IntegrationException(Node):
    """Something that a person has to look at, with everything needed to act."""

    id: strawberry.ID = derived(identities.exception_id, needs=["ref"])
    category: ProblemCategory
    title: str
    explanation: str
    suggested_action: str
    status: ExceptionStatus
    severity: Severity
    owner: str | None
    subject: Node | None = batch(
        subjects.of_parents,
        needs=["subject"],
        description="The order, customer, invoice or submission it is about.",
    )
    submission: Submission | None = batch(integration_exceptions.submissions_of, needs=["submission_id"])
    system: str | None
    outcome: Outcome
    correctable: list[CorrectableField] = strawberry.field(description="What may be corrected before a retry.")
    technical_detail: str | None = batch(
        integration_exceptions.details_of,
        needs=["technical_detail"],
        description="The vendor's own words, for whoever must call them.",
    )
    correlation_id: str
    raised_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    history: list[AuditEntry] = batch(
        integration_exceptions.histories_of, needs=["id"], description="All that was done about it, the oldest first."
    )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, words.IntegrationException)


@strawberry.type
class ExceptionPayload:
    """The answer to whoever acts on an exception."""

    integration_exception: IntegrationException | None
    problems: list[Problem]


@strawberry.type
class ExceptionEdge:
    """An exception in a page."""

    cursor: Cursor
    node: IntegrationException


@strawberry.type
class ExceptionConnection:
    """A page of exceptions."""

    edges: list[ExceptionEdge]
    nodes: list[IntegrationException]
    page_info: PageInfo
    total_count: int
