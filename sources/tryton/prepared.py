"""An order as Tryton's forms would fill it in: units, prices and taxes by line, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from msgspec import Struct

from canonical.errors import ProblemCategory, Refused
from canonical.intake import LineRequest, Refusal
from sources.tryton.wire_intake import Buyer, Goods, Tax, TaxRule, Unit

_Category = ProblemCategory
_HUNDRED: Final = Decimal(100)


class Objection(NamedTuple):
    """Why Tryton would not take something; `field` is the value of the order or line that it is about."""

    category: ProblemCategory
    sentence: str
    field: str | None = None

    @property
    def refusal(self) -> Refusal:
        """The same, as a quotation tells it."""
        return Refusal(self.sentence, self.category, self.field)


class Terms(Struct, frozen=True, kw_only=True):
    """What a sale's lines depend on beside themselves; ids of Tryton."""

    customer: int
    currency: int
    rule: TaxRule | None = None
    price_list: int | None = None


class Line(Struct, frozen=True, kw_only=True):
    """One line as it would be entered; without goods, unit or price only the objection says anything."""

    asked: LineRequest
    goods: Goods | None = None
    unit_price: Decimal | None = None
    taxes: tuple[Tax, ...] = ()
    objection: Objection | None = None


class Prepared(Struct, frozen=True, kw_only=True):
    """A whole order as it would be entered."""

    buyer: Buyer
    terms: Terms
    lines: tuple[Line, ...]
    objections: tuple[Objection, ...] = ()

    def against(self) -> Iterator[Objection]:
        """Everything that speaks against it, the order's own first."""
        yield from self.objections
        yield from (line.objection for line in self.lines if line.objection is not None)


def refuse(system: str, objections: Iterable[Objection]) -> None:
    """Raise Refused with all of them, under the first one's category; nothing happens where there is none."""
    held = list(objections)
    if held:
        words = " ".join(dict.fromkeys(objection.sentence for objection in held))
        raise Refused(system, words, category=held[0].category)


def prepared_line(asked: LineRequest, goods: Goods | None, price: Decimal | None, digits: int) -> Line:
    """A line with its price: the one that is asked for, else the ERP's own, less the discount."""
    wrong = _wrong_goods(asked, goods)
    if wrong is not None or goods is None:
        return Line(asked=asked, goods=goods, objection=wrong)
    full = asked.unit_price if asked.unit_price is not None else price
    if full is None:
        return Line(asked=asked, goods=goods, objection=Objection(_Category.PRICING, f"{asked.sku} has no price."))
    step = Decimal(1).scaleb(-digits)
    if asked.unit_price is not None and full.quantize(step, ROUND_HALF_UP) != full:
        sentence = f"A price has at most {digits} digits behind the point, and {full} of {asked.sku} has more."
        return Line(asked=asked, goods=goods, objection=Objection(_Category.PRICING, sentence, "unit_price"))
    share = 1 - (asked.discount_percent or Decimal(0)) / _HUNDRED
    return Line(asked=asked, goods=goods, unit_price=(full * share).quantize(step, ROUND_HALF_UP))


def _wrong_goods(asked: LineRequest, goods: Goods | None) -> Objection | None:
    if goods is None:
        return Objection(_Category.PRODUCT, f"There is no product {asked.sku}.")
    if not goods.active or not goods.salable or goods.sale_uom is None:
        return Objection(_Category.PRODUCT, f"{asked.sku} is not sold any more.")
    if asked.quantity <= 0:
        sentence = f"A quantity of {asked.quantity} {asked.sku} cannot be ordered."
        return Objection(_Category.INVALID_INPUT, sentence, "quantity")
    if not divisible(asked.quantity, goods.sale_uom):
        sentence = f"{asked.quantity} {asked.sku} cannot be ordered: it is sold by the {goods.sale_uom.symbol}."
        return Objection(_Category.INVALID_INPUT, sentence, "quantity")
    if goods.template is None or goods.template.account_category is None:
        return Objection(_Category.TAX, f"{asked.sku} has no account category, so nobody knows its taxes.")
    return None


def divisible(quantity: Decimal, unit: Unit) -> bool:
    """Whether a unit can be had in this quantity."""
    digits = unit.digits
    return digits is None or quantity.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) == quantity
