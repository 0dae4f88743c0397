"""Billing documents: invoices, credit memos and cancellations, with the delivery or order that each item bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from sources.kit.sandbox.story import Bill, CreditNote
from sources.kit.sandbox.sums import Booked, Priced, credited, still_open
from sources.s4hana.sandbox.telling.flow import Flow
from sources.s4hana.sandbox.telling.part import (
    CHANNEL,
    DIVISION,
    EFFORT,
    PIECE,
    Part,
    Row,
    accounting_number,
    cancellation_number,
    fiscal_year,
)

Billed: TypeAlias = Mapping[tuple[str, int], Decimal]
"""Units billed of each delivery, by delivery number and order line."""

_NAME_LENGTH = 40


class _Piece(NamedTuple):
    """One billed item: the order's line, its units, and the document it bills (a delivery's item, or the order's)."""

    order: Booked
    line: int
    quantity: Decimal
    document: str
    item: int
    category: str


class _Document(NamedTuple):
    """What differs between the kinds of billing documents."""

    number: str
    kind: str
    category: str
    issued_at: datetime
    posted: bool
    clearing: str
    cancelled: bool = False
    cancels: str = ""
    disputed: bool = False


def tell_billing(part: Part, flow: Flow) -> Billed:
    """The rows of every billing document of the instance, and how much of each delivery they bill."""
    teller = _BillingTeller(part, flow)
    for order in part.confirmed:
        for bill in order.booking.bills:
            teller.invoice(bill, order)
            for note in bill.credits:
                teller.credit_memo(note, bill, order)
    return teller.billed


