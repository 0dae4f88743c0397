"""From what people named to what is wanted done: records and keys where they wrote ids, numbers and references."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec.structs import asdict, replace

from canonical.absence import known
from canonical.errors import Fault, Mistake
from canonical.identity import expect_id
from canonical.intent import AmendOrder, CreateCustomer, LineAt, LineChangeAsked, SubmitOrder
from canonical.joined import Order
from canonical.problem import Problem
from canonical.refs import Ref
from resolvers.context import Context
from resolvers.customer_naming import configured, customer_ref
from resolvers.naming import CustomerNamed, DocumentNamed, OrderNamed
from resolvers.naming_intents import AmendmentAsked, LineChangeNamed, OrderAsked
from resolvers.orders import order_by_number, order_ref
from resolvers.problems import RejectedError, about
from sources.ports import CustomerSource, OrderSource

T = TypeVar("T")
N = TypeVar("N")


def order_wanted(context: Context, asked: OrderAsked) -> SubmitOrder:
    """The order as it is wanted; RejectedError where what it names cannot be meant."""
    with about(context, "customer"):
        customer = buyer_ref(context, asked.customer)
    with about(context, "source"):
        source = _sale(context, configured(context, asked.source)) if asked.source else None
    return SubmitOrder(**{**asdict(asked), "customer": customer, "source": source})


def buyer_ref(context: Context, by: CustomerNamed) -> Ref:
    """The customer's record; the CRM's key as the CRM itself writes it."""
    ref = customer_ref(context, by)
    crm = context.system(context.landscape.crm, CustomerSource)
    return replace(ref, key=(crm and crm.named_customer(ref.key)) or ref.key) if _of_crm(context, ref) else ref


def _sale(context: Context, ref: Ref) -> Ref:
    """The same reference; the key of a CRM's order as the CRM itself writes it."""
    crm = context.system(context.landscape.crm, OrderSource)
    return replace(ref, key=(crm and crm.named_order(ref.key)) or ref.key) if _of_crm(context, ref) else ref


def _of_crm(context: Context, ref: Ref) -> bool:
    return ref.system == context.landscape.crm


def customer_wanted(context: Context, asked: CreateCustomer) -> CreateCustomer:
    """The customer as it is wanted; RejectedError where its source cannot be meant."""
    if asked.source is None:
        return asked
    with about(context, "source"):
        return replace(asked, source=buyer_ref(context, CustomerNamed(reference=asked.source)))


async def order_meant(context: Context, by: OrderNamed) -> Ref:
    """A record of the order that is named; RejectedError where there is none.

    Only a number has to be looked up: of what is named in another way the workflow finds every record itself, so that
    a system that is down keeps nobody from handing it in.
    """
    with about(context, "order"):
        if by.document is None:
            return order_ref(context, by)
        found = await order_by_number(context, by.document)
        if isinstance(found, Fault):
            raise found
        if found is None:
            raise Mistake("ORDER_NOT_FOUND", f"There is no order {by.document.value[:60]!r} that your access includes.")
        return _of_number(found, by.document)


def _of_number(order: Order, document: DocumentNamed) -> Ref:
    """The record that has the number: the same whether the other systems answered or not."""
    numbered = [record.ref for record in order.records() if document.value in (known(record.number), record.ref.key)]
    return numbered[0] if numbered else order.ref


def amendment_wanted(context: Context, order: Ref, asked: AmendmentAsked) -> AmendOrder:
    """The change as it is wanted; RejectedError that names every id that is no line's."""
    wrong: list[Problem] = []
    change = _each(context, "change", asked.change, lambda one: _changed(context, one), wrong)
    remove = _each(context, "remove", asked.remove, lambda one: _line(context, one), wrong)
    if wrong:
        raise RejectedError(*wrong)
    return AmendOrder(**{**asdict(asked), "order": order, "change": change, "remove": remove})


def _each(
    context: Context, name: str, named: Iterable[N], read: Callable[[N], T], wrong: list[Problem]
) -> tuple[T, ...]:
    """What each means; what cannot be meant is added to the wrong ones."""
    found: list[T] = []
    for place, one in enumerate(named):
        try:
            with about(context, name, str(place), *(("id",) if name == "change" else ())):
                found.append(read(one))
        except RejectedError as rejected:
            wrong.extend(rejected.problems)
    return tuple(found)


def _changed(context: Context, named: LineChangeNamed) -> LineChangeAsked:
    line = _line(context, named.id)
    values = {name: value for name, value in asdict(named).items() if name != "id"}
    return LineChangeAsked(order=line.order, key=line.key, **values)


def _line(context: Context, text: str) -> LineAt:
    """The record and the key of a line's id, as `resolvers/identities.py` made it of them."""
    ref = configured(context, expect_id(text, "OrderLine"))
    order, slash, key = ref.key.rpartition("/")
    if not (order and slash and key):
        raise Mistake("BAD_ID", "This id names no line of an order.")
    return LineAt(Ref(ref.system, order), key)
