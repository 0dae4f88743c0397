"""What is sent to change an order: one changeset, its head first and bound to the version that was read."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from canonical.errors import ProblemCategory, Refused
from canonical.intake import Amendment, LineChange, LineRequest
from sources.kit.odata.batch import Operation
from sources.s4hana.changing import Changes
from sources.s4hana.settings import Settings
from sources.s4hana.wire_intake import WrittenOrder

TAG = "W/\"datetimeoffset'2026-11-24T08%3A00%3A00.1257050Z'\""
STANDING = msgspec.convert(
    {
        "__metadata": {"etag": TAG},
        "SalesOrder": "4711",
        "TransactionCurrency": "USD",
        "PurchaseOrderByCustomer": "RG-O'Neil",
        "to_Item": {
            "results": [
                {
                    "SalesOrderItem": "10",
                    "DeliveryStatus": "A",
                    "to_PricingElement": {
                        "results": [
                            {"PricingProcedureStep": "5", "PricingProcedureCounter": "1", "ConditionType": "DRV1"},
                            {"PricingProcedureStep": "10", "PricingProcedureCounter": "2", "ConditionType": "PPR0"},
                        ]
                    },
                    "to_ScheduleLine": {"results": [{"ScheduleLine": "1"}, {"ScheduleLine": "2"}]},
                },
                {"SalesOrderItem": "20", "DeliveryStatus": "", "OrderRelatedBillingStatus": "A"},
                {"SalesOrderItem": "30", "DeliveryStatus": "B", "SalesDocumentRjcnReason": ""},
                {"SalesOrderItem": "40", "DeliveryStatus": "A", "SalesDocumentRjcnReason": "05"},
            ]
        },
    },
    WrittenOrder,
)


def changes(**settings: object) -> Changes:
    return Changes("sap", Settings.model_validate(settings))


def amendment(**changed: object) -> Amendment:
    plain = Amendment(reference="RG-A1", order_key="4711", legal_entity_code="US01")
    return msgspec.structs.replace(plain, **changed)


def shown(operations: list[Operation]) -> list[tuple[str, object]]:
    return [(f"{one.method} {one.url}", json.loads(one.body)) for one in operations]


def test_an_amendment_changes_head_items_prices_and_days_and_adds_behind_the_highest_item() -> None:
    asked = amendment(
        change=(
            LineChange(
                key="10",
                quantity=Decimal(5),
                unit_price=Decimal("99.50"),
                starts_on=date(2027, 1, 1),
                ends_on=date(2027, 12, 31),
                requested_delivery_date=date(2027, 1, 15),
            ),
        ),
        remove=("000020",),
        add=(LineRequest(sku="TG30", quantity=Decimal(1)),),
        requested_delivery_date=date(2027, 1, 15),
        purchase_order_number="PO-2",
    )

    operations = changes(line_start_field="YY1_From_SDI", line_end_field="YY1_To_SDI").amendment(STANDING, asked)

    item = "(SalesOrder='4711',SalesOrderItem='10'"
    assert shown(operations) == [
        (
            "PATCH A_SalesOrder('4711')",
            {"RequestedDeliveryDate": "/Date(1799971200000)/", "PurchaseOrderByShipToParty": "PO-2"},
        ),
        (
            f"PATCH A_SalesOrderItem{item})",
            {
                "YY1_From_SDI": "/Date(1798761600000)/",
                "YY1_To_SDI": "/Date(1830211200000)/",
                "RequestedQuantity": "5",
            },
        ),
        (
            f"PATCH A_SalesOrderItemPrElement{item},PricingProcedureStep='10',PricingProcedureCounter='2')",
            {"ConditionRateValue": "99.5", "ConditionCurrency": "USD"},
        ),
        (
            f"PATCH A_SalesOrderScheduleLine{item},ScheduleLine='1')",
            {"RequestedDeliveryDate": "/Date(1799971200000)/"},
        ),
        ("PATCH A_SalesOrderItem(SalesOrder='4711',SalesOrderItem='20')", {"SalesDocumentRjcnReason": "00"}),
        (
            "POST A_SalesOrder('4711')/to_Item",
            {
                "SalesOrderItem": "50",
                "Material": "TG30",
                "RequestedQuantity": "1",
                "UnderlyingPurchaseOrderItem": "50",
            },
        ),
    ]
    assert [one.headers.get("If-Match") for one in operations] == [TAG, *[None] * 5]


def test_where_nothing_of_the_head_changes_its_own_reference_is_written_again_to_hold_the_version() -> None:
    guard, _ = changes().amendment(STANDING, amendment(change=(LineChange(key="10", quantity=Decimal(1)),)))

    assert shown([guard]) == [("PATCH A_SalesOrder('4711')", {"PurchaseOrderByCustomer": "RG-O'Neil"})]
    assert guard.headers["If-Match"] == TAG


def test_the_amendments_reference_goes_onto_the_head_where_a_field_is_configured_for_it() -> None:
    asked = amendment(change=(LineChange(key="10", quantity=Decimal(1)),))
    guard, _ = changes(amendment_field="YY1_Amendment_SDH").amendment(STANDING, asked)

    assert shown([guard]) == [("PATCH A_SalesOrder('4711')", {"YY1_Amendment_SDH": "RG-A1"})]


def test_a_price_is_added_where_the_item_has_none() -> None:
    asked = amendment(change=(LineChange(key="20", unit_price=Decimal(7)),))
    _, price = changes().amendment(STANDING, asked)

    assert shown([price]) == [
        (
            "POST A_SalesOrderItem(SalesOrder='4711',SalesOrderItem='20')/to_PricingElement",
            {"ConditionType": "PPR0", "ConditionRateValue": "7", "ConditionCurrency": "USD"},
        )
    ]


@pytest.mark.parametrize(
    "asked,words,category",
    [
        (amendment(remove=("30",)), "delivered or billed", ProblemCategory.CONFLICT),
        (amendment(remove=("99",)), "no line '99'", ProblemCategory.INVALID_INPUT),
        (amendment(change=(LineChange(key="99", quantity=Decimal(1)),)), "no line", ProblemCategory.INVALID_INPUT),
        (amendment(change=(LineChange(key="10", quantity=Decimal(-1)),)), "-1 units", ProblemCategory.INVALID_INPUT),
        (
            amendment(change=(LineChange(key="20", requested_delivery_date=date(2027, 1, 1)),)),
            "takes no delivery date",
            ProblemCategory.INVALID_INPUT,
        ),
        (
            amendment(change=(LineChange(key="10", starts_on=date(2027, 1, 1)),)),
            "no field configured",
            ProblemCategory.ROUTING,
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    asked: Amendment, words: str, category: ProblemCategory
) -> None:
    with pytest.raises(Refused, match=words) as refused:
        changes().amendment(STANDING, asked)

    assert refused.value.category is category


def test_a_cancellation_rejects_what_stands_with_the_code_for_its_reason() -> None:
    standing = msgspec.structs.replace(STANDING, to_Item=type(STANDING.to_Item)(STANDING.to_Item.results[:2]))
    settings = {"rejection_reasons": {"Too late": "01"}, "rejection_reason": "05"}

    (known,) = changes(**settings).cancellation(standing, "RG-C1", "Too late")
    (other,) = changes(**settings).cancellation(standing, "RG-C1", "No longer needed")

    assert [line for line, _ in shown(known)] == [
        "PATCH A_SalesOrder('4711')",
        "PATCH A_SalesOrderItem(SalesOrder='4711',SalesOrderItem='10')",
        "PATCH A_SalesOrderItem(SalesOrder='4711',SalesOrderItem='20')",
    ]
    assert [body for _, body in shown(known)[1:]] == [{"SalesDocumentRjcnReason": "01"}] * 2
    assert [body for _, body in shown(other)[1:]] == [{"SalesDocumentRjcnReason": "05"}] * 2


def test_what_is_delivered_in_part_is_not_cancelled() -> None:
    with pytest.raises(Refused, match="Line 30 is delivered or billed already"):
        changes().cancellation(STANDING, "RG-C1", "why")


def test_a_system_that_takes_one_change_at_a_time_is_sent_no_more() -> None:
    single = changes(one_change_a_changeset=True)
    standing = msgspec.structs.replace(STANDING, to_Item=type(STANDING.to_Item)(STANDING.to_Item.results[:2]))

    (only,) = single.amendment(STANDING, amendment(change=(LineChange(key="10", quantity=Decimal(5)),)))
    with pytest.raises(Refused, match="one change of an order at a time"):
        single.amendment(STANDING, amendment(change=(LineChange(key="10", quantity=Decimal(5)),), remove=("20",)))

    assert only.headers["If-Match"] == TAG
    assert [len(changeset) for changeset in single.cancellation(standing, "RG-C1", "why")] == [1, 1]
