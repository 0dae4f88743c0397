"""Quotes and products: Salesforce's words to ours. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, UnsetType

from canonical.absence import Told
from canonical.money import money
from canonical.product import ListPrice, ProductRecord
from canonical.quote import QuoteLine, QuoteRecord, QuoteStatus
from canonical.wanted import Wanted
from sources.salesforce import wire
from sources.salesforce.mapping import Telling
from sources.salesforce.values import Asked, amount_of, instant_of, price_of, quantity_of, sent, whole

STATUSES: Final = {
    "Draft": QuoteStatus.DRAFT,
    "Needs Review": QuoteStatus.IN_REVIEW,
    "In Review": QuoteStatus.IN_REVIEW,
    "Approved": QuoteStatus.APPROVED,
    "Presented": QuoteStatus.PRESENTED,
    "Accepted": QuoteStatus.ACCEPTED,
    "Rejected": QuoteStatus.REJECTED,
    "Denied": QuoteStatus.REJECTED,
    "Expired": QuoteStatus.EXPIRED,
}
"""The statuses that both quote models come with; None for one that an org made up."""


def to_quote(row: wire.Quote, record_type: str, wanted: Wanted, telling: Telling) -> QuoteRecord:
    """A quote of either model with what was selected."""
    asked = Asked(wanted)
    currency = sent(row.currency_iso_code) or telling.currency
    return QuoteRecord(
        ref=telling.ref(row.id),
        reference=telling.reference(record_type, row.id),
        stamp=telling.stamp(record_type, row.id),
        number=asked("number", row.number),
        status=asked("status", _status(row)),
        customer_key=asked("customer_key", row.account_id),
        opportunity_key=asked("opportunity_key", row.opportunity_id),
        total=asked("total", amount_of(row.total, currency)),
        expires_on=asked("expires_on", row.expires_on),
        lines=_lines_of(row, wanted.below("lines"), telling, currency) if "lines" in wanted else UNSET,
        created_at=asked("created_at", row.created_date),
        approved_at=asked("approved_at", instant_of(row.approved_at)),
        accepted_at=asked("accepted_at", instant_of(row.accepted_at)),
    )


def to_product(row: wire.Product, wanted: Wanted, telling: Telling) -> ProductRecord:
    """A product with what was selected; prices of the standard price book."""
    asked = Asked(wanted)
    key = sent(row.id) or ""
    return ProductRecord(
        ref=telling.ref(key),
        reference=telling.reference("Product2", key),
        stamp=telling.stamp("Product2", key),
        sku=sent(row.sku) or "",
        name=asked("name", row.name),
        unit=asked("unit", row.unit),
        active=asked("active", row.is_active),
        prices=_prices(row, telling) if "prices" in wanted else UNSET,
    )


def _status(row: wire.Quote) -> wire.Sent[QuoteStatus]:
    if sent(row.ordered):
        return QuoteStatus.ORDERED
    return row.status if row.status is None or isinstance(row.status, UnsetType) else STATUSES.get(row.status)


def _lines_of(row: wire.Quote, wanted: Wanted, telling: Telling, currency: str) -> tuple[QuoteLine, ...]:
    lines = row.lines
    return tuple(_line(one, wanted, telling, currency) for one in lines.records) if isinstance(lines, wire.Rows) else ()


def _line(line: wire.QuoteLine, wanted: Wanted, telling: Telling, currency: str) -> QuoteLine:
    asked = Asked(wanted)
    product = line.product if isinstance(line.product, wire.Product) else wire.Product()
    return QuoteLine(
        ref=telling.ref(line.id),
        sku=asked("sku", product.sku),
        description=asked("description", line.description or product.name or line.description),
        quantity=asked("quantity", quantity_of(line.quantity)),
        unit_price=asked("unit_price", price_of(line.unit_price, currency)),
        amount=asked("amount", amount_of(line.amount, currency)),
        starts_on=asked("starts_on", line.starts_on),
        ends_on=asked("ends_on", line.ends_on),
        segment=asked("segment", whole(line.segment)),
        parent_key=asked("parent_key", line.parent),
    )


def _prices(row: wire.Product, telling: Telling) -> Told[tuple[ListPrice, ...]]:
    entries = row.pricebook_entries
    if not isinstance(entries, wire.Rows):
        return ()
    return tuple(
        ListPrice(money(amount, sent(entry.currency_iso_code) or telling.currency))
        for entry in entries.records
        if (amount := sent(entry.unit_price)) is not None
    )
