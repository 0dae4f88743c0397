from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from canonical.absence import UNSET, known
from canonical.money import Money
from canonical.order import HoldKind, OrderLine, Stage
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.s4hana.mapping_order import SapOrder, to_order
from sources.s4hana.reading import order_row
from sources.s4hana.wire import SalesOrder
from tests.sources.s4hana.opened import reading, rows

EVERYTHING = Wanted.of(
    "number", "customer_key", "quote_key", "purchase_order_number", "requested_delivery_date", "subtotal", "tax",
    "total", "version", "lines.sku", "lines.quantity", "lines.unit", "lines.unit_price", "lines.amount", "lines.tax",
    "lines.parent_key", "lines.partner_key", "lines.starts_on", "lines.ends_on", "lines.segment", "customer_name",
)  # fmt: skip


def order(name: str = "order", wanted: Wanted = EVERYTHING, **settings: object) -> SapOrder:
    return to_order(rows(name, SalesOrder)[0], reading(**settings), wanted)


def changed(**fields: object) -> SapOrder:
    row = msgspec.structs.replace(rows("order", SalesOrder)[0], **fields)
    return to_order(row, reading(), EVERYTHING)


def lines(record: SapOrder) -> dict[str, OrderLine]:
    return {line.key: line for line in known(record.lines) or ()}


def test_a_sales_order_is_told_in_our_words() -> None:
    record = order()

    assert record.ref == Ref("sap", "1")
    assert (record.stage, record.status.status) == (Stage.BOOKED, "In process")
    assert record.ordered_at == record.booked_at == datetime(2025, 11, 1, tzinfo=UTC)
    assert record.partner_keys == ("8015g0000021stiAAA",)
    assert (record.number, record.customer_key, record.quote_key) == ("1", "17100001", "20000012")
    assert record.purchase_order_number == "PO-77"
    assert record.legal_entity_code == "US01"
    assert record.requested_delivery_date == date(2025, 12, 1)
    assert record.version == "W/\"datetimeoffset'2026-11-02T06%3A15%3A47.1257050Z'\""
    assert record.stamp.record_type == "SalesOrder"


def test_tax_is_the_sum_of_the_items_that_stand() -> None:
    record = order()

    assert record.subtotal == Money(Decimal("1250.00"), "USD")
    assert record.tax == Money(Decimal("100.00"), "USD")
    assert record.total == Money(Decimal("1350.00"), "USD")


def test_without_tax_on_the_items_there_is_neither_tax_nor_total() -> None:
    items = [msgspec.structs.replace(i, TaxAmount=None) for i in rows("order", SalesOrder)[0].to_Item.results]
    record = changed(to_Item=type(rows("order", SalesOrder)[0].to_Item)(items))

    assert (record.tax, record.total) == (None, None)


def test_lines_come_in_the_order_of_their_numbers() -> None:
    assert list(lines(order())) == ["10", "20", "30"]


def test_a_line_is_told_in_our_words() -> None:
    pump, installation, hose = lines(order()).values()

    assert (pump.sku, pump.quantity, pump.unit) == ("TG11", Decimal(3), "PCE")
    assert pump.unit_price == Money(Decimal("333.33"), "USD")
    assert (pump.amount, pump.tax) == (Money(Decimal("1000.00"), "USD"), Money(Decimal("80.00"), "USD"))
    assert (pump.parent_key, installation.parent_key, hose.parent_key) == (None, "10", None)
    assert (pump.shippable, installation.shippable, hose.shippable) == (True, False, True)
    assert (pump.cancelled, hose.cancelled) == (False, True)
    assert (pump.partner_key, hose.partner_key) == ("8025g000000A1bcAAC", None)
    assert hose.quantity == Decimal("5.5")


def test_what_followed_is_kept_by_kind_and_each_once() -> None:
    record = order()

    assert record.deliveries == ("80000001", "80000002")
    assert record.bills == ("90000001", "90000009")


def test_without_a_document_flow_what_followed_is_not_known() -> None:
    record = order("ramp")

    assert (record.deliveries, record.bills) == (None, None)


def test_a_rejected_order_is_cancelled_and_held_by_nothing() -> None:
    record = changed(OverallSDDocumentRejectionSts="C", TotalCreditCheckStatus="B")

    assert (record.stage, record.status.status, record.holds) == (Stage.CANCELLED, "Cancelled", ())
    assert changed(OverallSDDocumentRejectionSts="B").stage is Stage.BOOKED


@pytest.mark.parametrize("letter,word", [("A", "Open"), ("B", "In process"), ("C", "Completed"), ("", "Booked")])
def test_the_process_letters_are_told_in_words(letter: str, word: str) -> None:
    assert changed(OverallSDProcessStatus=letter).status.status == word


