"""Refused queries, with the text, the caret and the Row:Column as the platform shows them."""

from __future__ import annotations

from typing import Final

from sources.salesforce.sandbox.errors import ApiError

_AROUND: Final = 60
_ADVICE: Final = "Please reference your WSDL or the describe call for the appropriate names."


def malformed(text: str, at: int, message: str) -> ApiError:
    """The query is not one."""
    return ApiError(400, "MALFORMED_QUERY", _shown(text, at) + message)


def unexpected(text: str, at: int, token: str) -> ApiError:
    """A token where none of its kind may stand; the empty one is the end."""
    return malformed(text, at, f"unexpected token: '{token or '<EOF>'}'")


def no_such_type(text: str, at: int, name: str) -> ApiError:
    """FROM names an object that the org lacks."""
    advice = "If you are attempting to use a custom object, be sure to append the '__c' after the entity name."
    message = f"sObject type '{name}' is not supported. {advice} {_ADVICE}"
    return ApiError(400, "INVALID_TYPE", _shown(text, at) + message)


def no_such_column(text: str, at: int, name: str, entity: str) -> ApiError:
    """The object lacks the field."""
    advice = "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
    message = f"No such column '{name}' on entity '{entity}'. {advice} {_ADVICE}"
    return ApiError(400, "INVALID_FIELD", _shown(text, at) + message)


def no_such_relation(text: str, at: int, name: str, place: str) -> ApiError:
    """No parent path ("field path") or child relation ("FROM part of query call") of that name."""
    advice = (
        "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship"
    )
    message = f"Didn't understand relationship '{name}' in {place}. {advice} name. {_ADVICE}"
    code = "INVALID_FIELD" if place == "field path" else "INVALID_TYPE"
    return ApiError(400, code, _shown(text, at) + message)


def wrong_literal(text: str, at: int, field: str, kind: str, quoted: bool) -> ApiError:
    """A filter value of another type than its field."""
    advice = "should not be enclosed in quotes" if quoted else "should be enclosed in quotes"
    message = f"value of filter criterion for field '{field}' must be of type {kind} and {advice}"
    return ApiError(400, "INVALID_FIELD", _shown(text, at) + message)


def bad_filter(text: str, at: int, message: str) -> ApiError:
    """An operator or an id that the field does not take."""
    return ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", _shown(text, at) + message)


def not_in_this_sandbox(text: str, at: int, what: str) -> ApiError:
    """The platform could do this; the sandbox says that it cannot rather than answer wrongly."""
    return malformed(text, at, f"{what} is not supported by this sandbox")


def _shown(text: str, at: int) -> str:
    """The line with a caret under the place; long lines are cut around it, rows and columns count from one."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    column = at - start
    first = max(0, column - _AROUND)
    shown = line[first : column + _AROUND]
    row = text.count("\n", 0, at) + 1
    return f"\n{shown}\n{' ' * (column - first)}^\nERROR at Row:{row}:Column:{column + 1}\n"
