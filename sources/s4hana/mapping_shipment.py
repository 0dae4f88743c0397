"""Deliveries in our words: what has left, what came back, and which order lines it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from canonical.order import Hold, HoldKind
from canonical.refs import Ref
from canonical.shipment import Shipment, ShipmentLine, ShipmentStatus
from canonical.wanted import Wanted
from sources.s4hana.mapping_order import CREDIT
from sources.s4hana.reading import DELIVERY, Asked, Reading
from sources.s4hana.values import at_clock, at_midnight, decimal, number, on_day, told, unpadded, zone_of
from sources.s4hana.wire import Delivery, DeliveryItem

RETURNS: Final = "T"
DONE: Final = "C"
BEGUN: Final = ("B", "C")


def to_shipment(row: Delivery, reading: Reading, wanted: Wanted, found_by: Iterable[str] = ()) -> Shipment:
    """One delivery. `found_by`: keys of orders whose document flow names it, for items that refer to none of them.

    A return refers to its own return order, not to the order that is being returned.
    """
    key, asked = unpadded(row.DeliveryDocument), Asked(wanted)
    posted = row.OverallGoodsMovementStatus == DONE
    is_return = row.SDDocumentCategory == RETURNS
    lines = tuple(_lines(row, reading))
    return Shipment(
        ref=reading.ref(key),
        reference=reading.reference(DELIVERY, key),
        stamp=reading.stamp(DELIVERY, key),
        status=_status(row, posted=posted, is_return=is_return),
        posted=posted,
        is_return=is_return,
        order_refs=_order_refs(lines, [reading.ref(order) for order in found_by]),
        lines=lines,
        legal_entity_code=reading.entities.of_organization(row.SalesOrganization),
        number=key,
        ship_from=asked(reading.settings.shipping_points.get(row.ShippingPoint or ""), "ship_from"),
        carrier=asked(None, "carrier"),
        tracking_number=asked(told(getattr(row, reading.settings.tracking_field)), "tracking_number"),
        tracking_url=asked(None, "tracking_url"),
        planned_on=asked(_planned(row), "planned_on"),
        created_at=asked(at_clock(row.CreationDate, row.CreationTime, reading.settings.zone), "created_at"),
        shipped_at=asked(_left_at(row, reading) if posted else None, "shipped_at"),
        delivered_at=asked(_proven_at(row), "delivered_at"),
        estimated_delivery_at=asked(at_midnight(row.DeliveryDate), "estimated_delivery_at"),
        milestones=asked(None, "milestones"),
        holds=tuple(_holds(row, reading)),
    )


def _status(row: Delivery, *, posted: bool, is_return: bool) -> ShipmentStatus:
    """The first that holds. Delivery status counts documents, so only the goods movement tells what has left."""
    if is_return and posted:
        return ShipmentStatus.RETURNED
    if posted and row.OverallProofOfDeliveryStatus == DONE:
        return ShipmentStatus.DELIVERED
    if posted:
        return ShipmentStatus.SHIPPED
    if row.OverallPackingStatus == DONE:
        return ShipmentStatus.PACKED
    return ShipmentStatus.PICKED if row.OverallPickingStatus in BEGUN else ShipmentStatus.PLANNED


def _lines(row: Delivery, reading: Reading) -> Iterable[ShipmentLine]:
    """One line an order line: batch splits are added up, and the empty line they were split from goes."""
    sums: dict[tuple[str, str, str], tuple[DeliveryItem, Decimal]] = {}
    for item in row.to_DeliveryDocumentItem.results:
        place = (unpadded(item.ReferenceSDDocument), unpadded(item.ReferenceSDDocumentItem), item.Material or "")
        first, so_far = sums.get(place, (item, Decimal(0)))
        sums[place] = first, so_far + (decimal(item.ActualDeliveryQuantity) or Decimal(0))
    for (order, line, sku), (item, quantity) in sums.items():
        if quantity:
            yield ShipmentLine(
                order=reading.ref(order) if order else None,
                order_line_key=line or None,
                sku=unpadded(sku) or None,
                quantity=quantity,
                unit=told(item.DeliveryQuantityUnit),
            )


def _order_refs(lines: Iterable[ShipmentLine], found_by: Iterable[Ref]) -> tuple[Ref, ...]:
    named = dict.fromkeys(line.order for line in lines if line.order is not None)
    followed = dict.fromkeys(found_by)
    return tuple(named if named.keys() & followed.keys() or not followed else followed)


def _planned(row: Delivery) -> date | None:
    return on_day(row.PlannedGoodsIssueDate)


def _left_at(row: Delivery, reading: Reading) -> datetime | None:
    """When the goods went, by the shipping point's own clock."""
    zone = zone_of(row.Shippinglocationtimezone, reading.settings.zone)
    return at_clock(row.ActualGoodsMovementDate, row.ActualGoodsMovementTime, zone)


def _proven_at(row: Delivery) -> datetime | None:
    if row.OverallProofOfDeliveryStatus != DONE:
        return None
    return at_clock(row.ProofOfDeliveryDate, None, UTC)


def _holds(row: Delivery, reading: Reading) -> Iterable[Hold]:
    if reason := CREDIT.get(row.TotalCreditCheckStatus or ""):
        yield Hold(kind=HoldKind.CREDIT, system=reading.system, reason=reason)
    if row.DeliveryBlockReason:
        reason = f"Delivery block {row.DeliveryBlockReason}."
        yield Hold(kind=HoldKind.DELIVERY, system=reading.system, reason=reason)


def by_order(shipments: Iterable[Shipment], orders: Iterable[str]) -> Mapping[str, tuple[Shipment, ...]]:
    """The shipments of these orders, oldest first; orders without any are absent."""
    asked, found = set(orders), dict[str, list[Shipment]]()
    for shipment in sorted(shipments, key=_age):
        for ref in shipment.order_refs:
            if ref.key in asked:
                found.setdefault(ref.key, []).append(shipment)
    return {key: tuple(held) for key, held in found.items()}


def _age(shipment: Shipment) -> tuple[str, str]:
    created = shipment.created_at
    return (created.isoformat() if isinstance(created, datetime) else "", (number(shipment.ref.key) or "").zfill(10))
