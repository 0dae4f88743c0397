"""Sales in our words: where they stand, what holds them, and their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from canonical.absence import UNSET, Told
from canonical.customer import CustomerRecord
from canonical.money import Money, money
from canonical.order import Hold, HoldKind, OrderLine, OrderRecord, Stage, SystemStatus
from canonical.wanted import Wanted
from sources.tryton import wire
from sources.tryton.fields import ORDER_LINES, tells_customer
from sources.tryton.line_notes import from_note
from sources.tryton.mapping_masters import to_address, to_customer
from sources.tryton.marks import purchase_order_in
from sources.tryton.reading import SALE, Asked, Reading
from sources.tryton.values import Amount, Instant, amount, at, evened, happened, instant, on_day, quantity

STAGES: Final = {
    "draft": Stage.DRAFT,
    "quotation": Stage.SUBMITTED,
    "confirmed": Stage.BOOKED,
    "processing": Stage.BOOKED,
    "done": Stage.BOOKED,
    "cancelled": Stage.CANCELLED,
}
HELD: Final = "quotation"
LINE: Final = "line"
GOODS: Final = frozenset({"goods", "assets"})


def to_order(row: wire.Sale, reading: Reading, wanted: Wanted, weighed: wire.Sale | None = None) -> OrderRecord:
    """One sale. `weighed` is the same sale as read with its customer's credit, where it could be held for that."""
    asked, currency = Asked(wanted), row.currency.code if row.currency else None
    ordered_at, stage = instant(row.create_date), stage_of(row)
    return OrderRecord(
        ref=reading.ref(row.id),
        reference=reading.reference(SALE, row.id),
        stamp=reading.stamp(SALE, row.id),
        stage=stage,
        status=SystemStatus(reading.system, row.state.capitalize()),
        ordered_at=ordered_at,
        number=row.number,
        partner_keys=(row.reference,) if row.reference else (),
        holds=holds_of(weighed, reading) if weighed is not None else (),
        customer_key=asked(row.party.code if row.party else None, "customer_key", "customer"),
        customer=_customer(row, reading, wanted),
        customer_name=asked(row.party.name if row.party else None, "customer_name"),
        ship_to=asked(to_address(row.shipment_address), "ship_to"),
        quote_key=asked(None, "quote_key", "quote"),
        opportunity_key=asked(None, "opportunity_key"),
        legal_entity_code=entity_of(row.company, reading),
        currency_code=asked(currency, "currency_code"),
        purchase_order_number=asked(_purchase_order(row, reading), "purchase_order_number"),
        requested_delivery_date=asked(on_day(row.shipping_date), "requested_delivery_date"),
        subtotal=asked(amount(row.untaxed_amount, currency), "subtotal"),
        tax=asked(amount(row.tax_amount, currency), "tax"),
        total=asked(amount(row.total_amount, currency), "total"),
        lines=_lines(row, reading, wanted),
        created_at=ordered_at,
        submitted_at=asked(happened(row.quotation_date, row.create_date), "submitted_at"),
        booked_at=asked(happened(row.sale_date, row.create_date) if stage is Stage.BOOKED else None, "booked_at"),
        # The last change of a cancelled sale is the nearest that is told of when it was cancelled.
        cancelled_at=asked(at(row.write_date) if stage is Stage.CANCELLED else None, "cancelled_at"),
        amended_at=asked(None, "amended_at"),
        version=asked(version_of(row.write_date, row.create_date), "version"),
    )


def _customer(row: wire.Sale, reading: Reading, wanted: Wanted) -> Told[CustomerRecord]:
    """The party, where all that is read of it was read with the sale."""
    if row.party is None or not tells_customer(wanted):
        return UNSET
    return to_customer(row.party, reading, wanted.below("customer")) or UNSET


def stage_of(row: wire.Sale) -> Stage:
    """How far a sale has come; a state of an unknown module counts as booked, one that was emptied as cancelled."""
    void = is_void(row.state, row.shipment_state, row.invoice_state)
    return Stage.CANCELLED if void else STAGES.get(row.state, Stage.BOOKED)


def is_void(state: str, shipment_state: str | None, invoice_state: str | None) -> bool:
    """Whether a sale is done without anything sent or billed: Tryton cancels no sale that it has begun to process.

    An amendment to nothing ends it like this, and so do shipments and invoices that were cancelled and ignored.
    """
    return (state, shipment_state, invoice_state) == ("done", "none", "none")


def entity_of(company: wire.Company | int | None, reading: Reading) -> str | None:
    """The legal entity that a record's company is."""
    return reading.entities.of_company(company.id if isinstance(company, wire.Company) else company)


