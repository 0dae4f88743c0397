"""Booking against answers as the real server gave them, where that server cannot be made to misbehave."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused
from sources.tryton.adapter import Tryton, open_source
from tests.sources.tryton.reading import call, instance, raw
from tests.sources.tryton.recorded import Answer, Recorded, heard
from tests.sources.tryton.writing import order

FIELDS = ("id", "sequence", "rule", "origin_tax", "tax", "keep_origin", "group", "start_date", "end_date")
[SALE] = raw("sale_to_change")
PAGE = b"<!doctype html>\n<title>400 Bad Request</title>\n<p>Unable to get RPC method</p>\n"
NO_CREDIT = {
    "status": 400,
    "message": 'The party "B" will exceed their $1.00 credit limit by $2.00.',
    "description": "",
}


def sale(**more: Any) -> dict[str, Any]:
    return {**SALE, **more}


QUOTATION = sale(state="quotation", sale_date=None)


def opened(answers: dict[str, list[Answer]] | None = None) -> tuple[Tryton, Recorded]:
    """Customer, currency and products as they were heard; a sale is not there, and taken, unless said otherwise."""
    draft = sale(state="draft", sale_date=None)
    usual: dict[str, list[Answer]] = {
        "GET sale.sale": [(200, []), (200, [SALE])],
        "GET party.party": [heard("buyer")],
        "GET currency.currency": [(200, [{"id": 1, "code": "USD"}])],
        "GET product.product": [heard("goods")],
        "GET ir.model.field": [(200, [{"id": place, "name": name} for place, name in enumerate(FIELDS)])],
        "POST sale.sale": [(200, draft)],
        "POST sale.sale/103/quote": [(200, QUOTATION)],
        "POST sale.sale/103/confirm": [(200, sale(state="confirmed"))],
        "POST sale.sale/103/draft": [(200, draft)],
        "DELETE sale.sale/103": [(204, b"")],
    }
    transport = Recorded({**usual, **(answers or {})})
    source = open_source(instance(), transport=transport)
    assert isinstance(source, Tryton)
    return source, transport


async def test_an_order_is_entered_quoted_and_confirmed() -> None:
    tryton, told = opened()

    booked = await tryton.book_order(call(), order())

    assert told.writes == ["POST sale.sale", "POST sale.sale/103/quote", "POST sale.sale/103/confirm"]
    assert (booked.number, booked.state, booked.line_keys) == ("205001", "Processing", ("285", "286"))
    await tryton.close()


@pytest.mark.parametrize(
    "answer", [(200, {"id": "x"}), (200, b"<html>log in</html>"), (400, PAGE), (500, PAGE), (502, b"Bad gateway")]
)
async def test_an_answer_that_says_nothing_of_what_was_done_leaves_it_open(answer: Answer) -> None:
    tryton, told = opened({"POST sale.sale": [answer]})

    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), order())

    assert told.writes == ["POST sale.sale"]
    await tryton.close()


async def test_what_cannot_be_looked_at_after_it_was_confirmed_is_left_open() -> None:
    tryton, _ = opened({"GET sale.sale": [(200, []), (500, PAGE)]})

    with pytest.raises(OutcomeUnknown):
        await tryton.book_order(call(), order())
    await tryton.close()


async def test_a_refused_confirmation_takes_the_quotation_back_and_deletes_it() -> None:
    tryton, told = opened({"GET sale.sale": [(200, []), (200, [QUOTATION])]})
    told.answers["POST sale.sale/103/confirm"] = [(400, NO_CREDIT)]

    with pytest.raises(Refused) as refused:
        await tryton.book_order(call(), order())

    assert refused.value.category is ProblemCategory.CREDIT
    assert told.writes[-2:] == ["POST sale.sale/103/draft", "DELETE sale.sale/103"]
    await tryton.close()


async def test_a_refusal_is_told_even_where_what_is_left_cannot_be_deleted() -> None:
    tryton, told = opened({"GET sale.sale": [(200, []), (200, [QUOTATION])]})
    told.answers["POST sale.sale/103/confirm"] = [(400, NO_CREDIT)]
    told.answers["DELETE sale.sale/103"] = [(500, PAGE)]

    with pytest.raises(Refused) as refused:
        await tryton.book_order(call(), order())

    assert refused.value.category is ProblemCategory.CREDIT
    await tryton.close()


async def test_a_sale_that_a_clerk_confirmed_while_ours_was_refused_stands() -> None:
    tryton, told = opened()
    told.answers["POST sale.sale/103/confirm"] = [
        (400, {"status": 400, "message": 'You can not call "confirm" on "205001" of "Sale".', "description": ""})
    ]

    booked = await tryton.book_order(call(), order())

    assert booked.state == "Processing"
    assert told.writes[-1] == "POST sale.sale/103/confirm"
    await tryton.close()


async def test_a_tax_rule_that_goes_by_what_we_do_not_know_is_refused_before_anything_is_written() -> None:
    fields = [{"id": place, "name": name} for place, name in enumerate((*FIELDS, "to_country"))]
    tryton, told = opened({"GET ir.model.field": [(200, fields)]})

    with pytest.raises(Refused, match="goes by to_country") as refused:
        await tryton.book_order(call(), order())

    assert refused.value.category is ProblemCategory.TAX
    assert told.writes == []
    await tryton.close()
