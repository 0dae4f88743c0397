"""Sales from draft to confirmed, and what they ship and take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sources.tryton.sandbox.seeding.company import Books
from sources.tryton.sandbox.seeding.erp import Erp
from sources.tryton.sandbox.tale import Delivery, Line, Sale


@dataclass
class Shop:
    """Everything that a sale is made of, by the tale's own keys."""

    erp: Erp
    books: Books
    parties: dict[str, Any]
    products: dict[str, Any]


@dataclass
class Made:
    """A sale in the database, with its lines by the tale's number."""

    told: Sale
    record: Any
    lines: dict[int, Any]


def make(shop: Shop, sale: Sale) -> Made:
    """The sale as it is entered, then as far as its state says."""
    sales = shop.erp.model("sale.sale")
    shop.erp.today = sale.booked_at.date()
    record = _entered(shop, sale)
    record.save()
    made = Made(sale, record, {told.number: line for told, line in zip(sale.lines, record.lines, strict=True)})
    if sale.state == "draft":
        return made
    sales.quote([record])
    if sale.state == "cancelled":
        sales.cancel([record])
    if sale.state == "confirmed":
        sales.confirm([record])
        sales.proceed([record])
    return made


def deliver(shop: Shop, made: Made, delivery: Delivery) -> None:
    """One shipment as far as the tale says: waiting, picked, or gone; a return is received and done."""
    if delivery.is_return:
        _take_back(shop, made, delivery)
        return
    shipments = shop.erp.model("stock.shipment.out")
    shop.erp.today = delivery.created_at.date()
    shipment = _shipment(shop, made, delivery, "stock.shipment.out")
    shipment.delivery_address = made.record.shipment_address
    shipment.save()
    shipments.wait([shipment])
    if not (delivery.picked or delivery.posted_at):
        return
    shop.erp.model("stock.move").assign(list(shipment.moves))
    shipments.assign([shipment])
    shipments.pick([shipment])
    if delivery.posted_at:
        _send(shop, shipments, shipment, delivery.posted_at)


def await_the_rest(shop: Shop, made: Made) -> None:
    """What Tryton does on its own after each step: shipments for what is still to be sent, and the sale's states.

    Invoices are left out here, because the tale says which there are.
    """
    sales = shop.erp.model("sale.sale")
    shop.erp.today = max(shop.erp.today, made.told.requested_on or made.told.booked_at.date())
    record = sales(made.record.id)
    sales._process_fulfillment([record])  # noqa: SLF001  (Sale.process, without its first step)
    settle_states(shop, record)


def settle_states(shop: Shop, record: Any) -> None:
    """The sale's shipment, invoice and own state, worked out by Tryton from what there is."""
    sales = shop.erp.model("sale.sale")
    fresh = sales(record.id)
    sales._process_invoice_fulfillment_states([fresh])  # noqa: SLF001  (as above)
    sales._process_state([sales(record.id)])  # noqa: SLF001


def _entered(shop: Shop, sale: Sale) -> Any:
    party = shop.parties[sale.customer]
    return shop.erp.model("sale.sale")(
        number=sale.number if sale.state != "draft" else None,
        reference=sale.reference,
        party=party,
        invoice_address=party.address_get(type="invoice"),
        shipment_address=party.address_get(type="delivery"),
        payment_term=party.customer_payment_term,
        invoice_method="fulfillment",
        shipment_method="order",
        sale_date=sale.booked_at.date() if sale.state != "draft" else None,
        shipping_date=sale.requested_on,
        comment=sale.note,
        lines=[_line(shop, line) for line in sale.lines],
    )


def _line(shop: Shop, line: Line) -> dict[str, Any]:
    product = shop.products[line.product]
    tax = shop.books.taxes.get(line.tax_rate)
    return {
        "type": "line",
        "sequence": line.number,
        "product": product.id,
        "quantity": float(line.quantity),
        "unit": product.sale_uom.id,
        "unit_price": line.unit_price,
        "taxes": [tax.id] if tax else [],
        "description": line.description or None,
    }


def _shipment(shop: Shop, made: Made, delivery: Delivery, model: str) -> Any:
    shipment = shop.erp.model(model)(
        number=delivery.number, planned_date=delivery.planned_on, company=shop.books.company, customer=made.record.party
    )
    shipment.on_change_warehouse()
    moves = [_move(shop, made, int(number), float(quantity)) for number, quantity in delivery.quantities.items()]
    for move in moves:
        move.planned_date = delivery.planned_on
    shipment.moves = moves
    return shipment


def _move(shop: Shop, made: Made, number: int, quantity: float) -> Any:
    line = made.lines[number]
    move = shop.erp.model("stock.move")(
        product=line.product,
        quantity=quantity,
        unit=line.unit,
        from_location=line.from_location,
        to_location=line.to_location,
        company=shop.books.company,
        origin=line,
        state="draft",
    )
    move.unit_price, move.currency = line.unit_price, made.record.currency
    return move


def _send(shop: Shop, shipments: Any, shipment: Any, at: datetime) -> None:
    shop.erp.today = at.date()
    shipments.pack([shipment])
    shipments.ship([shipment])
    shipments.do([shipment])


def _take_back(shop: Shop, made: Made, delivery: Delivery) -> None:
    returns = shop.erp.model("stock.shipment.out.return")
    shop.erp.today = delivery.created_at.date()
    shipment = _shipment(shop, made, delivery, "stock.shipment.out.return")
    shipment.warehouse_input = shipment.warehouse.input_location
    shipment.contact_address = made.record.shipment_address
    for move in shipment.moves:
        move.from_location, move.to_location = move.to_location, shipment.warehouse.input_location
    shipment.save()
    returns.receive([shipment])
    if delivery.posted_at:
        shop.erp.today = delivery.posted_at.date()
        returns.do([shipment])
