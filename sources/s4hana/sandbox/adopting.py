"""Orders that clients booked, as the story would have told them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sources.kit.sandbox.moves import Stranger
from sources.kit.sandbox.story import Booking, Entity, Hold, Sold, Story
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import EPOCH, EPOCH_DAY, Stored, micros

_HEADER: Final = (
    *("SalesOrder", "SalesOrganization", "SoldToParty", "TransactionCurrency", "PurchaseOrderByCustomer"),
    *("AssignmentReference", "RequestedDeliveryDate", "TotalCreditCheckStatus", "HeaderBillingBlockReason"),
    *("DeliveryBlockReason", "LastChangeDateTime"),
)
_ITEM: Final = ("SalesOrderItem", "Material", "RequestedQuantity", "NetAmount", "TaxAmount")
_UNTOUCHED: Final = Clause("\"OverallSDDocumentRejectionSts\" <> 'C' AND \"OverallTotalDeliveryStatus\" IN ('', 'A')")
_UNITS: Final = Decimal(1000)
"""Quantities and amounts are kept in thousandths."""
_DAY: Final = 86_400_000


def strangers(
    store: Store, instance: str, story: Story, known: Callable[[str], bool], until: datetime
) -> list[Stranger]:
    """See `Adopts.strangers`."""
    settled = _UNTOUCHED & Clause('"LastChangeDateTime" <= ?', (micros(until),))
    rows = store.select(store.sets["A_SalesOrder"], _HEADER, settled, '"SalesOrder"')
    buyers = {a.number: b.number for b in story.buyers.values() for a in b.accounts if a.instance == instance}
    entities = {e.codes.get("sales_organization", ""): e for e in story.entities if e.instance == instance}
    found = []
    for row in rows:
        header = dict(zip(_HEADER, row, strict=True))
        customer, entity = _bare(header["SoldToParty"]), entities.get(str(header["SalesOrganization"]))
        if known(_bare(header["SalesOrder"])) or customer not in buyers or entity is None:
            continue
        lines = tuple(_lines(store, header["SalesOrder"], entity))
        if lines and all(line.sku in story.articles and line.quantity for line in lines):
            key = str(header["AssignmentReference"]) or None
            booking = _booking(header, entity, lines)
            found.append(Stranger(key, buyers[customer], str(header["TransactionCurrency"]), lines, booking))
    return found


def _lines(store: Store, order: Stored, entity: Entity) -> Iterator[Sold]:
    standing = equal("SalesOrder", str(order)) & equal("SalesDocumentRjcnReason", "")
    for item, sku, quantity, net, tax in store.select(store.sets["A_SalesOrderItem"], _ITEM, standing):
        units, amount = Decimal(int(quantity or 0)) / _UNITS, Decimal(int(net or 0)) / _UNITS
        yield Sold(
            number=int(item or 0),
            sku=str(sku),
            quantity=units.normalize() if units else units,
            unit_price=amount / units if units else amount,
            tax_rate=Decimal(int(tax or 0)) / _UNITS / amount if amount else Decimal(0),
            crm_key="",
            entity=entity.code,
        )


def _booking(header: Mapping[str, Stored], entity: Entity, lines: tuple[Sold, ...]) -> Booking:
    at = EPOCH + timedelta(microseconds=int(header["LastChangeDateTime"] or 0))
    wanted = header["RequestedDeliveryDate"]
    holds = tuple(_holds(header))
    return Booking(
        entity=entity.code,
        instance=entity.instance,
        number=_bare(header["SalesOrder"]),
        reference=str(header["PurchaseOrderByCustomer"]),
        customer_number=_bare(header["SoldToParty"]),
        booked_at=at,
        lines=tuple(line.number for line in lines),
        requested_on=None if wanted is None else EPOCH_DAY + timedelta(days=int(wanted) // _DAY),
        holds=holds,
        held_since=at if holds else None,
    )


def _holds(header: Mapping[str, Stored]) -> Iterator[Hold]:
    if header["TotalCreditCheckStatus"] == "B":
        yield "credit"
    if header["HeaderBillingBlockReason"]:
        yield "billing"
    if header["DeliveryBlockReason"]:
        yield "delivery"


def _bare(stored: Stored) -> str:
    return str(stored).lstrip("0")
