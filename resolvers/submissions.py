"""Submissions as the graph asks for them: one, a page, those of orders, and what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.errors import Fault, Mistake
from canonical.integration_exception import IntegrationException
from canonical.joined import Customer, Order
from canonical.refs import Ref
from canonical.submission import Submission
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.at_desk import desk_of, told
from resolvers.connections import page_size
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.loading import load_all
from resolvers.order_reading import load_orders
from resolvers.own_pages import CountedPage, counted, dated_cursor, dated_position
from resolvers.own_records import own, own_key
from workflows.ledger import SubmissionFilter

KIND = "submissions"


async def submission(
    context: Context, parents: Sequence[object], _: Wanted, id: str | None, key: str | None
) -> Sequence[Submission | Exception | None]:
    """The submission of an id, or of a key that the caller's own client application gave; None where there is none."""
    require(context.principal, "submissions:read")
    desk = desk_of(context)
    if id is not None:
        question = desk.submissions(context.principal, [own_key(id, "Submission")])
    elif key is not None:
        question = desk.submissions_by_key(context.principal, [key])
    else:
        raise Mistake("BAD_ARGUMENT", "Name the submission by id or by idempotencyKey.")
    [found] = await told(context, question)
    return [found] * len(parents)


async def submissions(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, by: SubmissionFilter
) -> Sequence[CountedPage[Submission]]:
    """A page of all submissions, the newest first."""
    require(context.principal, "submissions:read")
    size, position = page_size(first), dated_position(KIND, after)
    page = await told(context, desk_of(context).list_submissions(context.principal, by, size, position))
    return [counted(page, lambda one: dated_cursor(KIND, one.submitted_at, one.id), after)] * len(parents)


async def of_orders(context: Context, parents: Sequence[Order], _: Wanted) -> Sequence[Sequence[Submission]]:
    """Each order's submissions, the newest first."""
    require(context.principal, "submissions:read")
    return await told(
        context, desk_of(context).submissions_of_orders(context.principal, [refs_of(order) for order in parents])
    )


def refs_of(order: Order) -> list[Ref]:
    """Every record of an order."""
    return list(dict.fromkeys([order.ref, *(record.ref for record in order.records())]))


async def load_submissions(context: Context, refs: Sequence[Ref]) -> list[Submission | Fault | None]:
    """Submissions by their references; None where there is none that the principal may see."""

    async def fetch(keys: Sequence[str]) -> Sequence[Submission | Fault | None]:
        return await told(context, desk_of(context).submissions(context.principal, keys))

    return await load_all(context, KIND, fetch, [own(ref).key for ref in refs])


async def orders_of(context: Context, parents: Sequence[Submission], _: Wanted) -> Sequence[list[Order] | Fault]:
    """Each submission's orders, as far as they are known and visible."""
    require(context.principal, "orders:read")
    asked = list(dict.fromkeys(ref for parent in parents for ref in parent.order_refs))
    found = dict(zip(asked, await load_orders(context, asked), strict=True))
    return [_orders([found[ref] for ref in parent.order_refs]) for parent in parents]


def _orders(found: Sequence[Order | Fault | None]) -> list[Order] | Fault:
    silent = next((one for one in found if isinstance(one, Fault)), None)
    orders = [one for one in found if one is not None and not isinstance(one, Fault)]
    return silent or list({order.ref: order for order in orders}.values())


async def customers_of(
    context: Context, parents: Sequence[Submission], _: Wanted
) -> Sequence[Customer | Exception | None]:
    """Each submission's customer; None where it is not known yet."""
    require(context.principal, "customers:read")
    asked = list(dict.fromkeys(parent.customer_ref for parent in parents if parent.customer_ref))
    found = dict(zip(asked, await load_customers(context, asked), strict=True))
    return [found[parent.customer_ref] if parent.customer_ref else None for parent in parents]


async def exceptions_of(
    context: Context, parents: Sequence[Submission], _: Wanted
) -> Sequence[list[IntegrationException]]:
    """What was raised for each submission, the newest first: part of it, for whoever sees the submission."""
    ids = list(dict.fromkeys(name for parent in parents for name in parent.exception_ids))
    if not ids:
        return [[] for _ in parents]
    held = await told(context, desk_of(context).exceptions.fetch(context.principal, ids))
    found = {one.id: one for one in held if one is not None}
    return [[found[name] for name in parent.exception_ids if name in found] for parent in parents]
