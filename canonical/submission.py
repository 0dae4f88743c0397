"""Submissions: one durable intent each, and where it stands."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from canonical.problem import Problem
from canonical.refs import Ref

HERE = "revgraph"
"""The system of what we keep ourselves: submissions, exceptions, audit entries."""


class SubmissionOperation(Enum):
    """What was asked for."""

    SUBMIT_ORDER = "SUBMIT_ORDER"
    AMEND_ORDER = "AMEND_ORDER"
    CANCEL_ORDER = "CANCEL_ORDER"
    CREATE_CUSTOMER = "CREATE_CUSTOMER"


class SubmissionState(Enum):
    """Where it stands.

    IN_PROGRESS may be waiting for a system. COMPLETED took effect. REFUSED took none: a person must fix something.
    UNCERTAIN may have taken effect, and is being settled by looking. FAILED took none, or was taken back.
    """

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"
    UNCERTAIN = "UNCERTAIN"
    FAILED = "FAILED"


class StepState(Enum):
    """Where one step stands; COMPENSATED was done and taken back."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    COMPENSATED = "COMPENSATED"
    SKIPPED = "SKIPPED"


class SubmissionStep(Struct, frozen=True, kw_only=True):
    """One step, in the order of the work; `message` says in words what came of it. Instants are UTC."""

    name: str
    state: StepState
    system: str | None = None
    legal_entity: str | None = None
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str | None = None


class Submission(Struct, frozen=True, kw_only=True, weakref=True):
    """One intent and where it stands. Instants are UTC.

    `external_reference` is what every system carries. `order_refs` are its orders by their anchors, `record_refs` every
    system's record of them. `exception_ids` are those raised for it, the newest first.
    """

    id: str
    tenant: str
    client: str
    operation: SubmissionOperation
    state: SubmissionState
    external_reference: str
    idempotency_key: str
    correlation_id: str
    submitted_at: datetime
    submitted_by: str
    settled_at: datetime | None = None
    order_refs: tuple[Ref, ...] = ()
    record_refs: tuple[Ref, ...] = ()
    customer_ref: Ref | None = None
    legal_entities: tuple[str, ...] = ()
    steps: tuple[SubmissionStep, ...] = ()
    problems: tuple[Problem, ...] = ()
    exception_ids: tuple[str, ...] = ()

    @property
    def ref(self) -> Ref:
        """Its own reference, for its global id."""
        return Ref(HERE, self.id)


class Submitted(Struct, frozen=True, kw_only=True):
    """The answer to whoever submits; without a submission nothing was bound. `replayed`: the key was given before."""

    submission: Submission | None
    replayed: bool = False
    problems: tuple[Problem, ...] = ()
