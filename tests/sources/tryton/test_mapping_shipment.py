from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from canonical.refs import Ref
from canonical.shipment import Shipment, ShipmentStatus
from sources.tryton.checkup import SHIPPED
from sources.tryton.mapping_shipment import shipment_ids, to_shipment
from sources.tryton.wire import SaleShipments
from sources.tryton.wire import Shipment as Row
from tests.sources.tryton.reading import reading, rows


def sale(key: int) -> SaleShipments:
    return next(row for row in rows("shipments_of_sales", SaleShipments) if row.id == key)


def sent(key: int) -> list[Shipment]:
    return [to_shipment(row, reading(), SHIPPED, is_return=False) for row in sale(key).shipments or ()]


def test_what_has_left_is_posted_and_the_backorder_is_planned() -> None:
    gone, rest = sent(65)

    assert (gone.number, gone.status, gone.posted) == ("80510061", ShipmentStatus.SHIPPED, True)
    assert (gone.created_at, gone.shipped_at) == (
        datetime(2026, 11, 12, 7, 3, 20, tzinfo=UTC),
        datetime(2026, 11, 16, tzinfo=UTC),
    )
    assert (gone.order_refs, gone.legal_entity_code, gone.ship_from) == ((Ref("erp-us", "65"),), "US01", "Warehouse")
    assert (rest.status, rest.posted, rest.shipped_at) == (ShipmentStatus.PLANNED, False, None)
    assert {line.order_line_key for line in rest.lines} <= {"168", "169", "170"}
    assert {line.order for line in gone.lines} == {Ref("erp-us", "65")}


def test_a_return_has_a_key_of_its_own_and_names_the_lines_that_came_back() -> None:
    [row] = sale(21).shipment_returns or []

    back = to_shipment(row, reading(), SHIPPED, is_return=True)

    assert (back.ref.key, back.number, back.is_return) == ("return-2", "80510019", True)
    assert (back.status, back.posted) == (ShipmentStatus.RETURNED, True)
    assert back.planned_on == date(2026, 9, 7)
    assert [(line.order_line_key, line.sku, line.quantity) for line in back.lines] == [
        ("60", "HM-7", Decimal(5)),
        ("61", "PS-40", Decimal(3)),
    ]


@pytest.mark.parametrize(
    "state,status,posted",
    [
        ("draft", ShipmentStatus.PLANNED, False),
        ("assigned", ShipmentStatus.PLANNED, False),
        ("picked", ShipmentStatus.PICKED, False),
        ("packed", ShipmentStatus.PACKED, False),
        ("shipped", ShipmentStatus.SHIPPED, True),
        ("cancelled", ShipmentStatus.CANCELLED, False),
    ],
)
def test_only_what_was_shipped_has_left(state: str, status: ShipmentStatus, posted: bool) -> None:
    told = to_shipment(Row(id=1, state=state), reading(), SHIPPED, is_return=False)

    assert (told.status, told.posted) == (status, posted)


def test_cancelled_moves_are_none_of_a_standing_shipments_goods() -> None:
    [row, *_] = sale(65).shipments or []
    moves = [msgspec.structs.replace(move, state="cancelled") for move in row.outgoing_moves or ()]

    told = to_shipment(msgspec.structs.replace(row, outgoing_moves=moves), reading(), SHIPPED, is_return=False)

    assert told.lines == ()


def test_keys_say_whether_they_are_of_a_shipment_or_a_return() -> None:
    assert shipment_ids(["18", "return-2", "return-x", "18", "x", "return-", "-2"]) == ([18], [2])
