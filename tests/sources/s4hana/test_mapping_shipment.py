from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from canonical.absence import UNSET
from canonical.order import HoldKind
from canonical.refs import Ref
from canonical.shipment import Shipment, ShipmentStatus
from canonical.wanted import Wanted
from sources.s4hana.mapping_shipment import by_order, to_shipment
from sources.s4hana.wire import Delivery
from tests.sources.s4hana.opened import reading, rows

WANTED = Wanted.of("tracking_number", "delivered_at", "planned_on", "carrier")


def shipment(place: int = 0, **fields: object) -> Shipment:
    row = msgspec.structs.replace(rows("deliveries", Delivery)[place], **fields)
    return to_shipment(row, reading(), WANTED)


def test_a_delivery_is_told_in_our_words() -> None:
    left = shipment()

    assert (left.ref.key, left.number, left.legal_entity_code) == ("80000001", "80000001", "US01")
    assert (left.status, left.posted, left.is_return) == (ShipmentStatus.SHIPPED, True, False)
    assert left.created_at == datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
    assert left.planned_on == date(2025, 11, 4)
    assert left.tracking_number == "JD0001"
    assert (left.delivered_at, left.carrier, left.milestones) == (None, None, UNSET)
    assert left.order_refs == (Ref("sap", "1"), Ref("sap", "2"))


def test_goods_left_by_the_clock_of_the_shipping_point() -> None:
    assert shipment().shipped_at == datetime(2025, 11, 4, 20, 51, 4, tzinfo=UTC)


def test_batch_splits_are_added_up_and_the_empty_line_goes() -> None:
    lines = [(line.order, line.order_line_key, line.sku, line.quantity, line.unit) for line in shipment().lines]

    assert lines == [
        (Ref("sap", "1"), "10", "TG11", Decimal(3), "PC"),
        (Ref("sap", "2"), "10", "TG12", Decimal("5.5"), "M"),
    ]


@pytest.mark.parametrize(
    "movement,packing,picking,proof,expected",
    [
        ("", "", "", "", ShipmentStatus.PLANNED),
        ("A", "A", "A", "A", ShipmentStatus.PLANNED),
        ("A", "A", "B", "A", ShipmentStatus.PICKED),
        ("A", "B", "C", "A", ShipmentStatus.PICKED),
        ("A", "C", "C", "A", ShipmentStatus.PACKED),
        ("B", "C", "C", "A", ShipmentStatus.PACKED),
        ("C", "C", "C", "A", ShipmentStatus.SHIPPED),
        ("C", "", "", "", ShipmentStatus.SHIPPED),
        ("C", "C", "C", "C", ShipmentStatus.DELIVERED),
        ("A", "C", "C", "C", ShipmentStatus.PACKED),
    ],
)
def test_only_the_goods_movement_says_that_goods_left(
    movement: str, packing: str, picking: str, proof: str, expected: ShipmentStatus
) -> None:
    told = shipment(
        OverallGoodsMovementStatus=movement,
        OverallPackingStatus=packing,
        OverallPickingStatus=picking,
        OverallProofOfDeliveryStatus=proof,
    )

    assert (told.status, told.posted) == (expected, movement == "C")


def test_a_delivery_that_has_not_left_has_no_time_of_leaving() -> None:
    assert to_shipment(rows("deliveries", Delivery)[0], reading(), Wanted.of("shipped_at")).shipped_at is not None
    assert shipment(OverallGoodsMovementStatus="A").shipped_at is UNSET


def test_a_return_that_came_in_is_returned_and_belongs_to_the_order_whose_flow_names_it() -> None:
    row = rows("deliveries", Delivery)[1]
    back = to_shipment(row, reading(), WANTED, found_by=["1"])

    assert (back.status, back.is_return, back.posted) == (ShipmentStatus.RETURNED, True, True)
    assert back.order_refs == (Ref("sap", "1"),)
    assert back.lines[0].order == Ref("sap", "60000001")


def test_a_delivery_can_be_held_of_its_own() -> None:
    held = shipment(TotalCreditCheckStatus="B", DeliveryBlockReason="02")

    assert [hold.kind for hold in held.holds] == [HoldKind.CREDIT, HoldKind.DELIVERY]


def test_shipments_stand_under_each_asked_order_oldest_first() -> None:
    first, second = shipment(), to_shipment(rows("deliveries", Delivery)[1], reading(), WANTED, found_by=["1"])

    assert by_order([second, first], ["1", "3"]) == {"1": (first, second)}
