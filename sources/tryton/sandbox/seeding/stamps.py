"""When records were made and last changed: by the tale's calendar, not by the clock of the day they were seeded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sources.tryton.sandbox.seeding.erp import Erp
from sources.tryton.sandbox.tale import Delivery, Invoice, Sale, Tale

BUSINESS = (
    *("party_party", "party_address", "party_contact_mechanism", "product_template", "product_product"),
    *("sale_sale", "sale_line", "stock_shipment_out", "stock_shipment_out_return", "stock_move"),
    *("account_invoice", "account_invoice_line", "account_move", "account_move_line"),
)
# What belongs to a document has the document's times.
PARTS = (
    ("sale_line", "sale_line.sale", "sale_sale"),
    ("account_invoice_line", "account_invoice_line.invoice", "account_invoice"),
    ("account_move_line", "account_move_line.move", "account_move"),
)
_TIMES = ("create_date", "write_date")


def stamp(erp: Erp, tale: Tale) -> None:
    """Give sales, shipments, invoices, payments and customers their own times, and all else of business the first."""
    start = min((buyer.created_at for buyer in tale.customers), default=tale.told_on)
    for table in BUSINESS:
        erp.execute(f'UPDATE "{table}" SET create_date = ?, write_date = NULL', _text(start))
    for buyer in tale.customers:
        _numbered(erp, "party_party", "code", buyer.code, buyer.created_at, None)
    for sale in tale.sales:
        _stamp_sale(erp, sale)
        _stamp_waiting(erp, sale)
        for delivery in sale.deliveries:
            _stamp_delivery(erp, delivery)
        for invoice in sale.invoices:
            _stamp_invoice(erp, invoice)
    for table, link, whole in PARTS:
        times = ", ".join(f'{name} = (SELECT {name} FROM "{whole}" WHERE id = {link})' for name in _TIMES)
        erp.execute(f'UPDATE "{table}" SET {times} WHERE {link} IS NOT NULL')


def _stamp_sale(erp: Erp, sale: Sale) -> None:
    column, key = ("reference", sale.reference) if sale.state == "draft" else ("number", sale.number)
    _numbered(erp, "sale_sale", column, key, sale.booked_at, sale.changed_at)


def _stamp_waiting(erp: Erp, sale: Sale) -> None:
    """What Tryton made on its own, for the rest that is still to be sent, has been there since the last delivery."""
    told = {delivery.number for delivery in sale.deliveries}
    since = max([sale.booked_at, *(delivery.created_at for delivery in sale.deliveries)])
    for record in erp.model("sale.sale").search([("number", "=", sale.number)]):
        for shipment in record.shipments:
            if shipment.number not in told:
                _numbered(erp, "stock_shipment_out", "number", shipment.number, since, None)
                for move in shipment.moves:
                    _numbered(erp, "stock_move", "id", str(move.id), since, None)


def _stamp_delivery(erp: Erp, delivery: Delivery) -> None:
    table = "stock_shipment_out_return" if delivery.is_return else "stock_shipment_out"
    _numbered(erp, table, "number", delivery.number, delivery.created_at, delivery.posted_at)
    model = "stock.shipment.out.return" if delivery.is_return else "stock.shipment.out"
    erp.execute(
        "UPDATE stock_move SET create_date = ?, write_date = ?"
        f" WHERE shipment IN (SELECT '{model},' || id FROM {table} WHERE number = ?)",
        *(_text(delivery.created_at), _text(delivery.posted_at), delivery.number),
    )


def _stamp_invoice(erp: Erp, invoice: Invoice) -> None:
    for money in invoice.payments:
        _numbered(erp, "account_move", "number", money.number, _noon(money.paid_on), None)
    for credit in invoice.credits:
        _numbered(erp, "account_invoice", "number", credit.number, _noon(credit.issued_on), None)
    days = [money.paid_on for money in invoice.payments] + [credit.issued_on for credit in invoice.credits]
    changed = _noon(max(days)) if days else None
    _numbered(erp, "account_invoice", "number", invoice.number, invoice.issued_at, changed)


def _numbered(erp: Erp, table: str, column: str, key: str, created: datetime, changed: datetime | None) -> None:
    erp.execute(
        f'UPDATE "{table}" SET create_date = ?, write_date = ? WHERE {column} = ?',
        *(_text(created), _text(changed), key),
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if at else None
