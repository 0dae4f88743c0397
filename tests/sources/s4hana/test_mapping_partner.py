from __future__ import annotations

import pytest

from canonical.absence import UNSET, Told
from canonical.customer import Address, CustomerRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.s4hana.mapping_order import to_order
from sources.s4hana.wire import SalesOrder
from tests.sources.s4hana.opened import NOW, reading, rows


def customer(part: str, *names: str) -> Told[CustomerRecord]:
    (row,) = rows("sold_to", SalesOrder, part)
    return to_order(row, reading(), Wanted.of(*(f"customer.{name}" for name in names))).customer


def test_the_sold_to_party_of_an_order_is_told_by_the_name_and_address_on_it() -> None:
    told = customer("company", "name", "billing_address", "parent_key")

    assert isinstance(told, CustomerRecord)
    assert (told.ref, told.number) == (Ref("sap", "17100044"), "17100044")
    assert told.name == "Northgate Brewing and Bottling Company of Georgia Inc."
    assert told.billing_address == Address("Canal Street 12 B", "Atlanta", "30303", "GA", "US")
    assert told.parent_key is None
    assert (told.stamp.record_type, told.stamp.key, told.stamp.fetched_at) == ("Customer", "17100044", NOW)


def test_what_an_order_does_not_hold_of_its_customer_is_not_told() -> None:
    told = customer("company", "name")

    assert isinstance(told, CustomerRecord)
    assert (told.billing_address, told.shipping_address, told.contacts) == (UNSET, UNSET, UNSET)
    assert (told.parent_key, told.updated_at, told.partner_keys) == (UNSET, UNSET, ())


@pytest.mark.parametrize("part", ["person", "foreign_script", "nobody"])
def test_people_other_scripts_and_orders_without_a_sold_to_party_are_left_to_the_customers_own_record(
    part: str,
) -> None:
    assert customer(part, "name") is UNSET


def test_a_customer_that_is_not_wanted_or_was_not_expanded_is_unset() -> None:
    (held,), (bare, *_) = rows("sold_to", SalesOrder, "company"), rows("order", SalesOrder)

    assert to_order(held, reading(), Wanted.of("customer_key")).customer is UNSET
    assert to_order(bare, reading(), Wanted.of("customer.name")).customer is UNSET
