from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from bench.peers.desk import story
from bench.peers.desk.serve import Desk, open_desk

DESK = Desk(orders=120)
DAY_100 = "2016-04-10"


def told(target: str) -> Any:
    body = DESK.answer(target)
    assert body is not None
    return orjson.loads(body)


def keys(rows: list[Mapping[str, str]]) -> list[str]:
    return [row["key"] for row in rows]


def test_a_page_of_bookings_ends_with_a_day_and_goes_back_from_there() -> None:
    page = told(f"/erp/orders?to={DAY_100}&first=3")

    assert keys(page["rows"]) == ["4500000100", "4500000099", "4500000098"]
    assert page["more"] is True
    assert page["rows"][0]["entered"] == "2016-04-10T09:30:00"


def test_the_last_page_says_that_nothing_follows() -> None:
    page = told("/erp/orders?to=2016-01-02&first=3")

    assert keys(page["rows"]) == ["4500000001", "4500000000"]
    assert page["more"] is False


def test_orders_are_found_by_their_own_key_and_by_the_sale_they_refer_to() -> None:
    assert keys(told("/erp/orders?keys=4500000007,4500000008")) == ["4500000007", "4500000008"]
    assert keys(told(f"/erp/orders?refs={story.crm_key(7)},nothing")) == ["4500000007"]
    assert [row["Id"] for row in told(f"/crm/orders?keys={story.crm_key(8)}")] == [story.crm_key(8)]


def test_every_sale_is_booked() -> None:
    assert told("/crm/orders?open=true&to=2016-04-10&first=51") == {"rows": [], "more": False}


def test_documents_come_by_what_they_are_about_and_nothing_where_there_is_none() -> None:
    assert [row["number"] for row in told("/erp/shipments?orders=4500000002")] == ["DL-0000004", "DL-0000005"]
    assert told("/erp/shipments?orders=4500000003") == []
    [bill] = told("/erp/invoices?orders=4500000005,4500000004")
    parts = told(f"/erp/payments?invoices={bill['key']}")
    assert bill["state"] == "part"
    assert [part["invoice"] for part in parts] == [bill["key"], bill["key"]]


def test_what_is_paid_and_what_is_left_add_up_to_what_was_billed() -> None:
    for number in range(120):
        paid = [_cents(payment["amount"]) for payment in story.payments(number)]
        owed = [_cents(bill["gross"]) - _cents(bill["left"]) for bill in story.invoices(number)]
        assert sum(paid) == sum(owed)


def _cents(amount: str) -> int:
    whole, _, rest = amount.partition(".")
    assert rest.endswith("0")
    return int(whole) * 100 + int(rest[:2])


def test_each_kind_of_question_is_counted() -> None:
    desk = Desk(orders=10)
    for target in ("/crm/orders?open=true&to=2016-01-05&first=2", "/erp/orders?to=2016-01-05&first=2"):
        desk.answer(target)
    desk.answer("/erp/shipments?orders=4500000001")

    assert orjson.loads(desk.answer("/calls") or b"") == {
        "sales not booked": 1,
        "bookings listed": 1,
        "documents by order": 1,
    }


def test_what_it_does_not_have_is_not_answered() -> None:
    assert DESK.answer("/hr/people") is None


async def test_questions_that_arrive_in_pieces_or_together_are_answered_one_by_one() -> None:
    server, port = await open_desk(Desk(orders=10))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /erp/orders?keys=4500000001 HTTP/1.1\r\nHost: desk\r\n\r\nGET /nothing HT")
        first = await reader.readuntil(b"}]}]")
        writer.write(b"TP/1.1\r\nHost: desk\r\n\r\n")
        second = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 404 Not Found\r\n")
