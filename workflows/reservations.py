"""What keeps no order from being booked, and whoever submits it should know: goods that come late, foreign currency."""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import ProblemCategory
from canonical.intake import OrderQuotation
from canonical.intent import SubmitOrder
from canonical.problem import Problem
from sources.landscape import Landscape
from workflows.routing import Leg


def reservations(landscape: Landscape, order: SubmitOrder, leg: Leg, quotation: OrderQuotation) -> Iterator[Problem]:
    """Problems that block nothing."""
    own = landscape.entities[leg.legal_entity].currency_code
    if own is not None and own != order.currency_code:
        sentence = f"{leg.legal_entity} keeps its books in {own}, and the order is in {order.currency_code}."
        yield _aside("FOREIGN_CURRENCY", ProblemCategory.PRICING, sentence, leg, "currency_code")
    for place, line in zip(leg.lines, quotation.lines, strict=False):
        asked = order.lines[place]
        wanted = asked.requested_delivery_date or order.requested_delivery_date
        if line.available_on is not None and wanted is not None and line.available_on > wanted:
            sentence = f"{asked.sku} is available on {line.available_on}, and was asked for by {wanted}."
            field = ("lines", str(place), "requested_delivery_date")
            yield _aside("AVAILABLE_LATER", ProblemCategory.AVAILABILITY, sentence, leg, *field)


def _aside(code: str, category: ProblemCategory, sentence: str, leg: Leg, *field: str) -> Problem:
    return Problem(code=code, category=category, message=sentence, field=field, blocking=False, system=leg.erp)
