"""Products and their pages."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry
from strawberry.federation import type as federated

from canonical import joined
from canonical.wanted import Wanted
from engine.seam import batch, derived
from resolvers import identities, products
from resolvers.context import Context
from schema.scalars import Cursor
from schema.values import Money, Node, PageInfo, SourceGap, SystemReference


async def _list_price(
    context: Context,
    parents: Sequence[joined.Product],
    wanted: Wanted,
    currency_code: str | None = None,
    legal_entity: str | None = None,
) -> Sequence[object]:
    return await products.list_prices_of(context, parents, wanted, currency_code, legal_entity)


@federated(keys=["id", "sku"])
class Product(Node):
    """One product over all systems, joined by its sku."""

    id: strawberry.ID = derived(identities.product_id, needs=["ref"])
    sku: str
    name: str | None
    unit: str | None
    active: bool | None
    list_price: Money | None = batch(_list_price, needs=["prices"])
    references: list[SystemReference]

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, joined.Product)


@strawberry.type
class ProductEdge:
    """A product in a page."""

    cursor: Cursor
    node: Product


@strawberry.type
class ProductConnection:
    """A page of products."""

    edges: list[ProductEdge]
    nodes: list[Product]
    page_info: PageInfo
    gaps: list[SourceGap]
