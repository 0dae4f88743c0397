"""Shipments, invoices, credit memos and payments by their own reference, and the orders they belong to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from canonical.absence import known
from canonical.errors import Fault
from canonical.invoice import CreditMemo, Invoice
from canonical.joined import Customer, Order
from canonical.payment import Payment, PaymentApplication
from canonical.refs import Ref
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from resolvers.access import require, sees_entity
from resolvers.asking import side_by_side
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.delivery_and_billing import invoices_wanted, shipments_wanted
from resolvers.loading import load_all
from resolvers.order_reading import load_orders, served_orders
from resolvers.own_documents import PAYER, only_own
from sources.ports import InvoiceSource, Lookup, PaymentSource, ShipmentSource

D = TypeVar("D", Shipment, Invoice, CreditMemo, Payment)


async def _load(
    context: Context,
    name: str,
    ask: Callable[[str, Sequence[str]], Awaitable[Mapping[str, D]]],
    refs: Sequence[Ref],
    own: Callable[[Context, list[D | Fault | None]], Awaitable[list[D | Fault | None]]],
) -> list[D | Fault | None]:
    async def fetch(asked: Sequence[Ref]) -> Sequence[D | Fault | None]:
        erps = list(dict.fromkeys(ref.system for ref in asked))
        questions = {erp: ask(erp, [ref.key for ref in asked if ref.system == erp]) for erp in erps}
        answers = await side_by_side(questions)
        return await own(context, [_visible(context, answers[ref.system], ref.key) for ref in asked])

    return await load_all(context, name, fetch, refs)


def _visible(context: Context, answer: Mapping[str, D] | Fault, key: str) -> D | Fault | None:
    if isinstance(answer, Fault):
        return answer
    found = answer.get(key)
    return found if found is not None and sees_entity(context.principal, found.legal_entity_code) else None


async def load_shipments(context: Context, refs: Sequence[Ref]) -> list[Shipment | Fault | None]:
    """Shipments by reference; None where there is none that the principal may see."""

    async def ask(erp: str, keys: Sequence[str]) -> Mapping[str, Shipment]:
        source = context.system(erp, ShipmentSource)
        return await source.fetch_shipments(context.call, keys, shipments_wanted(context)) if source else {}

    return await _load(context, "shipments", ask, refs, _shipped_on_own)


async def _shipped_on_own(context: Context, found: list[Shipment | Fault | None]) -> list[Shipment | Fault | None]:
    """Only shipments of an order that is seen, for those who see some accounts only: a shipment names no payer."""
    if context.principal.accounts is None:
        return found
    shipments = [one for one in found if isinstance(one, Shipment)]
    orders = await orders_of_documents(context, shipments)
    seen = {
        one.ref: (one if held else None) if not isinstance(held, Fault) else held
        for one, held in zip(shipments, orders, strict=True)
    }
    return [seen[one.ref] if isinstance(one, Shipment) else one for one in found]


async def load_invoices(context: Context, refs: Sequence[Ref]) -> list[Invoice | Fault | None]:
    """Invoices by reference; None where there is none that the principal may see."""

    async def ask(erp: str, keys: Sequence[str]) -> Mapping[str, Invoice]:
        source = context.system(erp, InvoiceSource)
        lookup = Lookup(keys=tuple(keys))
        wanted = invoices_wanted(context) | PAYER
        found = await source.fetch_invoices(context.call, lookup, wanted) if source else ()
        return {invoice.ref.key: invoice for invoice in found}

    return await _load(context, "invoices", ask, refs, only_own)


async def load_credit_memos(context: Context, refs: Sequence[Ref]) -> list[CreditMemo | Fault | None]:
    """Credit memos by reference; None where there is none that the principal may see."""

    async def ask(erp: str, keys: Sequence[str]) -> Mapping[str, CreditMemo]:
        source = context.system(erp, InvoiceSource)
        wanted = context.wants_of("CreditMemo")
        return await source.fetch_credit_memos(context.call, keys, wanted) if source else {}

    return await _load(context, "credit memos", ask, refs, _crediting_own)


async def _crediting_own(context: Context, found: list[CreditMemo | Fault | None]) -> list[CreditMemo | Fault | None]:
    """Only credit memos of an invoice that is seen, for those who see some accounts only."""
    if context.principal.accounts is None:
        return found
    refs = list(dict.fromkeys(ref for one in found if isinstance(one, CreditMemo) for ref in one.invoice_refs))
    invoices = dict(zip(refs, await load_invoices(context, refs), strict=True))

    def seen(memo: CreditMemo) -> CreditMemo | Fault | None:
        credited = _invoices([invoices[ref] for ref in memo.invoice_refs])
        return credited if isinstance(credited, Fault) else memo if credited else None

    return [seen(one) if isinstance(one, CreditMemo) else one for one in found]


async def load_payments(context: Context, refs: Sequence[Ref]) -> list[Payment | Fault | None]:
    """Payments by reference; None where there is none that the principal may see."""

    async def ask(erp: str, keys: Sequence[str]) -> Mapping[str, Payment]:
        source = context.system(erp, PaymentSource)
        wanted = context.wants_of("Payment") | PAYER
        return await source.fetch_payments(context.call, keys, wanted) if source else {}

    return await _load(context, "payments", ask, refs, only_own)


async def orders_of(
    context: Context, parents: Sequence[Shipment | Invoice], _: Wanted
) -> Sequence[tuple[Order, ...] | Exception]:
    """The orders that each document is about, in the document's order."""
    require(context.principal, "orders:read")
    return await orders_of_documents(context, parents)


