"""Where each canonical field comes from, by Tryton's own names: for lineage."""

from __future__ import annotations

from typing import Final

from sources.tryton.settings import Settings

_FIELDS: Final[dict[str, dict[str, str]]] = {
    "Order": {
        "number": "sale.sale.number",
        "status": "sale.sale.state",
        "stage": "sale.sale.state",
        "holds": "party.party.credit_limit_amount",
        "customer": "sale.sale.party",
        "customer_key": "sale.sale.party",
        "customer_name": "sale.sale.party",
        "ship_to": "sale.sale.shipment_address",
        "legal_entity_code": "sale.sale.company",
        "currency_code": "sale.sale.currency",
        "ordered_at": "sale.sale.create_date",
        "created_at": "sale.sale.create_date",
        "submitted_at": "sale.sale.quotation_date",
        "booked_at": "sale.sale.sale_date",
        "cancelled_at": "sale.sale.write_date",
        "requested_delivery_date": "sale.sale.shipping_date",
        "subtotal": "sale.sale.untaxed_amount",
        "tax": "sale.sale.tax_amount",
        "total": "sale.sale.total_amount",
        "lines": "sale.sale.lines",
        "version": "sale.sale.write_date",
    },
    "OrderLine": {
        "number": "sale.line.sequence",
        "sku": "sale.line.product",
        "description": "sale.line.description",
        "quantity": "sale.line.quantity",
        "unit": "sale.line.unit",
        "unit_price": "sale.line.unit_price",
        "amount": "sale.line.amount",
        "tax": "sale.line.taxes",
        "partner_key": "sale.line.note",
        "starts_on": "sale.line.note",
        "ends_on": "sale.line.note",
        "segment": "sale.line.note",
        "parent_key": "sale.line.note",
    },
    "Shipment": {
        "number": "stock.shipment.out.number",
        "status": "stock.shipment.out.state",
        "posted": "stock.shipment.out.state",
        "ship_from": "stock.shipment.out.warehouse",
        "planned_on": "stock.shipment.out.planned_date",
        "created_at": "stock.shipment.out.create_date",
        "shipped_at": "stock.shipment.out.effective_date",
        "lines": "stock.shipment.out.outgoing_moves",
    },
    "Invoice": {
        "number": "account.invoice.number",
        "status": "account.invoice.state",
        "customer": "account.invoice.party",
        "customer_key": "account.invoice.party",
        "legal_entity": "account.invoice.company",
        "legal_entity_code": "account.invoice.company",
        "issued_on": "account.invoice.invoice_date",
        "created_at": "account.invoice.create_date",
        "due_on": "account.move.line.maturity_date",
        "subtotal": "account.invoice.untaxed_amount",
        "tax": "account.invoice.tax_amount",
        "total": "account.invoice.total_amount",
        "paid": "account.invoice.total_amount - account.invoice.amount_to_pay",
        "open": "account.invoice.amount_to_pay",
        "payments": "account.invoice.payment_lines",
        "credit_memos": "account.invoice.line.origin",
        "lines": "account.invoice.lines",
    },
    "CreditMemo": {
        "number": "account.invoice.number",
        "total": "account.invoice.total_amount",
        "open": "account.invoice.amount_to_pay",
        "issued_on": "account.invoice.invoice_date",
        "created_at": "account.invoice.create_date",
        "reason": "account.invoice.description",
        "lines": "account.invoice.lines",
    },
    "Payment": {
        "number": "account.move.number",
        "method": "account.move.journal",
        "status": "account.move.state",
        "customer": "account.move.line.party",
        "customer_key": "account.move.line.party",
        "amount": "account.move.line.credit",
        "unapplied": "account.move.line.credit",
        "received_at": "account.move.date",
        "applications": "account.move.line.invoice_payment",
    },
    "Customer": {
        "number": "party.party.code",
        "name": "party.party.name",
        "contacts": "party.party.contact_mechanisms",
        "billing_address": "party.party.addresses",
        "shipping_address": "party.party.addresses",
        "updated_at": "party.party.write_date",
    },
    "BillingAccount": {
        "currency_code": "party.party.currency",
        "payment_terms": "party.party.customer_payment_term",
        "credit": "party.party.credit_limit_amount",
        "open_balance": "party.party.receivable",
        "overdue_balance": "party.party.receivable_today",
    },
    "Product": {
        "sku": "product.product.code",
        "name": "product.product.name",
        "unit": "product.product.default_uom",
        "active": "product.product.active",
        "prices": "product.product.list_price_used",
    },
}


def origin_of(concept: str, field: str, settings: Settings) -> str | None:
    """Tryton's own name of the field that a canonical field is read from; None for what Tryton does not tell."""
    configured = {
        ("Order", "partner_keys"): ("sale.sale", settings.reference_field),
        ("Order", "purchase_order_number"): ("sale.sale", settings.purchase_order_field or "comment"),
        ("Customer", "partner_keys"): ("party.party", settings.customer_reference_field or "identifiers"),
    }
    model, name = configured.get((concept, field), ("", None))
    return f"{model}.{name}" if name else _FIELDS.get(concept, {}).get(field)
