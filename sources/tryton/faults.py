"""Tryton's errors as our faults: pages of HTML, and messages without a code that only their words tell apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused
from sources.kit.http.ask import Answer
from sources.kit.http.statuses import not_json, plain_fault

_Category = ProblemCategory
_MEANINGS: Final[tuple[tuple[re.Pattern[str], ProblemCategory, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), category, sentence)
    for pattern, category, sentence in (
        (r"credit limit", _Category.CREDIT, "The customer's credit limit does not allow it."),
        (r"not allowed to (access|read|write|create|delete)", _Category.PERMISSION, "Our user may not do this."),
        (r"calling button .* is not allowed", _Category.PERMISSION, "Our user may not do this."),
        (r"you can not call", _Category.CONFLICT, "The record does not stand where this can be done."),
        (r"(modified|changed) .*(by another|meanwhile|concurrent)", _Category.CONFLICT, "The record was just changed."),
        (r"must be unique|already exists|can be added only once", _Category.CONFLICT, "There is such a record."),
        (r"invoice address|shipment address|customer location", _Category.CUSTOMER_MASTER, "The customer lacks data."),
        (r"account (revenue|receivable)|payment term", _Category.CUSTOMER_MASTER, "Data is missing in the books."),
        (r"\btax(es)?\b", _Category.TAX, "The taxes are not right."),
        (r"not enough|out of stock|warehouse", _Category.AVAILABILITY, "It cannot be delivered as asked."),
        (r"price", _Category.PRICING, "The price is not right."),
        (r"\bproduct\b", _Category.PRODUCT, "The product cannot be sold like this."),
        (r"a value is required|is not valid|is too long|is not one of|does not exist|digits|invalid chars",
         _Category.INVALID_INPUT, "A value is missing or not allowed."),
        (r"(missing|no) (search|order) function", _Category.INVALID_INPUT, "It cannot be searched or sorted by this."),
    )
)  # fmt: skip
"""The first that fits wins. Messages are of Tryton 8.0's message.xml files, in English (setting `language`)."""


class NotThere(Refused):
    """An address, model or record that this system does not have."""


class TooLong(Refused):
    """The question is longer than the server or a proxy before it takes."""


class _Message(Struct, frozen=True):
    message: str | None = None
    description: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Message)
_TAGS: Final = re.compile(r"<[^>]*>")
_TOO_LONG: Final = (HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


def translation(system: str) -> Callable[[Answer], Fault | None]:
    """How this system's answers are read; see `fault_in`."""
    return lambda answer: fault_in(system, answer)


def fault_in(system: str, answer: Answer) -> Fault | None:
    """The fault that an answer tells, or None. Never raises."""
    status = answer.status
    if status < HTTPStatus.BAD_REQUEST:
        return not_json(system, answer)
    message = _message(answer)
    told = f"{status}: {message or _plain(answer)}"
    if status == HTTPStatus.UNAUTHORIZED:
        sentence = f"{system} does not accept our application key: it may be wrong, cancelled or not yet validated."
        return Refused(system, sentence, detail=told, category=ProblemCategory.PERMISSION)
    if status == HTTPStatus.NOT_FOUND:
        return NotThere(system, f"{system} does not have what was asked for.", detail=told)
    if status in _TOO_LONG:
        return TooLong(system, f"{system} does not take questions this long (setting longest_url).", detail=told)
    if status == HTTPStatus.BAD_REQUEST and message:
        return refusal(system, message, told)
    return plain_fault(system, answer, detail=told)


def refusal(system: str, message: str, told: str) -> Refused:
    """What a rule of the ERP said, with its own words for whoever can put it right."""
    for pattern, category, sentence in _MEANINGS:
        if pattern.search(message):
            return Refused(system, f"{sentence} {system} says: {_short(message)}", detail=told, category=category)
    return Refused(system, f"{system} says: {_short(message)}", detail=told)


def unreadable(system: str, wrong: msgspec.DecodeError) -> Fault:
    """What a body is that is not what we read: without a field that all records have, our user may not read it."""
    text = str(wrong)
    if "missing required field" in text:
        sentence = f"{system} does not let our user read a field that is needed: its access rights need a look."
        return Refused(system, sentence, detail=text, category=ProblemCategory.PERMISSION)
    return ContractBroken(system, f"{system} sent an answer that cannot be read.", detail=text[:200])


def _message(answer: Answer) -> str | None:
    try:
        found = _DECODER.decode(answer.content)
    except msgspec.DecodeError:
        return None
    return " ".join(part for part in (found.message, found.description) if part) or None


def _plain(answer: Answer) -> str:
    """A page without its tags, for whoever must look into the server's log."""
    return " ".join(_TAGS.sub(" ", answer.excerpt(1000)).split())


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:299]}…"  # noqa: PLR2004 - a sentence or two
