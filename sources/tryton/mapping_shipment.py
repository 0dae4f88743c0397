"""Shipments and returns in our words: what has left, what came back, and which order lines it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from canonical.shipment import Shipment, ShipmentLine, ShipmentStatus
from canonical.wanted import Wanted
from sources.tryton import wire
from sources.tryton.domain import identity
from sources.tryton.reading import RETURN, SHIPMENT, Asked, Reading
from sources.tryton.values import at, happened, named_id, on_day, quantity

RETURN_MARK: Final = "return-"
"""Before the key of a return: shipments and returns are models of their own, each counting its ids."""
_SENT: Final = {
    "draft": ShipmentStatus.PLANNED,
    "waiting": ShipmentStatus.PLANNED,
    "assigned": ShipmentStatus.PLANNED,
    "picked": ShipmentStatus.PICKED,
    "packed": ShipmentStatus.PACKED,
    "shipped": ShipmentStatus.SHIPPED,
    "done": ShipmentStatus.SHIPPED,
    "cancelled": ShipmentStatus.CANCELLED,
}
_RETURNED: Final = {
    "draft": ShipmentStatus.PLANNED,
    "received": ShipmentStatus.RETURNED,
    "done": ShipmentStatus.RETURNED,
    "cancelled": ShipmentStatus.CANCELLED,
}
_POSTED: Final = (ShipmentStatus.SHIPPED, ShipmentStatus.RETURNED)


def to_shipment(row: wire.Shipment, reading: Reading, wanted: Wanted, *, is_return: bool) -> Shipment:
    """One shipment, or one return with what came back. Tryton does not know when a parcel arrived."""
    key = f"{RETURN_MARK}{row.id}" if is_return else str(row.id)
    model, asked = RETURN if is_return else SHIPMENT, Asked(wanted)
    status = (_RETURNED if is_return else _SENT).get(row.state, ShipmentStatus.PLANNED)
    posted = status in _POSTED
    moves = row.incoming_moves if is_return else row.outgoing_moves
    lines = tuple(_line(move, reading) for move in moves or () if _counts(move, status))
    return Shipment(
        ref=reading.ref(key),
        reference=reading.reference(model, row.id, key),
        stamp=reading.stamp(model, key),
        status=status,
        posted=posted,
        is_return=is_return,
        order_refs=tuple(dict.fromkeys(line.order for line in lines if line.order is not None)),
        lines=lines,
        legal_entity_code=reading.entities.of_company(row.company),
        number=row.number,
        ship_from=asked(row.warehouse.name if row.warehouse else None, "ship_from"),
        carrier=asked(None, "carrier"),
        tracking_number=asked(None, "tracking_number"),
        tracking_url=asked(None, "tracking_url"),
        planned_on=asked(on_day(row.planned_date), "planned_on"),
        created_at=asked(at(row.create_date), "created_at"),
        shipped_at=asked(happened(row.effective_date, row.create_date) if posted else None, "shipped_at"),
        delivered_at=asked(None, "delivered_at"),
        estimated_delivery_at=asked(None, "estimated_delivery_at"),
        milestones=asked(None, "milestones"),
    )


def _counts(move: wire.Move, status: ShipmentStatus) -> bool:
    """Cancelled moves are none of a standing shipment's goods."""
    return move.state != "cancelled" or status is ShipmentStatus.CANCELLED


def _line(move: wire.Move, reading: Reading) -> ShipmentLine:
    line = named_id(move.origin, "sale.line")
    return ShipmentLine(
        order=None if move.sale is None else reading.ref(move.sale),
        order_line_key=None if line is None else str(line),
        sku=move.product.code if move.product else None,
        quantity=quantity(move.quantity),
        unit=move.unit.symbol if move.unit else None,
    )


def shipment_ids(keys: Iterable[str]) -> tuple[list[int], list[int]]:
    """The ids of shipments and of returns among the keys."""
    sent: list[int] = []
    returned: list[int] = []
    for key in dict.fromkeys(keys):
        is_return = key.startswith(RETURN_MARK)
        found = identity(key.removeprefix(RETURN_MARK))
        if found is not None:
            (returned if is_return else sent).append(found)
    return sent, returned
