"""Events as SAP publishes them: which record each is about."""

from __future__ import annotations

import pytest

from canonical.changes import Concept
from sources.kit.webhook.cloudevents import CloudEvent, events_of
from sources.kit.webhook.door import Meaning
from sources.s4hana.mapping_events import meaning_of

PUBLISHED = (
    b'{"type":"sap.s4.beh.businesspartner.v1.BusinessPartner.Changed.v1","specversion":"1.0",'
    b'"source":"/default/sap.s4.beh/730431274","id":"1fad4742-d03c-1edd-aeb8-c298b3dd8d4c",'
    b'"time":"2023-03-03T13:19:54Z","datacontenttype":"application/json","data":{"BusinessPartner":"1000746"}}'
)
"""As SAP's hands-on for the advanced event mesh shows it."""


def event(kind: str, **data: object) -> CloudEvent:
    return CloudEvent(id="1", source="/default/sap.s4.beh/1", type=kind, data=data)


@pytest.mark.parametrize("media", ["application/cloudevents+json; charset=UTF-8", "application/json", ""])
def test_the_published_example_is_read_whatever_the_mesh_calls_it(media: str) -> None:
    (found,) = events_of({"content-type": media}, PUBLISHED)

    assert isinstance(found, CloudEvent)
    assert meaning_of(found) == Meaning(Concept.CUSTOMER, "1000746")


@pytest.mark.parametrize(
    "kind,data,concept,key",
    [
        ("salesorder.v1.SalesOrder.Created", {"SalesOrder": "0000004711"}, Concept.ORDER, "4711"),
        ("salesorder.v1.SalesOrder.Changed", {"SalesOrder": "4711", "SoldToParty": "1"}, Concept.ORDER, "4711"),
        ("salesorder.v1.SalesOrder.ItemChanged", {"SalesOrder": "4711", "SalesOrderItem": "10"}, Concept.ORDER, "4711"),
        ("outbounddelivery.v1.OutboundDelivery.GIStatusChanged", {"OutboundDelivery": "81"}, Concept.SHIPMENT, "81"),
        ("billingdocument.v1.BillingDocument.Created", {"BillingDocument": 90000001}, Concept.INVOICE, "90000001"),
        ("product.v1.Product.Changed", {"Product": "TG11"}, Concept.PRODUCT, "TG11"),
    ],
)  # fmt: skip
def test_each_object_has_its_concept_and_key(kind: str, data: dict[str, object], concept: Concept, key: str) -> None:
    assert meaning_of(event(f"sap.s4.beh.{kind}.v1", **data)) == Meaning(concept, key)


@pytest.mark.parametrize(
    "kind,data,sentence",
    [
        ("sap.s4.beh.purchaseorder.v1.PurchaseOrder.Created.v1", {}, "Events about PurchaseOrder say nothing here."),
        ("com.acme.thing", {}, "It is none of SAP's business events."),
        ("sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1", {}, "It names no record: SalesOrder is missing."),
        (
            "sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1",
            {"SalesOrder": "000"},
            "It names no record: SalesOrder is missing.",
        ),
    ],
)
def test_what_says_nothing_here_is_told_in_a_sentence(kind: str, data: dict[str, object], sentence: str) -> None:
    assert meaning_of(event(kind, **data)) == sentence
