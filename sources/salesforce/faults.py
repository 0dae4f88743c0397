"""Salesforce's error bodies as faults of our own tree (REST API guide, "Status Codes and Error Responses")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable
from sources.kit.http.ask import Answer
from sources.kit.http.statuses import not_json, plain_fault
from sources.salesforce.wire import CompositeAnswer, ErrorEntry

WHOLE_DAY_USED: Final = 3600.0
"""Seconds to wait when a day's calls are used up: the window slides, so some come back within the hour."""


class _Meaning(NamedTuple):
    fault: type[Fault]
    sentence: str
    category: ProblemCategory | None = None


_LOCKED_OUT: Final = "{0} does not let us in: its credentials or permissions need a look."
_NO_RIGHT: Final = _Meaning(Refused, _LOCKED_OUT, ProblemCategory.PERMISSION)
_UNKNOWN_FIELD: Final = _Meaning(
    Refused,
    "{0} does not show us a field or object that we read: its permissions or our settings need a look.",
    ProblemCategory.PERMISSION,
)
_INPUT: Final = _Meaning(Refused, "{0} does not accept what was entered.", ProblemCategory.INVALID_INPUT)
_CONFLICT: Final = _Meaning(Refused, "{0} already has such a record.", ProblemCategory.CONFLICT)
_LOCKED: Final = _Meaning(Unavailable, "Someone else is changing this record in {0} just now.")
_RULE: Final = _Meaning(Refused, "{0} does not allow this for the record as it stands.")
_DOWN: Final = _Meaning(Unavailable, "{0} is out of order just now.")
_BUSY: Final = _Meaning(Throttled, "{0} asks for fewer calls.")
_BUG: Final = _Meaning(ContractBroken, "{0} did not understand our question.")

