from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from msgspec import UNSET

from canonical.customer import Address, CustomerRecord
from canonical.money import money
from canonical.order import HoldKind, OrderRecord, Stage
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.tryton.checkup import ORDER
from sources.tryton.mapping_order import stage_of, to_order, to_tax
from sources.tryton.values import Amount, Instant
from sources.tryton.wire import Party, Sale, Tax, sales_under
from tests.sources.tryton.reading import reading, rows


def usd(text: str) -> object:
    return money(text, "USD")


def order(name: str, wanted: Wanted, *, weighed: bool = False) -> OrderRecord:
    [row] = rows(name, Sale)
    return to_order(row, reading(), wanted, row if weighed else None)


def test_a_sale_is_an_order_with_its_numbers_dates_and_amounts() -> None:
    told = order("sale_partly_shipped", ORDER)

    assert (told.ref, told.number, told.partner_keys) == (Ref("erp-us", "65"), "204066", ("8015g0000021vLLAAY",))
    assert (told.stage, told.status.status, told.legal_entity_code) == (Stage.BOOKED, "Processing", "US01")
    assert told.ordered_at == told.created_at == datetime(2026, 11, 9, 13, 24, 3, tzinfo=UTC)
    assert told.booked_at == datetime(2026, 11, 9, 13, 24, 3, tzinfo=UTC)
    assert told.requested_delivery_date == date(2026, 12, 7)
    assert (told.subtotal, told.tax, told.total) == (usd("4248.25"), usd("0"), usd("4248.25"))
    assert (told.customer_key, told.customer_name) == ("17100006", "Beaurivage Brasseries SAS")
    assert told.ship_to == Address("60 Rue de l'Industrie", "Lille", "59800", "HDF", "FR")
    assert told.holds == ()
    assert told.cancelled_at is None
    assert told.purchase_order_number is None
    assert told.version == "2026-11-18T13:20:51+00:00"


def test_lines_carry_their_own_key_the_sku_and_whether_they_can_be_sent() -> None:
    lines = order("sale_held", ORDER).lines

    assert isinstance(lines, tuple)
    assert [(line.key, line.number, line.sku, line.quantity, line.shippable) for line in lines] == [
        ("282", "10", "VM-16", Decimal(8), True),
        ("283", "20", "LV-2", Decimal(6), True),
        ("284", "30", "ENG", Decimal(1), False),
    ]
    assert (lines[0].unit_price, lines[0].amount, lines[0].tax) == (usd("1429.00"), usd("11432.00"), usd("0"))
    assert lines[0].description == "Valve manifold VM-16"


def test_what_nobody_asked_for_is_unset_and_what_tryton_has_not_is_none() -> None:
    bare = order("sale_cancelled", Wanted.of("cancelled_at", "amended_at"))

    assert (bare.lines, bare.total, bare.customer_key, bare.ship_to) == (UNSET, UNSET, UNSET, UNSET)
    assert bare.amended_at is None
    assert bare.stage is Stage.CANCELLED
    assert isinstance(bare.cancelled_at, datetime)
    lines = order("sale_partly_shipped", Wanted.of("lines.partner_key")).lines
    assert isinstance(lines, tuple)
    assert lines[0].partner_key is None


def test_a_quotation_beyond_its_customers_credit_limit_is_on_hold() -> None:
    told = order("sale_held", ORDER, weighed=True)

    assert told.stage is Stage.SUBMITTED
    assert [(hold.kind, hold.reason) for hold in told.holds] == [
        (HoldKind.CREDIT, "It would exceed the credit limit of 36000.00 USD by 18.00 USD.")
    ]


def test_no_hold_is_told_of_a_quotation_within_the_limit_or_in_another_currency() -> None:
    [row] = rows("sale_held", Sale)
    assert row.party is not None
    assert row.currency is not None
    rich = msgspec.structs.replace(row.party, credit_limit_amount=Amount(Decimal(36018)))
    euro = msgspec.structs.replace(row.currency, code="EUR")

    within = msgspec.structs.replace(row, party=rich)
    foreign = msgspec.structs.replace(row, currency=euro)

    assert to_order(within, reading(), Wanted(), within).holds == ()
    assert to_order(foreign, reading(), Wanted(), foreign).holds == ()


def test_the_payer_that_is_not_the_customer_is_weighed() -> None:
    [row] = rows("sale_held", Sale)
    poor = msgspec.structs.replace(row.party, credit_limit_amount=Amount(Decimal(10)))  # type: ignore[type-var]

    told = to_order(row, reading(), Wanted(), msgspec.structs.replace(row, invoice_party=poor))

    assert told.holds[0].reason == "It would exceed the credit limit of 10.00 USD by 36008.00 USD."


@pytest.mark.parametrize(
    "state,stage",
    [
        ("draft", Stage.DRAFT),
        ("quotation", Stage.SUBMITTED),
        ("confirmed", Stage.BOOKED),
        ("processing", Stage.BOOKED),
        ("done", Stage.BOOKED),
        ("cancelled", Stage.CANCELLED),
        ("a state of some module", Stage.BOOKED),
    ],
)
def test_each_state_is_a_stage(state: str, stage: Stage) -> None:
    assert stage_of(Sale(id=1, state=state, create_date=Instant(2026, 11, 2))) is stage


