"""Customers and products: who buys, and what there is to buy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sources.tryton.sandbox.seeding.company import Books
from sources.tryton.sandbox.seeding.erp import Erp
from sources.tryton.sandbox.tale import Address, Customer, Product

PLENTY = 1_000_000.0
COUNTRIES = {
    "AT": "Austria",
    "BE": "Belgium",
    "CA": "Canada",
    "CH": "Switzerland",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FR": "France",
    "GB": "United Kingdom",
    "IT": "Italy",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NO": "Norway",
    "PL": "Poland",
    "SE": "Sweden",
    "US": "United States",
}


def add_customers(erp: Erp, books: Books, customers: Iterable[Customer]) -> dict[str, Any]:
    """Parties by code, without credit limits: those would stop what the tale says was once confirmed."""
    found = list(customers)
    lands = _lands(erp, (place for customer in found for place in (customer.billing, customer.shipping)))
    parties = [_party(erp, books, customer, lands) for customer in found]
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


def _party(erp: Erp, books: Books, customer: Customer, lands: Mapping[str, Any]) -> Any:
    ways = [{"type": "email", "value": each.email, "name": each.name} for each in customer.contacts if each.email]
    ways += [{"type": "phone", "value": each.phone, "name": each.name} for each in customer.contacts if each.phone]
    return erp.model("party.party")(
        code=customer.code,
        name=customer.name,
        customer_payment_term=books.terms[customer.payment_days],
        addresses=[
            {**_address(customer.billing, lands), "invoice": True},
            {**_address(customer.shipping, lands), "delivery": True},
        ],
        contact_mechanisms=ways,
    )


def _lands(erp: Erp, addresses: Iterable[Address]) -> dict[str, Any]:
    """Countries and their subdivisions by code ("US", "US-OH"): a new database has none."""
    found: dict[str, Any] = {}
    for address in addresses:
        land, region = address.country, f"{address.country}-{address.region}"
        if land not in found:
            found[land] = erp.save("country.country", name=COUNTRIES.get(land, land), code=land)
        if address.region and region not in found:
            kind = _division(erp, land)
            found[region] = erp.save(
                "country.subdivision", name=address.region, code=region, country=found[land], type=kind
            )
    return found


def _division(erp: Erp, land: str) -> str:
    """What a country's addresses name: a province in Italy; a state where Tryton has no rule."""
    kinds = erp.model("party.address.subdivision_type").get_types(erp.model("country.country")(code=land))
    return str(kinds[0]) if kinds else "state"


def _address(address: Address, lands: Mapping[str, Any]) -> dict[str, Any]:
    region = lands.get(f"{address.country}-{address.region}") if address.region else None
    return {
        "street_unstructured": address.street,
        "city": address.city,
        "postal_code": address.postal_code,
        "country": lands[address.country].id,
        "subdivision": region.id if region else None,
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
