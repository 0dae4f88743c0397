"""What is read of Tryton's records to see that they were changed, under Tryton's names."""

from __future__ import annotations

from sources.tryton.values import Amount, Instant
from sources.tryton.wire import Journal, Row


class Stamped(Row, frozen=True, kw_only=True):
    """Any record's stamps; the second is empty until it is written for the first time."""

    create_date: Instant
    write_date: Instant | None = None


class ChangedLine(Stamped, frozen=True, kw_only=True):
    """A line of a sale."""

    sale: int | None = None


class MovedFor(Row, frozen=True, kw_only=True):
    """The sale that goods move for."""

    sale: int | None = None


class ChangedShipment(Stamped, frozen=True, kw_only=True):
    """A shipment or return."""

    outgoing_moves: list[MovedFor] | None = None
    incoming_moves: list[MovedFor] | None = None


class ChangedMove(Stamped, frozen=True, kw_only=True):
    """Goods that move with a shipment, named as 'stock.shipment.out,12'."""

    shipment: str | None = None
    sale: int | None = None


class CreditedFor(Row, frozen=True, kw_only=True):
    """An invoice that a credit note credits."""

    sales: list[int] | None = None


class ChangedInvoice(Stamped, frozen=True, kw_only=True):
    """An invoice, or a credit note where its total is less than nothing."""

    total_amount: Amount | None = None
    sales: list[int] | None = None
    origin_invoices: list[CreditedFor] | None = None


class PostedBy(Row, frozen=True, kw_only=True):
    """An entry in the books."""

    origin: str | None = None
    journal: Journal | None = None


class ChangedEntry(Stamped, frozen=True, kw_only=True):
    """A line on a customer's account; `invoice_payment` is the invoice that it pays."""

    move: PostedBy | None = None
    invoice_payment: int | None = None


class ChangedParty(Stamped, frozen=True, kw_only=True):
    """A party."""

    code: str | None = None
