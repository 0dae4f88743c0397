"""Orders as Tryton's forms would fill them in, from what the real server told of a customer and two products."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from canonical.customer import Address
from canonical.errors import ProblemCategory, Refused
from canonical.intake import LineRequest, OrderRequest
from sources.tryton.addresses import default_place, place_of
from sources.tryton.mapping_intake import to_sale
from sources.tryton.prepared import Objection, Prepared, Terms, prepared_line, refuse
from sources.tryton.settings import Settings
from sources.tryton.wire_intake import Buyer, Goods
from tests.sources.tryton.reading import rows

VALVE, ANALYSIS = rows("goods", Goods)
[BUYER] = rows("buyer", Buyer)
PLAIN = Settings(database="erp")


def asked(**more: object) -> LineRequest:
    return msgspec.structs.replace(LineRequest(sku="AC-30", quantity=Decimal(4)), **more)


def price(goods: Goods = VALVE, own: str | None = "449.0000", **more: object) -> Decimal | Objection | None:
    line = prepared_line(asked(**more), goods, None if own is None else Decimal(own), 4)
    return line.objection or line.unit_price


def test_the_price_is_the_one_asked_for_else_the_erps_own_less_the_discount() -> None:
    assert price() == Decimal(449)
    assert price(unit_price=Decimal("12.5")) == Decimal("12.5")
    assert price(discount_percent=Decimal("33.3333")) == Decimal("299.3335")
    assert price(unit_price=Decimal(10), discount_percent=Decimal(100)) == Decimal(0)


def test_what_cannot_be_sold_is_said_in_words() -> None:
    without_category = msgspec.structs.replace(VALVE, template=None)
    retired = msgspec.structs.replace(VALVE, active=False)

    assert price(retired) == Objection(ProblemCategory.PRODUCT, "AC-30 is not sold any more.")
    assert price(own=None) == Objection(ProblemCategory.PRICING, "AC-30 has no price.")
    assert price(quantity=Decimal("1.5")) == Objection(
        ProblemCategory.INVALID_INPUT, "1.5 AC-30 cannot be ordered: it is sold by the u.", "quantity"
    )
    assert price(quantity=Decimal("4.0")) == Decimal(449)
    assert isinstance(price(quantity=Decimal(0)), Objection)
    assert price(unit_price=Decimal("1.23456")) == Objection(
        ProblemCategory.PRICING,
        "A price has at most 4 digits behind the point, and 1.23456 of AC-30 has more.",
        "unit_price",
    )
    assert price(without_category) == Objection(
        ProblemCategory.TAX, "AC-30 has no account category, so nobody knows its taxes."
    )


def test_several_objections_are_one_refusal_under_the_first_ones_category() -> None:
    first, second = Objection(ProblemCategory.TAX, "No tax."), Objection(ProblemCategory.PRICING, "No price.")

    with pytest.raises(Refused) as refused:
        refuse("erp-us", [first, second, first])
    refuse("erp-us", [])

    assert (refused.value.category, refused.value.sentence) == (ProblemCategory.TAX, "No tax. No price.")


def test_goods_go_to_the_customers_first_address_for_that_use() -> None:
    assert (default_place(BUYER, "invoice"), default_place(BUYER, "delivery")) == (147, 148)
    assert default_place(msgspec.structs.replace(BUYER, addresses=[]), "invoice") is None


def test_an_address_is_known_by_what_it_says() -> None:
    there = Address("industriestraße  138", "Leipzig", "04109", None, "DE")

    assert place_of(BUYER, there) == 148
    assert place_of(BUYER, Address("Industriestraße 138", "Leipzig", "04109", "SN", "DE")) == 148
    assert place_of(BUYER, Address("Industriestraße 138", "Leipzig", "04109", "BY", "DE")) is None
    assert place_of(BUYER, Address("Industriestraße 139", "Leipzig", "04109", None, "DE")) is None


def test_a_sale_is_entered_with_everything_that_a_form_would_fill_in() -> None:
    parts = (asked(source_key="802A"), asked(sku="ANA-1", quantity=Decimal(1), parent=0, segment=1))
    lines = (prepared_line(parts[0], VALVE, Decimal(449), 4), prepared_line(parts[1], ANALYSIS, Decimal("5.5"), 4))
    request = OrderRequest(
        reference="RG1",
        legal_entity_code="US01",
        customer_key="17100074",
        currency_code="USD",
        lines=parts,
        crm_order_key="801A",
        purchase_order_number="PO 1",
        requested_delivery_date=date(2027, 1, 5),
    )
    whole = Prepared(buyer=BUYER, terms=Terms(customer=75, currency=1), lines=lines)

    told = to_sale(request, whole, PLAIN, 147, 148)
    configured = to_sale(request, whole, Settings(database="erp", purchase_order_field="po"), 147, 148)

    made = told.pop("lines")
    assert told == {
        "party": 75,
        "currency": 1,
        "description": "RG1",
        "reference": "801A",
        "invoice_address": 147,
        "shipment_address": 148,
        "payment_term": 11,
        "shipping_date": {"__class__": "date", "year": 2027, "month": 1, "day": 5},
        "comment": "Purchase order PO 1",
    }
    assert made == [["create", [
        {"type": "line", "sequence": 1, "product": 13, "quantity": 4.0, "unit": 1, "taxes": [["add", []]],
         "unit_price": {"__class__": "Decimal", "decimal": "449.0000"}, "note": "Revgraph: source=802A"},
        {"type": "line", "sequence": 2, "product": 37, "quantity": 1.0, "unit": 1, "taxes": [["add", []]],
         "unit_price": {"__class__": "Decimal", "decimal": "5.5000"}, "note": "Revgraph: parent=1, segment=1"},
    ]]]  # fmt: skip
    assert (configured["po"], "comment" in configured) == ("PO 1", False)
