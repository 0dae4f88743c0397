"""Orders in Tryton's words, as they are entered, and sales in ours, as they are acknowledged."""

from __future__ import annotations

from typing import Final

from canonical.intake import CustomerAcknowledgment, OrderAcknowledgment, OrderRequest
from sources.tryton import wire_intake as wire
from sources.tryton.line_notes import structure_of, to_note
from sources.tryton.mapping_order import is_void, version_of
from sources.tryton.marks import with_purchase_order
from sources.tryton.prepared import Line, Prepared
from sources.tryton.reading import PARTY, SALE, Reading
from sources.tryton.settings import Settings
from sources.tryton.values import told_amount, told_day

LINE: Final = "line"
UNFINISHED: Final = ("draft", "quotation")
CANCELLED: Final = "cancelled"


def to_sale(
    request: OrderRequest, prepared: Prepared, settings: Settings, invoice: int, delivery: int
) -> dict[str, object]:
    """A new sale; what is left out, Tryton fills in with its defaults."""
    buyer, terms = prepared.buyer, prepared.terms
    values: dict[str, object | None] = {
        "party": terms.customer,
        "currency": terms.currency,
        settings.order_reference_field: request.reference,
        settings.reference_field: request.crm_order_key,
        "invoice_address": invoice,
        "shipment_address": delivery,
        "payment_term": buyer.customer_payment_term,
        "invoice_method": buyer.sale_invoice_method,
        "shipment_method": buyer.sale_shipment_method,
        "price_list": terms.price_list,
        "shipping_date": told_day(request.requested_delivery_date) if request.requested_delivery_date else None,
        "comment": commented(None, request.purchase_order_number, settings),
        **purchase_order(request.purchase_order_number, settings),
    }
    lines = [to_line(line, number) for number, line in enumerate(prepared.lines, 1)]
    told = {name: value for name, value in values.items() if value is not None}
    return {**told, "lines": [["create", lines]]}


def to_line(line: Line, number: int, first: int = 1) -> dict[str, object]:
    """A new line under a number; `first` is that of the request's first line. Only for a line without objection."""
    if line.goods is None or line.goods.sale_uom is None or line.unit_price is None:
        raise ValueError("a line that cannot be sold is not entered")
    return {
        "type": LINE,
        "sequence": number,
        "product": line.goods.id,
        "quantity": float(line.asked.quantity),
        "unit": line.goods.sale_uom.id,
        "unit_price": told_amount(line.unit_price),
        "taxes": [["add", [tax.id for tax in line.taxes]]],
        "note": to_note(structure_of(line.asked, first)),
    }


def purchase_order(number: str | None, settings: Settings) -> dict[str, object]:
    """The customer's own number in its field; nothing where none is configured: then the comment says it."""
    return {settings.purchase_order_field: number} if number and settings.purchase_order_field else {}


def commented(comment: str | None, number: str | None, settings: Settings) -> str | None:
    """The comment, with the customer's own number where it has no field."""
    if not number or settings.purchase_order_field:
        return comment
    return with_purchase_order(comment, number)


def is_unfinished(row: wire.Order) -> bool:
    """Whether a booking of ours stopped halfway: confirming gives a sale its date, and setting it back keeps it."""
    return row.state in UNFINISHED and row.sale_date is None


def is_cancelled(row: wire.Order) -> bool:
    """Whether nothing of a sale is to be sent or billed any more."""
    return row.state == CANCELLED or is_void(row.state, row.shipment_state, row.invoice_state)


def to_acknowledgment(row: wire.Order, reading: Reading, warnings: tuple[str, ...] = ()) -> OrderAcknowledgment:
    """A sale that stands."""
    return OrderAcknowledgment(
        order=reading.ref(row.id),
        reference=reading.reference(SALE, row.id),
        number=row.number,
        state=row.state.capitalize(),
        line_keys=tuple(str(line.id) for line in lines_of(row)),
        version=version_of(row.write_date, row.create_date),
        cancelled=is_cancelled(row),
        warnings=warnings,
    )


def lines_of(row: wire.Order) -> list[wire.Line]:
    """The lines that sell something, in the order of their numbers."""
    lines = [line for line in row.lines or () if line.type == LINE]
    return sorted(lines, key=lambda line: (line.sequence is None, line.sequence or 0, line.id))


def to_customer_acknowledgment(row: wire.Known, reading: Reading) -> CustomerAcknowledgment | None:
    """A party that stands; None without a code, by which it would be named."""
    if not row.code:
        return None
    reference = reading.reference(PARTY, row.id, row.code)
    return CustomerAcknowledgment(customer=reading.ref(row.code), reference=reference, number=row.code)
