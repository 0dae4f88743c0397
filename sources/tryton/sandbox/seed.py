"""Fills a new Tryton database from a tale: `python -m sources.tryton.sandbox.seed SETTINGS DATABASE TALE`.

A script for Tryton's own interpreter, with this project's root on its path. All in one transaction, on Tryton's models
instead of through a client, because a client asks again for each field that changes, and takes twice the time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sources.tryton.sandbox.seeding.bills import bill, pay
from sources.tryton.sandbox.seeding.company import admit_gateway, found, keep_books
from sources.tryton.sandbox.seeding.erp import Erp, opened
from sources.tryton.sandbox.seeding.limits import set_limits
from sources.tryton.sandbox.seeding.masters import add_customers, add_products, fill_the_store, retire
from sources.tryton.sandbox.seeding.numbers import go_on
from sources.tryton.sandbox.seeding.sales import Shop, await_the_rest, deliver, make
from sources.tryton.sandbox.seeding.stamps import stamp
from sources.tryton.sandbox.tale import Tale, read


def fill(erp: Erp, tale: Tale) -> None:
    """Tell the whole tale to an empty database."""
    company = found(erp, tale)
    with erp.company(company.id):
        books = keep_books(erp, tale, company)
        go_on(erp, tale)
        shop = Shop(erp, books, add_customers(erp, books, tale.customers), add_products(erp, books, tale.products))
        first = min((sale.booked_at for sale in tale.sales), default=tale.told_on)
        fill_the_store(erp, shop.products.values(), first.date())
        _sell(shop, tale)
        erp.today = tale.told_on.date()
        retire(erp, shop.products, tale.products)
        set_limits(shop, tale)
        admit_gateway(erp, company)
        stamp(erp, tale)


def _sell(shop: Shop, tale: Tale) -> None:
    made = {sale.number: make(shop, sale) for sale in tale.sales}
    for each in made.values():
        for delivery in each.told.deliveries:
            deliver(shop, each, delivery)
    billed = [bill(shop, made, invoice) for sale in tale.sales for invoice in sale.invoices]
    pay(shop, billed)
    for each in made.values():
        if each.told.state == "confirmed":
            await_the_rest(shop, each)


def main(arguments: list[str]) -> None:
    """The command."""
    settings, database, path = arguments
    tale = read(Path(path))
    with opened(Path(settings), database, tale.told_on.date()) as erp:
        fill(erp, tale)


if __name__ == "__main__":
    main(sys.argv[1:])
