from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from canonical.customer import Address
from canonical.money import money
from canonical.product import ListPrice
from canonical.wanted import Wanted
from sources.tryton.checkup import ACCOUNT
from sources.tryton.mapping_masters import to_billing_account, to_customer, to_product
from sources.tryton.values import Amount
from sources.tryton.wire import Party, Product
from tests.sources.tryton.reading import FETCHED_AT, reading, rows

PERSON = Wanted.of("name", "contacts", "billing_address", "shipping_address", "updated_at", "parent_key")


def test_a_party_is_a_customer_by_its_code() -> None:
    [row] = rows("party", Party)

    told = to_customer(row, reading(), PERSON)

    assert told is not None
    assert (told.ref.key, told.number, told.name) == (
        "17100001",
        "17100001",
        "Rennertz Wasserwerke \u2013 Besançon SAS",
    )
    assert told.billing_address == Address("75 Quai Saint-Michel", "Besançon", "25000", "BFC", "FR")
    assert told.shipping_address == Address("174 Quai Saint-Michel", "Besançon", "25000", "BFC", "FR")
    assert isinstance(told.contacts, tuple)
    assert [(each.name, each.email, each.phone) for each in told.contacts] == [
        ("François Garçon", "francois.garcon@rennertz.example.fr", "+33 4 479 3763"),
        ("Élodie Moreau", "elodie.moreau@rennertz.example.fr", "+33 4 582 5434"),
    ]
    assert told.updated_at == datetime(2023, 1, 26, 5, 43, tzinfo=UTC)
    assert told.parent_key is None
    assert to_customer(msgspec.structs.replace(row, code=None), reading(), PERSON) is None


def test_what_a_customer_owes_is_told_against_the_limit() -> None:
    [row] = rows("party", Party)

    told = to_billing_account(row, "US01", reading(), ACCOUNT)

    assert told is not None
    assert (told.legal_entity_code, told.payment_terms) == ("US01", "Net 30")
    assert (told.open_balance, told.overdue_balance) == (money("34683.50", "USD"), money("34683.50", "USD"))
    credit = told.credit
    assert not isinstance(credit, msgspec.UnsetType)
    assert credit is not None
    assert (credit.credit_limit, credit.exposure) == (money("100000", "USD"), money("64200", "USD"))
    assert (credit.available, credit.on_hold, credit.checked_at) == (money("35800", "USD"), False, FETCHED_AT)


def test_without_a_limit_nothing_is_available_or_on_hold_and_money_in_advance_is_no_debt() -> None:
    [row] = rows("party", Party)
    assert row.receivable_today is not None
    in_advance = Amount(-row.receivable_today.decimal)
    free = msgspec.structs.replace(row, credit_limit_amount=None, receivable_today=in_advance)

    told = to_billing_account(free, "US01", reading(), ACCOUNT)

    assert told is not None
    assert told.overdue_balance == money("0", "USD")
    credit = told.credit
    assert not isinstance(credit, msgspec.UnsetType)
    assert credit is not None
    assert (credit.credit_limit, credit.available, credit.on_hold) == (None, None, None)


def test_a_variant_is_a_product_by_its_code() -> None:
    [row] = rows("product", Product)

    told = to_product(row, reading(), Wanted.of("name", "unit", "active", "prices"))

    assert told is not None
    assert (told.sku, told.name, told.unit, told.active) == ("AC-30", "Pneumatic actuator AC-30", "u", True)
    assert told.prices == (ListPrice(money("449", "USD"), "US01"),)