@pytest.mark.parametrize("letter,held", [("", False), ("A", False), ("B", True), ("C", True), ("D", False)])
def test_the_credit_check_holds_with_letters_b_and_c(letter: str, held: bool) -> None:
    kinds = [hold.kind for hold in changed(TotalCreditCheckStatus=letter).holds]

    assert kinds == ([HoldKind.CREDIT] if held else [])


@pytest.mark.parametrize(
    "fields,kind",
    [
        ({"HeaderBillingBlockReason": "01"}, HoldKind.BILLING),
        ({"DeliveryBlockReason": "02"}, HoldKind.DELIVERY),
        ({"SalesDocApprovalStatus": "A"}, HoldKind.APPROVAL),
    ],
)
def test_blocks_and_pending_approvals_hold(fields: dict[str, str], kind: HoldKind) -> None:
    (hold,) = changed(**fields).holds

    assert (hold.kind, hold.system) == (kind, "sap")


def test_a_billing_block_on_items_holds_only_when_every_standing_item_has_one() -> None:
    row = rows("order", SalesOrder)[0]
    blocked = [msgspec.structs.replace(item, ItemBillingBlockReason="01") for item in row.to_Item.results[:2]]

    assert order().holds == ()
    assert [hold.kind for hold in changed(to_Item=type(row.to_Item)([*blocked, row.to_Item.results[2]])).holds] == [
        HoldKind.BILLING
    ]


def test_what_nobody_asked_for_is_unset_and_what_is_not_there_is_none() -> None:
    row = rows("ramp", SalesOrder)[0]
    silent, asked = to_order(row, reading(), Wanted.of("number")), to_order(row, reading(), EVERYTHING)

    assert (silent.quote_key, silent.lines, silent.requested_delivery_date) == (UNSET, UNSET, UNSET)
    assert (asked.quote_key, asked.requested_delivery_date, asked.customer_name) == (None, None, None)


def test_a_ramp_is_numbered_by_the_beginning_of_its_periods() -> None:
    held = lines(order("ramp"))

    assert (held["20"].segment, held["20"].starts_on, held["20"].ends_on) == (1, date(2026, 1, 1), date(2026, 12, 31))
    assert (held["10"].segment, held["10"].starts_on, held["10"].ends_on) == (2, date(2027, 1, 1), date(2027, 12, 31))


def test_the_reference_may_stand_in_another_field() -> None:
    record = order(reference_field="PurchaseOrderByShipToParty", purchase_order_field="PurchaseOrderByCustomer")

    assert (record.partner_keys, record.purchase_order_number) == (("PO-77",), "8015g0000021stiAAA")
    assert order(reference_field="AssignmentReference").partner_keys == ()


def test_an_unknown_sales_organization_belongs_to_no_entity() -> None:
    assert changed(SalesOrganization="9999").legal_entity_code is None
    assert changed(SalesOrganization="1711").legal_entity_code == "US01"


def test_people_get_a_link_where_the_launchpad_is_known() -> None:
    assert order(ui_url="https://ui.example/").reference.url == (
        "https://ui.example/ui#SalesOrder-displayFactSheet?SalesOrder=1"
    )
    assert order().reference.url is None


def test_a_value_that_no_contract_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="not a decimal"):
        changed(TotalNetAmount="many")
    with pytest.raises(ValueError, match="not an OData date"):
        changed(CreationDate="2026-11-01")


def test_a_companys_own_fields_are_read_before_the_billing_plan() -> None:
    settings = {
        "crm_key_field": "AssignmentReference",
        "line_start_field": "YY1_From_SDI",
        "line_end_field": "YY1_To_SDI",
        "line_segment_field": "YY1_Segment_SDI",
    }
    own = {"YY1_From_SDI": "/Date(1798761600000)/", "YY1_To_SDI": None, "YY1_Segment_SDI": "2"}
    row = {
        "SalesOrder": "1",
        "CreationDate": "/Date(1798761600000)/",
        "SalesOrganization": "1710",
        "PurchaseOrderByCustomer": "RG-1",
        "AssignmentReference": "8015g0000021stiAAA",
        "to_Item": {"results": [{"SalesOrderItem": "10", **own}, {"SalesOrderItem": "20", "YY1_Segment_SDI": "0"}]},
    }
    held = reading(**settings)
    wanted = Wanted.of("lines.starts_on", "lines.ends_on", "lines.segment")

    order = to_order(msgspec.convert(row, order_row(held.settings)), held, wanted)

    first, second = known(order.lines) or ()
    assert (first.starts_on, first.ends_on, first.segment) == (date(2027, 1, 1), None, 2)
    assert (second.starts_on, second.segment) == (None, None)
    assert order.partner_keys == ("RG-1", "8015g0000021stiAAA")
