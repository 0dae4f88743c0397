"""What changes the world: orders submitted, amended and cancelled, customers created, each under a key.

Whatever keeps something from being accepted is a problem of the answer, and binds nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from canonical.errors import Fault, Mistake
from canonical.intent import CancelOrder, CreateCustomer, Intent
from canonical.refs import Ref
from canonical.submission import Submitted
from canonical.wanted import Wanted
from resolvers.access import is_narrowed, require
from resolvers.at_desk import desk_of, told
from resolvers.context import Context
from resolvers.intents import amendment_wanted, customer_wanted, order_meant, order_wanted
from resolvers.judging import customer_seen, order_seen
from resolvers.naming import OrderNamed
from resolvers.naming_intents import AmendmentAsked, OrderAsked
from resolvers.problems import RejectedError, of_store, problem_of
from workflows.desk import Judge

Answers = Sequence[Submitted]
SHARE: Final = 0.5
"""Of the operation's time that one submission may wait for its end: several, and what is read of them, fit in."""


class Meant(Struct, frozen=True, kw_only=True):
    """What is wanted done, its customer in the CRM where that is known, and who judges whether it may be."""

    intent: Intent
    crm_customer_key: str | None = None
    judge: Judge | None = None


async def submit_order(context: Context, parents: Sequence[object], _: Wanted, asked: OrderAsked, key: str) -> Answers:
    """Book an order."""

    async def meant() -> Meant:
        order = order_wanted(context, asked)
        return _of_customer(context, order, order.customer)

    return [await _hand_in(context, "orders:write", key, meant)] * len(parents)


async def amend_order(
    context: Context, parents: Sequence[object], _: Wanted, order: OrderNamed, asked: AmendmentAsked, key: str
) -> Answers:
    """Change an order that is booked."""

    async def meant() -> Meant:
        ref = await order_meant(context, order)
        return _of_order(context, amendment_wanted(context, ref, asked), ref)

    return [await _hand_in(context, "orders:write", key, meant)] * len(parents)


async def cancel_order(
    context: Context, parents: Sequence[object], _: Wanted, order: OrderNamed, reason: str, key: str
) -> Answers:
    """Cancel an order in every system that has it."""

    async def meant() -> Meant:
        ref = await order_meant(context, order)
        return _of_order(context, CancelOrder(order=ref, reason=reason), ref)

    return [await _hand_in(context, "orders:write", key, meant)] * len(parents)


async def create_customer(
    context: Context, parents: Sequence[object], _: Wanted, asked: CreateCustomer, key: str
) -> Answers:
    """Create a customer in the books of a legal entity."""

    async def meant() -> Meant:
        customer = customer_wanted(context, asked)
        return _of_customer(context, customer, customer.source)

    return [await _hand_in(context, "customers:write", key, meant)] * len(parents)


async def _hand_in(context: Context, scope: str, key: str, mean: Callable[[], Awaitable[Meant]]) -> Submitted:
    time = context.call.deadline
    before = time.left()
    try:
        require(context.principal, scope)
        desk = desk_of(context)
        meant = await mean()
        spent = before - time.left()
        submitting = desk.submit(
            context.principal,
            meant.intent,
            key,
            context.call.correlation_id,
            crm_customer_key=meant.crm_customer_key,
            judge=meant.judge,
            within=min(desk.wait - spent, time.left() * SHARE),
        )
        return await told(context, submitting)
    except RejectedError as rejected:
        return Submitted(submission=None, problems=rejected.problems)
    except Mistake as mistake:
        return Submitted(submission=None, problems=(problem_of(context, mistake),))
    except Fault as fault:
        return Submitted(submission=None, problems=(of_store(context, fault),))
    finally:
        context.forget()


def _of_customer(context: Context, intent: Intent, customer: Ref | None) -> Meant:
    """For whoever is narrowed to accounts, a customer that only an ERP's key names has to be looked up first."""
    crm_key = customer.key if customer and customer.system == context.landscape.crm else None
    if customer is None or crm_key is not None or context.principal.accounts is None:
        return Meant(intent=intent, crm_customer_key=crm_key)
    return Meant(intent=intent, judge=lambda: customer_seen(context, customer))


def _of_order(context: Context, intent: Intent, order: Ref) -> Meant:
    """For whoever is narrowed, the order is read first: what cannot be seen cannot be changed."""
    if not is_narrowed(context.principal):
        return Meant(intent=intent)
    return Meant(intent=intent, judge=lambda: order_seen(context, order))
