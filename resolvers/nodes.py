"""Any record by its global id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from canonical.errors import Fault, Mistake
from canonical.identity import parse_global_id
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.asking import side_by_side
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.customer_naming import configured
from resolvers.documents import load_credit_memos, load_invoices, load_payments, load_shipments
from resolvers.integration_exceptions import load_exceptions
from resolvers.order_reading import load_orders
from resolvers.own_records import OWN, own
from resolvers.products import load_products
from resolvers.quotes import load_quotes
from resolvers.submissions import load_submissions

Found = object
Load = Callable[[Context, Sequence[Ref]], Awaitable[Sequence[Found]]]
MAX_NODES = 100


async def _quotes(context: Context, refs: Sequence[Ref]) -> Sequence[Found]:
    return await load_quotes(context, [ref.key for ref in refs])


async def _products(context: Context, refs: Sequence[Ref]) -> Sequence[Found]:
    return await load_products(context, [ref.key for ref in refs])


LOADS: Mapping[str, tuple[str, Load]] = {
    "Customer": ("customers:read", load_customers),
    "Product": ("products:read", _products),
    "Quote": ("quotes:read", _quotes),
    "Order": ("orders:read", load_orders),
    "Shipment": ("orders:read", load_shipments),
    "Invoice": ("invoices:read", load_invoices),
    "CreditMemo": ("invoices:read", load_credit_memos),
    "Payment": ("invoices:read", load_payments),
    "Submission": ("submissions:read", load_submissions),
    "IntegrationException": ("exceptions:read", load_exceptions),
}


async def node(context: Context, parents: Sequence[object], _: Wanted, id: str) -> Sequence[Found]:
    """The record of this id; None where it is gone or not visible. A malformed id is a Mistake."""
    [found] = await load_nodes(context, [id])
    return [found] * len(parents)


async def nodes(context: Context, parents: Sequence[object], _: Wanted, ids: Sequence[str]) -> Sequence[Found]:
    """Records by their ids, as many and in their order; each that failed is an error of its own place."""
    if len(ids) > MAX_NODES:
        raise Mistake("TOO_MANY_IDS", f"{len(ids)} ids were asked for; ask for at most {MAX_NODES} at a time.")
    return [await load_nodes(context, ids)] * len(parents)


async def load_nodes(context: Context, ids: Sequence[str]) -> list[Found]:
    """Records by their ids, in order; a bad id or a fault stands in its place."""
    return await load_refs(context, [parsed(context, text) for text in ids])


async def load_refs(context: Context, parsed: Sequence[tuple[str, Ref] | Mistake]) -> list[Found]:
    """Records by concept and reference, one load a concept, side by side; a Mistake or a fault stands in its place."""
    concepts: dict[str, list[Ref]] = {}
    for one in parsed:
        if not isinstance(one, Mistake):
            concepts.setdefault(one[0], []).append(one[1])
    answers = await side_by_side({name: LOADS[name][1](context, refs) for name, refs in concepts.items()})
    found: dict[tuple[str, Ref], Found] = {}
    for name, refs in concepts.items():
        answer = answers[name]
        values = [answer] * len(refs) if isinstance(answer, Fault) else answer
        found.update({(name, ref): value for ref, value in zip(refs, values, strict=True)})
    return [one if isinstance(one, Mistake) else found[one] for one in parsed]


def kept_here(context: Context, concept: str, ref: Ref) -> Ref:
    """The same reference; a Mistake when its system is not one that keeps such records."""
    return own(ref) if concept in OWN else configured(context, ref)


def parsed(context: Context, text: str) -> tuple[str, Ref] | Mistake:
    """The concept and the record of an id; a Mistake where it is none, or of what the principal may not read."""
    try:
        concept, ref = parse_global_id(text)
        if concept not in LOADS:
            raise Mistake(
                "BAD_ID", f"An id of one {concept} cannot be looked up by itself; ask for what it is part of."
            )
        require(context.principal, LOADS[concept][0])
        return concept, kept_here(context, concept, ref)
    except Mistake as mistake:
        return mistake
