"""What is sent to Salesforce, word for word, and what an answer that cannot be is taken for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from canonical.errors import Fault, OutcomeUnknown, Refused
from canonical.intake import CrmOrderRequest, LineRequest, WriteBack
from sources.salesforce.ids import long_id
from sources.salesforce.mapping_written import changes_of, parents_first, with_numbers
from sources.salesforce.settings import Settings
from sources.salesforce.values import numbers_in
from sources.salesforce.wire import Rows
from sources.salesforce.wire_written import StandingLine, StandingOrder
from sources.salesforce.writing import Change
from tests.sources.salesforce.asking import adapter_on, asked

ACCOUNT, QUOTE = long_id("001000000000AAA"), long_id("0Q0000000000AAA")
ORDER, LINE, ENTRY = long_id("801000000000AAA"), long_id("802000000000AAA"), long_id("01u000000000AAA")
BOOK = long_id("01s000000000AAA")
API = "/services/data/v68.0"
REQUEST = CrmOrderRequest(
    reference="R/1:a",
    customer_key=ACCOUNT[:15],
    currency_code="USD",
    starts_on=date(2026, 11, 23),
    quote_key=QUOTE,
    purchase_order_number="PO-7",
    lines=(
        LineRequest(sku="P-1", quantity=Decimal("0.1"), segment=1, starts_on=date(2026, 12, 1)),
        LineRequest(sku="P-1", quantity=Decimal("2.50"), parent=0, unit_price=Decimal("0.3"), source_key="0QL7"),
    ),
)
GRAPH = {
    "graphs": [
        {
            "graphId": "order",
            "compositeRequest": [
                {
                    "method": "PATCH",
                    "url": f"{API}/sobjects/Order/Gateway_Key__c/R%2F1%3Aa",
                    "referenceId": "order",
                    "body": {
                        "AccountId": ACCOUNT,
                        "EffectiveDate": "2026-11-23",
                        "Status": "Draft",
                        "Pricebook2Id": BOOK,
                        "QuoteId": QUOTE,
                        "PoNumber": "PO-7",
                    },
                },
                {
                    "method": "PATCH",
                    "url": f"{API}/sobjects/OrderItem/Gateway_Key__c/R%2F1%3Aa%231",
                    "referenceId": "line1",
                    "body": {
                        "OrderId": "@{order.id}",
                        "PricebookEntryId": ENTRY,
                        "Quantity": 0.1,
                        "UnitPrice": 12.5,
                        "ServiceDate": "2026-12-01",
                        "Segment__c": 1,
                    },
                },
                {
                    "method": "PATCH",
                    "url": f"{API}/sobjects/OrderItem/Gateway_Key__c/R%2F1%3Aa%232",
                    "referenceId": "line2",
                    "body": {
                        "OrderId": "@{order.id}",
                        "PricebookEntryId": ENTRY,
                        "Quantity": 2.50,
                        "UnitPrice": 0.3,
                        "QuoteLineItemId": "0QL7",
                        "Parent_Item__c": "@{line1.id}",
                    },
                },
            ],
        }
    ]
}


QUOTED = long_id("0QL000000000AAA")


class Answering:
    """An org that knows one price and no order, and answers what is written as it is told to."""

    def __init__(self, graph: object = None, saved: object = None) -> None:
        self.graph = graph
        self.saved = saved
        self.written: list[bytes] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        if path == f"{API}/query":
            order = {"Id": ORDER, "OrderItems": {"done": True, "records": [{"Id": LINE, "Line__c": "7"}]}}
            return httpx.Response(200, json=rows(order))
        if path == f"{API}/composite":
            price = {"Id": ENTRY, "Pricebook2Id": BOOK, "UnitPrice": 12.5, "Product2": {"StockKeepingUnit": "P-1"}}
            parts = [part(200, rows(), "q0"), part(200, rows(price), "q1")]
            return httpx.Response(200, json={"compositeResponse": parts})
        self.written.append(request.content)
        if path == f"{API}/composite/graph":
            return httpx.Response(200, json=self.graph)
        return httpx.Response(204) if self.saved is None else httpx.Response(200, json=self.saved)


def rows(*records: object) -> dict[str, object]:
    return {"totalSize": len(records), "done": True, "records": list(records)}


def part(status: int, body: object, name: str) -> dict[str, object]:
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": name}


def graph_of(*parts: object, successful: bool = True) -> dict[str, object]:
    answer = {"graphId": "order", "graphResponse": {"compositeResponse": list(parts)}, "isSuccessful": successful}
    return {"graphs": [answer]}


def made(name: str, key: str) -> dict[str, object]:
    return part(201, {"id": key, "success": True, "errors": [], "created": True}, name)


MADE = (made("order", ORDER), made("line1", LINE), made("line2", long_id("802000000000AAB")))


async def test_an_order_is_one_graph_of_upserts_and_its_amounts_are_exact() -> None:
    org = Answering(graph_of(*MADE))
    settings = {"line_segment_field": "Segment__c", "line_parent_field": "Parent_Item__c"}

    ref = await adapter_on(org, {**settings}).register_order(asked(), REQUEST)

    graph, activation = org.written
    assert orjson.loads(graph) == GRAPH
    assert b'"Quantity":2.50,"UnitPrice":0.3' in graph
    assert activation == b'{"Status":"Activated"}'
    assert ref.key == ORDER


async def test_what_is_written_back_is_one_collection_all_or_none() -> None:
    org = Answering(saved=[{"id": LINE, "success": True, "errors": []}, {"id": ORDER, "success": True, "errors": []}])
    told = WriteBack(order_key=ORDER, reference="R", numbers=("4711", "0815"), line_keys=((LINE, "10"),))

    await adapter_on(org, {"line_erp_key_field": "Line__c"}).write_back(asked(), told)

    assert orjson.loads(org.written[0]) == {
        "allOrNone": True,
        "records": [
            {"attributes": {"type": "OrderItem"}, "id": LINE, "Line__c": "10"},
            {
                "attributes": {"type": "Order"},
                "id": ORDER,
                "ERP_Order_Number__c": "4711;0815",
                "ERP_Status__c": "Booked",
            },
        ],
    }


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"graphs": []},
        graph_of(*MADE[:2]),
        graph_of(*MADE[:2], part(201, None, "line2")),
        graph_of(*MADE[:2], made("line9", LINE)),
    ],
)
async def test_a_graph_s_answer_that_cannot_be_read_leaves_open_what_became_of_it(answer: object) -> None:
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        await adapter_on(Answering(answer)).register_order(asked(), REQUEST)


@pytest.mark.parametrize("saved", [{}, [], [{"id": ORDER}]])
async def test_a_collection_s_answer_that_cannot_be_read_leaves_open_what_became_of_it(saved: object) -> None:
    told = WriteBack(order_key=ORDER, reference="R", numbers=("1",))

    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        await adapter_on(Answering(saved=saved)).write_back(asked(), told)


def error(code: str, message: str, *fields: str) -> list[dict[str, object]]:
    return [{"message": message, "errorCode": code, "fields": list(fields)}]


HALTED = error("PROCESSING_HALTED", "The transaction was rolled back")


@pytest.mark.parametrize(
    "parts, sentence, detail",
    [
        (
            (part(400, HALTED, "order"), part(400, error("STRING_TOO_LONG", "too long", "PoNumber"), "line1")),
            "Line 1 (P-1): crm does not accept what was entered.",
            "Line 1 (P-1): 400 STRING_TOO_LONG: too long",
        ),
        (
            (part(400, error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No\n orders  in May."), "order"),),
            "crm does not allow it: No orders in May.",
            "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: No\n orders  in May.",
        ),
        (
            (part(400, error("A", "x"), "line1"), part(400, error("B", "y"), "line2"), part(400, HALTED, "order")),
            "Line 1 (P-1): crm does not allow this for the record as it stands.",
            "Line 1 (P-1): 400 A: x; Line 2 (P-1): 400 B: y",
        ),
        (
            (part(300, ["/services/data/v68.0/sobjects/Order/801A"], "order"),),
            "crm has several records with one external id: one has to go.",
            "300 : ",
        ),
        ((part(400, HALTED, "order"),), "crm does not allow this for the record as it stands.", None),
        ((), "crm does not allow this for the record as it stands.", "400 : "),
    ],
)
async def test_of_a_graph_that_was_rolled_back_the_culprits_are_told(
    parts: tuple[object, ...], sentence: str, detail: str | None
) -> None:
    with pytest.raises(Fault) as failed:
        await adapter_on(Answering(graph_of(*parts, successful=False))).register_order(asked(), REQUEST)

    assert (type(failed.value), failed.value.sentence) == (Refused, sentence)
    assert detail in (None, failed.value.detail)


def test_parts_follow_their_bundles_at_any_depth() -> None:
    line = LineRequest(sku="A", quantity=Decimal(1))
    lines = [replace(line, parent=2), line, replace(line, parent=3), line, replace(line, parent=0)]

    assert parents_first(lines) == [1, 3, 2, 0, 4]


@given(st.lists(st.one_of(st.none(), st.integers(0, 7)), min_size=8, max_size=8))
def test_every_line_is_placed_once_whatever_its_parents_say(parents: list[int | None]) -> None:
    lines = [LineRequest(sku="A", quantity=Decimal(1), parent=parent) for parent in parents]

    assert sorted(parents_first(lines)) == list(range(8))


@given(st.lists(st.text("0123456789", min_size=1, max_size=6)), st.lists(st.text("0123456789", min_size=1, max_size=6)))
def test_numbers_are_added_once_and_none_is_lost(held: list[str], added: list[str]) -> None:
    text = with_numbers(";".join(held) or None, added)

    kept = numbers_in(text) if text is not None else numbers_in(";".join(held))
    assert kept == tuple(dict.fromkeys((*held, *added)))
    assert with_numbers(text or ";".join(held), added) is None


@pytest.mark.parametrize("quote_lines, changed", [((QUOTED, None), 1), ((QUOTED, QUOTED), 0), ((None, None), 0)])
def test_a_line_is_known_by_the_quote_s_line_where_no_other_comes_from_it(
    quote_lines: tuple[str | None, ...], changed: int
) -> None:
    lines = [StandingLine(f"802{place}", quote_line=key) for place, key in enumerate(quote_lines)]
    order = StandingOrder(ORDER, order_items=Rows(records=lines, done=True))
    told = WriteBack(order_key=ORDER, reference="R", numbers=(), line_keys=((QUOTED, "10"),))

    changes = changes_of(order, told, Settings(line_erp_key_field="Line__c"))

    assert changes == [Change("OrderItem", "8020", {"Line__c": "10"}, "Line 1")][:changed]


@pytest.mark.parametrize(
    "told, expected",
    [
        ({"numbers": ("1", "2")}, []),
        ({"numbers": ("2", "1")}, [Change("Order", ORDER, {"ERP_Order_Number__c": "2;1"})]),
        ({"numbers": ("1", "2"), "line_keys": ((LINE, "10"),)}, []),
        ({"numbers": (), "line_keys": ((LINE, "11"),)}, [Change("OrderItem", LINE, {"Line__c": "11"}, "Line 1")]),
        (
            {"numbers": ("1", "2"), "failed": "  No \n credit "},
            [Change("Order", ORDER, {"ERP_Status__c": "Failed", "Failure__c": "No credit"})],
        ),
        ({"numbers": ("1", "2"), "cancelled": True}, [Change("Order", ORDER, {"ERP_Status__c": "Cancelled"})]),
        ({"numbers": (), "failed": ""}, [Change("Order", ORDER, {"ERP_Status__c": "Failed"})]),
    ],
)
def test_only_what_the_order_does_not_say_yet_has_to_change(told: dict[str, object], expected: list[Change]) -> None:
    settings = Settings(line_erp_key_field="Line__c", erp_failure_field="Failure__c")
    lines = Rows(records=[StandingLine(LINE, erp_keys="10")], done=True)
    order = StandingOrder(ORDER, erp_numbers="1, 2", erp_status="Booked", order_items=lines)

    assert (
        changes_of(order, replace(WriteBack(order_key=ORDER, reference="R", numbers=()), **told), settings) == expected
    )
