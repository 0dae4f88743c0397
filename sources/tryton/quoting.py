"""What Tryton would make of an order: prices, taxes, credit and stock, all of it read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

from canonical.customer import Credit
from canonical.errors import ProblemCategory, Refused
from canonical.intake import LineQuotation, OrderQuotation, OrderRequest, Refusal
from canonical.money import Money, money, total
from sources.kit.call import Call
from sources.tryton.addresses import default_place
from sources.tryton.clerk import Clerk, Office
from sources.tryton.mapping_order import GOODS, to_tax
from sources.tryton.prepared import Line, Objection, Prepared
from sources.tryton.preparing import Context, Preparing
from sources.tryton.reading import SALE
from sources.tryton.values import Amount, amount, evened, told_day

_DEFAULTS: Final = ("warehouse", "shipment_method")


class Defaults(Struct, frozen=True):
    """What Tryton fills into a new sale by itself."""

    warehouse: int | None = None
    shipment_method: str | None = None


class Quoting:
    """Quotes orders without a trace: three to five requests, all of them reads."""

    def __init__(self, office: Office, preparing: Preparing) -> None:
        """Nothing is asked yet."""
        self._office, self._preparing = office, preparing

    async def quote(self, call: Call, request: OrderRequest) -> OrderQuotation:
        """The quotation, with what Tryton would refuse in it."""
        try:
            clerk = self._office.clerk(call, request.legal_entity_code)
        except Refused as no:
            return _unknown(request, Refusal(no.sentence, no.category, "legal_entity"))
        defaults = await clerk.ask(SALE, "default_get", {"fields_names": _DEFAULTS, "with_rec_name": False}, Defaults)
        today = clerk.reading.fetched_at.date()
        prepared = await self._preparing.order(
            clerk, request, _stock(defaults, request.requested_delivery_date or today)
        )
        if isinstance(prepared, Objection):
            return _unknown(request, prepared.refusal)
        return _quoted(clerk, request, prepared, defaults)


def _stock(defaults: Defaults, day: date) -> Context:
    places = [defaults.warehouse] if defaults.warehouse is not None else []
    return (("locations", places), ("stock_date_end", told_day(day)))


def _unknown(request: OrderRequest, refusal: Refusal) -> OrderQuotation:
    lines = tuple(LineQuotation(sku=line.sku, quantity=line.quantity) for line in request.lines)
    return OrderQuotation(lines=lines, refusals=(refusal,))


def _quoted(clerk: Clerk, request: OrderRequest, prepared: Prepared, defaults: Defaults) -> OrderQuotation:
    currency, today = request.currency_code, clerk.reading.fetched_at.date()
    lines = tuple(_line(line, currency, request.requested_delivery_date or today, today) for line in prepared.lines)
    subtotal, tax = _sum(line.amount for line in lines), _sum(line.tax for line in lines)
    credit = _credit(clerk, prepared)
    method = prepared.buyer.sale_shipment_method or defaults.shipment_method
    refusals = [objection.refusal for objection in prepared.objections]
    if default_place(prepared.buyer, "invoice") is None and (request.bill_to is None or request.ship_to is None):
        refusals.append(_no_address(request))
    # Only what is sent before it is paid needs credit (modules/sale_credit_limit).
    beyond = _beyond(credit, subtotal) if method == "order" else None
    if beyond is not None:
        sentence = f"It would exceed the customer's credit limit by {beyond.amount} {currency}."
        refusals.append(Refusal(sentence, ProblemCategory.CREDIT))
    whole = subtotal + tax if subtotal is not None and tax is not None else None
    return OrderQuotation(lines=lines, subtotal=subtotal, tax=tax, total=whole, credit=credit, refusals=tuple(refusals))


def _line(line: Line, currency: str, day: date, today: date) -> LineQuotation:
    asked, goods = line.asked, line.goods
    price = line.unit_price
    net = None if price is None else evened(asked.quantity * price, currency)
    tax = to_tax(Amount(net.amount), asked.quantity, line.taxes, currency) if net is not None else None
    return LineQuotation(
        sku=asked.sku,
        quantity=asked.quantity,
        unit_price=None if price is None else _price(price, currency),
        amount=net,
        tax=tax,
        unit=goods.sale_uom.symbol if goods is not None and goods.sale_uom is not None else None,
        available_on=_available(line, day, today),
        refusal=line.objection.refusal if line.objection is not None else None,
    )


def _no_address(request: OrderRequest) -> Refusal:
    sentence = f"The customer {request.customer_key} has no address."
    return Refusal(sentence, ProblemCategory.CUSTOMER_MASTER, "customer")


def _price(price: Decimal, currency: str) -> Money:
    """To the cent, unless there is more behind it."""
    cents = money(price, currency)
    return cents if cents.amount == price else Money(price.normalize(), currency)


def _available(line: Line, day: date, today: date) -> date | None:
    """The day that is asked for, or the product's own lead time from today, where all of it will be in stock by then.

    None where not all will be, and where Tryton counts the stock in another unit than it sells in.
    """
    goods = line.goods
    if goods is None or goods.sale_uom is None or goods.default_uom is None:
        return None
    ready = today + timedelta(seconds=goods.lead_time.seconds) if goods.lead_time is not None else today
    if goods.type not in GOODS:
        return max(ready, day)
    same = goods.sale_uom.id == goods.default_uom.id
    enough = goods.forecast_quantity is not None and goods.forecast_quantity >= line.asked.quantity
    return max(ready, day) if same and enough else None


def _credit(clerk: Clerk, prepared: Prepared) -> Credit | None:
    buyer = prepared.buyer
    books = buyer.currency.code if buyer.currency is not None else None
    limit, used = amount(buyer.credit_limit_amount, books), amount(buyer.credit_amount, books)
    if limit is None and used is None:
        return None
    left = limit - used if limit is not None and used is not None else None
    return Credit(
        credit_limit=limit,
        exposure=used,
        available=left,
        on_hold=None if left is None else left.amount < 0,
        checked_at=clerk.reading.fetched_at,
    )


def _beyond(credit: Credit | None, net: Money | None) -> Money | None:
    """How much more than the limit it would be; None where it is not, and where the books are in another currency."""
    left = credit.available if credit is not None else None
    if left is None or net is None or left.currency_code != net.currency_code or net.amount <= left.amount:
        return None
    return net - left


def _sum(amounts: Iterable[Money | None]) -> Money | None:
    """The sum; None where one of them is not known."""
    held = list(amounts)
    known: Sequence[Money] = [each for each in held if each is not None]
    return total(known) if len(known) == len(held) else None
