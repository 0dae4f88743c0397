"""Reads what an order depends on before it is entered: customer, products, prices and taxes, in two rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from canonical.errors import ProblemCategory
from canonical.intake import LineRequest, OrderRequest
from sources.tryton.clerk import Clerk, shape
from sources.tryton.client import side_by_side
from sources.tryton.domain import clause, every, one_of, texts
from sources.tryton.fields_intake import STOCK, buyer_paths, goods_paths, quoted_buyer_paths
from sources.tryton.prepared import Line, Objection, Prepared, Terms, prepared_line, refuse
from sources.tryton.reading import PARTY, PRODUCT
from sources.tryton.settings import Settings
from sources.tryton.taxes import RULE_FIELDS, taxes_for
from sources.tryton.wire import Coded
from sources.tryton.wire_intake import Buyer, Goods, Named, Order, Tax

_CURRENCIES: Final = shape("currency.currency", ("code",), Coded)
_FIELDS: Final = shape("ir.model.field", ("name",), Named)
_PRICES: Final = shape(PRODUCT, ("sale_price_uom",), Goods)
_EVEN_INACTIVE: Final = clause("active", "in", (True, False))
Context = tuple[tuple[str, object], ...]


class Preparing:
    """Fills orders in as Tryton's forms would: what is created by itself has no unit, price, tax or address."""

    def __init__(self, settings: Settings) -> None:
        """What is read depends on the modules that the settings name."""
        self._settings = settings
        self._buyers = shape(PARTY, buyer_paths(settings), Buyer)
        self._quoted = shape(PARTY, quoted_buyer_paths(settings), Buyer)
        self._goods = shape(PRODUCT, goods_paths(), Goods)
        self._stocked = shape(PRODUCT, (*goods_paths(), *STOCK), Goods)

    async def order(self, clerk: Clerk, request: OrderRequest, stock: Context | None = None) -> Prepared | Objection:
        """The whole order; an objection where not even its customer or currency is there.

        Two rounds of requests, one more for each quantity that a price list prices by itself. With `stock`, the context
        to ask for stock in, also what is in stock and the customer's credit.
        """
        kind = self._buyers if stock is None else self._quoted
        buyer = next(iter(await clerk.find(kind, texts([request.customer_key]), _of_code)), None)
        currency = next(iter(await clerk.find(_CURRENCIES, texts([request.currency_code]), _of_code)), None)
        if buyer is None:
            sentence = f"There is no customer {request.customer_key}."
            return Objection(ProblemCategory.CUSTOMER_MASTER, sentence, "customer")
        if currency is None:
            sentence = f"The books have no currency {request.currency_code}."
            return Objection(ProblemCategory.INVALID_INPUT, sentence, "currency_code")
        terms = Terms(
            customer=buyer.id,
            currency=currency.id,
            rule=buyer.customer_tax_rule,
            price_list=buyer.sale_price_list,
        )
        lines = await self.lines(clerk, terms, request.lines, stock)
        return Prepared(buyer=buyer, terms=terms, lines=lines, objections=await self._rule_objections(clerk, terms))

    async def terms_of(self, clerk: Clerk, sale: Order) -> Terms:
        """The terms of a sale that is there, for one more line of it."""
        payer = sale.invoice_party or sale.party
        rows = await clerk.find(self._buyers, [payer.id] if payer else [], lambda run: one_of("id", run))
        rule = rows[0].customer_tax_rule if rows else None
        customer, currency = (sale.party.id if sale.party else 0), (sale.currency.id if sale.currency else 0)
        terms = Terms(customer=customer, currency=currency, rule=rule, price_list=sale.price_list)
        refuse(clerk.system, await self._rule_objections(clerk, terms))
        return terms

    async def lines(
        self, clerk: Clerk, terms: Terms, asked: Sequence[LineRequest], stock: Context | None = None
    ) -> tuple[Line, ...]:
        """These lines on these terms."""
        context: Context = (("customer", terms.customer), ("currency", terms.currency), *(stock or ()))
        kind = self._goods if stock is None else self._stocked
        skus = texts([line.sku for line in asked])
        rows = await clerk.find(kind, skus, lambda run: every(one_of("code", run), _EVEN_INACTIVE), context)
        # A code may have been used again: the one that is sold counts.
        goods = {row.code: row for row in sorted(rows, key=lambda row: (bool(row.active), -row.id)) if row.code}
        today = clerk.reading.fetched_at.date()
        lines = [self._line(line, goods.get(line.sku)) for line in asked]
        taxed = [replace(line, taxes=taxes_for(_taxes_of(line.goods), terms.rule, today)) for line in lines]
        return await self._priced(clerk, terms, taxed) if terms.price_list is not None else tuple(taxed)

    async def _priced(self, clerk: Clerk, terms: Terms, lines: Sequence[Line]) -> tuple[Line, ...]:
        """The lines with the price list's prices: one request for each quantity (and taxes, which may be in it)."""
        groups: dict[tuple[Decimal, tuple[int, ...]], list[int]] = {}
        for line in lines:
            if line.goods is not None and line.asked.unit_price is None:
                groups.setdefault(_group(line), []).append(line.goods.id)
        found = await side_by_side(self._prices(clerk, terms, key, ids) for key, ids in groups.items())
        prices = dict(zip(groups, found, strict=True))
        return tuple(
            replace(self._line(line.asked, line.goods, prices[_group(line)]), taxes=line.taxes)
            if line.goods is not None and line.asked.unit_price is None
            else line
            for line in lines
        )

    async def _prices(
        self, clerk: Clerk, terms: Terms, group: tuple[Decimal, tuple[int, ...]], ids: Sequence[int]
    ) -> Mapping[int, Decimal]:
        quantity, taxes = group
        context: Context = (
            *(("customer", terms.customer), ("currency", terms.currency), ("price_list", terms.price_list)),
            *(("quantity", float(quantity)), ("taxes", list(taxes))),
        )
        rows = await clerk.find(_PRICES, ids, lambda run: one_of("id", run), context)
        return {row.id: row.sale_price_uom.decimal for row in rows if row.sale_price_uom is not None}

    def _line(self, asked: LineRequest, goods: Goods | None, prices: Mapping[int, Decimal] | None = None) -> Line:
        own = goods.sale_price_uom.decimal if goods is not None and goods.sale_price_uom is not None else None
        price = own if prices is None or goods is None else prices.get(goods.id)
        return prepared_line(asked, goods, price, self._settings.price_digits)

    async def _rule_objections(self, clerk: Clerk, terms: Terms) -> tuple[Objection, ...]:
        """Rules of modules that we do not know (by country, say) are not guessed at."""
        if terms.rule is None:
            return ()
        rows = await clerk.find(_FIELDS, ["account.tax.rule.line"], lambda run: one_of("model", run))
        unknown = sorted({row.name for row in rows if row.name} - RULE_FIELDS)
        if not unknown:
            return ()
        sentence = f"The customer's tax rule goes by {', '.join(unknown)}, which is not understood here."
        return (Objection(ProblemCategory.TAX, sentence),)


def _taxes_of(goods: Goods | None) -> list[Tax]:
    category = goods.template.account_category if goods is not None and goods.template is not None else None
    return list(category.customer_taxes_used or ()) if category is not None else []


def _group(line: Line) -> tuple[Decimal, tuple[int, ...]]:
    return line.asked.quantity, tuple(tax.id for tax in line.taxes)


def _of_code(run: Sequence[str]) -> list[object]:
    return one_of("code", run)
