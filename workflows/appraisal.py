"""What would come of an order if it were submitted now: asked as a workflow asks, nothing written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from canonical.customer import Credit
from canonical.errors import Fault, Mistake, ProblemCategory
from canonical.intake import OrderQuotation
from canonical.intent import SubmitOrder
from canonical.joined import Booking
from canonical.money import Money, total
from canonical.order_validation import OrderValidation, ValidatedLine
from canonical.problem import Problem, of_fault, of_mistake
from sources.kit.call import Call
from sources.landscape import Landscape
from sources.ports import Source
from workflows.customers import Buyer, find_account, read_buyer, request_for
from workflows.ledger import Rights
from workflows.preparing import Origin, quote_leg, read_origin, ship_to_country, tax_leg, total_of
from workflows.quotation import credit_objection, objections, request_of
from workflows.reservations import reservations
from workflows.routing import Leg, Routed, route
from workflows.workshop import Reach, Systems, keeper

T = TypeVar("T")
P = TypeVar("P", bound=Source)
NOT_BOOKED = "APPRAISAL"
"""The reference of an order that is only asked about."""


@dataclass(frozen=True)
class Asking:
    """The systems and the landscape, for whoever only asks."""

    systems: Systems
    landscape: Landscape

    def system(self, name: str, port: type[P], what: str) -> P:
        """As `Reach` promises."""
        return keeper(self.systems, name, port, what)


class Appraised(Struct, frozen=True):
    """A leg, what its ERP would make of it, and what stands against it."""

    leg: Leg
    quotation: OrderQuotation | None
    problems: tuple[Problem, ...]

    @property
    def credit(self) -> Credit | None:
        """What the ERP says of the customer's credit."""
        return self.quotation.credit if self.quotation else None


async def appraise(reach: Reach, call: Call, order: SubmitOrder, rights: Rights) -> OrderValidation:
    """The order as it would be taken just now. A system that cannot be asked is a problem that may pass."""
    found: list[Problem] = []
    buyer = await _told(read_buyer(reach, call, order.customer), found, "customer")
    if buyer is None:
        return validation(order, found)
    origin = await _told(read_origin(reach, call, order, buyer), found, "source") or Origin()
    routed = route(reach.landscape, order, ship_to_country(order, buyer), rights)
    async with asyncio.TaskGroup() as group:
        legs = [group.create_task(_appraise(reach, call, order, leg, buyer, origin)) for leg in routed.legs]
    return validation(order, [*found, *routed.problems], routed, [leg.result() for leg in legs])


async def _told(question: Awaitable[T], found: list[Problem], *field: str) -> T | None:
    """The answer; None where there is none, and what kept it from one among the problems."""
    try:
        return await question
    except Fault as fault:
        # A system that is away says nothing against the value.
        found.append(of_fault(fault, "", () if fault.retryable else field))
    except Mistake as mistake:
        found.append(of_mistake(mistake, "", field))
    return None


async def _appraise(reach: Reach, call: Call, order: SubmitOrder, leg: Leg, buyer: Buyer, origin: Origin) -> Appraised:
    found: list[Problem] = []
    account = await _told(find_account(reach, call, buyer, leg.erp), found)
    if account is None:
        return Appraised(leg, None, tuple(found))
    if account.key is None:
        return Appraised(leg, None, (_unknown(reach.landscape, buyer, leg, order.currency_code),))
    request = request_of(order, leg, account.key, NOT_BOOKED, origin.order_key)
    quotation = await _told(quote_leg(reach, call, leg, request), found)
    if quotation is None:
        return Appraised(leg, None, tuple(found))
    found += objections(leg, request, quotation)
    over = credit_objection(leg, quotation, reach.landscape.rules)
    found += [over] if over else []
    found += reservations(reach.landscape, order, leg, quotation)
    taxed = await _told(tax_leg(reach, call, request, quotation), found)
    return Appraised(leg, taxed or quotation, tuple(found))


def _unknown(landscape: Landscape, buyer: Buyer, leg: Leg, currency: str) -> Problem:
    """A customer that its ERP does not know yet: created when the order is submitted, if that is allowed and enough."""
    name = buyer.name or "The customer"
    if not landscape.rules.orders.onboarding:
        sentence = f"{name} is not known to the books of {leg.legal_entity}, and is not created by itself."
        return _of_customer(sentence, leg, blocking=True)
    try:
        request_for(buyer, leg.legal_entity, currency)
    except Fault as fault:
        return replace(of_fault(fault, "", ("customer",)), code="CUSTOMER_UNKNOWN")
    sentence = (
        f"{name} is not known to {leg.erp} yet. It is created there first; prices and credit are known after that."
    )
    return _of_customer(sentence, leg, blocking=False)


def _of_customer(sentence: str, leg: Leg, *, blocking: bool) -> Problem:
    return Problem(
        code="CUSTOMER_UNKNOWN",
        category=ProblemCategory.CUSTOMER_MASTER,
        message=sentence,
        field=("customer",),
        blocking=blocking,
        system=leg.erp,
    )


def validation(
    order: SubmitOrder,
    problems: Sequence[Problem],
    routed: Routed | None = None,
    appraised: Sequence[Appraised] = (),
) -> OrderValidation:
    """The order with these problems and what its legs came to."""
    whole = (*problems, *(problem for one in appraised for problem in one.problems))
    quotations = [one.quotation for one in appraised]
    legs = routed.legs if routed else ()
    return OrderValidation(
        valid=not any(problem.blocking for problem in whole),
        problems=whole,
        lines=_lines(order, whole, appraised),
        bookings=tuple(Booking(legal_entity_code=leg.legal_entity, erp=leg.erp) for leg in legs),
        subtotal=_sum([_net(one) for one in quotations]),
        tax=_sum([one.tax if one else None for one in quotations]),
        total=_sum([one.total if one else None for one in quotations]),
        credit=_credit(appraised),
    )


def _net(quotation: OrderQuotation | None) -> Money | None:
    return (quotation.subtotal or total_of(quotation)) if quotation else None


def _sum(amounts: Sequence[Money | None]) -> Money | None:
    """The sum where every part is known and of one currency."""
    known = [amount for amount in amounts if amount is not None]
    whole = len(known) == len(amounts) and len({amount.currency_code for amount in known}) == 1
    return total(known) if whole else None


def _credit(appraised: Sequence[Appraised]) -> Credit | None:
    over = [one for one in appraised if any(problem.category is ProblemCategory.CREDIT for problem in one.problems)]
    return next((one.credit for one in (*over, *appraised) if one.credit), None)


def _lines(
    order: SubmitOrder, problems: Sequence[Problem], appraised: Sequence[Appraised]
) -> tuple[ValidatedLine, ...]:
    codes = {place: one.leg.legal_entity for one in appraised for place in one.leg.lines}
    quoted = {
        place: line
        for one in appraised
        if one.quotation
        for place, line in zip(one.leg.lines, one.quotation.lines, strict=False)
    }
    against: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.field[:1] == ("lines",) and len(problem.field) > 1:
            against.setdefault(problem.field[1], []).append(problem)
    lines: list[ValidatedLine] = []
    for place, asked in enumerate(order.lines):
        line = quoted.get(place)
        lines.append(
            ValidatedLine(
                index=place,
                sku=asked.sku,
                quantity=asked.quantity,
                unit_price=line.unit_price if line else None,
                amount=line.amount if line else None,
                tax=line.tax if line else None,
                available_on=line.available_on if line else None,
                legal_entity_code=codes.get(place),
                problems=tuple(against.get(str(place), ())),
            )
        )
    return tuple(lines)
