"""Rows that were changed, and messages that say so, in our words: which record each is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from canonical.changes import Concept
from sources.kit.polling.places import Meant, Seen, mark_of
from sources.kit.webhook.cloudevents import CloudEvent
from sources.kit.webhook.door import Meaning
from sources.tryton.mapping_shipment import RETURN_MARK
from sources.tryton.reading import ENTRY, INVOICE, PARTY, RETURN, SALE, SHIPMENT
from sources.tryton.settings import Settings
from sources.tryton.values import instant, named_id
from sources.tryton.wire_changes import (
    ChangedEntry,
    ChangedInvoice,
    ChangedLine,
    ChangedMove,
    ChangedParty,
    ChangedShipment,
    MovedFor,
    Stamped,
)

TYPE: Final = ("tryton.", ".changed")
"""What a message's type is made of, around the name of the model: Tryton has none of its own, this one is ours."""
_TOLD: Final[Mapping[str, tuple[Concept, str]]] = {
    SALE: (Concept.ORDER, ""),
    SHIPMENT: (Concept.SHIPMENT, ""),
    RETURN: (Concept.SHIPMENT, RETURN_MARK),
    INVOICE: (Concept.INVOICE, ""),
    ENTRY: (Concept.PAYMENT, ""),
    PARTY: (Concept.CUSTOMER, ""),
}
"""What a model is to us, and what stands before the subject in our key."""


def meaning_of(event: CloudEvent) -> Meaning | str:
    """The record of a message such as `{"type": "tryton.sale.sale.changed", "subject": "43"}`, a party by its code."""
    model = event.type.removeprefix(TYPE[0]).removesuffix(TYPE[1])
    if model not in _TOLD or event.type != model.join(TYPE):
        return f"Events of the type {event.type[:100]} say nothing here."
    concept, prefix = _TOLD[model]
    return Meaning(concept, prefix + event.subject) if event.subject else "It names no record: its subject is missing."


def of_sale(row: Stamped) -> Seen:
    """A sale."""
    return _seen(row, Meant(Concept.ORDER, str(row.id)))


def of_sale_line(row: ChangedLine) -> Seen:
    """A line, as a change of its sale."""
    return _seen(row, Meant(Concept.ORDER, str(row.sale)) if row.sale else None)


def of_shipment(row: ChangedShipment) -> Seen:
    """A shipment to a customer."""
    return _seen(row, Meant(Concept.SHIPMENT, str(row.id), _sales(row.outgoing_moves or ())))


def of_return(row: ChangedShipment) -> Seen:
    """A return from a customer."""
    return _seen(row, Meant(Concept.SHIPMENT, f"{RETURN_MARK}{row.id}", _sales(row.incoming_moves or ())))


def of_move(row: ChangedMove) -> Seen:
    """Goods that move, as a change of what they move with."""
    sent, returned = named_id(row.shipment, SHIPMENT), named_id(row.shipment, RETURN)
    orders = (str(row.sale),) if row.sale else ()
    if sent:
        return _seen(row, Meant(Concept.SHIPMENT, str(sent), orders))
    return _seen(row, Meant(Concept.SHIPMENT, f"{RETURN_MARK}{returned}", orders) if returned else None)


def of_invoice(row: ChangedInvoice) -> Seen:
    """An invoice; a credit note as a change of what it credits, where it says that."""
    credited = row.origin_invoices or []
    is_note = row.total_amount is not None and row.total_amount.decimal < 0
    key = credited[0].id if is_note and credited else row.id
    sales = [*(row.sales or ()), *(sale for invoice in credited for sale in invoice.sales or ())]
    return _seen(row, Meant(Concept.INVOICE, str(key), tuple(dict.fromkeys(str(sale) for sale in sales))))


def of_entry(row: ChangedEntry, settings: Settings) -> Seen:
    """A line on a customer's account: of a payment, or of an invoice or credit note as a change of the invoice."""
    entry = row.move
    journal = entry.journal.type if entry and entry.journal else None
    if entry is None or journal not in settings.credit_journals:
        return _seen(row, Meant(Concept.PAYMENT, str(entry.id)) if entry else None)
    # A credit note's line says which invoice it pays; the entry that takes an invoice back names no invoice at all.
    invoice = row.invoice_payment or named_id(entry.origin, INVOICE)
    return _seen(row, Meant(Concept.INVOICE, str(invoice)) if invoice else None)


def of_party(row: ChangedParty) -> Seen:
    """A party."""
    return _seen(row, Meant(Concept.CUSTOMER, row.code) if row.code else None)


def _seen(row: Stamped, meant: Meant | None) -> Seen:
    created = instant(row.create_date)
    at = max(created, instant(row.write_date)) if row.write_date else created
    return Seen(key=(str(row.id),), mark=mark_of(at, bool(row.write_date)), at=at, meant=meant)


def _sales(moves: Iterable[MovedFor]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(move.sale) for move in moves if move.sale))
