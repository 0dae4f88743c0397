"""Whose books take which line: decided from the input and the landscape alone, so that it can be told beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from canonical.errors import ProblemCategory
from canonical.intent import LineAsked, SubmitOrder
from canonical.problem import Problem
from sources.landscape import Landscape
from workflows.ledger import Rights
from workflows.validating import not_sold_in


class Leg(Struct, frozen=True, kw_only=True):
    """The part of a deal that one legal entity books; `lines` are places in the input, in its order."""

    number: int
    legal_entity: str
    erp: str
    lines: tuple[int, ...]


class Routed(Struct, frozen=True):
    """The legs in the order in which they are booked, and what stands against it."""

    legs: tuple[Leg, ...]
    problems: tuple[Problem, ...] = ()


def route(landscape: Landscape, order: SubmitOrder, ship_to: str | None, rights: Rights) -> Routed:
    """Decide for every line: what it names, its bundle's entity, what the order names, the first rule that fits.

    Then the company of the country that is shipped to, then the only one with the order's currency, then the only one.
    """
    chosen: dict[int, str] = {}
    problems: list[Problem] = []
    places = _places(order.lines)
    for place, line in enumerate(order.lines):
        parent = places.get(line.parent_source.key) if line.parent_source else None
        code = line.legal_entity or chosen.get(parent if parent is not None else -1) or order.legal_entity
        code = code or _by_rules(landscape, order, line, ship_to)
        problem = _against(landscape, rights, code, place, line)
        if problem is not None:
            problems.append(problem)
        elif code is not None:
            chosen[place] = code
    codes = sorted(set(chosen.values()))
    books = [landscape.entities[code] for code in codes]
    problems += [not_sold_in(one, order.currency_code) for one in books if not one.sells_in(order.currency_code)]
    legs = tuple(
        Leg(
            number=number,
            legal_entity=code,
            erp=landscape.entities[code].erp or "",
            lines=tuple(place for place, taken in sorted(chosen.items()) if taken == code),
        )
        for number, code in enumerate(codes, 1)
    )
    return Routed(legs, tuple(problems))


def _places(lines: Sequence[LineAsked]) -> dict[str, int]:
    return {line.source.key: place for place, line in enumerate(lines) if line.source}


def _by_rules(landscape: Landscape, order: SubmitOrder, line: LineAsked, ship_to: str | None) -> str | None:
    product_line = landscape.rules.product_line(line.sku)
    for rule in landscape.rules.routing:
        if (
            (not rule.ship_to or ship_to in rule.ship_to)
            and rule.currency in (None, order.currency_code)
            and rule.product_line in (None, product_line)
        ):
            return rule.legal_entity
    return _usual(landscape, order.currency_code, ship_to)


def _usual(landscape: Landscape, currency: str, ship_to: str | None) -> str | None:
    entities = list(landscape.entities.values())
    for fitting in (
        [entity for entity in entities if ship_to and entity.country == ship_to],
        [entity for entity in entities if entity.currency_code == currency],
        entities,
    ):
        if len(fitting) == 1:
            return fitting[0].code
    return None


def _against(landscape: Landscape, rights: Rights, code: str | None, place: int, line: LineAsked) -> Problem | None:
    field = ("lines", str(place), "legal_entity")
    if code is None:
        sentence = f"No rule says whose books take {line.sku}. Name a legal entity on the line."
        return Problem(code="NO_ROUTE", category=ProblemCategory.ROUTING, message=sentence, field=field)
    if code not in landscape.entities:
        sentence = f"There is no legal entity {code} here; known: {', '.join(landscape.entities)}."
        return Problem(code="UNKNOWN_LEGAL_ENTITY", category=ProblemCategory.ROUTING, message=sentence, field=field)
    if rights.legal_entities is not None and code not in rights.legal_entities:
        sentence = f"Your access does not include the books of {code}, which take {line.sku}."
        return Problem(code="FORBIDDEN", category=ProblemCategory.PERMISSION, message=sentence, field=field)
    return None
