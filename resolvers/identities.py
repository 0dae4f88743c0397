"""The global id of each kind of record."""

from __future__ import annotations

from hashlib import blake2b

from canonical.absence import known
from canonical.customer import Contact
from canonical.identity import global_id
from canonical.integration_exception import IntegrationException
from canonical.invoice import CreditMemo, Invoice, InvoiceLine
from canonical.joined import Customer, Order, Product
from canonical.order import OrderLine
from canonical.payment import Payment
from canonical.quote import QuoteLine, QuoteRecord
from canonical.refs import Ref
from canonical.shipment import Shipment
from canonical.submission import Submission
from canonical.timeline import TimelineEntry


def customer_id(customer: Customer) -> str:
    """The id of a customer: its anchor's."""
    return global_id("Customer", customer.ref)


def contact_id(contact: Contact) -> str:
    """The id of a contact."""
    return global_id("Contact", contact.ref)


def product_id(product: Product) -> str:
    """The id of a product: by its sku."""
    return global_id("Product", product.ref)


def quote_id(quote: QuoteRecord) -> str:
    """The id of a quote."""
    return global_id("Quote", quote.ref)


def quote_crm_id(quote: QuoteRecord) -> str:
    """The CRM's own id of a quote."""
    return quote.ref.key


def quote_references(quote: QuoteRecord) -> list[object]:
    """The one record a quote is kept in."""
    return [quote.reference]


def quote_line_id(line: QuoteLine) -> str:
    """The id of a quote's line."""
    return global_id("QuoteLine", line.ref)


def quote_line_parent(line: QuoteLine) -> str | None:
    """The id of the bundle's line that a line is part of."""
    parent = known(line.parent_key)
    return global_id("QuoteLine", Ref(line.ref.system, parent)) if parent else None


def order_id(order: Order) -> str:
    """The id of an order: its anchor's, which never changes."""
    return global_id("Order", order.ref)


def order_line_id(line: OrderLine) -> str:
    """The id of an order's line in the system that tells it."""
    return global_id("OrderLine", Ref(line.order.system, f"{line.order.key}/{line.key}"))


def order_line_parent(line: OrderLine) -> str | None:
    """The id of the bundle's line that a line is part of."""
    parent = known(line.parent_key)
    return global_id("OrderLine", Ref(line.order.system, f"{line.order.key}/{parent}")) if parent else None


def shipment_id(shipment: Shipment) -> str:
    """The id of a shipment."""
    return global_id("Shipment", shipment.ref)


def invoice_id(invoice: Invoice) -> str:
    """The id of an invoice."""
    return global_id("Invoice", invoice.ref)


def invoice_line_id(line: InvoiceLine) -> str:
    """The id of an invoice's line."""
    return global_id("InvoiceLine", line.ref)


def credit_memo_id(memo: CreditMemo) -> str:
    """The id of a credit memo."""
    return global_id("CreditMemo", memo.ref)


def payment_id(payment: Payment) -> str:
    """The id of a payment."""
    return global_id("Payment", payment.ref)


def entry_id(entry: TimelineEntry) -> str:
    """The id of a happening: the same whichever way it was learnt."""
    return blake2b(entry.key.encode(), digest_size=12).hexdigest()


def submission_id(submission: Submission) -> str:
    """The id of a submission."""
    return global_id("Submission", submission.ref)


def exception_id(exception: IntegrationException) -> str:
    """The id of an exception."""
    return global_id("IntegrationException", exception.ref)


def own_reference(record: Shipment | Invoice | CreditMemo | Payment) -> list[object]:
    """The one record a document is kept in."""
    return [record.reference]
