"""What loads by key will ask: records by reference, and what the ERPs did with orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from canonical.errors import Mistake
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.context import Context
from resolvers.contracts import WANTED as CONTRACT_WANTED
from resolvers.customer_loading import customer_wanted, reads_every_record
from resolvers.delivery_and_billing import invoices_wanted, shipments_wanted
from resolvers.forecast import Ask, Shared
from resolvers.order_reading import record_wanted
from resolvers.own_documents import PAYER
from resolvers.products import owners
from resolvers.quotes import quote_wanted
from sources.kit.forecast import Need, Question

Named = Mapping[str, int]
"""How many records are named, by the system whose key names them."""


def in_every_erp(context: Context, records: int) -> Named:
    """Records that any of the ERPs may hold: each is asked for all, as far as anybody knows beforehand."""
    return dict.fromkeys(context.landscape.erps, records)


def in_crm(context: Context, records: int) -> Named:
    """Records that the CRM's keys name."""
    return {context.landscape.crm: records}


def orders(context: Context, named: Named) -> list[Ask]:
    """First where the references point; then the partners that the records found there name."""
    crm, wanted = context.landscape.crm, record_wanted(context)
    sold = named.get(crm, 0)
    booked = max((n for system, n in named.items() if system != crm), default=0)
    asks = [_load(crm, "orders", Need(question=Question.FETCH_ORDERS, wanted=wanted, keys=sold))] if sold else []
    for erp in context.landscape.erps:
        need = Need(question=Question.FETCH_ORDERS, wanted=wanted, keys=named.get(erp, 0), partner_keys=sold)
        asks += [_load(erp, "orders", need)] if need.named else []
    others = max(sold, booked)
    # A sale of the CRM is known by then, with the bookings that name it: what is missing is odd, or not to be seen.
    usual = 1 if booked or is_narrowed(context) else 0
    asks.append(
        _load(crm, "partners of orders", Need(question=Question.FETCH_ORDERS, wanted=wanted, keys=others), usual)
    )
    need = Need(question=Question.FETCH_ORDERS, wanted=wanted, partner_keys=others)
    return asks + [_load(erp, "partners of orders", need, usual) for erp in context.landscape.erps]


def is_narrowed(context: Context) -> bool:
    """Whether the principal sees a part of the rows only, so that records are asked for whose partners stay unseen."""
    return context.principal.accounts is not None or context.principal.legal_entities is not None


def customers(context: Context, named: Named, *, at_hand: bool = False) -> list[Ask]:
    """The CRM's records first, also of what an ERP's number names; the ERPs' where theirs are read, or nobody else's.

    `at_hand`: the CRM's came along with what they are the customers of.
    """
    crm, wanted, whole = context.landscape.crm, customer_wanted(context), reads_every_record(context)
    sold = named.get(crm, 0)
    others = max((n for system, n in named.items() if system != crm), default=0)
    usual = 0 if at_hand and not whole else 1
    head = Need(question=Question.FETCH_CUSTOMERS, wanted=wanted, keys=sold, partner_keys=others)
    asks = [_load(crm, "customers", head, usual)]
    for erp in context.landscape.erps:
        own = named.get(erp, 0)
        partners = sold + others if whole else 0
        need = Need(question=Question.FETCH_CUSTOMERS, wanted=wanted, keys=own, partner_keys=partners, numbers=partners)
        asks += [_load(erp, "customers of ERPs", need, 1 if whole else 0)] if need.named else []
    return asks


def quotes(context: Context, keys: int, *, shared: Shared = Shared.SAME_TURN) -> list[Ask]:
    """Quotes by the CRM's key."""
    need = Need(question=Question.FETCH_QUOTES, wanted=quote_wanted(context), keys=keys)
    return [_load(context.landscape.crm, "quotes", need, shared=shared)]


def contracts(context: Context, keys: int, *, along: bool) -> list[Ask]:
    """Contracts by the CRM's key, where it says when one was amended. `along`: asked in the turn of the quotes."""
    need = Need(question=Question.FETCH_CONTRACTS, wanted=CONTRACT_WANTED, keys=keys)
    return [_load(context.landscape.crm, "contracts", need, 0 if along else 1, shared=Shared.SAME_KEYS)]


def products(context: Context, skus: int) -> list[Ask]:
    """Products of all systems that own a part of what is read of them."""
    need = Need(question=Question.FETCH_PRODUCTS, wanted=context.wants_of("Product"), keys=skus)
    return [_load(system, "products", need) for system in owners(context)]


