"""Each error body of the platform, and the fault that it becomes."""

from __future__ import annotations

import httpx
import orjson
import pytest

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable
from sources.kit.http.ask import Answer
from sources.salesforce.faults import fault_in

JSON = httpx.Headers({"content-type": "application/json;charset=UTF-8"})
P = ProblemCategory


def answered(status: int, body: object, headers: httpx.Headers = JSON) -> Answer:
    return Answer(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def error(code: str, message: str = "said so") -> list[dict[str, str]]:
    return [{"message": message, "errorCode": code}]


@pytest.mark.parametrize(
    "status, code, fault, category",
    [
        (401, "INVALID_SESSION_ID", Refused, P.PERMISSION),
        (403, "API_DISABLED_FOR_ORG", Refused, P.PERMISSION),
        (403, "INSUFFICIENT_ACCESS", Refused, P.PERMISSION),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", Refused, P.PERMISSION),
        (403, "FUNCTIONALITY_NOT_ENABLED", Refused, P.PERMISSION),
        (404, "NOT_FOUND", Refused, P.SYSTEM_REFUSED),
        (404, "ENTITY_IS_DELETED", Refused, P.CONFLICT),
        (400, "MALFORMED_QUERY", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (400, "INVALID_TYPE", Refused, P.PERMISSION),
        (400, "INVALID_FIELD", Refused, P.PERMISSION),
        (400, "INVALID_QUERY_LOCATOR", Unavailable, P.SYSTEM_UNAVAILABLE),
        (400, "QUERY_TIMEOUT", Unavailable, P.SYSTEM_UNAVAILABLE),
        (400, "REQUIRED_FIELD_MISSING", Refused, P.INVALID_INPUT),
        (400, "STRING_TOO_LONG", Refused, P.INVALID_INPUT),
        (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Refused, P.INVALID_INPUT),
        (400, "MALFORMED_ID", Refused, P.INVALID_INPUT),
        (400, "INVALID_CROSS_REFERENCE_KEY", Refused, P.INVALID_INPUT),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Refused, P.INVALID_INPUT),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Refused, P.SYSTEM_REFUSED),
        (400, "CANNOT_EXECUTE_FLOW_TRIGGER", Refused, P.SYSTEM_REFUSED),
        (400, "FIELD_FILTER_VALIDATION_EXCEPTION", Refused, P.INVALID_INPUT),
        (400, "NUMBER_OUTSIDE_VALID_RANGE", Refused, P.INVALID_INPUT),
        (400, "STANDARD_PRICE_NOT_DEFINED", Refused, P.PRICING),
        (400, "INVALID_FIELD_FOR_INSERT_UPDATE", Refused, P.PERMISSION),
        (400, "DUPLICATE_EXTERNAL_ID", Refused, P.CONFLICT),
        (400, "LIMIT_EXCEEDED", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (400, "EXCEEDED_ID_LIMIT", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (400, "MISSING_ARGUMENT", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (400, "FIELD_INTEGRITY_EXCEPTION", Refused, P.INVALID_INPUT),
        (400, "DUPLICATE_VALUE", Refused, P.CONFLICT),
        (400, "DUPLICATES_DETECTED", Refused, P.CONFLICT),
        (400, "UNABLE_TO_LOCK_ROW", Unavailable, P.SYSTEM_UNAVAILABLE),
        (400, "ENTITY_IS_LOCKED", Refused, P.SYSTEM_REFUSED),
        (400, "FAILED_ACTIVATION", Refused, P.SYSTEM_REFUSED),
        (405, "METHOD_NOT_ALLOWED", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (415, "UNSUPPORTED_MEDIA_TYPE", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (409, "SOMETHING_NEW", Refused, P.CONFLICT),
        (410, "SOMETHING_NEW", Refused, P.SYSTEM_REFUSED),
        (412, "SOMETHING_NEW", Unavailable, P.SYSTEM_UNAVAILABLE),
        (414, "URI_TOO_LONG", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (431, "SOMETHING_NEW", ContractBroken, P.SYSTEM_UNAVAILABLE),
        (429, "SOMETHING_NEW", Throttled, P.THROTTLED),
        (403, "SOMETHING_NEW", Refused, P.PERMISSION),
        (400, "SOMETHING_NEW", Refused, P.SYSTEM_REFUSED),
        (500, "UNKNOWN_EXCEPTION", Unavailable, P.SYSTEM_UNAVAILABLE),
        (503, "SERVER_UNAVAILABLE", Unavailable, P.SYSTEM_UNAVAILABLE),
        (502, "SOMETHING_NEW", Unavailable, P.SYSTEM_UNAVAILABLE),
    ],
)
def test_each_error_body_has_its_place_in_our_tree(
    status: int, code: str, fault: type[Fault], category: ProblemCategory
) -> None:
    found = fault_in("crm", answered(status, error(code)))

    assert type(found) is fault
    assert (found.category, found.system, found.detail) == (category, "crm", f"{status} {code}: said so")


def test_a_day_s_calls_used_up_are_not_asked_for_again_within_the_hour() -> None:
    found = fault_in("crm", answered(403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")))

    assert isinstance(found, Throttled)
    assert found.retry_after == 3600.0


def test_too_many_calls_at_once_may_be_tried_again_soon() -> None:
    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    found = fault_in("crm", answered(403, error("REQUEST_LIMIT_EXCEEDED", message)))

    assert isinstance(found, Throttled)
    assert found.retry_after is None


def test_a_good_answer_is_no_fault() -> None:
    assert fault_in("crm", answered(200, {"totalSize": 0, "done": True, "records": []})) is None
    assert fault_in("crm", answered(204, b"")) is None


def part(status: int, body: object, name: str = "q0") -> dict[str, object]:
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": name}


def test_a_fault_inside_a_good_composite_is_found() -> None:
    body = {"compositeResponse": [part(200, {"records": []}), part(400, error("UNABLE_TO_LOCK_ROW"), "q1")]}

    assert isinstance(fault_in("crm", answered(200, body)), Unavailable)


def test_the_culprit_of_a_rolled_back_composite_is_told_and_not_the_innocent() -> None:
    halted = error("PROCESSING_HALTED", "The transaction was rolled back")
    body = {"compositeResponse": [part(400, halted), part(400, error("DUPLICATE_VALUE", "dup"), "q1")]}

    found = fault_in("crm", answered(200, body))

    assert isinstance(found, Refused)
    assert found.detail == "400 DUPLICATE_VALUE: dup"


def test_the_misspelt_duplicate_result_is_read() -> None:
    body = [{"duplicateResut": {"allowSave": True}, "errorCode": "DUPLICATES_DETECTED", "message": "Use one of these?"}]

    found = fault_in("crm", answered(400, body))

    assert isinstance(found, Refused)
    assert found.category is ProblemCategory.CONFLICT


@pytest.mark.parametrize(
    "status, fault", [(200, Unavailable), (302, ContractBroken), (403, Refused), (503, Unavailable)]
)
def test_a_page_instead_of_records_is_told_by_its_status(status: int, fault: type[Fault]) -> None:
    html = httpx.Headers({"content-type": "text/html"})

    assert type(fault_in("crm", answered(status, b"<!DOCTYPE html><html>Sign in</html>", html))) is fault


def test_a_session_s_token_is_never_told() -> None:
    found = fault_in("crm", answered(400, error("SOMETHING_NEW", "token 00DdM00000vfgTu!AQEAQFw.x_y is bad")))

    assert found is not None
    assert found.detail == "400 SOMETHING_NEW: token *** is bad"
