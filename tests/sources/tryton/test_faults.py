from __future__ import annotations

import json

import httpx
import msgspec
import pytest

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Unavailable
from sources.kit.http.ask import Answer
from sources.tryton.faults import NotThere, TooLong, fault_in, unreadable
from sources.tryton.wire import Sale

PAGE = b"<!doctype html>\n<html lang=en>\n<title>%b</title>\n<h1>%b</h1>\n<p>&#39;nosuch&#39;</p>\n"


def answer(status: int, content: bytes, media_type: str = "text/html; charset=utf-8") -> Answer:
    return Answer(status, httpx.Headers({"content-type": media_type}), content)


def refused(message: str) -> Fault | None:
    body = json.dumps({"status": 400, "message": message, "description": ""}).encode()
    return fault_in("erp-us", answer(400, body, "application/json"))


def test_a_good_answer_is_no_fault_and_a_page_in_its_place_is() -> None:
    assert fault_in("erp-us", answer(200, b"[]", "application/json")) is None
    assert isinstance(fault_in("erp-us", answer(200, b"<html>log in</html>")), Unavailable)


def test_a_wrong_key_says_what_to_look_at() -> None:
    fault = fault_in("erp-us", answer(401, PAGE % (b"401 Unauthorized", b"Unauthorized")))

    assert isinstance(fault, Refused)
    assert fault.category is ProblemCategory.PERMISSION
    assert fault.sentence == (
        "erp-us does not accept our application key: it may be wrong, cancelled or not yet validated."
    )


@pytest.mark.parametrize(
    "status,kind", [(404, NotThere), (414, TooLong), (431, TooLong), (500, Unavailable), (503, Unavailable)]
)
def test_pages_are_told_apart_by_their_status(status: int, kind: type[Fault]) -> None:
    fault = fault_in("erp-us", answer(status, PAGE % (b"x", b"y")))

    assert isinstance(fault, kind)
    assert fault.detail == f"{status}: x y &#39;nosuch&#39;"


@pytest.mark.parametrize(
    "message,category",
    [
        ('The party "Tessera Glass" will exceed their $2000.00 credit limit by $10425.00.', ProblemCategory.CREDIT),
        ('You can not call "confirm" on "[8015g]" of "Sale".', ProblemCategory.CONFLICT),
        ('A value is required for field "Unit" in "Sale Line".', ProblemCategory.INVALID_INPUT),
        ('You are not allowed to access "sale.sale".', ProblemCategory.PERMISSION),
        ('To get a quote for sale "7" you must enter an invoice address.', ProblemCategory.CUSTOMER_MASTER),
        ("A tax can be added only once to a sale line.", ProblemCategory.CONFLICT),
        ('The taxes on invoice "7" are not valid, you must save it again.', ProblemCategory.TAX),
        ("Something that nobody foresaw.", ProblemCategory.SYSTEM_REFUSED),
    ],
)
def test_a_refusal_is_known_by_its_words_and_keeps_them(message: str, category: ProblemCategory) -> None:
    fault = refused(message)

    assert isinstance(fault, Refused)
    assert fault.category is category
    assert message in fault.sentence


def test_a_record_without_a_field_that_all_have_is_a_matter_of_rights() -> None:
    with pytest.raises(msgspec.DecodeError) as missing:
        msgspec.json.decode(b'[{"id": 1}]', type=list[Sale])
    with pytest.raises(msgspec.DecodeError) as broken:
        msgspec.json.decode(b'[{"id": "one"}]', type=list[Sale])

    assert unreadable("erp-us", missing.value).category is ProblemCategory.PERMISSION
    assert isinstance(unreadable("erp-us", broken.value), ContractBroken)
