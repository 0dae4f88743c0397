"""Who asks which company in which state, and words that mean something to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from canonical.errors import ContractBroken, Fault, Refused, Throttled, Unavailable
from canonical.identity import global_id
from canonical.refs import Ref
from resolvers.access import SCOPES
from tests.fakes.systems import FakeSystem
from tests.schema.companies import company_of
from tests.schema.noting import Noting

_FAULTS: dict[str, Callable[[str], Fault]] = {
    "down": lambda name: Unavailable(name, f"{name} does not answer.", retry_after=5),
    "throttled": lambda name: Throttled(name, f"{name} asks for patience.", retry_after=30),
    "refused": lambda name: Refused(name, f"{name} says no."),
    "broken": lambda name: ContractBroken(name, f"{name} speaks in tongues."),
}
_QUESTIONS = (
    "*",
    "fetch_orders",
    "list_orders",
    "fetch_customers",
    "fetch_quotes",
    "fetch_products",
    "fetch_shipments_of_orders",
    "fetch_invoices_of_orders",
    "fetch_invoices",
    "fetch_payments",
    "fetch_billing_accounts",
)


@dataclass(frozen=True)
class Trade:
    """A company to be: how much it sold, who asks, which systems are in trouble, and whether they take their time."""

    orders: int = 3
    without: str | None = None
    legal_entities: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    troubles: tuple[tuple[str, str, str], ...] = ()
    unsteady: bool = False

    def desks(self) -> Callable[[], Noting]:
        """New contexts, all of the same company and the same caller."""
        company = company_of(self.orders)
        systems = {system.name: system for system in (company.crm, company.eu, company.us)}
        for name, what, fault in self.troubles:
            systems[name].faults[what] = _FAULTS[fault](name)
        if self.unsteady:
            for system in systems.values():
                _take_time(system)

        def desk() -> Noting:
            context = company.context(
                scopes=frozenset(SCOPES) - {self.without}, legal_entities=self.legal_entities, accounts=self.accounts
            )
            return Noting(context.landscape, context.systems, context.call, context.clock)

        return desk


def _take_time(system: FakeSystem) -> None:
    """Let each kind of question take another number of turns."""
    names = sorted(name for name in dir(system) if name.startswith(("fetch_", "list_")))
    for turns, name in enumerate(names):
        setattr(system, name, _later(getattr(system, name), turns % 4))


def _later(ask: Callable[..., Awaitable[Any]], turns: int) -> Callable[..., Awaitable[Any]]:
    async def asked(*arguments: Any) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await ask(*arguments)

    return asked


def _sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.none(), st.none(), strategy)


_troubles = st.tuples(
    st.sampled_from(["erp-eu", "erp-us", "crm"]), st.sampled_from(_QUESTIONS), st.sampled_from(sorted(_FAULTS))
)
trades = st.builds(
    Trade,
    orders=st.integers(0, 5),
    without=_sometimes(st.sampled_from(sorted(SCOPES))),
    legal_entities=_sometimes(st.frozensets(st.sampled_from(["DE01", "US01"]))),
    accounts=_sometimes(st.frozensets(st.sampled_from(["acc1", "acc2"]))),
    troubles=st.one_of(st.just(()), st.lists(_troubles, max_size=3).map(tuple)),
    unsteady=st.booleans(),
)


def _ids(concept: str, *refs: tuple[str, str]) -> list[str]:
    return [f'"{global_id(concept, Ref(system, key))}"' for system, key in refs]


_ORDERS = _ids("Order", ("crm", "sale0"), ("crm", "sale1"), ("erp-eu", "71"), ("crm", "sale9"))
_CUSTOMERS = _ids("Customer", ("crm", "acc1"), ("crm", "acc2"))
_INVOICES = _ids("Invoice", ("erp-eu", "Ierp-eu0"), ("erp-us", "Ierp-us1"))
_QUOTES = _ids("Quote", ("crm", "q0"), ("crm", "q7"))
_OTHERS = [
    *_ids("Product", ("crm", "P-1")),
    *_ids("Shipment", ("erp-eu", "Serp-eu0")),
    *_ids("Payment", ("erp-us", "pay-Ierp-us1")),
    *_ids("CreditMemo", ("erp-eu", "M1")),
    *_ids("Nothing", ("crm", "x")),
    '"nonsense"',
]
SAMPLES: dict[str, Sequence[str]] = {
    "id": [*_ORDERS, *_CUSTOMERS, *_INVOICES, *_QUOTES, *_OTHERS],
    "ids": [*_ORDERS, *_CUSTOMERS, *_INVOICES, *_QUOTES, *_OTHERS],
    "OrderBy.id": [*_ORDERS, *_QUOTES],
    "CustomerBy.id": [*_CUSTOMERS, *_ORDERS],
    "InvoiceBy.id": [*_INVOICES, '"nonsense"'],
    "QuoteBy.id": [*_QUOTES, '"nonsense"'],
    "OrderBy.crmId": ['"sale0"', '"sale1"', '"sale2"', '"nobody"'],
    "CustomerBy.crmId": ['"acc1"', '"acc2"', '"nobody"'],
    "QuoteBy.crmId": ['"q0"', '"q1"', '"nobody"'],
    "ReferenceInput.system": ['"crm"', '"erp-eu"', '"erp-us"', '"nowhere"'],
    "ReferenceInput.key": ['"sale0"', '"70"', '"71"', '"acc1"', '"q0"', '"Ierp-eu0"', '"erp-eu-c1"'],
    "DocumentNumber.value": ['"N-70"', '"N-71"', '"N-sale2"', '"Ierp-eu0"', '"Q-0"', '"none"'],
    "legalEntity": ['"DE01"', '"US01"', '"XX99"'],
    "sku": ['"P-1"', '"P-2"', '"none"'],
    "currencyCode": ['"EUR"', '"USD"', '"GBP"'],
    "first": ["2", "1", "5", "0", "101"],
    "after": ['"nonsense"', "null"],
    "fields": ['"number"', '"name"', '"total"', '"nothing"'],
    "search": ['"sale"', '"Acme"', '""'],
    "Date": ['"2026-11-18"', '"2026-11-19"', '"2026-12-01"'],
    "DateTime": ['"2026-11-18T00:00:00Z"'],
}
