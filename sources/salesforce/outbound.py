"""Outbound messages: SOAP that a workflow or flow of the org sends to our door, up to 100 records in one.

SOAP API developer guide, "Outbound Messaging": repeated until acknowledged, perhaps out of order, always with the
fields as they stand now. Verified by the secret in the address, which only the org's setup knows, and by the org's id.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Comment, Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from canonical.changes import LONGEST_PAYLOAD, Change, Changes, Unreadable
from sources.feeds import Delivery, DeliveryRefusedError, Receipt
from sources.landscape import Secret
from sources.salesforce import ids
from sources.salesforce.mapping_changes import CONCEPTS, LINE, to_change

LARGEST_BODY: Final = 2_000_000
MOST_NOTIFICATIONS: Final = 100
DEEPEST: Final = 20
"""Levels of a notification that a person is shown; the platform's own has three."""
ACKNOWLEDGED: Final = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
_SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND: Final = "{http://soap.sforce.com/2005/09/outbound}"
_FIELD: Final = "{urn:sobject.enterprise.soap.sforce.com}"
_FIELD_PARTNER: Final = "{urn:sobject.partner.soap.sforce.com}"
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_STAMPS: Final = ("SystemModstamp", "LastModifiedDate")


def read_message(delivery: Delivery, secrets: tuple[Secret, ...], organization: str | None) -> Receipt:
    """The changes that a message tells, each under the id of its notification. Raises DeliveryRefusedError.

    `secrets`: one of them is in the query, as `secret`; without any the door is closed.
    """
    if not secrets or organization is None:
        raise DeliveryRefusedError(HTTPStatus.NOT_FOUND, "Outbound messages are not taken here.")
    if delivery.method != "POST":
        raise DeliveryRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "An outbound message is a POST.")
    if not _is_known(delivery.query.get("secret", ""), secrets):
        raise DeliveryRefusedError(HTTPStatus.UNAUTHORIZED, "The secret in the address is not ours.")
    if len(delivery.body) > LARGEST_BODY:
        raise DeliveryRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The message is larger than any that is sent.")
    notifications = _notifications(delivery.body, organization)
    told = [_told(each, delivery.received_at) for each in notifications]
    changes = Changes(
        changes=tuple(one for one in told if isinstance(one, Change)),
        unreadable=tuple(one for one in told if isinstance(one, Unreadable)),
    )
    return Receipt(changes=changes, status=HTTPStatus.OK, media="text/xml; charset=utf-8", body=ACKNOWLEDGED)


def _is_known(given: str, secrets: tuple[Secret, ...]) -> bool:
    # Each is compared, whatever came of the others: the time it takes tells nothing.
    return sum(hmac.compare_digest(given.encode(), secret.reveal().encode()) for secret in secrets) > 0


def _notifications(body: bytes, organization: str) -> list[Element]:
    """Those of an envelope that is of this org."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DeliveryRefusedError(HTTPStatus.BAD_REQUEST, "The message is no XML that is read here.") from error
    sent = root.find(f"{_SOAP}Body/{_OUTBOUND}notifications")
    if root.tag != f"{_SOAP}Envelope" or sent is None:
        raise DeliveryRefusedError(HTTPStatus.BAD_REQUEST, "The message is no outbound message.")
    named = ids.named(sent.findtext(f"{_OUTBOUND}OrganizationId") or "", ids.ORGANIZATION)
    if named != organization:
        raise DeliveryRefusedError(HTTPStatus.FORBIDDEN, "The message is of another org.")
    found = sent.findall(f"{_OUTBOUND}Notification")
    if not 0 < len(found) <= MOST_NOTIFICATIONS:
        raise DeliveryRefusedError(HTTPStatus.BAD_REQUEST, f"A message has 1 to {MOST_NOTIFICATIONS} notifications.")
    return found


def _told(notification: Element, received_at: datetime) -> Change | Unreadable:
    event_id = (notification.findtext(f"{_OUTBOUND}Id") or "").strip()
    record = notification.find(f"{_OUTBOUND}sObject")
    if not event_id or record is None:
        return _unreadable(notification, event_id, "It names no notification or no record.")
    sobject = record.get(_TYPE, "").rpartition(":")[2]
    fields = dict(_fields(record))
    key = next(iter(ids.well_formed([fields.get("Id", "")])), None)
    if sobject not in CONCEPTS or key is None:
        return _unreadable(notification, event_id, f"It is of {sobject or 'no object'}, of which nothing is read here.")
    order = next(iter(ids.well_formed([fields.get("OrderId", "")])), None)
    change = to_change(event_id[:200], sobject, key, _changed_at(fields) or received_at, order)
    if change is None:
        return _unreadable(notification, event_id, f"Add OrderId to the fields that it sends of {LINE}.")
    return change


def _fields(record: Element) -> Iterator[tuple[str, str]]:
    for field in record:
        name = field.tag.removeprefix(_FIELD).removeprefix(_FIELD_PARTNER)
        if "}" not in name and field.text:
            yield name, field.text.strip()


def _changed_at(fields: Mapping[str, str]) -> datetime | None:
    for name in _STAMPS:
        try:
            at = datetime.fromisoformat(fields.get(name, ""))
        except ValueError:
            continue
        if at.tzinfo is not None:
            return at
    return None


def _unreadable(notification: Element, event_id: str, why: str) -> Unreadable:
    _cut_below(notification, DEEPEST)
    payload = tostring(notification, encoding="unicode")
    name = event_id[:200] or sha256(payload.encode()).hexdigest()
    if len(payload) > LONGEST_PAYLOAD:
        note = f"<!-- cut: it had {len(payload)} characters -->"
        payload = payload[: LONGEST_PAYLOAD - len(note)] + note
    return Unreadable(event_id=name, sentence=f"An outbound message: {why}", payload=payload)


def _cut_below(element: Element, levels: int) -> None:
    """Leave out what lies deeper: it is written level by level into each other, and Python's stack has an end."""
    level = [element]
    for _ in range(levels - 1):
        level = [child for each in level for child in each]
    for each in level:
        if len(each):
            each[:] = []
            each.append(Comment(" cut: it is deeper than anything that is read "))
