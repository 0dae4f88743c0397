"""Customers and products: who buys, and what there is to buy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sources.tryton.sandbox.seeding.company import Books
from sources.tryton.sandbox.seeding.erp import Erp
from sources.tryton.sandbox.tale import Customer, Product

PLENTY = 1_000_000.0


def add_customers(erp: Erp, books: Books, customers: Iterable[Customer]) -> dict[str, Any]:
    """Parties by code, without credit limits: those would stop what the tale says was once confirmed."""
    countries = {country.code: country for country in erp.model("country.country").search([])}
    found = list(customers)
    parties = [_party(erp, books, customer, countries) for customer in found]
    erp.model("party.party").save(parties)
    return {customer.code: party for customer, party in zip(found, parties, strict=True)}


def add_products(erp: Erp, books: Books, products: Iterable[Product]) -> dict[str, Any]:
    """Variants by code, one a template, all sold by the piece and taxed by the line that sells them."""
    category = erp.save(
        "product.category",
        name="Goods and services",
        accounting=True,
        account_expense=books.accounts["expense"],
        account_revenue=books.accounts["revenue"],
    )
    unit = erp.model("product.uom")(erp.xml("product", "uom_unit"))
    found = list(products)
    templates = [_template(erp, product, category, unit) for product in found]
    erp.model("product.template").save(templates)
    return {product.code: template.products[0] for product, template in zip(found, templates, strict=True)}


def fill_the_store(erp: Erp, products: Iterable[Any], first_sale: date) -> None:
    """Plenty of every product that can be shipped, since the month before the first sale."""
    day = first_sale - timedelta(days=30)
    goods = [product for product in products if product.type == "goods"]
    storage = erp.one("stock.location", ("code", "=", "STO"))
    lines = [{"product": product.id, "quantity": PLENTY} for product in goods]
    count = erp.save("stock.inventory", location=storage, date=day, lines=lines)
    erp.today = day
    erp.model("stock.inventory").confirm([count])


def retire(erp: Erp, products: Mapping[str, Any], sold: Iterable[Product]) -> None:
    """Take what is no longer sold out of use; last, because nothing inactive can be put into a sale."""
    templates = [products[product.code].template for product in sold if not product.active]
    erp.model("product.template").write(templates, {"active": False})


def _party(erp: Erp, books: Books, customer: Customer, countries: Mapping[str, Any]) -> Any:
    ways = [{"type": "email", "value": each} for each in customer.emails]
    ways += [{"type": "phone", "value": each} for each in customer.phones]
    return erp.model("party.party")(
        code=customer.code,
        name=customer.name,
        customer_payment_term=books.terms[customer.payment_days],
        addresses=[
            _address(erp, customer.billing, countries, invoice=True),
            _address(erp, customer.shipping, countries, delivery=True),
        ],
        contact_mechanisms=ways,
    )


def _address(erp: Erp, place: Mapping[str, str], countries: Mapping[str, Any], **uses: bool) -> dict[str, Any]:
    country = countries.get(place["country"])
    region = None
    if country and place["region"]:
        found = erp.model("country.subdivision").search(
            [("country", "=", country.id), ("code", "=", f"{place['country']}-{place['region']}")]
        )
        region = found[0].id if found else None
    return {
        "street_unstructured": place["street"],
        "city": place["city"],
        "postal_code": place["postal_code"],
        "country": country.id if country else None,
        "subdivision": region,
        **uses,
    }


def _template(erp: Erp, product: Product, category: Any, unit: Any) -> Any:
    return erp.model("product.template")(
        name=product.name,
        code=product.code,
        type="service" if product.service else "goods",
        default_uom=unit,
        salable=True,
        sale_uom=unit,
        list_price=product.price,
        account_category=category,
        products=[{}],
    )
