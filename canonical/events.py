"""Events: what happened to orders, submissions and exceptions, as everybody is told of it, in one order."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from canonical.errors import Mistake, ProblemCategory
from canonical.integration_exception import ExceptionStatus, Severity
from canonical.money import Money
from canonical.order import OrderStatus
from canonical.refs import Ref, SystemReference
from canonical.submission import SubmissionState
from canonical.timeline import TimelineArea, TimelineKind

CURSOR_EXPIRED: Final = "CURSOR_EXPIRED"
CURSOR_MALFORMED: Final = "CURSOR_MALFORMED"


class EventKind(Enum):
    """What kind of event stands in the log; a HAPPENING's own kind is its TimelineKind."""

    HAPPENING = "HAPPENING"
    STATUS_CHANGED = "STATUS_CHANGED"
    SUBMISSION_UPDATED = "SUBMISSION_UPDATED"
    EXCEPTION_RAISED = "EXCEPTION_RAISED"


class Happening(Struct, frozen=True, kw_only=True):
    """An entry of an order's timeline, as it was learnt; `entry` is its key there, of what happens only once."""

    kind: TimelineKind
    area: TimelineArea
    title: str
    system: str
    entry: str | None = None
    amount: Money | None = None
    reference: SystemReference | None = None


class StatusChange(Struct, frozen=True, kw_only=True):
    """An order's status is another now; `previous` is None where it was not known before, `cause` what changed it."""

    status: OrderStatus
    previous: OrderStatus | None = None
    cause: TimelineKind | None = None


class ExceptionFacts(Struct, frozen=True, kw_only=True):
    """What an exception was when it was raised, as far as whoever listens may narrow by it."""

    category: ProblemCategory
    severity: Severity
    status: ExceptionStatus = ExceptionStatus.OPEN
    owner: str | None = None
    system: str | None = None


class Event(Struct, frozen=True, kw_only=True):
    """One event. `key` names it once for ever, whichever way it was learnt; `at` is when it happened (UTC).

    `order` and `customer` are the anchors that global ids are made of, `order_names` and `customer_names` what their
    other records are called: an order of an ERP has another anchor once the CRM knows it. `crm_customer` is the
    customer's key in the CRM.
    `legal_entities` are those whose books it is about, none where that is not known. Of the last fields those that fit
    the kind are there.
    """

    key: str
    tenant: str
    kind: EventKind
    at: datetime
    order: Ref | None = None
    order_names: tuple[Ref, ...] = ()
    customer: Ref | None = None
    customer_names: tuple[Ref, ...] = ()
    crm_customer: str | None = None
    legal_entities: tuple[str, ...] = ()
    submission_id: str | None = None
    correlation_id: str | None = None
    happening: Happening | None = None
    status: StatusChange | None = None
    submission_state: SubmissionState | None = None
    exception_id: str | None = None
    exception: ExceptionFacts | None = None


class Cursor(Struct, frozen=True):
    """A position in the log: behind the event at `position`. A log that was restored has another epoch."""

    epoch: str
    position: int

    def __str__(self) -> str:
        """As clients see and keep it."""
        return base64.urlsafe_b64encode(f"{self.epoch}.{self.position}".encode()).decode().rstrip("=")


NOWHERE: Final = Cursor("none", 0)
"""The position where no log is kept, or none was read yet: nothing resumes behind it."""


class CursorExpiredError(Mistake):
    """What is behind this cursor is not all kept any more; `oldest` is the first behind which all of it is."""

    def __init__(self, oldest: Cursor) -> None:
        """Say so, and what to do."""
        super().__init__(
            CURSOR_EXPIRED,
            f"Events this old are not kept any more. The oldest position is {oldest}. Read what you need once more, "
            "and go on from the resumeFrom that comes with it.",
        )
        self.oldest = oldest


class Logged(Struct, frozen=True):
    """An event at its place in the log."""

    cursor: Cursor
    event: Event


def happening_id(event: Event) -> str:
    """The id of an event in the graph: of what happens once, the id that it has in its order's timeline."""
    name = (event.happening.entry if event.happening else None) or event.key
    return blake2b(name.encode(), digest_size=12).hexdigest()


_LONGEST: Final = 200


def cursor_of(text: str) -> Cursor:
    """The cursor that a client kept; Mistake CURSOR_MALFORMED where it is none."""
    try:
        if len(text) > _LONGEST:
            raise ValueError(text[:_LONGEST])
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        epoch, _, position = plain.rpartition(".")
        if not epoch or not (position.isascii() and position.isdigit()):
            raise ValueError(plain)
        return Cursor(epoch, int(position))
    except (ValueError, binascii.Error) as error:
        sentence = "This is no cursor of the event log. Give one back just as a message or resumeFrom carried it."
        raise Mistake(CURSOR_MALFORMED, sentence) from error