def test_a_sale_that_ended_without_anything_sent_or_billed_is_cancelled() -> None:
    ended = Sale(id=1, state="done", create_date=Instant(2026, 11, 2), shipment_state="none", invoice_state="none")
    billed = msgspec.structs.replace(ended, invoice_state="paid")

    assert stage_of(ended) is Stage.CANCELLED
    assert stage_of(billed) is Stage.BOOKED


def test_a_line_tells_its_place_in_the_deal_from_its_note() -> None:
    [row] = rows("sale_held", Sale)
    notes = ["Revgraph: source=802A", "by hand\nRevgraph: parent=10, segment=2, from=2027-01-01, to=2027-12-31", None]
    lines = [msgspec.structs.replace(line, note=note) for line, note in zip(row.lines or (), notes, strict=True)]
    wanted = Wanted.of(*(f"lines.{name}" for name in ("partner_key", "parent_key", "segment", "starts_on", "ends_on")))

    told = to_order(msgspec.structs.replace(row, lines=lines), reading(), wanted).lines

    assert isinstance(told, tuple)
    assert [(line.partner_key, line.parent_key, line.segment) for line in told] == [
        ("802A", None, None),
        (None, "282", 2),
        (None, None, None),
    ]
    assert [(line.starts_on, line.ends_on) for line in told][1] == (date(2027, 1, 1), date(2027, 12, 31))


def test_a_line_of_nothing_is_cancelled() -> None:
    [row] = rows("sale_held", Sale)
    assert row.lines
    first, *rest = row.lines
    emptied = msgspec.structs.replace(row, lines=[msgspec.structs.replace(first, quantity=Decimal("0.0")), *rest])

    lines = to_order(emptied, reading(), ORDER).lines

    assert isinstance(lines, tuple)
    assert [line.cancelled for line in lines] == [True, False, False]


def test_tax_on_a_line_is_by_its_taxes_and_unknown_where_a_rate_does_not_tell() -> None:
    net, rate = Amount(Decimal("88.50")), Amount(Decimal("0.08"))
    by_rate, by_unit = Tax(id=1, type="percentage", rate=rate), Tax(id=2, type="fixed", amount=Amount(Decimal("0.25")))

    assert to_tax(net, Decimal(2), [by_rate], "USD") == usd("7.08")
    assert to_tax(net, Decimal(2), [by_rate, by_unit], "USD") == usd("7.58")
    assert to_tax(net, Decimal(2), [], "USD") == usd("0.00")
    assert to_tax(net, Decimal(2), [Tax(id=3, type="none")], "USD") is None
    assert to_tax(None, Decimal(2), [by_rate], "USD") is None


def test_a_sale_tells_its_customer_as_the_party_itself_is_told() -> None:
    [row], [party] = rows("sale_partly_shipped", Sale), rows("party", Party)
    sold = msgspec.structs.replace(row, party=msgspec.structs.replace(party, reference="0015g0000021sLlAAI"))

    told = to_order(sold, reading(), Wanted.of("customer.name", "customer.billing_address", "customer.parent_key"))

    assert isinstance(told.customer, CustomerRecord)
    assert (told.customer.ref, told.customer.number) == (Ref("erp-us", "17100001"), "17100001")
    assert told.customer.name == party.name
    assert told.customer.billing_address == Address("75 Quai Saint-Michel", "Besançon", "25000", "BFC", "FR")
    assert (told.customer.partner_keys, told.customer.parent_key) == (("0015g0000021sLlAAI",), None)
    assert told.customer.reference.key == "17100001"


def test_a_customer_of_whom_more_is_wanted_or_who_has_no_code_is_not_told_by_its_sale() -> None:
    [row] = rows("sale_partly_shipped", Sale)
    assert row.party is not None
    nameless = msgspec.structs.replace(row, party=msgspec.structs.replace(row.party, code=None))

    assert to_order(row, reading(), Wanted.of("customer.name", "customer.contacts")).customer is UNSET
    assert to_order(nameless, reading(), Wanted.of("customer.name")).customer is UNSET
    assert to_order(row, reading(), Wanted.of("customer_key")).customer is UNSET


def test_the_key_in_the_crm_of_a_sales_customer_comes_from_the_configured_field() -> None:
    sales = msgspec.json.Decoder(list[sales_under("reference", None, "crm_key")])  # type: ignore[misc]
    sent = b"""[{"id": 1, "state": "draft", "create_date": {"__class__": "datetime", "year": 2026, "month": 1, "day": 2,
      "hour": 3, "minute": 4, "second": 5, "microsecond": 0}, "party": {"id": 2, "code": "7", "crm_key": "001"}}]"""

    [row] = sales.decode(sent)

    assert row.party is not None
    assert row.party.reference == "001"


def test_the_reference_and_the_purchase_order_come_from_the_configured_fields() -> None:
    [row] = rows("sale_partly_shipped", Sale)

    same = to_order(row, reading(purchase_order_field="reference"), Wanted.of("purchase_order_number"))
    other = to_order(
        msgspec.structs.replace(row, purchase_order="PO 7"),
        reading(purchase_order_field="customer_number"),
        Wanted.of("purchase_order_number"),
    )

    assert same.purchase_order_number == "8015g0000021vLLAAY"
    assert other.purchase_order_number == "PO 7"
