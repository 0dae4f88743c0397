from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sandbox.story import tell_story
from sources.kit.sandbox.story import Deal, Story
from sources.kit.sandbox.sums import booked, credited, still_open
from sources.s4hana.sandbox import S4HanaSandbox, SystemSettings
from sources.s4hana.sandbox.model import SERVICES
from sources.s4hana.sandbox.model.books import BOOKS
from sources.s4hana.sandbox.tell import tell
from sources.s4hana.sandbox.telling.addresses import halves

Rows = dict[str, list[Mapping[str, object]]]

seeds = st.integers(min_value=0, max_value=10_000)
few = settings(max_examples=4, phases=(Phase.generate,))
INSTANCES = ("sap-eu", "erp-us")


@cache
def story(seed: int = 7) -> Story:
    return tell_story(seed, deals=110, buyers=40)


@cache
def told(instance: str, seed: int = 7) -> Rows:
    return tell(story(seed), instance)


def money(value: object) -> Decimal:
    assert isinstance(value, Decimal)
    return value


def total(rows: list[Mapping[str, object]], column: str) -> Decimal:
    return sum((money(row[column]) for row in rows), Decimal(0))


def grouped(rows: list[Mapping[str, object]], *columns: str) -> dict[tuple[object, ...], list[Mapping[str, object]]]:
    groups: dict[tuple[object, ...], list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def with_trait(trait: str) -> list[tuple[Deal, Mapping[str, object]]]:
    headers = {(instance, row["SalesOrder"]): row for instance in INSTANCES for row in told(instance)["A_SalesOrder"]}
    found = [
        (deal, headers[booking.instance, booking.number])
        for deal in story().deals
        if trait in deal.traits
        for booking in deal.bookings
    ]
    assert found
    return found


@pytest.mark.parametrize("instance", INSTANCES)
def test_every_row_fits_its_set_and_no_key_is_told_twice(instance: str) -> None:
    sets = {entity.name: entity for service in (*SERVICES, BOOKS) for entity in service.sets}

    for name, rows in told(instance).items():
        keys = Counter(tuple(str(row[key.name]) for key in sets[name].keys if key.name in row) for row in rows)
        assert not [key for key, count in keys.items() if count > 1], name
        assert not {column for row in rows for column in row} - sets[name].by_name.keys(), name


@pytest.mark.parametrize("release", ["2026", "2020"])
def test_the_sandbox_holds_what_it_was_told_as_far_as_its_release_has_places(release: str) -> None:
    sandbox = S4HanaSandbox(settings=SystemSettings(release="2020" if release == "2020" else "2026"))

    sandbox.tell(story(), "sap-eu")
    sandbox.tell(story(), "sap-eu")

    store = sandbox.system.store
    assert store.one('SELECT count(*) FROM "A_SalesOrder"', ()) == len(told("sap-eu")["A_SalesOrder"])
    assert store.one('SELECT count(*) FROM "A_SalesOrderItem"', ()) == len(told("sap-eu")["A_SalesOrderItem"])
    sandbox.close()


@given(seeds)
@few
def test_orders_add_up_to_the_story(seed: int) -> None:
    for instance in INSTANCES:
        items = grouped(told(instance, seed)["A_SalesOrderItem"], "SalesOrder")
        prices = grouped(told(instance, seed)["A_SalesOrderItemPrElement"], "SalesOrder", "ConditionClass")
        headers = {row["SalesOrder"]: row for row in told(instance, seed)["A_SalesOrder"]}
        orders = booked(story(seed), instance)
        assert headers.keys() == orders.keys()
        for number, order in orders.items():
            truth = order.sum({n: order.lines[n].quantity for n in order.booking.lines})
            assert headers[number]["TotalNetAmount"] == truth.net
            assert total(items[number,], "NetAmount") == truth.net == total(prices[number, "B"], "ConditionAmount")
            assert total(items[number,], "TaxAmount") == truth.tax == total(prices[number, "D"], "ConditionAmount")


@given(seeds)
@few
def test_deliveries_add_up_to_the_story(seed: int) -> None:
    for instance in INSTANCES:
        sent: Counter[tuple[object, object, object]] = Counter()
        for row in told(instance, seed).get("A_OutbDeliveryItem", []):
            key = (row["ReferenceSDDocument"], int(str(row["ReferenceSDDocumentItem"])), row["SDDocumentCategory"])
            sent[key] += int(money(row["ActualDeliveryQuantity"]))
        truth: Counter[tuple[object, object, object]] = Counter()
        for number, order in booked(story(seed), instance).items():
            for parcel in order.booking.parcels:
                for line, quantity in parcel.quantities.items():
                    truth[number, line, "T" if parcel.is_return else "J"] += int(quantity)
        assert sent == truth


@given(seeds)
@few
def test_billing_documents_add_up_to_the_story(seed: int) -> None:
    for instance in INSTANCES:
        rows, orders = told(instance, seed), booked(story(seed), instance)
        items = grouped(rows["A_BillingDocumentItem"], "BillingDocument")
        headers = {row["BillingDocument"]: row for row in rows["A_BillingDocument"]}
        for number, header in headers.items():
            assert total(items[number,], "NetAmount") == header["TotalNetAmount"]
            assert total(items[number,], "TaxAmount") == header["TaxAmount"]
            assert header["TotalGrossAmount"] == money(header["TotalNetAmount"]) + money(header["TaxAmount"])
        for order in orders.values():
            for bill in order.booking.bills:
                units: Counter[tuple[str, int]] = Counter()
                for row in items[bill.number,]:
                    key = (str(row["SalesDocument"]), int(str(row["SalesDocumentItem"])))
                    units[key] += int(money(row["BillingQuantity"]))
                assert units == Counter({key: int(quantity) for key, quantity in bill.quantities.items()})


@given(seeds)
@few
def test_no_delivery_is_billed_beyond_its_quantity(seed: int) -> None:
    for instance in INSTANCES:
        rows = told(instance, seed)
        cancelled = {row["BillingDocument"] for row in rows["A_BillingDocument"] if row["BillingDocumentIsCancelled"]}
        sent = {
            (row["DeliveryDocument"], row["DeliveryDocumentItem"]): money(row["ActualDeliveryQuantity"])
            for row in rows.get("A_OutbDeliveryItem", [])
        }
        billed: Counter[tuple[object, object]] = Counter()
        for row in rows["A_BillingDocumentItem"]:
            kept = row["BillingDocument"] not in cancelled and not str(row["BillingDocument"]).startswith("95")
            if row["ReferenceSDDocumentCategory"] == "J" and kept:
                key = (row["ReferenceSDDocument"], row["ReferenceSDDocumentItem"])
                billed[key] += int(money(row["BillingQuantity"]))
        assert all(quantity <= sent[key] for key, quantity in billed.items())


@given(seeds)
@few
def test_what_customers_owe_adds_up_to_the_story(seed: int) -> None:
    for instance in INSTANCES:
        orders = booked(story(seed), instance)
        truth: Counter[tuple[str, str]] = Counter()
        for order in orders.values():
            key = (order.booking.customer_number, order.deal.currency)
            for bill in order.booking.bills:
                truth[key] += int(100 * still_open(bill, order, orders)) if bill.posted else 0
                truth[key] -= sum(int(100 * credited(n, order).gross) for n in bill.credits if not n.applied)
        owed: Counter[tuple[str, str]] = Counter()
        for row in told(instance, seed)["A_OperationalAcctgDocItemCube"]:
            if not row.get("IsCleared"):
                key = (str(row["Customer"]), str(row["TransactionCurrency"]))
                owed[key] += int(100 * money(row["AmountInTransactionCurrency"]))
        assert {k: v for k, v in owed.items() if v} == {k: v for k, v in truth.items() if v}


@given(seeds)
@few
def test_what_one_document_clears_sums_up_to_nothing(seed: int) -> None:
    for instance in INSTANCES:
        cleared = [row for row in told(instance, seed)["A_OperationalAcctgDocItemCube"] if row.get("IsCleared")]
        for document, rows in grouped(cleared, "ClearingAccountingDocument").items():
            assert total(rows, "AmountInTransactionCurrency") == 0, document


@given(seeds)
@few
def test_every_reference_names_a_row_that_is_there(seed: int) -> None:
    for instance in INSTANCES:
        rows = told(instance, seed)
        customers = {row["Customer"] for row in rows["A_Customer"]}
        items = {(row["SalesOrder"], str(row["SalesOrderItem"])) for row in rows["A_SalesOrderItem"]}
        documents = {row["DeliveryDocument"] for row in rows.get("A_OutbDeliveryHeader", [])}
        documents |= {row["BillingDocument"] for row in rows["A_BillingDocument"]}
        materials = {row["Product"] for row in rows["A_Product"]}
        assert {row["SoldToParty"] for row in rows["A_SalesOrder"]} <= customers
        assert {row["PayerParty"] for row in rows["A_BillingDocument"]} <= customers
        assert {row["Material"] for row in rows["A_SalesOrderItem"]} <= materials
        for row in rows.get("A_OutbDeliveryItem", []):
            assert (row["ReferenceSDDocument"], row["ReferenceSDDocumentItem"]) in items
        for row in rows["A_BillingDocumentItem"]:
            assert (row["SalesDocument"], row["SalesDocumentItem"]) in items
            assert row["ReferenceSDDocument"] in documents | {row["SalesDocument"]}
        for row in rows["A_SalesOrderItmSubsqntProcFlow"]:
            assert row["SubsequentDocument"] in documents
            assert (row["SalesOrder"], row["SalesOrderItem"]) in items


def test_an_order_that_came_through_the_crm_carries_its_key_and_another_a_free_text() -> None:
    for deal, header in with_trait("completed"):
        assert header["PurchaseOrderByCustomer"] == deal.crm_key
    for deal, header in with_trait("missing_in_crm"):
        assert deal.crm_key is None
        assert not str(header["PurchaseOrderByCustomer"]).startswith("801")


def test_two_orders_claim_one_sale_where_it_was_submitted_twice() -> None:
    claims = Counter(header["PurchaseOrderByCustomer"] for _, header in with_trait("duplicate_booking"))

    assert set(claims.values()) == {2}


def test_status_letters_say_how_far_an_order_has_come() -> None:
    assert {header["OverallTotalDeliveryStatus"] for _, header in with_trait("partly_shipped")} == {"B"}
    assert {header["OverallSDProcessStatus"] for _, header in with_trait("booked")} == {"A"}
    assert {header["OverallSDProcessStatus"] for _, header in with_trait("completed")} == {"C"}
    assert {header["TotalCreditCheckStatus"] for _, header in with_trait("credit_hold")} == {"B"}
    assert {header["TotalCreditCheckStatus"] for _, header in with_trait("credit_hold_released")} == {"D"}
    assert {header["HeaderBillingBlockReason"] for _, header in with_trait("billing_hold")} == {"01"}
    assert {header["DeliveryBlockReason"] for _, header in with_trait("delivery_hold")} == {"01"}
    assert {header["OverallSDDocumentRejectionSts"] for _, header in with_trait("cancelled")} == {"C"}
    assert {header["OverallDeliveryStatus"] for _, header in with_trait("services_only")} == {""}


def test_a_delivery_that_is_made_but_not_gone_counts_as_delivered_and_not_as_moved() -> None:
    deal, header = with_trait("picked")[0]
    (parcel,) = deal.bookings[0].parcels
    rows = told(deal.bookings[0].instance)["A_OutbDeliveryHeader"]
    (delivery,) = [row for row in rows if row["DeliveryDocument"] == parcel.number]

    assert header["OverallDeliveryStatus"] == "C"
    assert delivery["OverallGoodsMovementStatus"] == "A"
    assert "ActualGoodsMovementDate" not in delivery


def test_a_cancelled_invoice_stands_beside_the_document_that_cancels_it() -> None:
    for deal, _ in with_trait("invoice_cancelled"):
        booking = deal.bookings[0]
        wrong, right = booking.bills
        documents = {row["BillingDocument"]: row for row in told(booking.instance)["A_BillingDocument"]}
        (storno,) = [row for row in documents.values() if row["CancelledBillingDocument"] == wrong.number]
        assert documents[wrong.number]["BillingDocumentIsCancelled"] is True
        assert (storno["BillingDocumentType"], storno["SDDocumentCategory"]) == ("S1", "N")
        assert documents[right.number]["BillingDocumentIsCancelled"] is False


def test_the_erp_keeps_its_own_price_where_it_differs() -> None:
    for deal, header in with_trait("price_conflict"):
        crm = sum((line.quantity * line.unit_price for line in deal.lines), Decimal(0))
        assert money(header["TotalNetAmount"]) > crm


def test_a_customer_may_be_spelled_differently_here() -> None:
    names = {row["BusinessPartner"]: row["BusinessPartnerFullName"] for row in told("sap-eu")["A_BusinessPartner"]}
    differing = [
        (buyer.name, names[account.number])
        for buyer in story().buyers.values()
        for account in buyer.accounts
        if buyer.erp_names and account.instance == "sap-eu"
    ]

    assert differing
    assert all(ours != theirs for ours, theirs in differing)


@pytest.mark.parametrize("instance", INSTANCES)
def test_each_order_names_its_customer_as_the_business_partner_is_named(instance: str) -> None:
    rows = told(instance)
    names = {row["Customer"]: row["BusinessPartnerFullName"] for row in rows["A_BusinessPartner"]}
    places = {
        row["BusinessPartner"]: (row["StreetName"], row["CityName"])
        for row in rows["A_BusinessPartnerAddress"]
        if str(row["AddressID"]).startswith("1")
    }
    sold_to = {row["SalesOrder"]: row["SoldToParty"] for row in rows["A_SalesOrder"]}

    addresses = rows["A_SalesOrderPartnerAddress"]

    assert len(addresses) == 4 * len(sold_to)
    for row in addresses:
        customer = sold_to[row["SalesOrder"]]
        name = f"{row['OrganizationName1']} {row['OrganizationName2']}".strip()
        assert (name, (row["StreetName"], row["CityName"])) == (names[customer], places[customer])


@pytest.mark.parametrize(
    "name,first,second",
    [
        ("Acme Inc.", "Acme Inc.", ""),
        ("A" * 40, "A" * 40, ""),
        ("Müller & Söhne Armaturenbau Rotterdam B.V.", "Müller & Söhne Armaturenbau Rotterdam", "B.V."),
        (f"{'A' * 39} Inc.", "A" * 39, "Inc."),
        ("B" * 50, "B" * 40, "B" * 10),
    ],
)
def test_a_long_name_goes_on_in_a_second_field(name: str, first: str, second: str) -> None:
    assert halves(name) == (first, second)
