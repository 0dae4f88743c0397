"""Credit limits, set last: the limit of a customer whose sale is held is one that Tryton itself enforces."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from sources.tryton.sandbox.seeding.sales import Shop
from sources.tryton.sandbox.tale import Tale

HUNDRED = Decimal(100)


def set_limits(shop: Shop, tale: Tale) -> None:
    """Give each customer the tale's limit, lowered where a held sale would still fit under it.

    A sale held for credit is a quotation whose confirmation Tryton refuses: it has no other word for a hold.
    """
    held = {sale.customer: sale.number for sale in tale.sales if sale.held}
    for customer in tale.customers:
        limit = customer.credit_limit
        party = shop.parties[customer.code]
        if customer.code in held:
            limit = _refusing(shop, party, held[customer.code], limit)
        if limit is not None:
            party.credit_limit_amount = limit
            party.save()


def _refusing(shop: Shop, party: Any, number: str, limit: Decimal | None) -> Decimal:
    sale = shop.erp.one("sale.sale", ("number", "=", number))
    fresh = shop.erp.model("party.party")(party.id)
    below = fresh.credit_amount + sale.untaxed_amount - Decimal("0.01")
    highest: Decimal = (below / HUNDRED).to_integral_value(ROUND_DOWN) * HUNDRED
    return highest if limit is None else min(limit, highest)
