"""Outbound deliveries and returns: headers, items, partners."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sources.kit.sandbox.story import Parcel
from sources.kit.sandbox.sums import Booked
from sources.s4hana.sandbox.telling.billing import Billed
from sources.s4hana.sandbox.telling.flow import Flow
from sources.s4hana.sandbox.telling.part import CHANNEL, DIVISION, PIECE, Part, Row, latest, letter, worst

_ZONE = "UTC"
_CARRIER = "17300007"
_NAME_LENGTH = 40
_ON_THE_WAY = timedelta(days=2)


def tell_deliveries(part: Part, billed: Billed, flow: Flow) -> None:
    """The rows of every delivery and return of the instance; `billed` says what was billed of each delivery's item."""
    for order in part.confirmed:
        for parcel in order.booking.parcels:
            items = _items(part, order, parcel, billed)
            part.rows["A_OutbDeliveryHeader"].append(_header(part, order, parcel, items))
            part.rows["A_OutbDeliveryItem"] += items
            part.rows["A_OutbDeliveryPartner"] += _partners(order, parcel)
            for place, line in enumerate(parcel.quantities, 1):
                category = "T" if parcel.is_return else "J"
                number = order.booking.number
                flow.followed(number, line, parcel.number, place * 10, category, parcel.created_at, level=1)


def _header(part: Part, order: Booked, parcel: Parcel, items: list[Row]) -> Row:
    booking, created, gone, proven = order.booking, parcel.created_at, parcel.posted_at, parcel.delivered_at
    codes = part.entity(booking).codes
    changed = latest(created, gone, proven)
    times: Row = {}
    if gone:
        times |= {"ActualGoodsMovementDate": gone.date(), "ActualGoodsMovementTime": gone.time().replace(microsecond=0)}
    if proven:
        times |= {"ProofOfDeliveryDate": proven.date(), "ConfirmationTime": proven.time().replace(microsecond=0)}
    return {
        "DeliveryDocument": parcel.number,
        "DeliveryDocumentType": "LR" if parcel.is_return else "LF",
        "SDDocumentCategory": "T" if parcel.is_return else "J",
        "SalesOrganization": codes["sales_organization"],
        "ShippingPoint": codes["company_code"],
        "SoldToParty": booking.customer_number,
        "ShipToParty": booking.customer_number,
        "CreatedByUser": "CC0000000003",
        "CreationDate": created.date(),
        "CreationTime": created.time().replace(microsecond=0),
        "LastChangeDate": changed.date(),
        "DocumentDate": created.date(),
        "DeliveryDate": proven.date() if proven else parcel.planned_on + _ON_THE_WAY,
        "PickingDate": created.date(),
        "PlannedGoodsIssueDate": parcel.planned_on,
        "Shippinglocationtimezone": _ZONE,
        "Receivinglocationtimezone": _ZONE,
        "BillOfLading": f"JD{int(parcel.number):012d}" if gone and not parcel.is_return else "",
        "ShippingCondition": "01",
        "TransactionCurrency": order.deal.currency,
        **times,
        **_statuses(parcel, items),
    }


def _statuses(parcel: Parcel, items: list[Row]) -> Row:
    gone = parcel.posted_at is not None
    billing = worst([str(item["DeliveryRelatedBillingStatus"]) for item in items])
    movement = "C" if gone else "A"
    return {
        "OverallSDProcessStatus": worst([movement, billing]),
        "OverallGoodsMovementStatus": movement,
        "OverallPickingStatus": "C" if parcel.picked else "A",
        "OverallPackingStatus": "" if parcel.is_return else movement,
        "OverallProofOfDeliveryStatus": "" if parcel.is_return else "C" if parcel.delivered_at else "A",
        "OverallDelivReltdBillgStatus": billing,
        "TotalCreditCheckStatus": "A",
    }


def _items(part: Part, order: Booked, parcel: Parcel, billed: Billed) -> list[Row]:
    return [
        _item(part, order, parcel, place * 10, line, quantity, billed.get((parcel.number, line), Decimal(0)))
        for place, (line, quantity) in enumerate(parcel.quantities.items(), 1)
    ]


def _item(part: Part, order: Booked, parcel: Parcel, item: int, line: int, quantity: Decimal, billed: Decimal) -> Row:
    movement = "C" if parcel.posted_at else "A"
    billing = "" if parcel.is_return else letter(billed, quantity)
    return {
        "DeliveryDocument": parcel.number,
        "DeliveryDocumentItem": str(item),
        "DeliveryDocumentItemCategory": "REN" if parcel.is_return else "TAN",
        "DeliveryDocumentItemText": part.story.articles[order.lines[line].sku].name[:_NAME_LENGTH],
        "Material": order.lines[line].sku,
        "Plant": part.entity(order.booking).codes["company_code"],
        "ActualDeliveryQuantity": quantity,
        "OriginalDeliveryQuantity": quantity,
        "DeliveryQuantityUnit": PIECE.shown,
        "BaseUnit": PIECE.shown,
        "ActualDeliveredQtyInBaseUnit": quantity,
        "ReferenceSDDocument": order.booking.number,
        "ReferenceSDDocumentItem": str(line),
        "ReferenceSDDocumentCategory": "C",
        "SDDocumentCategory": "T" if parcel.is_return else "J",
        "SDProcessStatus": worst([movement, billing]),
        "GoodsMovementStatus": movement,
        "PickingStatus": "C" if parcel.picked else "A",
        "DeliveryRelatedBillingStatus": billing,
        "CreationDate": parcel.created_at.date(),
        "CreationTime": parcel.created_at.time().replace(microsecond=0),
        "DistributionChannel": CHANNEL,
        "Division": DIVISION,
    }


def _partners(order: Booked, parcel: Parcel) -> list[Row]:
    key = {"SDDocument": parcel.number}
    customer = order.booking.customer_number
    return [
        {**key, "PartnerFunction": "SH", "Customer": customer},
        {**key, "PartnerFunction": "CR", "Supplier": _CARRIER},
    ]
