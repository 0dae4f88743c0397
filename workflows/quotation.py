"""What an ERP would make of an order, and what stands against it: articles, prices, credit, tax. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from canonical.errors import ProblemCategory
from canonical.intake import LineQuotation, LineRequest, OrderQuotation, OrderRequest, Refusal
from canonical.intent import SubmitOrder
from canonical.legal_entity import LegalEntity
from canonical.money import minor_digits
from canonical.problem import Problem
from sources.landscape_rules import Rules
from workflows.routing import Leg

CURRENCY_REFUSED: Final = "CURRENCY_NOT_TAKEN"
_CODES: Final[Mapping[ProblemCategory, str]] = {
    ProblemCategory.PRODUCT: "PRODUCT_REFUSED",
    ProblemCategory.PRICING: "PRICE_REFUSED",
    ProblemCategory.TAX: "TAX_REFUSED",
    ProblemCategory.CREDIT: "CREDIT_EXCEEDED",
    ProblemCategory.CUSTOMER_MASTER: "CUSTOMER_REFUSED",
    ProblemCategory.INVALID_INPUT: "VALUE_REFUSED",
    ProblemCategory.AVAILABILITY: "NOT_AVAILABLE",
}
"""What a program is told of an ERP's no, by its kind."""


def request_of(
    order: SubmitOrder, leg: Leg, customer_key: str, reference: str, crm_order_key: str | None
) -> OrderRequest:
    """What one legal entity is asked to book: the input to its last field, bundles within the leg kept together."""
    at = {place: index for index, place in enumerate(leg.lines)}
    places = {line.source.key: place for place, line in enumerate(order.lines) if line.source}
    return OrderRequest(
        reference=reference,
        legal_entity_code=leg.legal_entity,
        customer_key=customer_key,
        currency_code=order.currency_code,
        lines=tuple(_line(order, place, at, places) for place in leg.lines),
        crm_order_key=crm_order_key,
        purchase_order_number=order.purchase_order_number,
        requested_delivery_date=order.requested_delivery_date,
        ship_to=order.ship_to,
        bill_to=order.bill_to,
    )


def lines_of(order: SubmitOrder) -> tuple[LineRequest, ...]:
    """All lines of the order, whoever books them."""
    places = {line.source.key: place for place, line in enumerate(order.lines) if line.source}
    at = {place: place for place in range(len(order.lines))}
    return tuple(_line(order, place, at, places) for place in at)


def _line(order: SubmitOrder, place: int, at: dict[int, int], places: dict[str, int]) -> LineRequest:
    line = order.lines[place]
    parent = places.get(line.parent_source.key) if line.parent_source else None
    return LineRequest(
        sku=line.sku,
        quantity=line.quantity,
        source_key=line.source.key if line.source else None,
        parent=at.get(parent) if parent is not None else None,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        segment=line.segment,
        requested_delivery_date=line.requested_delivery_date,
    )


def objections(leg: Leg, request: OrderRequest, quotation: OrderQuotation, books: LegalEntity) -> list[Problem]:
    """What keeps the ERP from booking the leg as it was asked for; `books` are the ones of the leg."""
    return [*_of_lines(leg, request, quotation.lines, books.currency_code), *_of_order(leg, quotation)]


def credit_objection(leg: Leg, quotation: OrderQuotation, rules: Rules) -> Problem | None:
    """That the customer's credit does not allow it, where the landscape refuses such orders."""
    credit, total = quotation.credit, quotation.total or quotation.subtotal
    if rules.orders.credit == "hold" or credit is None:
        return None
    if credit.on_hold:
        return _credit(leg, f"The customer's credit is blocked in {leg.erp}.")
    available = credit.available
    if available is None or total is None or total.currency_code != available.currency_code:
        return None
    if total.amount <= available.amount:
        return None
    over = f"The order is over {total.amount} {total.currency_code}, and only {available.amount} of credit is left"
    return _credit(leg, f"{over} in {leg.erp}.")


def _credit(leg: Leg, sentence: str) -> Problem:
    return Problem(code="CREDIT_EXCEEDED", category=ProblemCategory.CREDIT, message=sentence, system=leg.erp)


def _of_order(leg: Leg, quotation: OrderQuotation) -> Iterator[Problem]:
    """What is against the order as a whole; what is told of a line already is not told again."""
    of_lines = {line.refusal.sentence for line in quotation.lines if line.refusal}
    for refusal in quotation.refusals:
        if refusal.sentence not in of_lines:
            yield Problem(
                code=_CODES.get(refusal.category, "SYSTEM_REFUSED"),
                category=refusal.category,
                message=refusal.sentence,
                field=(refusal.field,) if refusal.field else (),
                system=leg.erp,
            )


def _of_lines(leg: Leg, request: OrderRequest, quoted: Sequence[LineQuotation], own: str | None) -> Iterator[Problem]:
    for place, asked, line in zip(leg.lines, request.lines, quoted, strict=False):
        refusal = line.refusal
        if refusal is not None and _is_foreign(refusal, asked, request, own):
            yield _foreign(leg, asked, request, refusal)
        elif refusal is not None:
            code = _CODES.get(refusal.category, "LINE_REFUSED")
            yield _on_line(leg, place, refusal.field or "sku", code, refusal.category, refusal.sentence)
        elif _dearer(asked, line, request.currency_code):
            asked_for = expected_price(asked)
            amount = line.unit_price.amount if line.unit_price else None
            sentence = f"{leg.erp} would book {asked.sku} at {amount} each, and {asked_for} was asked for."
            yield _on_line(leg, place, "unit_price", "PRICE_DIFFERS", ProblemCategory.PRICING, sentence)


def _on_line(leg: Leg, place: int, name: str, code: str, category: ProblemCategory, sentence: str) -> Problem:
    field = ("lines", str(place), name)
    return Problem(code=code, category=category, message=sentence, field=field, system=leg.erp)


def _is_foreign(refusal: Refusal, asked: LineRequest, request: OrderRequest, own: str | None) -> bool:
    """Whether the ERP has no price of its own because of the currency: that is wrong then, and not the article."""
    priced_by_erp = refusal.category is ProblemCategory.PRICING and asked.unit_price is None
    return priced_by_erp and own not in (None, request.currency_code)


def _foreign(leg: Leg, asked: LineRequest, request: OrderRequest, refusal: Refusal) -> Problem:
    sentence = f"{leg.erp} has no price of {asked.sku} in {request.currency_code} for {leg.legal_entity}."
    return Problem(
        code=CURRENCY_REFUSED,
        category=ProblemCategory.PRICING,
        message=f"{sentence} {refusal.sentence}",
        field=("currency_code",),
        system=leg.erp,
    )


def expected_price(asked: LineRequest) -> Decimal | None:
    """The net price of one unit as it was asked for; None where the ERP's own holds."""
    if asked.unit_price is None:
        return None
    return asked.unit_price * (1 - (asked.discount_percent or Decimal(0)) / 100)


def _dearer(asked: LineRequest, quoted: LineQuotation, currency: str) -> bool:
    """Whether the ERP's price is another one, beyond rounding; it may quote it before or after the discount."""
    wanted = expected_price(asked)
    if wanted is None or asked.unit_price is None or quoted.unit_price is None:
        return False
    tolerance = Decimal(1).scaleb(-minor_digits(currency))
    found = quoted.unit_price.amount
    return abs(found - wanted) > tolerance and abs(found - asked.unit_price) > tolerance