class _BillingTeller:
    def __init__(self, part: Part, flow: Flow) -> None:
        self.part = part
        self.flow = flow
        self.billed: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)

    def invoice(self, bill: Bill, order: Booked) -> None:
        pieces = list(self._pieces(bill))
        if not bill.cancelled:
            for piece in pieces:
                self.billed[piece.document, piece.line] += piece.quantity
        left = still_open(bill, order, self.part.orders)
        clearing = "C" if left == 0 else "A" if left == self.part.sum_of(bill).gross else "B"
        number, at = bill.number, bill.issued_at
        invoice = _Document(
            number, "F2", "M", at, bill.posted, clearing, cancelled=bill.cancelled, disputed=bill.disputed
        )
        self._tell(invoice, order, self.part.sum_of(bill), pieces)
        if bill.cancelled:
            again = _Document(
                cancellation_number(number),
                "S1",
                "N",
                at + timedelta(hours=20),
                posted=True,
                clearing="C",
                cancels=number,
            )
            self._tell(again, order, self.part.sum_of(bill), pieces)

    def credit_memo(self, note: CreditNote, bill: Bill, order: Booked) -> None:
        places = {key: place * 10 for place, key in enumerate(bill.quantities, 1)}
        number = order.booking.number
        pieces = [
            _Piece(order, line, quantity, bill.number, places[number, line], "M")
            for line, quantity in note.quantities.items()
        ]
        is_used = note.applied and still_open(bill, order, self.part.orders) == 0
        at = datetime.combine(note.issued_on, time(9, 30), UTC)
        memo = _Document(note.number, "G2", "O", at, posted=True, clearing="C" if is_used else "A")
        self._tell(memo, order, credited(note, order), pieces)

    def _pieces(self, bill: Bill) -> Iterator[_Piece]:
        """Goods are billed by delivery, the oldest first; services by order."""
        for (number, line), quantity in bill.quantities.items():
            order = self.part.orders[number]
            left = quantity
            for parcel in order.booking.parcels:
                place = 10 * (1 + list(parcel.quantities).index(line)) if line in parcel.quantities else 0
                if place == 0 or parcel.is_return or parcel.posted_at is None or left == 0:
                    continue
                taken = min(left, parcel.quantities[line] - self.billed[parcel.number, line])
                if taken > 0:
                    yield _Piece(order, line, taken, parcel.number, place, "J")
                    left -= taken
            if left:
                yield _Piece(order, line, left, number, line, "C")

    def _tell(self, document: _Document, order: Booked, total: Priced, pieces: list[_Piece]) -> None:
        rows = self.part.rows
        rows["A_BillingDocument"].append(self._header(document, order, total))
        for place, piece in enumerate(pieces, 1):
            rows["A_BillingDocumentItem"].append(self._item(document, piece, place * 10))
            number, at = piece.order.booking.number, document.issued_at
            level = 2 if piece.category == "J" else 1
            self.flow.followed(number, piece.line, document.number, place * 10, document.category, at, level=level)

    def _header(self, document: _Document, order: Booked, total: Priced) -> Row:
        entity, customer = self.part.entity(order.booking), order.booking.customer_number
        day: date = document.issued_at.date()
        return {
            "BillingDocument": document.number,
            "SDDocumentCategory": document.category,
            "BillingDocumentCategory": "L",
            "BillingDocumentType": document.kind,
            "CreationDate": day,
            "CreationTime": document.issued_at.time().replace(microsecond=0),
            "LastChangeDate": day,
            "LastChangeDateTime": document.issued_at,
            "SalesOrganization": entity.codes["sales_organization"],
            "DistributionChannel": CHANNEL,
            "Division": DIVISION,
            "BillingDocumentDate": day,
            "BillingDocumentIsCancelled": document.cancelled,
            "CancelledBillingDocument": document.cancels,
            "TotalNetAmount": total.net,
            "TaxAmount": total.tax,
            "TotalGrossAmount": total.gross,
            "TransactionCurrency": order.deal.currency,
            "PayerParty": customer,
            "SoldToParty": customer,
            "CustomerPaymentTerms": self.part.terms(order),
            "PaymentReference": document.number,
            "DocumentReferenceID": document.number,
            "CompanyCode": entity.codes["company_code"],
            "FiscalYear": fiscal_year(day),
            "AccountingDocument": accounting_number(document.number) if document.posted else "",
            "PurchaseOrderByCustomer": order.booking.reference[:35],
            "DunningBlockingReason": "A" if document.disputed else "",
            **_statuses(document),
        }

    def _item(self, document: _Document, piece: _Piece, item: int) -> Row:
        line = piece.order.lines[piece.line]
        priced = piece.order.sum({piece.line: piece.quantity})
        service = self.part.is_service(line.sku)
        unit = EFFORT if service else PIECE
        return {
            "BillingDocument": document.number,
            "BillingDocumentItem": str(item),
            "SalesDocumentItemCategory": "TAD" if service else "TAN",
            "CreationDate": document.issued_at.date(),
            "Material": line.sku,
            "BillingDocumentItemText": self.part.story.articles[line.sku].name[:_NAME_LENGTH],
            "Plant": self.part.entity(piece.order.booking).codes["company_code"],
            "BillingQuantity": piece.quantity,
            "BillingQuantityUnit": unit.shown,
            "BillingQuantityInBaseUnit": piece.quantity,
            "BaseUnit": unit.shown,
            "NetAmount": priced.net,
            "TaxAmount": priced.tax,
            "GrossAmount": priced.gross,
            "TransactionCurrency": piece.order.deal.currency,
            "ReferenceSDDocument": piece.document,
            "ReferenceSDDocumentItem": str(piece.item),
            "ReferenceSDDocumentCategory": piece.category,
            "SalesDocument": piece.order.booking.number,
            "SalesDocumentItem": str(piece.line),
            "SalesSDDocumentCategory": "C",
        }


def _statuses(document: _Document) -> Row:
    if document.cancelled:
        billing, transfer = "C", "E"
    else:
        billing, transfer = ("A", "C") if document.posted else ("B", "A")
    return {
        "OverallSDProcessStatus": "C" if document.posted else "A",
        "OverallBillingStatus": billing,
        "AccountingPostingStatus": "C" if document.posted else "A",
        "AccountingTransferStatus": transfer,
        "InvoiceClearingStatus": document.clearing if document.posted else "",
    }
