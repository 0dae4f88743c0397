"""Every field, navigation and set that the adapter can send stands in what SAP published."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from canonical.order import Stage
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.metadata import Metadata, read_metadata
from sources.kit.odata.query import Query
from sources.kit.polling.places import read, written
from sources.ports import CustomerQuery, InvoiceQuery, Lookup, OrderQuery, Position, ProductQuery
from sources.s4hana import checkup, invoices, ledgers, masters, polling, shipments
from sources.s4hana.adapter import S4Hana
from sources.s4hana.client import S4Client
from sources.s4hana.mapping_order import to_order
from sources.s4hana.services import BILLING, CREDIT, DELIVERIES, LEDGER, ORDERS, PARTNERS, PRODUCTS, Service
from sources.s4hana.settings import Settings
from sources.s4hana.wire import BilledItem, BillingDocument, SalesOrder
from sources.s4hana.wire_masters import ProductDescription
from tests.sources.s4hana.opened import call, instance, reading, rows
from tests.sources.s4hana.test_mapping_ledger import paid

pytestmark = pytest.mark.contracts

METADATA = {
    ORDERS: "API_SALES_ORDER_SRV.onprem-2026.edmx",
    BILLING: "API_BILLING_DOCUMENT_SRV.edmx",
    LEDGER: "API_OPLACCTGDOCITEMCUBE_SRV.edmx",
    PARTNERS: "API_BUSINESS_PARTNER.edmx",
    PRODUCTS: "API_PRODUCT_SRV.edmx",
}
SETTINGS = [
    Settings(),
    Settings(
        reference_field="AssignmentReference",
        line_reference_field="PurchaseOrderByCustomer",
        customer_reference_field="SearchTerm1",
        purchase_order_field="PurchaseOrderByCustomer",
        schedule_line_blocks=True,
    ),
    Settings(reference_field="PurchaseOrderByShipToParty", customer_reference_field="SearchTerm2"),
]
# Literals first, so that their words are not taken for fields.
NAMES = re.compile(
    r"(?:datetime(?:offset)?)?'(?:[^']|'')*'|\b(substringof|and|or|not|eq|ne|gt|ge|lt|le|false|true)\b|([A-Z]\w+)"
)


def contracts() -> Path:
    folder = os.environ.get("REVGRAPH_CONTRACTS")
    if not folder:
        pytest.skip("REVGRAPH_CONTRACTS is not set: no published metadata to compare with")
    return Path(folder) / "sap"


def published(name: str) -> Metadata:
    return read_metadata((contracts() / name).read_text(encoding="utf-8"))


def lacking(query: Query, metadata: Metadata) -> list[str]:
    entity = metadata.sets.get(query.entity_set)
    if entity is None:
        return [query.entity_set]
    kept = set(query.shape.known_to(metadata, entity).paths())
    return [path for path in query.shape.paths() if path not in kept]


@pytest.mark.parametrize("service", list(METADATA), ids=lambda service: service.name)
@pytest.mark.parametrize("settings", SETTINGS, ids=["defaults", "others", "more"])
def test_every_field_that_can_be_selected_is_published(service: Service, settings: Settings) -> None:
    metadata = published(METADATA[service])

    for query in checkup.reads(settings)[service]:
        assert lacking(query, metadata) == []


def test_every_field_of_a_delivery_is_published() -> None:
    document = json.loads((contracts() / "API_OUTBOUND_DELIVERY_SRV_0002.openapi.json").read_text(encoding="utf-8"))
    schemas = (document.get("components") or document)["schemas"]
    for tracking in ("BillOfLading", "MeansOfTransport"):
        head, items = checkup.reads(Settings(tracking_field=tracking))[DELIVERIES]
        below = dict(head.shape.below)["to_DeliveryDocumentItem"]
        assert set(head.shape.fields) <= set(schemas["A_OutbDeliveryHeader"]["properties"])
        assert "to_DeliveryDocumentItem" in schemas["A_OutbDeliveryHeader"]["properties"]
        assert {*below.fields, *items.shape.fields} <= set(schemas["A_OutbDeliveryItem"]["properties"])
    assert set(polling.DELIVERY.fields) <= set(schemas["A_OutbDeliveryHeader"]["properties"])
    assert set(dict(polling.DELIVERY.below)["to_DeliveryDocumentItem"].fields) <= set(
        schemas["A_OutbDeliveryItem"]["properties"]
    )


def test_an_older_release_lacks_only_what_the_readme_says() -> None:
    metadata = published("API_SALES_ORDER_SRV.edmx")
    (query,) = checkup.reads(Settings())[ORDERS]

    whole = ("BillingPlan", "to_Address")
    missing = lacking(query, metadata)

    assert {next((name for name in whole if name in path), path.rpartition("/")[2]) for path in missing} == {
        "TaxAmount",
        "BillingPlan",
        "SubsequentDocument",
        "SubsequentDocumentCategory",
        "PartnerFunctionInternalCode",
        "to_Address",
    }


class Recorder:
    """Stands in for the client: keeps what would be asked, and answers with the payloads at hand."""

    system = "sap"

    def __init__(self) -> None:
        self.asked: list[tuple[Service, Query]] = []

    async def read(
        self, told: Call, service: Service, queries: Sequence[Query], decoder: msgspec.json.Decoder[Any]
    ) -> list[list[Any]]:
        return await self.read_each(told, service, queries, [decoder] * len(queries))

    async def read_each(
        self, _: Call, service: Service, queries: Sequence[Query], decoders: Sequence[msgspec.json.Decoder[Any]]
    ) -> list[list[Any]]:
        self.asked += [(service, query) for query in queries]
        return [self._rows(query, decoder) for query, decoder in zip(queries, decoders, strict=True)]

    def _rows(self, query: Query, decoder: msgspec.json.Decoder[Any]) -> list[Any]:
        empty: list[Any] = decoder.decode(b'{"d":{"results":[]}}').d.results
        if query.shape in (polling.BILL, polling.LINE):
            return empty
        if query.entity_set == invoices.HEADERS:
            return list(rows("bills", BillingDocument))
        if query.entity_set == invoices.ITEMS:
            return [BilledItem(number=row.BillingDocument, document=row) for row in rows("bills", BillingDocument)]
        if query.entity_set == ledgers.SET:
            return [paid("1400000001", "-1.00", InvoiceReference="9400000001", InvoiceReferenceFiscalYear="2025")]
        if query.entity_set == masters.DESCRIPTION_SET:
            return [ProductDescription(Product="TG11", Language="EN")]
        return empty


async def every_question(settings: Settings) -> list[tuple[Service, Query]]:
    """What all ports would send, with every filter set and with rights to one legal entity."""
    recorder, narrow = Recorder(), call(entities=frozenset({"US01"}))
    source = S4Hana(instance(), cast("S4Client", recorder), settings)
    lookup = Lookup(keys=("1",), partner_keys=("8015g0000021stiAAA",), numbers=("2",))
    stamp = datetime(2026, 11, 1, tzinfo=UTC)
    query = OrderQuery(
        first=5,
        after=Position(stamp, "7"),
        stages=frozenset({Stage.BOOKED}),
        customer_keys=("1",),
        quote_keys=("2",),
        legal_entity_code="US01",
        ordered_from=stamp.date(),
        ordered_to=stamp.date(),
        search="O'Neil",
    )
    await source.list_orders(narrow, query, checkup.EVERYTHING, lookup)
    found = [to_order(row, reading(), checkup.EVERYTHING) for row in rows("order", SalesOrder)]
    plain = [msgspec.structs.replace(order, followed=None) for order in found]
    await source.fetch_shipments_of_orders(narrow, [*found, *plain], Wanted.of("status"))
    payments = Wanted.of("status", "payments.payment.amount")
    await source.fetch_invoices_of_orders(narrow, [*found, *plain], payments)
    await source.fetch_invoices(narrow, lookup, payments)
    stream = InvoiceQuery(first=5, after=Position(stamp, "7"), customer_keys=("1",), legal_entity_code="US01")
    await source.list_invoices(narrow, stream, payments)
    await source.fetch_credit_memos(narrow, ["1"], Wanted.of("open"))
    await source.fetch_payments(narrow, ["1710-2026-1400000001"], Wanted.of("applications"))
    await source.fetch_customers(narrow, lookup, checkup.EVERYTHING)
    customers = CustomerQuery(first=5, after_key="1", search="x", legal_entity_code="US01", updated_since=stamp)
    await source.list_customers(narrow, customers, checkup.EVERYTHING)
    await source.fetch_products(narrow, ["TG11"], Wanted.of("name"))
    await source.list_products(narrow, ProductQuery(first=5, after_sku="A", search="pump"), Wanted.of("name"))
    await source.fetch_billing_accounts(narrow, ["1"], Wanted.of("open_balance", "credit"))
    await source.poll_changes(narrow, amid_a_sweep(source.position_at(stamp)))
    return recorder.asked


def amid_a_sweep(position: str) -> str:
    """The position with a last row in each set, so that the next page is asked for."""
    places = read(position)
    keys = {name: polling.LINE_KEY if name == "receivables" else ("1",) for name in places}
    return written({name: msgspec.structs.replace(place, behind=keys[name]) for name, place in places.items()})


def names_in(condition: str) -> set[str]:
    return {found for _, found in NAMES.findall(condition) if found}


def test_fields_are_told_from_literals_and_operators() -> None:
    condition = "substringof('O''Neil and Sons',Reference) or (CreationDate lt datetime'2026-01-01T00:00:00')"

    assert names_in(condition) == {"Reference", "CreationDate"}


@pytest.mark.parametrize("settings", SETTINGS, ids=["defaults", "others", "more"])
async def test_every_question_uses_only_published_fields_to_select_to_filter_and_to_order(settings: Settings) -> None:
    known = {service: published(name) for service, name in METADATA.items()}
    asked = await every_question(settings)

    assert {service for service, _ in asked} == {*METADATA, DELIVERIES, CREDIT}
    for service, query in asked:
        if service in known:
            entity = known[service].of_set(query.entity_set)
            assert entity is not None
            assert lacking(query, known[service]) == []
            assert names_in(query.where or "") <= entity.properties
            assert {name.partition(" ")[0] for name in query.order} <= entity.properties


async def test_every_question_of_orders_and_documents_is_narrowed_to_the_callers_entities() -> None:
    entity = re.compile(r"(SalesOrganization|CompanyCode) eq '(1710|1711)'")
    for service, query in await every_question(Settings()):
        unbound = (invoices.ITEMS, shipments.ITEMS, masters.CUSTOMER_SET, masters.PARTNER_SET)
        if service in (ORDERS, DELIVERIES, BILLING, LEDGER) and query.entity_set not in unbound:
            assert entity.search(query.where or ""), query.url()
            assert "1010" not in (query.where or "")
