"""Invoices, credit notes, and the money that pays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sources.tryton.sandbox.seeding.sales import Made, Shop
from sources.tryton.sandbox.tale import Credit, Invoice, Money

ROUNDING = Decimal("0.10")


@dataclass
class Billed:
    """An invoice in the database, with its credit notes."""

    told: Invoice
    record: Any
    credits: list[tuple[Credit, Any]]


def bill(shop: Shop, sales: Mapping[str, Made], invoice: Invoice) -> Billed:
    """The invoice, posted or left a draft, cancelled if so told, with its credit notes posted."""
    invoices = shop.erp.model("account.invoice")
    shop.erp.today = invoice.issued_at.date()
    record = _drawn_up(shop, sales, invoice)
    record.save()
    invoices.update_taxes([record])
    billed = Billed(invoice, record, [])
    if not invoice.posted:
        return billed
    record.number, record.invoice_date = invoice.number, shop.erp.today
    record.save()
    invoices.post([record])
    billed.credits = [(credit, _credit(shop, billed, credit)) for credit in invoice.credits]
    if invoice.cancelled:
        _withdraw(shop, sales, billed)
    return billed


def pay(shop: Shop, billed: list[Billed]) -> None:
    """Every payment as one move of its journal, split over the invoices it pays; then what evens out is reconciled."""
    parts: dict[str, list[tuple[Billed, Money]]] = {}
    for each in billed:
        for money in each.told.payments:
            parts.setdefault(money.number, []).append((each, money))
    for number, shares in sorted(parts.items(), key=lambda part: (part[1][0][1].paid_on, part[0])):
        _receive(shop, number, shares)
    for each in billed:
        if each.told.posted and not each.told.cancelled:
            _apply_credits(shop, each)
            _reconcile(shop, each)


def _drawn_up(shop: Shop, sales: Mapping[str, Made], invoice: Invoice) -> Any:
    first: Any = None
    lines = []
    for key, quantity in invoice.quantities.items():
        number, _, line = key.partition("/")
        made = sales[number]
        first = first or made.record._get_invoice()  # noqa: SLF001  (what Sale.create_invoice begins with)
        lines.append(_line(shop, made, made.lines[int(line)], float(quantity)))
    first.lines = lines
    return first


def _line(shop: Shop, made: Made, sold: Any, quantity: float) -> Any:
    moves = [move for move in shop.erp.model("sale.line")(sold.id).moves if move.state == "done"]
    return shop.erp.model("account.invoice.line")(
        type="line",
        invoice_type="out",
        company=shop.books.company,
        currency=made.record.currency,
        description=sold.description,
        origin=sold,
        product=sold.product,
        unit=sold.unit,
        quantity=quantity,
        unit_price=sold.unit_price,
        taxes=sold.taxes,
        account=sold.product.account_revenue_used,
        stock_moves=[move for move in moves if not move.invoice_lines and move.to_location.type == "customer"],
    )


def _credit(shop: Shop, billed: Billed, credit: Credit) -> Any:
    """The credit wizard's own note, cut down to the units that are given back."""
    invoices = shop.erp.model("account.invoice")
    shop.erp.today = credit.issued_on
    (note,) = invoices.credit([billed.record], refund=False, invoice_date=credit.issued_on)
    superfluous = []
    for line in note.lines:
        units = credit.quantities.get(_key(line.origin))
        if units is None:
            superfluous.append(line)
        else:
            line.quantity = -float(units)
            line.save()
    shop.erp.model("account.invoice.line").delete(superfluous)
    note = invoices(note.id)
    note.number, note.description = credit.number, credit.reason
    note.save()
    invoices.update_taxes([note])
    invoices.post([note])
    return note


def _key(line: Any) -> str:
    return f"{line.origin.sale.number}/{line.origin.sequence}"


def _withdraw(shop: Shop, sales: Mapping[str, Made], billed: Billed) -> None:
    shop.erp.model("account.invoice").cancel([billed.record])
    for number in {key.partition("/")[0] for key in billed.told.quantities}:
        # Else the sale would take the cancelled invoice for one that still bills its lines.
        sale = shop.erp.model("sale.sale")(sales[number].record.id)
        sale.invoices_recreated = [*sale.invoices_recreated, billed.record]
        sale.save()


def _receive(shop: Shop, number: str, shares: list[tuple[Billed, Money]]) -> None:
    shop.erp.today = shares[0][1].paid_on
    method = shop.books.methods[shares[0][1].method]
    amounts = [_share(shop, each, money, last=money is each.told.payments[-1]) for each, money in shares]
    lines = [
        {"account": each.record.account.id, "party": each.record.party.id, "debit": Decimal(0), "credit": amount}
        for (each, _), amount in zip(shares, amounts, strict=True)
    ]
    total = sum(amounts, Decimal(0))
    bank = {"account": method.debit_account.id, "debit": total, "credit": Decimal(0)}
    move = shop.erp.save(
        "account.move",
        number=number,
        journal=method.journal,
        period=shop.erp.model("account.period").find(shop.books.company, date=shop.erp.today),
        date=shop.erp.today,
        origin=shares[0][0].record,
        company=shop.books.company,
        lines=[*lines, bank],
    )
    shop.erp.model("account.move").post([move])
    received = [line for line in move.lines if line.credit]
    invoices = shop.erp.model("account.invoice")
    for (each, _), amount in zip(shares, amounts, strict=True):
        # Tryton sorts a move's lines its own way, so the amount says which line is whose.
        line = received.pop([line.credit for line in received].index(amount))
        invoices.add_payment_lines({invoices(each.record.id): [line]})


def _share(shop: Shop, billed: Billed, money: Money, *, last: bool) -> Decimal:
    """The tale's amount; the last one of a settled invoice makes up for another way of rounding taxes."""
    if not (last and billed.told.settled):
        return money.amount
    credited = sum((note.total_amount for credit, note in billed.credits if credit.applied), Decimal(0))
    record = shop.erp.model("account.invoice")(billed.record.id)
    exact: Decimal = record.amount_to_pay + credited
    if abs(exact - money.amount) > ROUNDING:
        raise ValueError(f"Invoice {billed.told.number}: {exact} is open, and the tale pays {money.amount}.")
    return exact


def _apply_credits(shop: Shop, billed: Billed) -> None:
    invoices = shop.erp.model("account.invoice")
    for credit, note in billed.credits:
        if credit.applied:
            lines = [line for line in invoices(note.id).lines_to_pay if not line.reconciliation]
            invoices.add_payment_lines({invoices(billed.record.id): lines})


def _reconcile(shop: Shop, billed: Billed) -> None:
    invoices, lines = shop.erp.model("account.invoice"), shop.erp.model("account.move.line")
    record = invoices(billed.record.id)
    open_lines = [line for line in (*record.lines_to_pay, *record.payment_lines) if not line.reconciliation]
    if not open_lines or sum(line.debit - line.credit for line in open_lines):
        return
    lines.reconcile(open_lines)
    invoices.process([invoices(each.id) for each in (record, *(note for _, note in billed.credits))])
