"""Whether what somebody named is theirs to act upon, where only the systems can say."""

from __future__ import annotations

from canonical.absence import known
from canonical.errors import Fault, Mistake
from canonical.refs import Ref
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.order_reading import load_orders
from resolvers.problems import problem_of
from workflows.desk import Verdict


async def customer_seen(context: Context, customer: Ref) -> Verdict:
    """That the principal sees the customer, and which of the CRM's it is."""
    [found] = await load_customers(context, [customer])
    if isinstance(found, Fault):
        return Verdict(problems=(problem_of(context, found),))
    if found is None:
        return _unseen(context, f"There is no customer {customer.key[:60]} that your access includes.", "customer")
    return Verdict(crm_customer_key=found.crm_id)


async def order_seen(context: Context, order: Ref) -> Verdict:
    """That the principal sees the order, and whose it is in the CRM."""
    [found] = await load_orders(context, [order])
    if isinstance(found, Fault):
        return Verdict(problems=(problem_of(context, found),))
    if found is None:
        return _unseen(context, f"There is no order {order.key[:60]} that your access includes.", "order")
    return Verdict(crm_customer_key=known(found.crm.customer_key) if found.crm else None)


def _unseen(context: Context, sentence: str, field: str) -> Verdict:
    return Verdict(problems=(problem_of(context, Mistake(f"{field.upper()}_NOT_FOUND", sentence), (field,)),))
