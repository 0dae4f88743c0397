"""Rows that were changed, in our words: which record each is about, and what is different when it changes again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Final

from msgspec.structs import astuple

from canonical.changes import Concept
from sources.kit.polling.places import Meant, Seen, mark_of
from sources.s4hana.mapping_invoice import CREDIT_MEMO, INVOICES
from sources.s4hana.mapping_ledger import Entry
from sources.s4hana.settings import Settings
from sources.s4hana.values import at_clock, at_instant, at_midnight, number, unpadded
from sources.s4hana.wire_changes import ChangedBill, ChangedDelivery, ChangedLine, ChangedOrder, ChangedPartner

CANCELLATIONS: Final = frozenset("NS")
"""Categories of documents that cancel an invoice or a credit memo."""
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def of_order(row: ChangedOrder) -> Seen:
    """A sales order; its entity tag has more digits of a second than its stamp."""
    key, at = unpadded(row.SalesOrder), at_instant(row.LastChangeDateTime) or _BEGINNING
    mark = mark_of(row.metadata.etag or row.LastChangeDateTime)
    return Seen(key=(row.SalesOrder,), mark=mark, at=at, meant=Meant(Concept.ORDER, key))


def of_bill(row: ChangedBill) -> Seen:
    """A billing document: an invoice, or what changes an invoice."""
    at = at_instant(row.LastChangeDateTime) or _BEGINNING
    mark = mark_of(row.metadata.etag or row.LastChangeDateTime)
    invoice, orders = _invoice(row), _numbers(item.SalesDocument for item in row.to_Item.results)
    meant = Meant(Concept.INVOICE, invoice, orders) if invoice else None
    return Seen(key=(row.BillingDocument,), mark=mark, at=at, meant=meant)


def of_delivery(row: ChangedDelivery, zone: tzinfo) -> Seen:
    """A delivery."""
    at = _latest(at_clock(row.CreationDate, row.CreationTime, zone), at_midnight(row.LastChangeDate))
    orders = _numbers(item.ReferenceSDDocument for item in row.to_DeliveryDocumentItem.results)
    meant = Meant(Concept.SHIPMENT, unpadded(row.DeliveryDocument), orders)
    return Seen(key=(row.DeliveryDocument,), mark=mark_of(astuple(row)), at=at, meant=meant)


def of_line(row: ChangedLine, settings: Settings) -> Seen:
    """A line on a customer's account: a payment's own, or that of an invoice or credit memo."""
    entry = Entry(row.CompanyCode, row.FiscalYear, unpadded(row.AccountingDocument))
    made = at_clock(row.AccountingDocumentCreationDate, row.CreationTime, settings.zone)
    at = _latest(made, at_midnight(row.LastChangeDate), at_midnight(row.ClearingCreationDate))
    meant: Meant | None = None
    if row.AccountingDocumentType in settings.payment_document_types:
        meant = Meant(Concept.PAYMENT, entry.key)
    elif bill := number(row.BillingDocument):
        meant = Meant(Concept.INVOICE, bill, _numbers([row.SalesDocument]))
    key = (row.CompanyCode, row.FiscalYear, row.AccountingDocument, row.AccountingDocumentItem)
    return Seen(key=key, mark=mark_of(astuple(row)), at=at, meant=meant)


def of_partner(row: ChangedPartner, zone: tzinfo) -> Seen:
    """A business partner, as the customer that it is."""
    made = at_clock(row.CreationDate, row.CreationTime, zone)
    at = _latest(made, at_clock(row.LastChangeDate, row.LastChangeTime, zone))
    customer = number(row.Customer)
    meant = Meant(Concept.CUSTOMER, customer) if customer else None
    return Seen(key=(row.BusinessPartner,), mark=mark_of(astuple(row)), at=at, meant=meant)


def _invoice(row: ChangedBill) -> str | None:
    """The invoice it is or changes; a credit memo that names none stands for itself, with its orders."""
    category = row.SDDocumentCategory or ""
    if category in CANCELLATIONS:
        return number(row.CancelledBillingDocument)
    if category == CREDIT_MEMO:
        items = row.to_Item.results
        named = (number(i.ReferenceSDDocument) for i in items if i.ReferenceSDDocumentCategory in INVOICES)
        return next(filter(None, named), unpadded(row.BillingDocument))
    return unpadded(row.BillingDocument) if category in INVOICES else None


def _numbers(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for value in values if (found := number(value))))


def _latest(*instants: datetime | None) -> datetime:
    return max((at for at in instants if at is not None), default=_BEGINNING)
