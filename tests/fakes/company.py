"""A small company of fakes: one CRM, two ERPs, and the records that tests tell it of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from canonical.customer import CustomerRecord
from canonical.deadline import Deadline
from canonical.invoice import Invoice, InvoiceLine, InvoiceStatus
from canonical.legal_entity import LegalEntity
from canonical.lineage import Stamp
from canonical.money import money
from canonical.order import OrderLine, OrderRecord, Stage, SystemStatus
from canonical.payment import Payment, PaymentApplication, PaymentStatus
from canonical.principal import Principal
from canonical.refs import Ref, SystemReference
from canonical.shipment import Shipment, ShipmentLine, ShipmentStatus
from resolvers.access import SCOPES, view_of
from resolvers.context import Context
from sources.kit.call import Call
from sources.landscape import EntityAt, Instance, Landscape
from tests.fakes.systems import Books, FakeCrm, FakeErp, FakeSystems

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DE, US = (
    LegalEntity("DE01", "Rhein GmbH", "DE", "EUR", "erp-eu"),
    LegalEntity("US01", "Rhein Inc.", "US", "USD", "erp-us"),
)


def landscape() -> Landscape:
    """One CRM, an ERP for DE01 and one for US01."""
    instances = {
        "crm": Instance("crm", "fake", "crm", "http://127.0.0.1:1"),
        "erp-eu": Instance("erp-eu", "fake", "erp", "http://127.0.0.1:2", entities=(EntityAt(DE, {}),)),
        "erp-us": Instance("erp-us", "fake", "erp", "http://127.0.0.1:3", entities=(EntityAt(US, {}),)),
    }
    return Landscape("acme", instances, {"DE01": DE, "US01": US})


class Company:
    """Fakes and the records they hold; `context()` is a new operation's."""

    def __init__(self) -> None:
        """Start with empty books."""
        self.crm, self.eu, self.us = FakeCrm(Books()), FakeErp("erp-eu", Books()), FakeErp("erp-us", Books())
        self.systems = FakeSystems(self.crm, self.eu, self.us)

    def erp(self, name: str) -> FakeErp:
        """The ERP of this name."""
        return self.eu if name == "erp-eu" else self.us

    def context(self, **rights: Any) -> Context:
        """A new operation's context; rights replace those of a principal who may see everything."""
        principal = Principal("ann", "acme", "tests", frozenset(SCOPES))
        principal = replace(principal, **rights)
        call = Call(principal, view_of(principal), Deadline.after(5), "corr-1")
        return Context(landscape(), self.systems, call, clock=lambda: NOW)

    def sold(self, key: str, *, days_ago: float = 1, entity: str | None = "DE01", **facts: Any) -> OrderRecord:
        """Put an order into the CRM."""
        record = order_record("crm", key, days_ago=days_ago, entity=entity, stage=facts.pop("stage", Stage.SUBMITTED))
        record = replace(record, **{"customer_key": "acc1", "customer_name": "Acme", **facts})
        self.crm.books.orders.append(record)
        return record

    def booked(self, erp: str, key: str, reference: str, *, days_ago: float = 1, **facts: Any) -> OrderRecord:
        """Put an order into an ERP, with this reference to its partner."""
        entity = "DE01" if erp == "erp-eu" else "US01"
        record = order_record(erp, key, days_ago=days_ago, entity=entity, stage=facts.pop("stage", Stage.BOOKED))
        partners = (reference,) if reference else ()
        record = replace(record, **{"partner_keys": partners, "customer_key": f"{erp}-c1", **facts})
        self.erp(erp).books.orders.append(record)
        return record

    def shipped(self, order: OrderRecord, key: str, quantity: int, *, posted: bool = True, **facts: Any) -> Shipment:
        """Put a shipment of an order's first line into its ERP."""
        shipment = Shipment(
            ref=Ref(order.ref.system, key),
            reference=SystemReference(order.ref.system, "Delivery", key),
            stamp=order.stamp,
            status=ShipmentStatus.SHIPPED if posted else ShipmentStatus.PLANNED,
            posted=posted,
            order_refs=(order.ref,),
            lines=(
                ShipmentLine(order=order.ref, order_line_key="10", sku="P-1", quantity=Decimal(quantity), unit="EA"),
            ),
            legal_entity_code=order.legal_entity_code,
            number=key,
            shipped_at=NOW if posted else None,
            created_at=NOW - timedelta(hours=2),
        )
        self.erp(order.ref.system).books.shipments.append(replace(shipment, **facts))
        return self.erp(order.ref.system).books.shipments[-1]

    def billed(self, order: OrderRecord, key: str, quantity: int, *, paid: str = "0", **facts: Any) -> Invoice:
        """Put an invoice of an order's first line (100.00 net a unit, 20 % tax) into its ERP."""
        currency = "EUR" if order.ref.system == "erp-eu" else "USD"
        gross = Decimal(120) * quantity
        left = gross - Decimal(paid)
        part = left > 0 and Decimal(paid) > 0
        status = InvoiceStatus.PAID if not left else InvoiceStatus.PARTIALLY_PAID if part else InvoiceStatus.POSTED
        ref = Ref(order.ref.system, key)
        line = InvoiceLine(
            ref=Ref(order.ref.system, f"{key}/10"), order=order.ref, order_line_key="10", quantity=Decimal(quantity)
        )
        invoice = Invoice(
            ref=ref,
            reference=SystemReference(ref.system, "Invoice", key),
            stamp=order.stamp,
            legal_entity_code=order.legal_entity_code,
            order_refs=(order.ref,),
            number=key,
            status=status,
            customer_key=order.customer_key,
            issued_on=NOW.date(),
            due_on=(NOW + timedelta(days=30)).date(),
            total=money(gross, currency),
            paid=money(paid, currency),
            open=money(left, currency),
            lines=(line,),
            payments=(self._payment(ref, paid, currency, order.stamp),) if Decimal(paid) else (),
            credit_memos=(),
        )
        self.erp(order.ref.system).books.invoices.append(replace(invoice, **facts))
        return self.erp(order.ref.system).books.invoices[-1]

    def _payment(self, invoice: Ref, paid: str, currency: str, stamp: Stamp) -> PaymentApplication:
        ref = Ref(invoice.system, f"pay-{invoice.key}")
        payment = Payment(
            ref=ref,
            reference=SystemReference(ref.system, "Payment", ref.key),
            stamp=stamp,
            number=ref.key,
            status=PaymentStatus.SETTLED,
            amount=money(paid, currency),
            received_at=NOW,
        )
        return PaymentApplication(invoice_ref=invoice, amount=money(paid, currency), applied_at=NOW, payment=payment)

    def customer(self, key: str = "acc1", *, numbers: tuple[str, ...] = (), **facts: Any) -> CustomerRecord:
        """Put a customer into the CRM."""
        record = CustomerRecord(
            ref=Ref("crm", key),
            reference=SystemReference("crm", "Account", key),
            stamp=Stamp("crm", "Account", key, NOW),
            number=key,
            partner_keys=numbers,
            name="Acme",
        )
        self.crm.books.customers.append(replace(record, **facts))
        return self.crm.books.customers[-1]


def order_record(system: str, key: str, *, days_ago: float, entity: str | None, stage: Stage) -> OrderRecord:
    """An order of one line: 10 units of P-1 at 100.00 net, 20 % tax."""
    at = NOW - timedelta(days=days_ago)
    currency = "USD" if entity == "US01" else "EUR"
    line = OrderLine(
        order=Ref(system, key),
        key="10",
        number="10",
        sku="P-1",
        quantity=Decimal(10),
        unit="EA",
        unit_price=money(100, currency),
        amount=money(1000, currency),
        legal_entity_code=entity,
    )
    return OrderRecord(
        ref=Ref(system, key),
        reference=SystemReference(system, "Order", key),
        stamp=Stamp(system, "Order", key, NOW),
        stage=stage,
        status=SystemStatus(system, stage.value.title(), at),
        ordered_at=at,
        number=f"N-{key}",
        legal_entity_code=entity,
        subtotal=money(1000, currency),
        tax=money(200, currency),
        total=money(1200, currency),
        lines=(line,),
        created_at=at,
    )
