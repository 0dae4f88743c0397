"""What is known and asked before anything is written: whose books, which customer there, prices, credit, tax."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from canonical.absence import known
from canonical.errors import ProblemCategory, Refused
from canonical.intake import OrderQuotation, OrderRequest
from canonical.intent import SubmitOrder
from canonical.money import Money, total
from canonical.opportunity import OpportunityRecord
from canonical.order import OrderRecord
from canonical.problem import Problem
from canonical.quote import QuoteRecord
from canonical.wanted import Wanted
from sources.intake import OrderIntake, OrderWriteBack, TaxCalculation
from sources.kit.call import Call
from sources.landscape import Landscape
from sources.ports import Lookup, OpportunitySource, OrderSource, QuoteSource
from workflows.customers import Buyer
from workflows.reach import Reach
from workflows.routing import Leg

_OWNER = Wanted.of("customer_key")


class Origin(Struct, frozen=True, kw_only=True):
    """Where an order comes from in the CRM, by keys; `register`: it is not an order there yet, and is to become one."""

    order_key: str | None = None
    quote_key: str | None = None
    opportunity_key: str | None = None
    register: bool = False


async def read_origin(reach: Reach, call: Call, order: SubmitOrder, buyer: Buyer) -> Origin:
    """The CRM's order, quote or opportunity that the input names; Refused when it is another customer's, or nowhere."""
    crm = reach.landscape.crm
    registers = reach.landscape.rules.orders.register_in_crm and buyer.crm_key is not None
    register = registers and reach.systems.get(crm, OrderWriteBack) is not None
    if order.source is None or order.source.system != crm:
        return Origin(register=register)
    orders = reach.systems.get(crm, OrderSource)
    order_key = orders.named_order(order.source.key) if orders else None
    if orders and order_key is not None:
        _of_buyer(await orders.fetch_orders(call, Lookup(keys=(order_key,)), _OWNER), buyer)
        return Origin(order_key=order_key)
    lookup = Lookup(keys=(order.source.key,))
    quotes, deals = reach.systems.get(crm, QuoteSource), reach.systems.get(crm, OpportunitySource)
    if quotes and _of_buyer(await quotes.fetch_quotes(call, lookup, _OWNER), buyer):
        return Origin(quote_key=order.source.key, register=register)
    if deals and _of_buyer(await deals.fetch_opportunities(call, lookup, _OWNER), buyer):
        return Origin(opportunity_key=order.source.key, register=register)
    sentence = f"{crm} has no order, quote or opportunity {order.source.key}."
    raise Refused(crm, sentence, category=ProblemCategory.INVALID_INPUT)


def _of_buyer(found: Sequence[OrderRecord | QuoteRecord | OpportunityRecord], buyer: Buyer) -> bool:
    """Whether there is one; Refused where it is another customer's: nobody's order is written to by mistake."""
    owners = {record.ref: known(record.customer_key) for record in found}
    for ref, owner in owners.items():
        if owner and buyer.crm_key and owner != buyer.crm_key:
            sentence = f"{ref.key} in {ref.system} is of another customer than {buyer.name or buyer.crm_key}."
            raise Refused(ref.system, sentence, category=ProblemCategory.CONFLICT)
    return bool(owners)


def ship_to_country(order: SubmitOrder, buyer: Buyer) -> str | None:
    """The country that is shipped to: the order's, else the customer's."""
    return (order.ship_to and order.ship_to.country) or buyer.country


async def quote_leg(reach: Reach, call: Call, leg: Leg, request: OrderRequest) -> OrderQuotation:
    """What the leg's ERP would make of it; what it Refuses of a line names the line's place in the whole order."""
    try:
        return await reach.system(leg.erp, OrderIntake, "book orders").quote_order(call, request)
    except Refused as no:
        name, *rest = no.field or ("",)
        if name == "lines" and rest:
            no.field = (name, str(leg.lines[int(rest[0])]), *rest[1:])
        raise


async def tax_leg(reach: Reach, call: Call, request: OrderRequest, quotation: OrderQuotation) -> OrderQuotation:
    """The quotation with the tax engine's tax, where the landscape has one; else as the ERP calculated it."""
    name = reach.landscape.tax
    if name is None:
        return quotation
    return await reach.system(name, TaxCalculation, "calculate tax").calculate_tax(call, request, quotation)


def taxed_by(landscape: Landscape, leg: Leg) -> str:
    """The system whose tax holds for the leg."""
    return landscape.tax or leg.erp


def say_quotation(quotation: OrderQuotation) -> str:
    """The quotation in one line."""
    amount = quotation.total or quotation.subtotal or total_of(quotation)
    return f"{len(quotation.lines)} lines, {say_money(amount)}" if amount else f"{len(quotation.lines)} lines"


def total_of(quotation: OrderQuotation) -> Money | None:
    """The sum of the lines, where every one of them is priced."""
    amounts = [line.amount for line in quotation.lines if line.amount is not None]
    return total(amounts) if len(amounts) == len(quotation.lines) else None


def say_money(amount: Money | None) -> str:
    """An amount for people."""
    return f"{amount.amount:,} {amount.currency_code}" if amount else "unknown"


def say_credit(quotation: OrderQuotation) -> str:
    """What the ERP says of the customer's credit."""
    credit = quotation.credit
    if credit is None:
        return "The ERP keeps no credit limit here."
    return f"{say_money(credit.available)} available" if credit.available else "No limit is set."


def first(problems: Sequence[Problem]) -> str:
    """The problems in one line."""
    return " ".join(problem.message for problem in problems)
