"""Products as the graph asks for them: one sku over all systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from canonical.absence import UNSET, Served, Told, known
from canonical.errors import Fault
from canonical.joined import Product
from canonical.money import Money
from canonical.product import ListPrice, ProductRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import require, sees_entity
from resolvers.asking import side_by_side, split
from resolvers.connections import Connection, Edge, PageInfo, gap, page_size
from resolvers.context import Context
from resolvers.cursors import decode_key, encode_key
from resolvers.loading import load_all
from sources.ports import ProductQuery, ProductSource

_OWNED = ("name", "unit", "active")


def owners(context: Context) -> list[str]:
    """The systems to ask, the one that owns most first: 'erp' means every ERP, since a product is no legal entity's."""
    wanted = context.wants_of("Product")
    fields = [name for name in _OWNED if wanted.any_of(name)] or ["sku"]
    names = [context.landscape.owner("product", name) for name in fields]
    if wanted.any_of("references", "prices"):
        names = [*names, context.landscape.crm, "erp"] if "references" in wanted else [*names, context.landscape.crm]
    listed = [name for owner in names for name in (context.landscape.erps if owner == "erp" else (owner,))]
    owner = context.landscape.owner("product")
    return list(dict.fromkeys([*listed, *(context.landscape.erps if owner == "erp" else (owner,))]))


async def load_products(context: Context, skus: Sequence[str]) -> list[Product | Fault | None]:
    """Products by sku; None where no system has it."""

    async def fetch(asked: Sequence[str]) -> Sequence[Product | Fault | None]:
        wanted = context.wants_of("Product").only(ProductRecord.__struct_fields__)
        questions = {
            name: source.fetch_products(context.call, asked, wanted)
            for name in owners(context)
            if (source := context.system(name, ProductSource))
        }
        answers, faults = split(await side_by_side(questions))
        fault = next(iter(faults.values()), None)
        return [_join(context, sku, [a[sku] for a in answers.values() if sku in a], faults) or fault for sku in asked]

    return await load_all(context, "products", fetch, skus)


def _join(context: Context, sku: str, told: Sequence[ProductRecord], faults: Mapping[str, Fault]) -> Product | None:
    if not told:
        return None

    def owned(name: str) -> Served[str] | Served[bool]:
        owner = context.landscape.owner("product", name)
        erps = [record for record in told if record.ref.system != context.landscape.crm]
        mine = erps if owner == "erp" else [record for record in told if record.ref.system == owner]
        silent = (
            f for name, f in faults.items() if name == owner or (owner == "erp" and name in context.landscape.erps)
        )
        values: list[Told[str] | Told[bool]] = [getattr(record, name) for record in mine]
        value = next((value for value in values if known(value) is not None), None)
        return value if value is not None else next(silent, UNSET if not mine else None)

    name, unit, active = (owned(field) for field in _OWNED)
    return Product(
        ref=Ref(context.landscape.crm, sku),
        sku=sku,
        told=tuple(told),
        faults=faults,
        references=tuple(record.reference for record in told),
        name=name if not isinstance(name, bool) else None,
        unit=unit if not isinstance(unit, bool) else None,
        active=active if not isinstance(active, str) else None,
    )


async def product(
    context: Context, parents: Sequence[object], _: Wanted, sku: str
) -> Sequence[Product | Exception | None]:
    """The product of this sku; None where no system has it."""
    require(context.principal, "products:read")
    [found] = await load_products(context, [sku])
    return [found] * len(parents)


async def products(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, search: str | None
) -> Sequence[Connection[Product] | Exception | None]:
    """A page of the owner's products by sku, completed from the other systems."""
    require(context.principal, "products:read")
    size = page_size(first)
    owner = context.landscape.owner("product")
    names = context.landscape.erps if owner == "erp" else (owner,)
    query = ProductQuery(first=size, after_sku=decode_key("products", after), search=search)
    wanted = context.wants_of("Product").only(ProductRecord.__struct_fields__)
    listed = {n: s.list_products(context.call, query, wanted) for n in names if (s := context.system(n, ProductSource))}
    pages, faults = split(await side_by_side(listed))
    skus = sorted({record.sku for page in pages.values() for record in page.items})
    more = any(page.more for page in pages.values()) or len(skus) > size or bool(faults)
    found = [p for p in await load_products(context, skus[:size]) if isinstance(p, Product)]
    edges = tuple(Edge(encode_key("products", p.sku), p) for p in found)
    info = PageInfo(more, encode_key("products", skus[:size][-1]) if skus else after)
    return [
        Connection(edges=edges, page_info=info, gaps=tuple(gap(n, f, "products") for n, f in faults.items()))
    ] * len(parents)


async def list_prices_of(
    context: Context, parents: Sequence[Product], _: Wanted, currency_code: str | None, legal_entity: str | None
) -> Sequence[Money | Exception | None]:
    """Each product's list price in this currency (a legal entity's own where none is given); None where it has none."""
    entity = context.landscape.entity(legal_entity) if legal_entity else None
    if entity is not None and not sees_entity(context.principal, entity.code):
        return [None] * len(parents)
    currency = currency_code or (entity.currency_code if entity else None)
    return [_price(parent, currency, legal_entity) for parent in parents]


def _price(product: Product, currency: str | None, entity: str | None) -> Money | None:
    prices: list[ListPrice] = [price for record in product.told for price in known(record.prices) or ()]
    fitting = [p for p in prices if currency in (None, p.price.currency_code)]
    own = [p for p in fitting if entity is not None and p.legal_entity_code == entity]
    return next((p.price for p in [*own, *(p for p in fitting if p.legal_entity_code is None)]), None)
