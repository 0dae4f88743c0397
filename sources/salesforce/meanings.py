"""What each of the platform's error codes means (REST API guide, "Status Codes and Error Responses")."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NamedTuple

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable


class Meaning(NamedTuple):
    """A leaf of our tree, a sentence for people ({0}: the system, {1}: the org's own words) and what it is about."""

    fault: type[Fault]
    sentence: str
    category: ProblemCategory | None = None


_NO_WAY_IN: Final = Meaning(
    Refused, "{0} does not let us in: its credentials or permissions need a look.", ProblemCategory.PERMISSION
)
_NO_RIGHT: Final = Meaning(
    Refused, "{0} does not allow our user to do this: its permissions need a look.", ProblemCategory.PERMISSION
)
_UNKNOWN_FIELD: Final = Meaning(
    Refused,
    "{0} does not show us a field or object that we read or write: its permissions or our settings need a look.",
    ProblemCategory.PERMISSION,
)
_UNWRITABLE_FIELD: Final = Meaning(
    Refused,
    "{0} does not let us write a field: its permissions or our settings need a look.",
    ProblemCategory.PERMISSION,
)
_INPUT: Final = Meaning(Refused, "{0} does not accept what was entered.", ProblemCategory.INVALID_INPUT)
_CONFLICT: Final = Meaning(Refused, "{0} already has such a record.", ProblemCategory.CONFLICT)
_BUSY_RECORD: Final = Meaning(Unavailable, "Someone else is changing this record in {0} just now.")
_RULE: Final = Meaning(Refused, "{0} does not allow this for the record as it stands.")
_OWN_RULE: Final = Meaning(Refused, "{0} does not allow it: {1}", ProblemCategory.INVALID_INPUT)
_AUTOMATION: Final = Meaning(Refused, "An automation in {0} failed on the record: whoever looks after it must see why.")
_DOWN: Final = Meaning(Unavailable, "{0} is out of order just now.")
_BUSY: Final = Meaning(Throttled, "{0} asks for fewer calls.")
_BUG: Final = Meaning(ContractBroken, "{0} did not understand our question.")

_BY_CODE: Final = {
    "INVALID_SESSION_ID": _NO_WAY_IN,
    "INVALID_AUTH_HEADER": _NO_WAY_IN,
    "API_DISABLED_FOR_ORG": _NO_WAY_IN,
    "API_CURRENTLY_DISABLED": _NO_WAY_IN,
    "FUNCTIONALITY_NOT_ENABLED": _NO_WAY_IN,
    "INSUFFICIENT_ACCESS": _NO_RIGHT,
    "INSUFFICIENT_ACCESS_OR_READONLY": _NO_RIGHT,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _NO_RIGHT,
    "INVALID_FIELD_FOR_INSERT_UPDATE": _UNWRITABLE_FIELD,
    "REQUEST_LIMIT_EXCEEDED": _BUSY,
    "NOT_FOUND": Meaning(Refused, "{0} has no such address or record: our settings need a look."),
    "MALFORMED_QUERY": _BUG,
    "INVALID_TYPE": _UNKNOWN_FIELD,
    "INVALID_FIELD": _UNKNOWN_FIELD,
    "INVALID_QUERY_FILTER_OPERATOR": _BUG,
    "QUERY_TOO_COMPLICATED": Meaning(Refused, "{0} finds the question too complicated: narrow it."),
    "INVALID_QUERY_LOCATOR": Meaning(Unavailable, "{0} forgot where the list was cut off: ask again."),
    "QUERY_TIMEOUT": Meaning(Unavailable, "{0} needed too long for the question."),
    "REQUIRED_FIELD_MISSING": _INPUT,
    "STRING_TOO_LONG": _INPUT,
    "NUMBER_OUTSIDE_VALID_RANGE": _INPUT,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _INPUT,
    "MALFORMED_ID": _INPUT,
    "INVALID_CROSS_REFERENCE_KEY": _INPUT,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _OWN_RULE,
    "FIELD_FILTER_VALIDATION_EXCEPTION": _OWN_RULE,
    "FIELD_INTEGRITY_EXCEPTION": _INPUT,
    "STANDARD_PRICE_NOT_DEFINED": Meaning(
        Refused, "A product has no standard price in {0}: it needs one first.", ProblemCategory.PRICING
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _AUTOMATION,
    "CANNOT_EXECUTE_FLOW_TRIGGER": _AUTOMATION,
    "JSON_PARSER_ERROR": _BUG,
    "LIMIT_EXCEEDED": _BUG,
    "EXCEEDED_ID_LIMIT": _BUG,
    "MISSING_ARGUMENT": _BUG,
    "DUPLICATE_VALUE": _CONFLICT,
    "DUPLICATES_DETECTED": _CONFLICT,
    "DUPLICATE_EXTERNAL_ID": _CONFLICT,
    "ENTITY_IS_DELETED": Meaning(Refused, "The record was deleted in {0}.", ProblemCategory.CONFLICT),
    "UNABLE_TO_LOCK_ROW": _BUSY_RECORD,
    "ENTITY_IS_LOCKED": Meaning(Refused, "The record is locked in {0}: it is active, or waits for an approval."),
    "FAILED_ACTIVATION": Meaning(Refused, "{0} does not activate the order: {1}"),
    "STORAGE_LIMIT_EXCEEDED": Meaning(Refused, "{0} is full."),
    "METHOD_NOT_ALLOWED": _BUG,
    "UNSUPPORTED_MEDIA_TYPE": _BUG,
    "UNKNOWN_EXCEPTION": _DOWN,
    "SERVER_UNAVAILABLE": _DOWN,
    "SERVICE_UNAVAILABLE": _DOWN,
}
_BY_STATUS: Final[dict[int, Meaning]] = {
    HTTPStatus.MULTIPLE_CHOICES: Meaning(
        Refused, "{0} has several records with one external id: one has to go.", ProblemCategory.CONFLICT
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: _BUG,
    HTTPStatus.CONFLICT: _CONFLICT,
    HTTPStatus.GONE: Meaning(Refused, "{0} no longer speaks the API version of our settings."),
    # We send a condition only where we look, add to what is there and write: that may be done again.
    HTTPStatus.PRECONDITION_FAILED: Meaning(Unavailable, "Someone else changed this record in {0} meanwhile."),
    HTTPStatus.REQUEST_URI_TOO_LONG: _BUG,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _BUG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _BUG,
    HTTPStatus.UNAUTHORIZED: _NO_WAY_IN,
    HTTPStatus.FORBIDDEN: _NO_WAY_IN,
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
}
_BY_FIELD: Final = {
    "AccountId": ProblemCategory.CUSTOMER_MASTER,
    "Product2Id": ProblemCategory.PRODUCT,
    "PricebookEntryId": ProblemCategory.PRICING,
    "Pricebook2Id": ProblemCategory.PRICING,
    "UnitPrice": ProblemCategory.PRICING,
    "CurrencyIsoCode": ProblemCategory.PRICING,
}


def meaning_of(status: int, code: str, fields: list[str] | None) -> Meaning:
    """What an error with this status and code means; what was entered wrongly is told apart by its field."""
    found = _BY_CODE.get(code) or _BY_STATUS.get(status) or _of_status(status)
    if found.category is not ProblemCategory.INVALID_INPUT:
        return found
    about = next((_BY_FIELD[name] for name in fields or () if name in _BY_FIELD), None)
    return found._replace(category=about) if about else found


def _of_status(status: int) -> Meaning:
    return _DOWN if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _RULE
