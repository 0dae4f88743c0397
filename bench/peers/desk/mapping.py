"""The desk's words to ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from bench.peers.desk import wire
from canonical.customer import Address, CustomerRecord
from canonical.invoice import Invoice, InvoiceLine, InvoiceStatus
from canonical.lineage import Stamp
from canonical.money import money
from canonical.order import Hold, HoldKind, OrderLine, OrderRecord, Stage, SystemStatus
from canonical.payment import Payment, PaymentApplication, PaymentStatus
from canonical.refs import Ref, SystemReference
from canonical.shipment import Shipment, ShipmentLine, ShipmentStatus

_STAGES: Final = {"open": Stage.BOOKED, "void": Stage.CANCELLED}
_SENT: Final = {"gone": ShipmentStatus.SHIPPED, "received": ShipmentStatus.DELIVERED}
_BILLED: Final = {
    "open": InvoiceStatus.POSTED,
    "part": InvoiceStatus.PARTIALLY_PAID,
    "cleared": InvoiceStatus.PAID,
}


class Telling:
    """One answer of one system being read: which system, and when."""

    def __init__(self, system: str) -> None:
        """Now."""
        self.system, self.at = system, datetime.now(UTC)

    def reference(self, kind: str, key: str) -> tuple[SystemReference, Stamp]:
        """Where a record can be looked up, and the reading of it."""
        return SystemReference(self.system, kind, key), Stamp(self.system, kind, key, self.at)

    def sale(self, row: wire.Sale) -> OrderRecord:
        """The CRM's telling of an order, with its customer."""
        reference, stamp = self.reference("Order", row.id)
        return OrderRecord(
            ref=Ref(self.system, row.id),
            reference=reference,
            stamp=stamp,
            stage=Stage.BOOKED,
            status=SystemStatus(self.system, row.status),
            ordered_at=_utc(row.ordered_at),
            number=row.order_number,
            partner_keys=(row.erp_number,),
            customer_key=row.account.id,
            customer=self._customer(row.account),
            legal_entity_code=row.entity,
            purchase_order_number=row.po_number,
        )

    def _customer(self, row: wire.Account) -> CustomerRecord:
        reference, stamp = self.reference("Account", row.id)
        address = Address(row.billing_street, row.billing_city, row.billing_postal_code, None, row.billing_country)
        return CustomerRecord(
            ref=Ref(self.system, row.id), reference=reference, stamp=stamp, name=row.name, billing_address=address
        )

    def booking(self, row: wire.Booking) -> OrderRecord:
        """The ERP's telling of an order."""
        reference, stamp = self.reference("SalesOrder", row.key)
        ref, entered = Ref(self.system, row.key), _utc(row.entered)
        return OrderRecord(
            ref=ref,
            reference=reference,
            stamp=stamp,
            stage=_STAGES[row.state],
            status=SystemStatus(self.system, row.state),
            ordered_at=entered,
            number=row.number,
            partner_keys=(row.crm_ref,),
            holds=(Hold(kind=HoldKind(row.hold.upper()), system=self.system),) if row.hold else (),
            legal_entity_code=row.entity,
            currency_code=row.currency,
            requested_delivery_date=row.deliver_on,
            total=money(row.gross, row.currency),
            lines=tuple(_line(line, ref, row) for line in row.lines),
            booked_at=entered,
        )

    def delivery(self, row: wire.Delivery) -> Shipment:
        """A shipment."""
        reference, stamp = self.reference("Delivery", row.key)
        order = Ref(self.system, row.order)
        return Shipment(
            ref=Ref(self.system, row.key),
            reference=reference,
            stamp=stamp,
            status=_SENT[row.state],
            posted=True,
            order_refs=(order,),
            lines=tuple(
                ShipmentLine(
                    order=order, order_line_key=line.line, sku=line.sku, quantity=_units(line.qty), unit=line.unit
                )
                for line in row.lines
            ),
            legal_entity_code=row.entity,
            number=row.number,
            carrier=row.carrier,
            tracking_number=row.tracking,
            shipped_at=_utc(row.gone_at),
        )

    def bill(self, row: wire.Bill, receipts: Mapping[str, Sequence[wire.Receipt]]) -> Invoice:
        """An invoice with what was paid of it."""
        reference, stamp = self.reference("Invoice", row.key)
        ref, order = Ref(self.system, row.key), Ref(self.system, row.order)
        return Invoice(
            ref=ref,
            reference=reference,
            stamp=stamp,
            legal_entity_code=row.entity,
            order_refs=(order,),
            number=row.number,
            status=_BILLED[row.state],
            issued_on=row.issued,
            due_on=row.due,
            total=money(row.gross, row.currency),
            paid=money(row.gross - row.left, row.currency),
            open=money(row.left, row.currency),
            lines=tuple(
                InvoiceLine(
                    ref=Ref(self.system, f"{row.key}/{line.line}"),
                    order=order,
                    order_line_key=line.line,
                    quantity=_units(line.qty),
                )
                for line in row.lines
            ),
            payments=tuple(self._applied(receipt, ref) for receipt in receipts.get(row.key, ())),
            credit_memos=(),
        )

    def _applied(self, row: wire.Receipt, invoice: Ref) -> PaymentApplication:
        reference, stamp = self.reference("Payment", row.key)
        amount, at = money(row.amount, row.currency), _utc(row.at)
        payment = Payment(
            ref=Ref(self.system, row.key),
            reference=reference,
            stamp=stamp,
            number=row.number,
            method=row.means,
            status=PaymentStatus.SETTLED,
            amount=amount,
            received_at=at,
        )
        return PaymentApplication(invoice_ref=invoice, amount=amount, applied_at=at, payment=payment)


def _line(row: wire.BookingLine, order: Ref, of: wire.Booking) -> OrderLine:
    return OrderLine(
        order=order,
        key=row.pos,
        number=row.pos,
        sku=row.sku,
        description=row.text,
        quantity=_units(row.qty),
        unit=row.unit,
        unit_price=money(row.price, of.currency),
        amount=money(row.net, of.currency),
        legal_entity_code=of.entity,
        cancelled=of.state == "void",
    )


def _units(quantity: Decimal) -> Decimal:
    """The number without the zeros that only fill its scale."""
    whole = quantity.to_integral_value()
    return whole if quantity == whole else quantity.normalize()


def _utc(at: datetime) -> datetime:
    """The desk's clocks show UTC and do not say so."""
    return at.replace(tzinfo=UTC)