_BY_CODE: Final = {
    "INVALID_SESSION_ID": _NO_RIGHT,
    "INVALID_AUTH_HEADER": _NO_RIGHT,
    "API_DISABLED_FOR_ORG": _NO_RIGHT,
    "API_CURRENTLY_DISABLED": _NO_RIGHT,
    "FUNCTIONALITY_NOT_ENABLED": _NO_RIGHT,
    "INSUFFICIENT_ACCESS": _NO_RIGHT,
    "INSUFFICIENT_ACCESS_OR_READONLY": _NO_RIGHT,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _NO_RIGHT,
    "REQUEST_LIMIT_EXCEEDED": _BUSY,
    "NOT_FOUND": _Meaning(Refused, "{0} has no such address or record: our settings need a look."),
    "MALFORMED_QUERY": _BUG,
    "INVALID_TYPE": _UNKNOWN_FIELD,
    "INVALID_FIELD": _UNKNOWN_FIELD,
    "INVALID_QUERY_FILTER_OPERATOR": _BUG,
    "QUERY_TOO_COMPLICATED": _Meaning(Refused, "{0} finds the question too complicated: narrow it."),
    "INVALID_QUERY_LOCATOR": _Meaning(Unavailable, "{0} forgot where the list was cut off: ask again."),
    "QUERY_TIMEOUT": _Meaning(Unavailable, "{0} needed too long for the question."),
    "REQUIRED_FIELD_MISSING": _INPUT,
    "STRING_TOO_LONG": _INPUT,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _INPUT,
    "MALFORMED_ID": _INPUT,
    "INVALID_CROSS_REFERENCE_KEY": _INPUT,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _INPUT,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _INPUT,
    "FIELD_INTEGRITY_EXCEPTION": _INPUT,
    "JSON_PARSER_ERROR": _BUG,
    "DUPLICATE_VALUE": _CONFLICT,
    "DUPLICATES_DETECTED": _CONFLICT,
    "DUPLICATE_EXTERNAL_ID": _CONFLICT,
    "ENTITY_IS_DELETED": _Meaning(Refused, "The record was deleted in {0}.", ProblemCategory.CONFLICT),
    "UNABLE_TO_LOCK_ROW": _LOCKED,
    "ENTITY_IS_LOCKED": _RULE,
    "FAILED_ACTIVATION": _RULE,
    "STORAGE_LIMIT_EXCEEDED": _Meaning(Refused, "{0} is full."),
    "METHOD_NOT_ALLOWED": _BUG,
    "UNSUPPORTED_MEDIA_TYPE": _BUG,
    "UNKNOWN_EXCEPTION": _DOWN,
    "SERVER_UNAVAILABLE": _DOWN,
    "SERVICE_UNAVAILABLE": _DOWN,
}
_BY_STATUS: Final[dict[int, _Meaning]] = {
    HTTPStatus.METHOD_NOT_ALLOWED: _BUG,
    HTTPStatus.CONFLICT: _CONFLICT,
    HTTPStatus.GONE: _Meaning(Refused, "{0} no longer speaks the API version of our settings."),
    HTTPStatus.PRECONDITION_FAILED: _Meaning(
        Refused, "Someone else changed this record in {0} meanwhile.", ProblemCategory.CONFLICT
    ),
    HTTPStatus.REQUEST_URI_TOO_LONG: _BUG,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _BUG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _BUG,
}
_NOBODY_S_OWN: Final = frozenset({"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})
"""Said of the innocent parts of a composite: the culprit's own error says why."""
_ENTRIES: Final = msgspec.json.Decoder(list[ErrorEntry])
_COMPOSITE: Final = msgspec.json.Decoder(CompositeAnswer)
_MARK: Final = re.compile(rb'\s*\{\s*"compositeResponse"')
_TOKEN: Final = re.compile(r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]+")


def fault_in(system: str, answer: Answer) -> Fault | None:
    """The fault that an answer tells: of its own, or in a part of a composite; None when all of it is well."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return not_json(system, answer) or _in_a_composite(system, answer)
    entries = _entries(answer.content)
    if entries is None:
        return plain_fault(system, answer) or _unexplained(system, answer.status)
    return to_fault(system, answer.status, entries)


def to_fault(system: str, status: int, entries: Sequence[ErrorEntry]) -> Fault:
    """The fault that an error body means."""
    entry = next((one for one in entries if one.code not in _NOBODY_S_OWN), entries[0] if entries else ErrorEntry())
    detail = _TOKEN.sub("***", f"{status} {entry.code}: {entry.message.strip()}")
    meaning = _BY_CODE.get(entry.code) or _BY_STATUS.get(status) or _of_status(status)
    after = WHOLE_DAY_USED if entry.code == "REQUEST_LIMIT_EXCEEDED" and "TotalRequests" in entry.message else None
    return meaning.fault(
        system, meaning.sentence.format(system), detail=detail, retry_after=after, category=meaning.category
    )


def _in_a_composite(system: str, answer: Answer) -> Fault | None:
    if _MARK.match(answer.content) is None:
        return None
    try:
        parts = _COMPOSITE.decode(answer.content).composite_response
    except msgspec.DecodeError:
        return ContractBroken(system, f"{system} sent an answer that cannot be read.", detail=answer.excerpt(200))
    failed = [part for part in parts if part.http_status_code >= HTTPStatus.BAD_REQUEST]
    told = [(part.http_status_code, _entries(bytes(part.body)) or []) for part in failed]
    own = [(status, entries) for status, entries in told if not entries or entries[0].code not in _NOBODY_S_OWN]
    return to_fault(system, *(own or told)[0]) if told else None


def _entries(body: bytes) -> list[ErrorEntry] | None:
    try:
        return _ENTRIES.decode(body)
    except msgspec.DecodeError:
        return None


def _of_status(status: int) -> _Meaning:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _NO_RIGHT
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _BUSY
    return _DOWN if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _RULE


def _unexplained(system: str, status: int) -> Fault:
    return to_fault(system, status, [])
