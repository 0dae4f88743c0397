"""What SAP answers to an order that was written or simulated, in our words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest

from canonical.money import Money
from sources.kit.odata.payload import Entity
from sources.s4hana.mapping_intake import (
    line_keys,
    priced_otherwise,
    refused_quotation,
    to_acknowledgment,
    to_quotation,
)
from sources.s4hana.messages import Message
from sources.s4hana.wire_intake import SimulatedOrder, WrittenOrder
from tests.sources.s4hana.opened import NOW, PAYLOADS, reading
from tests.sources.s4hana.test_order_bodies import HOSE, PUMP, SERVICE, request

T = TypeVar("T")


def payload(part: str, kind: type[T]) -> T:
    raw = msgspec.json.decode((PAYLOADS / "written.json").read_bytes(), type=dict[str, msgspec.Raw])[part]
    return msgspec.json.decode(raw, type=Entity[kind]).d  # type: ignore[valid-type]


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def test_an_order_is_acknowledged_with_the_keys_of_our_lines_in_the_order_of_the_request() -> None:
    told = to_acknowledgment(payload("booked", WrittenOrder), reading(), [Message("V1/028", "Material status")])

    assert (told.order.key, told.number, told.state, told.cancelled) == ("4711", "4711", "Open", False)
    assert told.line_keys == ("10", "20", "30")
    assert told.version == "W/\"datetimeoffset'2026-11-24T08%3A00%3A00.1257050Z'\""
    assert told.warnings == ("Material status (V1/028)", "The credit check did not let it pass.")


def test_a_rejected_order_is_cancelled_and_its_credit_matters_no_more() -> None:
    told = to_acknowledgment(payload("rejected", WrittenOrder), reading())

    assert (told.order.key, told.state, told.cancelled, told.warnings) == ("4712", "Cancelled", True, ())
    assert told.line_keys == ("10", "20")
    assert told.version == "/Date(1795593600125+0000)/"


def test_an_answer_without_items_acknowledges_none() -> None:
    told = to_acknowledgment(payload("bare", WrittenOrder), reading())

    assert (told.line_keys, told.state, told.version) == ((), "Booked", None)


def test_what_sap_added_itself_is_none_of_our_lines() -> None:
    row = payload("booked", WrittenOrder)

    assert "11" in [item.SalesOrderItem for item in row.to_Item.results]
    assert "11" not in line_keys(row.to_Item.results)


def test_a_line_that_sap_priced_otherwise_is_told() -> None:
    row = payload("booked", WrittenOrder)

    assert priced_otherwise(row, request(PUMP, HOSE, SERVICE)) == [
        "Line 3 (SUB-1) comes to 107.88, where 107.89 was asked for."
    ]
    assert priced_otherwise(row, request(PUMP)) == []


def test_a_simulated_order_tells_prices_taxes_days_and_credit() -> None:
    quoted = to_quotation(payload("simulated", SimulatedOrder), request(PUMP, HOSE, SERVICE), [], NOW)

    pump, hose, service = quoted.lines
    assert (pump.unit_price, pump.amount, pump.tax) == (usd("164.00"), usd("492.00"), usd("39.36"))
    assert (pump.unit, hose.unit, service.unit) == ("PCE", "M", "C62")
    assert (pump.available_on, hose.available_on, service.available_on) == (date(2026, 12, 6), None, None)
    assert (quoted.subtotal, quoted.tax, quoted.total) == (usd("599.88"), usd("47.99"), usd("647.87"))
    assert quoted.credit is not None
    assert (quoted.credit.on_hold, quoted.credit.credit_limit, quoted.credit.checked_at) == (True, None, NOW)
    assert quoted.refusals == ()


def test_a_warning_that_it_would_be_incomplete_is_a_refusal() -> None:
    told = [Message("SLS_LORD/009", "Item 000020 is incomplete")]
    quoted = to_quotation(payload("simulated", SimulatedOrder), request(PUMP, HOSE, SERVICE), told, NOW)

    assert [line.refusal is not None for line in quoted.lines] == [False, True, False]
    [refusal] = quoted.refusals
    assert refusal.sentence == "The order is incomplete: required fields are missing. Item 000020 is incomplete"


@pytest.mark.parametrize(
    "text,refused",
    [
        ("Material TG12 is not defined for the sales area", [False, True, False]),
        ("Pricing error in item 30: mandatory condition PPR0 is missing", [False, False, True]),
        ("Sold-to party 17100001 is blocked for orders", [False, False, False]),
        ("TG1 is something else", [False, False, False]),
    ],
)
def test_a_refusal_is_told_of_the_line_that_its_words_name(text: str, refused: list[bool]) -> None:
    quoted = refused_quotation(request(PUMP, HOSE, SERVICE), [Message("V1/301", text)])

    assert [line.refusal is not None for line in quoted.lines] == refused
    assert len(quoted.refusals) == 1
    assert [line.sku for line in quoted.lines] == ["TG11", "TG12", "SUB-1"]
