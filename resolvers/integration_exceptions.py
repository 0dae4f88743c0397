"""Integration exceptions as the graph asks for them: a page, those of orders, and what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.audit import AuditEntry
from canonical.errors import Fault
from canonical.integration_exception import IntegrationException
from canonical.joined import Order
from canonical.refs import Ref
from canonical.submission import HERE, Submission
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.at_desk import desk_of, told
from resolvers.connections import page_size
from resolvers.context import Context
from resolvers.loading import load_all
from resolvers.own_pages import CountedPage, counted, dated_cursor, dated_position
from resolvers.own_records import own
from resolvers.submissions import load_submissions, refs_of
from workflows.exception_queue import ExceptionFilter

KIND = "exceptions"


async def exceptions(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, by: ExceptionFilter
) -> Sequence[CountedPage[IntegrationException]]:
    """A page of all exceptions, the newest first."""
    require(context.principal, "exceptions:read")
    size, position = page_size(first), dated_position(KIND, after)
    page = await told(context, desk_of(context).exceptions.list_exceptions(context.principal, by, size, position))
    return [counted(page, lambda one: dated_cursor(KIND, one.raised_at, one.id), after)] * len(parents)


async def of_orders(context: Context, parents: Sequence[Order], _: Wanted) -> Sequence[Sequence[IntegrationException]]:
    """What was raised for each order and its submissions, the newest first."""
    require(context.principal, "exceptions:read")
    return await told(
        context, desk_of(context).exceptions.of_records(context.principal, [refs_of(order) for order in parents])
    )


async def load_exceptions(context: Context, refs: Sequence[Ref]) -> list[IntegrationException | Fault | None]:
    """Exceptions by their references; None where there is none that the principal may see."""

    async def fetch(keys: Sequence[str]) -> Sequence[IntegrationException | Fault | None]:
        return await told(context, desk_of(context).exceptions.fetch(context.principal, keys))

    return await load_all(context, KIND, fetch, [own(ref).key for ref in refs])


async def submissions_of(
    context: Context, parents: Sequence[IntegrationException], _: Wanted
) -> Sequence[Submission | Exception | None]:
    """The submission that each was raised for."""
    require(context.principal, "submissions:read")
    refs = [Ref(HERE, parent.submission_id) if parent.submission_id else None for parent in parents]
    asked = list(dict.fromkeys(ref for ref in refs if ref))
    found = dict(zip(asked, await load_submissions(context, asked), strict=True))
    return [found[ref] if ref else None for ref in refs]


async def histories_of(
    context: Context, parents: Sequence[IntegrationException], _: Wanted
) -> Sequence[tuple[AuditEntry, ...]]:
    """All that was done about each, the oldest first."""
    return await told(context, desk_of(context).exceptions.histories([parent.id for parent in parents]))


async def details_of(
    context: Context, parents: Sequence[IntegrationException], _: Wanted
) -> Sequence[str | Exception | None]:
    """The vendor's own words: for whoever looks after exceptions, and not for every submitter."""
    require(context.principal, "exceptions:read")
    return [parent.technical_detail for parent in parents]
