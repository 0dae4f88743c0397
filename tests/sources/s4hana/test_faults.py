from __future__ import annotations

import json

import httpx
import msgspec
import pytest

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable
from sources.kit.http.ask import Answer
from sources.s4hana.faults import Locked, NotThere, TokenRequired, contract, fault_in
from sources.s4hana.messages import BY_CODE, is_noise, meaning_of

JSON = {"content-type": "application/json"}


def envelope(code: str, text: str, *details: tuple[str, str, str]) -> bytes:
    inner = {
        "transactionid": "B" * 32,
        "timestamp": "20261123204142.7570730",
        "errordetails": [
            {"code": c, "message": m, "severity": s, "propertyref": "", "target": ""} for c, m, s in details
        ],
    }
    return json.dumps({"error": {"code": code, "message": {"lang": "en", "value": text}, "innererror": inner}}).encode()


def told(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Fault | None:
    return fault_in("sap", Answer(status, httpx.Headers(headers or JSON), body))


def test_an_answer_is_no_fault() -> None:
    assert told(200, b'{"d":{"results":[]}}') is None
    assert told(202, b"--x", {"content-type": "multipart/mixed; boundary=x"}) is None
    assert told(200, b"<edmx:Edmx/>", {"content-type": "application/xml"}) is None


def test_a_login_page_with_a_good_status_means_nobody_was_reached() -> None:
    assert isinstance(told(200, b"<html>Log on</html>", {"content-type": "text/html; charset=utf-8"}), Unavailable)


def test_a_missing_token_is_told_from_a_missing_permission() -> None:
    asked = told(403, b"CSRF token validation failed", {"x-csrf-token": "Required"})
    denied = told(403, envelope("/IWFND/MED/170", "No authorization"))

    assert isinstance(asked, TokenRequired)
    assert isinstance(denied, Refused)
    assert not isinstance(denied, TokenRequired)
    assert denied.category is ProblemCategory.PERMISSION


@pytest.mark.parametrize(
    "status,kind,category",
    [
        (401, Refused, ProblemCategory.PERMISSION),
        (404, NotThere, ProblemCategory.SYSTEM_REFUSED),
        (409, Refused, ProblemCategory.CONFLICT),
        (412, Refused, ProblemCategory.CONFLICT),
        (428, Refused, ProblemCategory.CONFLICT),
        (429, Throttled, ProblemCategory.THROTTLED),
        (500, Unavailable, ProblemCategory.SYSTEM_UNAVAILABLE),
        (502, Unavailable, ProblemCategory.SYSTEM_UNAVAILABLE),
        (503, Unavailable, ProblemCategory.SYSTEM_UNAVAILABLE),
        (504, Unavailable, ProblemCategory.SYSTEM_UNAVAILABLE),
    ],
)
def test_each_status_becomes_a_fault_a_caller_can_act_on(
    status: int, kind: type[Fault], category: ProblemCategory
) -> None:
    for body in (envelope("X/1", "Something"), b"<html>ICM</html>", b""):
        fault = told(status, body)
        assert isinstance(fault, kind)
        assert fault.category is category


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_each_known_code_has_its_sentence(code: str) -> None:
    fault = told(400, envelope(code, "Some text"))

    assert fault is not None
    assert fault.sentence.startswith(BY_CODE[code].sentence)
    assert fault.category is BY_CODE[code].category
    assert isinstance(fault, Locked) is BY_CODE[code].locked


@pytest.mark.parametrize(
    "text,category",
    [
        ("Sales document 1 is currently being processed by user BROWN", ProblemCategory.CONFLICT),
        ("Order 1 is locked by MILLER", ProblemCategory.CONFLICT),
        ("Credit limit exceeded", ProblemCategory.CREDIT),
        ("Mandatory condition PPR0 is missing: pricing error", ProblemCategory.PRICING),
        ("Tax jurisdiction could not be determined", ProblemCategory.TAX),
        ("Material TG99 does not exist", ProblemCategory.PRODUCT),
        ("Customer 4711 is not defined in sales area 1710 10 00", ProblemCategory.CUSTOMER_MASTER),
        ("You have no authorization", ProblemCategory.PERMISSION),
        ("Something else", ProblemCategory.SYSTEM_REFUSED),
    ],
)
def test_other_codes_are_told_by_their_words(text: str, category: ProblemCategory) -> None:
    fault = told(400, envelope("ZZ/999", text))

    assert fault is not None
    assert fault.category is category


def test_a_lock_is_worth_another_try_and_nothing_was_done() -> None:
    fault = told(400, envelope("V1/042", "Order 1 is currently being processed by user BROWN"))

    assert isinstance(fault, Locked)
    assert (fault.retryable, fault.retry_after) == (True, 2.0)


def test_the_first_real_error_among_the_details_says_most() -> None:
    body = envelope(
        "/IWBEP/CX_MGW_BUSI_EXCEPTION",
        "An exception was raised",
        ("SLS_LORD/025", "A date", "warning"),
        ("/IWBEP/CX_MGW_BUSI_EXCEPTION", "An exception was raised", "error"),
        ("V1/302", "Date 01.01.2020 is in the past", "error"),
    )
    fault = told(400, body)

    assert fault is not None
    assert fault.category is ProblemCategory.INVALID_INPUT
    assert fault.detail is not None
    assert "error V1/302: Date 01.01.2020 is in the past" in fault.detail
    assert f"transaction={'B' * 32}" in fault.detail
    assert fault.detail.count("An exception was raised") == 1


def test_details_without_a_code_or_of_the_gateway_only_repeat() -> None:
    assert is_noise("")
    assert is_noise("/IWBEP/CX_MGW_BUSI_EXCEPTION")
    assert not is_noise("/IWBEP/CM_MGW_RT/020")
    assert meaning_of("VL/045", "").locked


def test_a_message_may_be_plain_text() -> None:
    fault = told(400, b'{"error":{"code":"400","message":"Invalid URI segment"}}')

    assert isinstance(fault, NotThere)
    assert "Invalid URI segment" in fault.sentence


def test_what_cannot_be_decoded_or_read_is_the_contract_broken() -> None:
    with pytest.raises(ContractBroken), contract("sap"):
        msgspec.json.decode(b"<html/>", type=dict)
    with pytest.raises(ContractBroken, match="cannot be read"), contract("sap"):
        raise ValueError("not a decimal: 'many'")
