"""Events as programs outside are sent them: CloudEvents 1.0, with what the graph's subscriptions tell as their data."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from canonical.events import Event, EventKind, Happening, Logged, happening_id
from canonical.identity import global_id
from canonical.refs import Ref
from canonical.submission import HERE
from canonical.timeline import TimelineArea

TOLD: Final = frozenset({EventKind.HAPPENING, EventKind.EXCEPTION_RAISED, EventKind.STATUS_CHANGED})
"""The kinds that leave the house; where a submission stands is told to whoever handed it in."""
_VERSION: Final = "v1"


def cloud_event(logged: Logged) -> dict[str, object]:
    """The whole event in JSON's terms; it is the same each time, and so is its id."""
    event = logged.event
    return {
        "specversion": "1.0",
        "id": delivery_id(event),
        "source": f"urn:revgraph:{quote(event.tenant, safe='')}",
        "type": type_of(event),
        "time": _instant(event.at),
        "subject": _subject(event),
        "datacontenttype": "application/json",
        "data": _data(logged),
    }


def delivery_id(event: Event) -> str:
    """The event's name outside: the same whenever it is sent, and no other event's of the tenant."""
    return blake2b(event.key.encode(), digest_size=16).hexdigest()


def type_of(event: Event) -> str:
    """The CloudEvents type, such as revgraph.order.invoice_generated.v1."""
    if event.happening is None:
        return f"revgraph.order.status_changed.{_VERSION}"
    word = event.happening.kind.value.lower()
    if event.happening.area is TimelineArea.EXCEPTION:
        return f"revgraph.exception.{word.removeprefix('exception_')}.{_VERSION}"
    return f"revgraph.order.{word}.{_VERSION}"


def lane_of(event: Event) -> str:
    """What keeps its order: events of one order, or else of one submission, or of one exception."""
    if event.order is not None:
        return f"{event.order.system}/{event.order.key}"
    if event.exception_id is not None:
        return f"{HERE}/exception/{event.exception_id}"
    return f"{HERE}/submission/{event.submission_id}" if event.submission_id else f"{HERE}/{event.key}"


def _subject(event: Event) -> str:
    if event.order is not None:
        return global_id("Order", event.order)
    return _own("IntegrationException", event.exception_id) or _own("Submission", event.submission_id) or event.tenant


def _data(logged: Logged) -> dict[str, object]:
    event = logged.event
    shared: dict[str, object] = {
        "cursor": str(logged.cursor),
        "at": _instant(event.at),
        "orderId": global_id("Order", event.order) if event.order else None,
        "customerId": global_id("Customer", event.customer) if event.customer else None,
        "submissionId": _own("Submission", event.submission_id),
        "legalEntities": list(event.legal_entities),
    }
    if event.status is not None:
        change = event.status
        return shared | {
            "status": change.status.value,
            "previousStatus": change.previous.value if change.previous else None,
            "cause": change.cause.value if change.cause else None,
        }
    told = _happening(event.happening) if event.happening else {}
    return {
        "id": happening_id(event),
        **shared,
        **told,
        "exceptionId": _own("IntegrationException", event.exception_id),
    }


def _happening(happening: Happening) -> dict[str, object]:
    amount, reference = happening.amount, happening.reference
    return {
        "area": happening.area.value,
        "kind": happening.kind.value,
        "title": happening.title,
        "system": happening.system,
        "amount": amount and {"amount": str(amount.amount), "currencyCode": amount.currency_code},
        "reference": reference
        and {
            "system": reference.system,
            "recordType": reference.record_type,
            "key": reference.key,
            "url": reference.url,
        },
    }


def _own(concept: str, key: str | None) -> str | None:
    return global_id(concept, Ref(HERE, key)) if key else None


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
