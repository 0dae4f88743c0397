"""How another subgraph's reference to one of our records is resolved: by the same loads as any other question."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry
from strawberry.types import Info

from canonical.identity import expect_id
from canonical.wanted import Wanted
from engine.loading import learn
from resolvers import customers, nodes, orders, products, quotes
from resolvers.context import Context
from resolvers.naming import CustomerNamed, OrderNamed, QuoteNamed

Asked = Info[Context, None]


async def by_id(info: Asked, concept: str, given: strawberry.ID) -> object:
    """The record of a global id of this concept; None where it is gone. Raises what kept it from being read."""
    expect_id(given, concept)
    return _only(await nodes.node(_learnt(info), [None], Wanted(), given))


async def order(info: Asked, given: strawberry.ID | None, crm_id: strawberry.ID | None) -> object:
    """The order of a global id, or of a CRM id."""
    if given is not None:
        return await by_id(info, "Order", given)
    return _only(await orders.order(_learnt(info), [None], Wanted(), OrderNamed(crm_id=crm_id)))


async def quote(info: Asked, given: strawberry.ID | None, crm_id: strawberry.ID | None) -> object:
    """The quote of a global id, or of a CRM id."""
    if given is not None:
        return await by_id(info, "Quote", given)
    return _only(await quotes.quote(_learnt(info), [None], Wanted(), QuoteNamed(crm_id=crm_id)))


async def customer(info: Asked, given: strawberry.ID | None, crm_id: strawberry.ID | None) -> object:
    """The customer of a global id, or of a CRM id."""
    if given is not None:
        return await by_id(info, "Customer", given)
    return _only(await customers.customer(_learnt(info), [None], Wanted(), CustomerNamed(crm_id=crm_id)))


async def product(info: Asked, given: strawberry.ID | None, sku: str | None) -> object:
    """The product of a global id, or of a sku."""
    if given is not None:
        return await by_id(info, "Product", given)
    return _only(await products.product(_learnt(info), [None], Wanted(), sku or ""))


def _learnt(info: Asked) -> Context:
    learn(info._raw_info)  # noqa: SLF001 - Strawberry offers no other way to it
    return info.context


def _only(found: Sequence[object]) -> object:
    [one] = found
    if isinstance(one, Exception):
        raise one
    return one
