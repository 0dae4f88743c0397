"""SAP's business events in our words: which record each is about.

A type is `sap.s4.beh.<object>.v<n>.<Object>.<Operation>.v<n>`, and the data names the object by its key, as in
`{"type": "sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1", "data": {"SalesOrder": "3016329"}}` (SAP Business
Accelerator Hub: CE_SALESORDEREVENTS, CE_OUTBOUNDDELIVERYEVENTS, CE_BUSINESSPARTNEREVENTS; CAP's guide "Events and
Messaging"). What happened to it does not matter here, since the record is read anew: Created, Changed, ItemChanged and
a goods issue (OutboundDelivery.GIStatusChanged, released as D_OUTBDELIVGISTATUSCHANGED) all say that it is another.
SAP publishes no event of a payment; the receivables are polled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from canonical.changes import Concept
from sources.kit.webhook.cloudevents import CloudEvent
from sources.kit.webhook.door import Meaning
from sources.s4hana.values import unpadded

OBJECTS: Final[Mapping[str, tuple[Concept, str]]] = {
    "SalesOrder": (Concept.ORDER, "SalesOrder"),
    "OutboundDelivery": (Concept.SHIPMENT, "OutboundDelivery"),
    "BillingDocument": (Concept.INVOICE, "BillingDocument"),
    "BusinessPartner": (Concept.CUSTOMER, "BusinessPartner"),
    "Product": (Concept.PRODUCT, "Product"),
}
"""What an event's object is to us, and the field of its data that names the record."""
_TYPE: Final = re.compile(r"sap\.s4\.beh\.\w+\.v\d+\.(\w+)\.\w+\.v\d+", re.ASCII)


def meaning_of(event: CloudEvent) -> Meaning | str:
    """The record that an event is about; else in a sentence why it says nothing here."""
    found = _TYPE.fullmatch(event.type)
    if found is None:
        return "It is none of SAP's business events."
    known = OBJECTS.get(found[1])
    if known is None:
        return f"Events about {found[1][:60]} say nothing here."
    concept, field = known
    key = unpadded(event.text(field))
    return Meaning(concept, key) if key.strip("0") else f"It names no record: {field} is missing."