def may_be_held(row: wire.Sale) -> bool:
    """Whether a sale can be waiting for credit: it is a quotation, and its customer has a limit."""
    limited = row.party is not None and row.party.credit_limit_amount is not None
    return row.state == HELD and (limited or row.invoice_party is not None)


def holds_of(row: wire.Sale, reading: Reading) -> tuple[Hold, ...]:
    """A credit hold on a quotation that Tryton would refuse to confirm.

    Tryton compares, in the company's currency, what the payer already owes and ordered plus this sale's net amount with
    the payer's limit. Amounts of another currency or another company than was asked as are not compared.
    """
    payer, company = row.invoice_party or row.party, row.company
    if row.state != HELD or payer is None or payer.credit_limit_amount is None or payer.credit_amount is None:
        return ()
    books = company.currency.code if isinstance(company, wire.Company) and company.currency else None
    currency = row.currency.code if row.currency else None
    ours = isinstance(company, wire.Company) and company.id == reading.company
    if row.untaxed_amount is None or not ours or currency is None or books != currency:
        return ()
    beyond = payer.credit_amount.decimal + row.untaxed_amount.decimal - payer.credit_limit_amount.decimal
    if beyond <= 0:
        return ()
    over, limit = money(beyond, currency), money(payer.credit_limit_amount.decimal, currency)
    reason = f"It would exceed the credit limit of {limit.amount} {currency} by {over.amount} {currency}."
    return (Hold(kind=HoldKind.CREDIT, system=reading.system, reason=reason),)


def to_tax(
    net: Amount | None, units: Decimal | None, taxes: Sequence[wire.Tax] | None, currency: str | None
) -> Money | None:
    """The tax on one line, by its taxes' rates: Tryton keeps tax by document only, so cents may differ from its sum.

    None where there is none to compute from, and where a tax is of a kind that a rate does not tell (a group).
    """
    if net is None or taxes is None or not currency:
        return None
    sums: list[Decimal] = []
    for tax in taxes:
        if tax.type == "percentage" and tax.rate is not None:
            sums.append(net.decimal * tax.rate.decimal)
        elif tax.type == "fixed" and tax.amount is not None and units is not None:
            sums.append(units * tax.amount.decimal)
        else:
            return None
    return evened(sum(sums, Decimal(0)), currency)


def _purchase_order(row: wire.Sale, reading: Reading) -> str | None:
    field = reading.settings.purchase_order_field
    if field is None:
        return purchase_order_in(row.comment)
    return (row.reference if field == reading.settings.reference_field else row.purchase_order) or None


def version_of(written: Instant | None, created: Instant) -> str:
    """Another one for each change: a record that was never changed has no time of it."""
    changed: datetime = at(written) or instant(created)
    return changed.isoformat()


def _lines(row: wire.Sale, reading: Reading, wanted: Wanted) -> Told[tuple[OrderLine, ...]]:
    if not wanted.any_of(*ORDER_LINES):
        return UNSET
    asked = Asked(wanted.below("lines"))
    lines = [line for line in row.lines or () if line.type == LINE]
    lines.sort(key=lambda line: (line.sequence is None, line.sequence or 0, line.id))
    by_number = {line.sequence: str(line.id) for line in reversed(lines)}
    return tuple(_line(line, row, reading, asked, by_number) for line in lines)


def _line(
    line: wire.SaleLine, row: wire.Sale, reading: Reading, asked: Asked, by_number: Mapping[int | None, str]
) -> OrderLine:
    currency = row.currency.code if row.currency else None
    units, told = quantity(line.quantity), from_note(line.note)
    parent = by_number.get(told.parent) if told.parent is not None else None
    return OrderLine(
        order=reading.ref(row.id),
        key=str(line.id),
        number=asked(None if line.sequence is None else str(line.sequence), "number"),
        partner_key=asked(told.source, "partner_key"),
        sku=asked(line.product.code if line.product else None, "sku"),
        description=asked(described(line.description, line.product), "description"),
        quantity=units,
        unit=asked(line.unit.symbol if line.unit else None, "unit"),
        unit_price=asked(amount(line.unit_price, currency), "unit_price"),
        amount=asked(amount(line.amount, currency), "amount"),
        tax=asked(to_tax(line.amount, units, line.taxes, currency), "tax"),
        legal_entity_code=entity_of(row.company, reading),
        starts_on=asked(told.starts_on, "starts_on"),
        ends_on=asked(told.ends_on, "ends_on"),
        segment=asked(told.segment, "segment"),
        parent_key=asked(parent, "parent_key", "parent_line_id"),
        # Tryton makes moves for goods only: a service, or a line without a product, is never sent.
        shippable=line.product is not None and line.product.type in GOODS,
        cancelled=units == 0,
    )


def described(text: str | None, product: wire.Product | None) -> str | None:
    """What a line says of itself, else its product's name."""
    return text or (product.name if product else None) or None
