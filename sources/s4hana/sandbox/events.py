"""SAP's business events as an event mesh forwards them: CloudEvents in structured mode, with the token agreed on.

A notice names the document and little else: who wants more reads it. There is none for payments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import uuid4

import orjson

from sources.kit.sandbox.emitting import Address, Message
from sources.s4hana.sandbox.journal import Touched
from sources.s4hana.sandbox.query.clause import equal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import writer


class _Object(NamedTuple):
    name: str
    family: str
    key: str
    """The field of the data that names the document."""
    told: tuple[str, ...] = ()


OBJECTS: Final[Mapping[str, _Object]] = {
    "A_SalesOrder": _Object(
        "SalesOrder",
        "salesorder",
        "SalesOrder",
        ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision", "SoldToParty"),
    ),
    "A_OutbDeliveryHeader": _Object(
        "OutboundDelivery",
        "outbounddelivery",
        "OutboundDelivery",
        ("DeliveryDocumentType", "SalesOrganization", "SDDocumentCategory"),
    ),
    "A_BillingDocument": _Object(
        "BillingDocument", "billingdocument", "BillingDocument", ("BillingDocumentType", "SDDocumentCategory")
    ),
    "A_BusinessPartner": _Object("BusinessPartner", "businesspartner", "BusinessPartner"),
}
_GOODS_ISSUE: Final = "OverallGoodsMovementStatus"


def messages(
    store: Store, client: str | None, touched: Sequence[Touched], now: Callable[[], datetime]
) -> list[Message]:
    """One message for each document and operation of a unit of work, in the order of its first change."""
    made: dict[tuple[str, str], bool] = {}
    fields: dict[tuple[str, str], set[str]] = {}
    for one in touched:
        document = (one.head, one.key)
        made[document] = made.get(document, False) or one.made
        fields.setdefault(document, set()).update(one.fields)
    return [
        _message(store, client, document, operation, now())
        for document in made
        for operation in _operations(document[0], fields[document], made=made[document])
    ]


def prove(address: Address, message: Message) -> Mapping[str, str]:  # noqa: ARG001 - a token is the same for all
    """What a webhook subscription is told to send along."""
    return {"authorization": f"Bearer {address.secret}"}


def _operations(head: str, fields: set[str], *, made: bool) -> Iterator[str]:
    yield "Created" if made else "Changed"
    if head == "A_OutbDeliveryHeader" and _GOODS_ISSUE in fields and not made:
        yield "GIStatusChanged"


def _message(store: Store, client: str | None, document: tuple[str, str], operation: str, now: datetime) -> Message:
    head, key = document
    known, entity = OBJECTS[head], store.sets[head]
    shown = key.lstrip("0") if key.isdigit() else key
    columns = [name for name in known.told if name in entity.by_name]
    rows = store.select(entity, columns, equal(entity.keys[0].name, key), limit=1) if columns else []
    data = {known.key: shown}
    for name, value in zip(columns, rows[0], strict=True) if rows else ():
        data[name] = str(writer(entity.by_name[name])(value))
    kind = f"sap.s4.beh.{known.family}.v1.{known.name}.{operation}.v1"
    event = {
        "type": kind,
        "specversion": "1.0",
        "source": f"/default/sap.s4.beh/{client or 'cloud'}",
        "id": str(uuid4()),
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Message(f"{kind} {shown}", orjson.dumps(event), {"content-type": "application/cloudevents+json"})