async def orders_of_documents(
    context: Context, parents: Sequence[Shipment | Invoice]
) -> list[tuple[Order, ...] | Fault]:
    """The orders that each document is about and the principal may see, whatever it is read for."""
    refs = list(dict.fromkeys(ref for parent in parents for ref in parent.order_refs))
    served = served_orders(context)
    missing = [ref for ref in refs if ref not in served]
    found: dict[Ref, Order | Fault | None] = {
        **served,
        **dict(zip(missing, await load_orders(context, missing), strict=True)),
    }
    return [_all_or_fault([found.get(ref) for ref in parent.order_refs]) for parent in parents]


def _all_or_fault(found: Sequence[D | Order | Fault | None]) -> tuple[Order, ...] | Fault:
    fault = next((one for one in found if isinstance(one, Fault)), None)
    if fault is not None:
        return fault
    return tuple({one.ref: one for one in found if isinstance(one, Order)}.values())


async def customers_of(
    context: Context, parents: Sequence[Invoice | Payment], _: Wanted
) -> Sequence[Customer | Exception | None]:
    """Who pays each invoice, or paid."""
    require(context.principal, "customers:read")
    refs = [Ref(p.ref.system, key) if (key := known(p.customer_key)) else None for p in parents]
    asked = list(dict.fromkeys(ref for ref in refs if ref))
    found = dict(zip(asked, await load_customers(context, asked), strict=True))
    return [found[ref] if ref else None for ref in refs]


async def invoices_of_applications(
    context: Context, parents: Sequence[PaymentApplication], _: Wanted
) -> Sequence[Invoice | Exception | None]:
    """The invoice that each part of a payment was used for."""
    require(context.principal, "invoices:read")
    return await load_invoices(context, [parent.invoice_ref for parent in parents])


async def invoices_of_memos(
    context: Context, parents: Sequence[CreditMemo], _: Wanted
) -> Sequence[tuple[Invoice, ...] | Exception]:
    """The invoices that each credit memo credits."""
    require(context.principal, "invoices:read")
    refs = list(dict.fromkeys(ref for parent in parents for ref in parent.invoice_refs))
    found = dict(zip(refs, await load_invoices(context, refs), strict=True))
    return [_invoices([found[ref] for ref in parent.invoice_refs]) for parent in parents]


def _invoices(found: Sequence[Invoice | Fault | None]) -> tuple[Invoice, ...] | Fault:
    fault = next((one for one in found if isinstance(one, Fault)), None)
    return fault or tuple(one for one in found if isinstance(one, Invoice))


async def applications_of(
    context: Context, parents: Sequence[Payment], _: Wanted
) -> Sequence[tuple[PaymentApplication, ...] | Exception | None]:
    """What each payment was used for; read again where the payment came along with one invoice only."""
    require(context.principal, "invoices:read")
    whole = [isinstance(parent.applications, tuple) for parent in parents]
    missing = [parent.ref for parent, held in zip(parents, whole, strict=True) if not held]
    found = dict(zip(missing, await load_payments(context, missing), strict=True))
    return [_applications(parent, found.get(parent.ref)) for parent in parents]


def _applications(parent: Payment, read: Payment | Fault | None) -> tuple[PaymentApplication, ...] | Fault | None:
    if isinstance(read, Fault):
        return read
    return known((read or parent).applications)
