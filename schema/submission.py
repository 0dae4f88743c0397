"""Submissions: what was handed in, and where it stands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.federation import type as federated

from canonical import submission as words
from engine.seam import batch, derived
from resolvers import identities, submissions, subscriptions
from schema.customer import Customer
from schema.enums import StepState, SubmissionOperation, SubmissionState
from schema.problem import Problem
from schema.scalars import Cursor, EventCursor
from schema.values import Node, PageInfo

if TYPE_CHECKING:
    from schema.integration_exception import IntegrationException
    from schema.order import Order


@strawberry.type
class SubmissionStep:
    """One step of the work."""

    name: str
    state: StepState
    system: str | None
    legal_entity: str | None
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    message: str | None


@federated(keys=["id"], description="One durable intent and where it stands.")
class Submission(Node):
    """One intent."""

    id: strawberry.ID = derived(identities.submission_id, needs=["ref"])
    operation: SubmissionOperation
    state: SubmissionState
    external_reference: str = strawberry.field(description="What every system carries as its external reference.")
    idempotency_key: str
    orders: list[Annotated[Order, strawberry.lazy("schema.order")]] | None = batch(
        submissions.orders_of, needs=["order_refs"]
    )
    customer: Customer | None = batch(submissions.customers_of, needs=["customer_ref"])
    steps: list[SubmissionStep]
    problems: list[Problem] = strawberry.field(description="Why it was refused, or is uncertain.")
    exceptions: list[Annotated[IntegrationException, strawberry.lazy("schema.integration_exception")]] = batch(
        submissions.exceptions_of, needs=["exception_ids"]
    )
    submitted_at: datetime
    submitted_by: str
    settled_at: datetime | None
    correlation_id: str
    resume_from: EventCursor = batch(subscriptions.resume_from)

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, words.Submission)


@strawberry.type
class SubmissionPayload:
    """The answer to whoever submits: without a submission nothing was accepted, and the problems say why."""

    submission: Submission | None
    replayed: bool = strawberry.field(description="True when this key had been given before.")
    problems: list[Problem]


@strawberry.type
class SubmissionEdge:
    """A submission in a page."""

    cursor: Cursor
    node: Submission


@strawberry.type
class SubmissionConnection:
    """A page of submissions."""

    edges: list[SubmissionEdge]
    nodes: list[Submission]
    page_info: PageInfo
    total_count: int
