"""Integration exceptions: what a person has to look at, with everything needed to act."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from canonical.audit import AuditEntry
from canonical.errors import Outcome, ProblemCategory
from canonical.problem import Problem
from canonical.refs import Ref
from canonical.submission import HERE


class ExceptionStatus(Enum):
    """Where it stands."""

    OPEN = "OPEN"
    ASSIGNED = "ASSIGNED"
    RETRYING = "RETRYING"
    RESOLVED = "RESOLVED"


class Severity(Enum):
    """How much it hurts, the mildest first."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class ExceptionResolution(Enum):
    """How a person closed it. RETRIED and SETTLED are the system's own words: it went well after all."""

    FIXED_IN_SYSTEM = "FIXED_IN_SYSTEM"
    CANCELLED = "CANCELLED"
    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    RETRIED = "RETRIED"
    SETTLED = "SETTLED"


class CorrectableField(Struct, frozen=True):
    """A value of the input that may be corrected before a retry: its path, its name for people, what it is now."""

    field: tuple[str, ...]
    label: str
    value: str | None = None


class Correction(Struct, frozen=True):
    """The value that a person puts in the place of what was submitted."""

    field: tuple[str, ...]
    value: str


class IntegrationException(Struct, frozen=True, kw_only=True, weakref=True):
    """Something that a person has to look at. Instants are UTC; `due_at` is by the landscape's rules.

    `subject` names the concept and the record it is about. `technical_detail` is the vendor's own words.
    """

    id: str
    category: ProblemCategory
    code: str
    title: str
    explanation: str
    suggested_action: str
    status: ExceptionStatus
    severity: Severity
    outcome: Outcome
    correlation_id: str
    raised_at: datetime
    owner: str | None = None
    subject: tuple[str, Ref] | None = None
    submission_id: str | None = None
    system: str | None = None
    correctable: tuple[CorrectableField, ...] = ()
    technical_detail: str | None = None
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: ExceptionResolution | None = None
    legal_entities: tuple[str, ...] = ()
    crm_customer_key: str | None = None
    history: tuple[AuditEntry, ...] = ()

    @property
    def ref(self) -> Ref:
        """Its own reference, for its global id."""
        return Ref(HERE, self.id)


class ExceptionAnswer(Struct, frozen=True, kw_only=True):
    """The answer to whoever acts on an exception."""

    integration_exception: IntegrationException | None
    problems: tuple[Problem, ...] = ()
