"""What would become of an order if it were submitted now: routing, prices, credit, tax, dates. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from canonical.errors import Fault, Mistake, ProblemCategory
from canonical.intake import OrderQuotation
from canonical.intent import SubmitOrder
from canonical.principal import Principal
from canonical.problem import Problem, of_fault, of_mistake
from sources.kit.call import Call
from workflows.customers import Buyer, find_account, read_buyer, request_for, unknown_customer
from workflows.ledger import Rights
from workflows.preparing import Origin, quote_leg, read_origin, ship_to_country, tax_leg
from workflows.quotation import credit_objection, objections, request_of
from workflows.reach import Reach
from workflows.reservations import reservations
from workflows.routing import Leg, route
from workflows.validating import against

T = TypeVar("T")
NOT_BOOKED = "REHEARSAL"
"""The reference of an order that is only asked about."""


class Rehearsed(Struct, frozen=True):
    """One legal entity's part and what stands against it; `quotation` is None where its ERP could not be asked."""

    leg: Leg
    quotation: OrderQuotation | None
    problems: tuple[Problem, ...] = ()


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What would become of it. `legs` are those that could be found; `problems` are all, those of the legs too."""

    legs: tuple[Rehearsed, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing stands against it."""
        return not any(problem.blocking for problem in self.problems)


async def rehearse(reach: Reach, call: Call, order: SubmitOrder, principal: Principal) -> Rehearsal:
    """Ask everything that a submission would ask; a system that cannot be asked is a problem of its own."""
    wrong = against(order, reach.landscape, principal)
    if wrong:
        return _told(call, (), wrong)
    found: list[Problem] = []
    buyer = await _answer(read_buyer(reach, call, order.customer), found, "customer")
    if buyer is None:
        return _told(call, (), found)
    origin = await _answer(read_origin(reach, call, order, buyer), found, "source") or Origin()
    rights = Rights(None if principal.legal_entities is None else tuple(sorted(principal.legal_entities)))
    routed = route(reach.landscape, order, ship_to_country(order, buyer), rights)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_leg(reach, call, order, leg, buyer, origin)) for leg in routed.legs]
    legs = tuple(one.result() for one in asked)
    # What is against it whoever is asked, an ERP may say once more in its own words.
    said = {(problem.code, problem.field) for problem in routed.problems}
    of_legs = [one for leg in legs for one in leg.problems if (one.code, one.field) not in said]
    return _told(call, legs, [*found, *routed.problems, *of_legs])


async def _answer(question: Awaitable[T], found: list[Problem], *field: str) -> T | None:
    """The answer; None where there is none, and what kept it from one among the problems."""
    try:
        return await question
    except Fault as fault:
        # A system that is away says nothing against the value.
        found.append(of_fault(fault, "", () if fault.retryable else field))
    except Mistake as mistake:
        found.append(of_mistake(mistake, "", field))
    return None


async def _leg(reach: Reach, call: Call, order: SubmitOrder, leg: Leg, buyer: Buyer, origin: Origin) -> Rehearsed:
    found: list[Problem] = []
    account = await _answer(find_account(reach, call, buyer, leg.erp), found)
    if account is None:
        return Rehearsed(leg, None, tuple(found))
    if account.key is None:
        return Rehearsed(leg, None, (_unknown(reach, buyer, leg, order.currency_code),))
    request = request_of(order, leg, account.key, NOT_BOOKED, origin.order_key)
    quotation = await _answer(quote_leg(reach, call, leg, request), found)
    if quotation is None:
        return Rehearsed(leg, None, tuple(found))
    found += objections(leg, request, quotation, reach.landscape.entities[leg.legal_entity])
    over = credit_objection(leg, quotation, reach.landscape.rules)
    if over and not any(problem.category is over.category for problem in found):
        found.append(over)
    found += reservations(reach.landscape, order, leg, quotation)
    taxed = await _answer(tax_leg(reach, call, request, quotation), found)
    return Rehearsed(leg, taxed or quotation, tuple(found))


def _unknown(reach: Reach, buyer: Buyer, leg: Leg, currency: str) -> Problem:
    """A customer that its ERP does not know yet: created when the order is submitted, if that is allowed and enough."""
    try:
        if not reach.landscape.rules.orders.onboarding:
            raise unknown_customer(buyer, leg.legal_entity, leg.erp)
        request_for(buyer, leg.legal_entity, currency)
    except Fault as fault:
        return of_fault(fault, "", ("customer",))
    name = buyer.name or "The customer"
    sentence = f"{leg.erp} does not know {name} yet. It is created there first; prices and credit are known after that."
    return Problem(
        code="CUSTOMER_UNKNOWN",
        category=ProblemCategory.CUSTOMER_MASTER,
        message=sentence,
        field=("customer",),
        blocking=False,
        system=leg.erp,
    )


def _told(call: Call, legs: tuple[Rehearsed, ...], problems: list[Problem]) -> Rehearsal:
    own = tuple(replace(problem, correlation_id=call.correlation_id) for problem in problems)
    return Rehearsal(legs=legs, problems=own)