def shipments(context: Context, named: Named) -> list[Ask]:
    """Shipments by their own key; whoever sees some accounts only sees those of orders that are seen."""
    asks = _documents(context, Question.FETCH_SHIPMENTS, shipments_wanted(context), named)
    return asks if context.principal.accounts is None else asks + later(orders(context, _of_erps(context, named)))


def invoices(context: Context, named: Named) -> list[Ask]:
    """Invoices by their own key."""
    wanted = invoices_wanted(context) | PAYER
    return [*_documents(context, Question.FETCH_INVOICES, wanted, named), *own_keys(context)]


def payments(context: Context, named: Named) -> list[Ask]:
    """Payments by their own key."""
    wanted = context.wants_of("Payment") | PAYER
    return [*_documents(context, Question.FETCH_PAYMENTS, wanted, named), *own_keys(context)]


def credit_memos(context: Context, named: Named) -> list[Ask]:
    """Credit memos by their own key; whoever sees some accounts only sees those of invoices that are seen."""
    asks = _documents(context, Question.FETCH_CREDIT_MEMOS, context.wants_of("CreditMemo"), named)
    return asks if context.principal.accounts is None else asks + later(invoices(context, _of_erps(context, named)))


def shipments_of_orders(context: Context, orders: int) -> list[Ask]:
    """Each ERP once for all orders that one step brought."""
    need = Need(question=Question.FETCH_SHIPMENTS_OF_ORDERS, wanted=shipments_wanted(context), keys=orders)
    return [_load(erp, "shipments of orders", need, shared=Shared.SAME_KEYS) for erp in context.landscape.erps]


def invoices_of_orders(context: Context, orders: int) -> list[Ask]:
    """Each ERP once for all orders that one step brought."""
    need = Need(question=Question.FETCH_INVOICES_OF_ORDERS, wanted=invoices_wanted(context), keys=orders)
    return [_load(erp, "invoices of orders", need, shared=Shared.SAME_KEYS) for erp in context.landscape.erps]


def own_keys(context: Context) -> list[Ask]:
    """The principal's own customers in every ERP, once an operation; nothing where all accounts are seen."""
    accounts = len(context.principal.accounts or ())
    if not accounts:
        return []
    need = Need(question=Question.FETCH_CUSTOMERS, keys=accounts)
    there = Need(question=Question.FETCH_CUSTOMERS, partner_keys=accounts, numbers=accounts)
    asks = [_load(context.landscape.crm, "own keys", need, shared=Shared.OPERATION)]
    return asks + [_load(erp, "own keys", there, shared=Shared.OPERATION) for erp in context.landscape.erps]


def records(context: Context, found: Iterable[tuple[str, Ref] | Mistake]) -> list[Ask]:
    """Records of any concept by reference."""
    concepts: dict[str, dict[str, int]] = {}
    for one in found:
        if not isinstance(one, Mistake):
            concept, ref = one
            held = concepts.setdefault(concept, {})
            held[ref.system] = held.get(ref.system, 0) + 1
    return [ask for concept, named in concepts.items() for ask in LOADS[concept](context, named)]


def _quotes(context: Context, named: Named) -> list[Ask]:
    return quotes(context, sum(named.values()))


def _products(context: Context, named: Named) -> list[Ask]:
    return products(context, sum(named.values()))


def _ours(_: Context, __: Named) -> list[Ask]:
    """What we keep ourselves: no system is asked."""
    return []


LOADS: Mapping[str, Callable[[Context, Named], Sequence[Ask]]] = {
    "Customer": customers,
    "Product": _products,
    "Quote": _quotes,
    "Order": orders,
    "Shipment": shipments,
    "Invoice": invoices,
    "CreditMemo": credit_memos,
    "Payment": payments,
    "Submission": _ours,
    "IntegrationException": _ours,
}
"""By concept; the same concepts as resolvers/nodes.py loads."""


def _documents(context: Context, question: Question, wanted: Wanted, named: Named) -> list[Ask]:
    return [
        _load(system, question.words, Need(question=question, wanted=wanted, keys=keys))
        for system, keys in _of_erps(context, named).items()
    ]


def later(asks: Iterable[Ask]) -> list[Ask]:
    """The same, asked when something else has come, and so together with nobody."""
    return [ask if ask.shared is Shared.OPERATION else replace(ask, load=None) for ask in asks]


def _of_erps(context: Context, named: Named) -> Named:
    return {system: keys for system, keys in named.items() if system in context.landscape.erps}


def _load(system: str, load: str, need: Need, times: int = 1, shared: Shared = Shared.SAME_TURN) -> Ask:
    return Ask(system=system, needs=(need,), times=times, load=load, shared=shared)
