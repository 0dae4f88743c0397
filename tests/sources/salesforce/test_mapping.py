"""Salesforce's words to ours: each rule beside the payload it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.absence import UNSET
from canonical.customer import Address
from canonical.money import Money
from canonical.order import OrderRecord, Stage
from canonical.quote import QuoteRecord, QuoteStatus
from canonical.refs import SystemReference
from canonical.wanted import Wanted
from sources.salesforce.mapping import Telling, stage_of, to_customer, to_order
from sources.salesforce.mapping_offer import to_product, to_quote
from sources.salesforce.reading import origin_of, select_customers, select_orders, select_products, select_quotes
from sources.salesforce.settings import Settings
from sources.salesforce.shapes import Shapes
from sources.salesforce.values import instant_of, numbers_in, plain, price_of

READ_AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
TELLING = Telling("crm", "https://acme.my.salesforce.com", READ_AT, "USD", service_families=frozenset({"Services"}))
CUSTOM = Settings(
    legal_entity_field="Legal_Entity__c",
    requested_date_field="Requested_Date__c",
    tax_field="Tax__c",
    cancelled_at_field="Cancelled_At__c",
    line_number_field="Line_Number__c",
    line_legal_entity_field="Legal_Entity__c",
    line_segment_field="Segment__c",
    line_parent_field="Parent_Item__c",
    service_families=("Services",),
)
ORDER = {
    "attributes": {"type": "Order", "url": "/services/data/v68.0/sobjects/Order/801RO000000abcdYAA"},
    "Id": "801RO000000abcdYAA",
    "OrderNumber": "00000417",
    "Status": "Sent to factory",
    "StatusCode": "Activated",
    "CreatedDate": "2026-11-23T19:00:00.000+0000",
    "ActivatedDate": "2026-11-23T19:05:00.000+0000",
    "AccountId": "001RO000000abcdYAA",
    "Account": {"attributes": {"type": "Account"}, "Id": "001RO000000abcdYAA", "Name": "Acme", "ParentId": None},
    "ERP_Order_Number__c": "4711; 0815",
    "TotalAmount": 1200.5,
    "PoNumber": "PO-7",
    "QuoteId": None,
    "ShippingStreet": "1 Main St",
    "ShippingCity": "Boston",
    "ShippingState": "MA",
    "ShippingPostalCode": "02110",
    "ShippingCountry": "US",
    "SystemModstamp": "2026-11-23T19:05:01.000+0000",
}


def order(wanted: Wanted, settings: Settings | None = None, **changed: object) -> OrderRecord:
    row = orjson.dumps({**ORDER, **changed})
    return to_order(msgspec.json.decode(row, type=Shapes.of(settings or Settings()).order), wanted, TELLING)


def test_an_order_tells_its_status_facts_whatever_was_asked() -> None:
    record = order(Wanted())

    assert record.ref.key == "801RO000000abcdYAA"
    assert record.reference == SystemReference(
        "crm", "Order", "801RO000000abcdYAA", "https://acme.my.salesforce.com/801RO000000abcdYAA"
    )
    assert (record.stage, record.status.status) == (Stage.SUBMITTED, "Sent to factory")
    assert record.status.at == datetime(2026, 11, 23, 19, 5, tzinfo=UTC)
    assert record.ordered_at == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert (record.number, record.partner_keys) == ("00000417", ("4711", "0815"))
    assert (record.customer_key, record.stamp.fetched_at) == ("001RO000000abcdYAA", READ_AT)


def test_what_was_asked_and_is_not_there_is_none_and_what_was_not_asked_is_unset() -> None:
    record = order(Wanted.of("quote_key", "tax", "total", "booked_at", "requested_delivery_date"))

    assert (record.quote_key, record.tax, record.total, record.booked_at) == (None, None, None, None)
    assert record.requested_delivery_date is None
    assert (record.opportunity_key, record.lines, record.customer, record.amended_at) == (UNSET, UNSET, UNSET, UNSET)


def test_an_order_s_own_values() -> None:
    record = order(Wanted.of("subtotal", "purchase_order_number", "ship_to", "version", "customer_name"))

    assert record.subtotal == Money(Decimal("1200.50"), "USD")
    assert record.purchase_order_number == "PO-7"
    assert record.ship_to == Address("1 Main St", "Boston", "02110", "MA", "US")
    assert record.version == "2026-11-23T19:05:01+00:00"
    assert record.customer_name == "Acme"
    assert record.submitted_at == datetime(2026, 11, 23, 19, 5, tzinfo=UTC)


def test_custom_fields_of_the_org_are_read_where_the_settings_name_them() -> None:
    record = order(
        Wanted.of("tax", "total", "requested_delivery_date", "cancelled_at"),
        CUSTOM,
        StatusCode="Canceled",
        Legal_Entity__c="US01",
        Tax__c=99.5,
        Requested_Date__c="2026-12-24",
        Cancelled_At__c="2026-11-24T08:00:00.000+0000",
    )

    assert (record.legal_entity_code, record.requested_delivery_date) == ("US01", date(2026, 12, 24))
    assert (record.tax, record.total) == (Money(Decimal("99.50"), "USD"), Money(Decimal("1300.00"), "USD"))
    assert record.cancelled_at == record.status.at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert record.stage is Stage.CANCELLED


@pytest.mark.parametrize(
    "code, stage",
    [
        ("Draft", Stage.DRAFT),
        (None, Stage.DRAFT),
        ("Activated", Stage.SUBMITTED),
        ("SomethingNew", Stage.SUBMITTED),
        ("Canceled", Stage.CANCELLED),
        ("Expired", Stage.CANCELLED),
    ],
)
def test_the_stage_is_the_category_behind_the_label(code: str | None, stage: Stage) -> None:
    assert stage_of(code) is stage


def test_the_customer_comes_with_its_order_but_without_contacts() -> None:
    record = order(Wanted.of("customer.name", "customer.parent_key", "customer.contacts", "customer.number"))

    assert record.customer is not None
    assert record.customer is not UNSET
    assert (record.customer.name, record.customer.parent_key, record.customer.number) == ("Acme", None, None)
    assert record.customer.contacts is UNSET


def test_money_is_in_the_order_s_own_currency_where_the_org_has_several() -> None:
    several = Telling("crm", "https://x", READ_AT, "USD", multi_currency=True)
    shape = Shapes.of(Settings(multi_currency=True)).order
    row = {**ORDER, "CurrencyIsoCode": "JPY", "TotalAmount": 1200.0}

    record = to_order(msgspec.json.decode(orjson.dumps(row), type=shape), Wanted.of("subtotal"), several)
    untold = to_order(msgspec.json.decode(orjson.dumps(ORDER), type=shape), Wanted(), several)

    assert (record.subtotal, record.currency_code) == (Money(Decimal(1200), "JPY"), "JPY")
    assert untold.currency_code is UNSET


def test_lines_with_ramps_bundles_and_services() -> None:
    items = [
        {
            "Id": "802A",
            "Line_Number__c": 10.0,
            "Quantity": 2.0,
            "UnitPrice": 0.125,
            "TotalPrice": 0.25,
            "Segment__c": 1.0,
            "Parent_Item__c": None,
            "Legal_Entity__c": "US01",
            "ServiceDate": "2026-12-01",
            "EndDate": "2027-11-30",
            "Description": None,
            "Product2": {"StockKeepingUnit": "SUP-1", "Name": "Support", "Family": "Services"},
        },
        {"Id": "802B", "Line_Number__c": None, "Quantity": 1.5, "Product2": None, "Parent_Item__c": "802A"},
    ]
    wanted = Wanted.of(*(f"lines.{name}" for name in ("number", "sku", "quantity", "unit_price", "amount", "segment")))
    wanted |= Wanted.of("lines.starts_on", "lines.ends_on", "lines.parent_key", "lines.description")

    record = order(wanted, CUSTOM, OrderItems={"totalSize": 2, "done": True, "records": items})

    assert isinstance(record.lines, tuple)
    first, second = record.lines
    assert (first.key, first.number, first.sku, first.description) == ("802A", "10", "SUP-1", "Support")
    assert (first.quantity, first.unit_price) == (Decimal(2), Money(Decimal("0.125"), "USD"))
    assert (first.amount, first.segment, first.parent_key) == (Money(Decimal("0.25"), "USD"), 1, None)
    assert (first.starts_on, first.ends_on) == (date(2026, 12, 1), date(2027, 11, 30))
    assert (first.legal_entity_code, first.shippable) == ("US01", False)
    assert (second.number, second.sku, second.quantity, second.parent_key) == (None, None, Decimal("1.5"), "802A")
    assert (second.shippable, second.tax) == (True, UNSET)


def test_an_order_without_lines_has_none_and_not_nothing() -> None:
    assert order(Wanted.of("lines.sku"), OrderItems=None).lines == ()


def test_a_customer_with_contacts_and_addresses() -> None:
    row = {
        "Id": "001A",
        "Name": "Acme",
        "AccountNumber": "C-1",
        "ERP_Customer_Number__c": "10100035,17100023",
        "SystemModstamp": "2026-01-02T03:04:05.000+0000",
        "BillingStreet": None,
        "BillingCity": None,
        "BillingState": None,
        "BillingPostalCode": None,
        "BillingCountry": None,
        "Contacts": {
            "totalSize": 1,
            "done": True,
            "records": [{"Id": "003A", "Name": "Ann", "Email": "a@x", "Phone": None, "Title": "Buyer"}],
        },
    }
    wanted = Wanted.of("name", "number", "contacts", "billing_address", "updated_at")

    record = to_customer(msgspec.json.decode(orjson.dumps(row), type=Shapes.of(Settings()).account), wanted, TELLING)

    assert (record.name, record.number, record.partner_keys) == ("Acme", "C-1", ("10100035", "17100023"))
    assert record.billing_address is None
    assert record.updated_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert isinstance(record.contacts, tuple)
    assert [(one.name, one.email, one.phone, one.role) for one in record.contacts] == [("Ann", "a@x", None, "Buyer")]


def quote(row: dict[str, object], settings: Settings, wanted: Wanted) -> QuoteRecord:
    shapes = Shapes.of(settings)
    decoded = msgspec.json.decode(orjson.dumps(row), type=shapes.quote)
    return to_quote(decoded, shapes.quote_object, wanted, TELLING)


def test_a_standard_quote() -> None:
    line = {"Id": "0QLA", "Quantity": 3.0, "TotalPrice": 30.0, "Product2": {"StockKeepingUnit": "A"}}
    row = {
        "Id": "0Q0A",
        "QuoteNumber": "00000009",
        "Status": "Needs Review",
        "GrandTotal": 35.7,
        "ExpirationDate": "2026-12-31",
        "QuoteLineItems": {"totalSize": 1, "done": True, "records": [line]},
    }

    record = quote(row, Settings(), Wanted.of("number", "status", "total", "expires_on", "lines.sku", "lines.amount"))

    assert (record.number, record.status) == ("00000009", QuoteStatus.IN_REVIEW)
    assert (record.total, record.expires_on) == (Money(Decimal("35.70"), "USD"), date(2026, 12, 31))
    assert isinstance(record.lines, tuple)
    assert (record.lines[0].sku, record.lines[0].amount) == ("A", Money(Decimal("30.00"), "USD"))
    assert record.reference.record_type == "Quote"


def test_a_package_s_quote_that_was_ordered() -> None:
    line = {
        "Id": "a0lA",
        "SBQQ__Quantity__c": 1.0,
        "SBQQ__NetTotal__c": 10.0,
        "SBQQ__SegmentIndex__c": 2.0,
        "SBQQ__RequiredBy__c": "a0lB",
        "SBQQ__Product__r": {"StockKeepingUnit": "A"},
    }
    row = {
        "Id": "a0qA",
        "Name": "Q-00001",
        "SBQQ__Status__c": "Accepted",
        "SBQQ__Ordered__c": True,
        "SBQQ__NetAmount__c": 10.0,
        "SBQQ__LineItems__r": {"totalSize": 1, "done": True, "records": [line]},
    }
    wanted = Wanted.of("number", "status", "total", "lines.segment", "lines.parent_key", "lines.sku")

    record = quote(row, Settings(quote_model="sbqq"), wanted)

    assert (record.number, record.status, record.reference.record_type) == (
        "Q-00001",
        QuoteStatus.ORDERED,
        "SBQQ__Quote__c",
    )
    assert isinstance(record.lines, tuple)
    assert (record.lines[0].segment, record.lines[0].parent_key, record.lines[0].sku) == (2, "a0lB", "A")


def test_a_status_that_the_org_made_up_is_none() -> None:
    assert quote({"Id": "0Q0A", "Status": "Pondering"}, Settings(), Wanted.of("status")).status is None


def test_a_product_with_its_standard_prices() -> None:
    entries = {"totalSize": 1, "done": True, "records": [{"UnitPrice": 12.0}]}
    row = {"Id": "01tA", "StockKeepingUnit": "A", "Name": "Valve", "IsActive": True, "PricebookEntries": entries}

    decoded = msgspec.json.decode(orjson.dumps(row), type=Shapes.of(Settings()).product)
    record = to_product(decoded, Wanted.of("name", "active", "prices", "unit"), TELLING)

    assert (record.sku, record.name, record.active, record.unit) == ("A", "Valve", True, None)
    assert isinstance(record.prices, tuple)
    assert [one.price for one in record.prices] == [Money(Decimal("12.00"), "USD")]


def test_only_wanted_fields_are_selected() -> None:
    shapes = Shapes.of(Settings())

    assert select_orders(shapes, Wanted()).text() == (
        "SELECT Id, OrderNumber, Status, StatusCode, CreatedDate, ActivatedDate, AccountId, ERP_Order_Number__c "
        "FROM Order"
    )
    assert select_orders(shapes, Wanted.of("lines.sku", "subtotal", "customer.name")).text() == (
        "SELECT Id, OrderNumber, Status, StatusCode, CreatedDate, ActivatedDate, AccountId, ERP_Order_Number__c, "
        "TotalAmount, Account.Id, Account.ERP_Customer_Number__c, Account.Name, "
        "(SELECT Id, Product2.StockKeepingUnit FROM OrderItems ORDER BY OrderItemNumber, Id) FROM Order"
    )
    assert select_customers(shapes, Wanted.of("name")).text() == "SELECT Id, ERP_Customer_Number__c, Name FROM Account"
    assert select_products(shapes, Wanted.of("name")).text() == "SELECT Id, StockKeepingUnit, Name FROM Product2"
    package = Shapes.of(Settings(quote_model="sbqq", multi_currency=True))
    assert select_quotes(package, Wanted.of("total")).text() == (
        "SELECT Id, SBQQ__Account__c, SBQQ__NetAmount__c, CurrencyIsoCode FROM SBQQ__Quote__c"
    )


def test_every_field_says_where_it_comes_from() -> None:
    shapes = Shapes.of(CUSTOM)

    assert origin_of(shapes, "Order", "purchase_order_number") == "PoNumber"
    assert origin_of(shapes, "Order", "subtotal") == "TotalAmount"
    assert origin_of(shapes, "Order", "tax") == "Tax__c"
    assert origin_of(shapes, "OrderLine", "sku") == "Product2.StockKeepingUnit"
    assert origin_of(shapes, "Customer", "billing_address") == "BillingStreet"
    assert origin_of(shapes, "Order", "booked_at") is None
    assert origin_of(Shapes.of(Settings()), "Order", "tax") is None
    assert origin_of(shapes, "Invoice", "total") is None


@given(st.decimals(min_value=-10_000_000, max_value=10_000_000, places=6))
def test_plain_numbers_keep_their_value_and_lose_their_zeros(number: Decimal) -> None:
    told = plain(number)

    assert told == number
    assert "E" not in str(told)
    assert not (("." in str(told)) and str(told).endswith("0"))


@given(st.decimals(min_value=0, max_value=1_000_000, places=4))
def test_a_price_is_exact_and_never_coarser_than_its_currency(number: Decimal) -> None:
    price = price_of(number, "EUR")

    assert isinstance(price, Money)
    assert price.amount == number
    exponent = price.amount.as_tuple().exponent
    assert isinstance(exponent, int)
    assert exponent <= -2


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=9))])))
def test_instants_are_the_same_instant_in_utc(at: datetime) -> None:
    at = at.replace(microsecond=0)
    if 1 < at.year < 9999:
        told = instant_of(at.strftime("%Y-%m-%dT%H:%M:%S.000%z").rjust(28, "0"))

        assert isinstance(told, datetime)
        assert told == at
        assert told.tzinfo is UTC


def test_a_day_kept_where_an_instant_is_meant_is_its_first_instant() -> None:
    assert instant_of("2026-11-24") == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, numbers",
    [(None, ()), ("", ()), ("A", ("A",)), ("A;B", ("A", "B")), (" A , B;; A ", ("A", "B")), (";", ())],
)
def test_a_field_may_hold_several_numbers(text: str | None, numbers: tuple[str, ...]) -> None:
    assert numbers_in(text) == numbers
