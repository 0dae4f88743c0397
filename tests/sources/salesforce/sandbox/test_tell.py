from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sandbox.story import tell_story
from sources.kit.sandbox.story import Deal, Story
from sources.kit.sandbox.sums import priced
from sources.salesforce.sandbox import SalesforceSandbox
from sources.salesforce.sandbox.ids import id18
from sources.salesforce.sandbox.tell import tell

Rows = dict[str, list[Mapping[str, object]]]

seeds = st.integers(min_value=0, max_value=10_000)
few = settings(max_examples=4, phases=(Phase.generate,))


@cache
def story(seed: int = 7) -> Story:
    return tell_story(seed, deals=110, buyers=40)


@cache
def told(seed: int = 7) -> Rows:
    return tell(story(seed), "salesforce")


def orders(seed: int = 7) -> dict[object, Mapping[str, object]]:
    return {row["Id"]: row for row in told(seed)["Order"]}


def with_trait(trait: str) -> list[Deal]:
    found = [deal for deal in story().deals if trait in deal.traits]
    assert found
    return found


@given(seeds)
@few
def test_orders_and_quotes_add_up_to_the_story(seed: int) -> None:
    items: dict[object, Decimal] = {}
    for row in (*told(seed)["OrderItem"], *told(seed)["QuoteLineItem"]):
        parent = row.get("OrderId") or row["QuoteId"]
        items[parent] = items.get(parent, Decimal(0)) + Decimal(str(row["TotalPrice"]))
    quotes = {row["Id"]: row for row in told(seed)["Quote"]}
    for deal in story(seed).deals:
        net = sum((priced(line, line.quantity).net for line in deal.lines), Decimal(0))
        if deal.crm_key:
            assert items[deal.crm_key] == net == orders(seed)[deal.crm_key]["TotalAmount"]
        if deal.offer:
            assert items[deal.offer.crm_key] == net == quotes[deal.offer.crm_key]["TotalPrice"]


@given(seeds)
@few
def test_every_reference_names_a_row_that_is_there(seed: int) -> None:
    rows = told(seed)
    ids = {row["Id"] for table in rows.values() for row in table}
    ids |= {"01sRg0000000001IAA"}
    links = {name: [key for key in table[0] if key.endswith("Id")] for name, table in rows.items() if table}
    for name, table in rows.items():
        for row in table:
            for key in links[name]:
                assert row.get(key) is None or row[key] in ids, (name, key)
    assert {row["Parent_Item__c"] for row in rows["OrderItem"]} - {None} <= ids
    assert {row["ParentId"] for row in rows["Account"]} - {None} <= ids


@given(seeds)
@few
def test_no_id_and_no_number_is_told_twice_and_ids_have_their_checksum(seed: int) -> None:
    rows = told(seed)
    ids = [str(row["Id"]) for table in rows.values() for row in table]

    assert len(ids) == len(set(ids))
    assert ids == [id18(one[:15]) for one in ids]
    numbered = {"Order": "OrderNumber", "OrderItem": "OrderItemNumber", "Quote": "QuoteNumber"}
    for table, column in numbered.items():
        assert max(Counter(row[column] for row in rows[table]).values()) == 1


def test_the_org_holds_what_it_was_told() -> None:
    sandbox = SalesforceSandbox("salesforce", None)

    sandbox.tell(story(), "salesforce")
    sandbox.tell(story(), "salesforce")

    store = sandbox.org.store
    assert store.select('SELECT COUNT(*) FROM "Order"') == [(len(told()["Order"]),)]
    assert store.select('SELECT COUNT(*) FROM "OrderItem" WHERE "Product2Id" IS NULL') == [(0,)]
    deal = with_trait("multi_entity")[0]
    (row,) = store.select('SELECT "TotalAmount", "StatusCode" FROM "Order" WHERE "Id" = ?', [deal.crm_key])
    net = sum((priced(line, line.quantity).net for line in deal.lines), Decimal(0))
    assert row == (float(net), "Activated")
    sandbox.close()


def test_an_instance_that_is_not_the_crm_is_told_nothing() -> None:
    assert tell(story(), "sap-eu") == {}


def test_erp_numbers_stand_where_they_were_written_back_and_nowhere_else() -> None:
    for deal in with_trait("completed"):
        assert orders()[deal.crm_key]["ERP_Order_Number__c"] == deal.bookings[0].number
    for deal in (*with_trait("not_written_back"), *with_trait("stuck_before_erp")):
        assert orders()[deal.crm_key]["ERP_Order_Number__c"] is None


def test_a_deal_over_two_entities_carries_both_numbers() -> None:
    for deal in with_trait("multi_entity"):
        first, second = deal.bookings
        assert orders()[deal.crm_key]["ERP_Order_Number__c"] == f"{first.number};{second.number}"


def test_of_a_duplicate_only_the_first_number_is_known() -> None:
    for deal in with_trait("duplicate_booking"):
        assert orders()[deal.crm_key]["ERP_Order_Number__c"] == deal.bookings[0].number


def test_what_only_an_erp_knows_is_not_told() -> None:
    numbers = {row["AccountNumber"] for row in told()["Account"]}

    assert all(deal.crm_key is None for deal in with_trait("missing_in_crm"))
    assert len(told()["Order"]) == len([deal for deal in story().deals if deal.crm_key])
    assert numbers == {buyer.number for buyer in story().buyers.values() if buyer.crm_key}


def test_a_ramp_has_a_contract_and_its_segments() -> None:
    for deal in with_trait("ramp"):
        contract = orders()[deal.crm_key]["ContractId"]
        segments = [row["Segment__c"] for row in told()["OrderItem"] if row["OrderId"] == deal.crm_key]
        assert contract in {row["Id"] for row in told()["Contract"]}
        assert segments[:3] == [1, 2, 3]


def test_cancelled_orders_say_so_unless_only_the_erp_knows() -> None:
    assert {orders()[deal.crm_key]["Status"] for deal in with_trait("cancelled")} == {"Canceled"}
    assert {orders()[deal.crm_key]["Status"] for deal in with_trait("cancelled_only_in_erp")} == {"Activated"}
