"""An order's rehearsal, told line by line and in sums."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.customer import Credit
from canonical.errors import ProblemCategory
from canonical.intake import LineQuotation, OrderQuotation
from canonical.intent import SubmitOrder
from canonical.joined import Booking
from canonical.money import Money, total
from canonical.order_validation import OrderValidation, ValidatedLine
from canonical.problem import Problem
from workflows.preparing import total_of
from workflows.rehearsal import Rehearsal, Rehearsed


def validation_of(order: SubmitOrder, rehearsal: Rehearsal) -> OrderValidation:
    """What came of it; sums stand where every part of them is known."""
    quotations = [leg.quotation for leg in rehearsal.legs]
    return OrderValidation(
        valid=rehearsal.valid,
        problems=rehearsal.problems,
        lines=_lines(order, rehearsal),
        bookings=tuple(Booking(legal_entity_code=one.leg.legal_entity, erp=one.leg.erp) for one in rehearsal.legs),
        subtotal=_sum([_net(one) for one in quotations]),
        tax=_sum([one.tax if one else None for one in quotations]),
        total=_sum([one.total if one else None for one in quotations]),
        credit=_credit(rehearsal.legs),
    )


def _net(quotation: OrderQuotation | None) -> Money | None:
    return (quotation.subtotal or total_of(quotation)) if quotation else None


def _sum(amounts: Sequence[Money | None]) -> Money | None:
    known = [amount for amount in amounts if amount is not None]
    whole = len(known) == len(amounts) and len({amount.currency_code for amount in known}) == 1
    return total(known) if whole else None


def _credit(legs: Sequence[Rehearsed]) -> Credit | None:
    """Of the ERP that objects to it, else of the first that keeps one."""
    over = [leg for leg in legs if any(problem.category is ProblemCategory.CREDIT for problem in leg.problems)]
    told = (leg.quotation.credit for leg in (*over, *legs) if leg.quotation)
    return next((credit for credit in told if credit), None)


def _lines(order: SubmitOrder, rehearsal: Rehearsal) -> tuple[ValidatedLine, ...]:
    codes = {place: one.leg.legal_entity for one in rehearsal.legs for place in one.leg.lines}
    quoted: dict[int, LineQuotation] = {}
    for one in rehearsal.legs:
        if one.quotation:
            quoted.update(zip(one.leg.lines, one.quotation.lines, strict=False))
    against: dict[str, list[Problem]] = {}
    for problem in rehearsal.problems:
        if problem.field[:1] == ("lines",) and len(problem.field) > 1:
            against.setdefault(problem.field[1], []).append(problem)
    return tuple(
        _line(order, place, codes.get(place), quoted.get(place), against.get(str(place), ()))
        for place in range(len(order.lines))
    )


def _line(
    order: SubmitOrder, place: int, code: str | None, quoted: LineQuotation | None, against: Sequence[Problem]
) -> ValidatedLine:
    asked = order.lines[place]
    return ValidatedLine(
        index=place,
        sku=asked.sku,
        quantity=asked.quantity,
        unit_price=quoted.unit_price if quoted else None,
        amount=quoted.amount if quoted else None,
        tax=quoted.tax if quoted else None,
        available_on=quoted.available_on if quoted else None,
        legal_entity_code=code,
        problems=tuple(against),
    )
