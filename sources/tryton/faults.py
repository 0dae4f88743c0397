"""Tryton's errors as our faults: pages of HTML, and messages without a code that only their words tell apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from canonical.errors import ContractBroken, Fault, OutcomeUnknown, ProblemCategory, Refused
from sources.kit.http.ask import Answer
from sources.kit.http.statuses import not_json, plain_fault
from sources.tryton.messages import meaning_of


class NotThere(Refused):
    """An address, model or record that this system does not have."""


class TooLong(Refused):
    """The question is longer than the server or a proxy before it takes."""


class _Message(Struct, frozen=True):
    message: str | None = None
    description: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Message)
_BROKE_DOWN: Final = "Unable to get RPC method"
"""What Tryton 8.0 says of any failure of its own after a POST, with status 400: a broken rule of the database too."""
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
    if status == HTTPStatus.BAD_REQUEST and _BROKE_DOWN in told:
        return OutcomeUnknown(system, f"{system} failed while it was at it.", detail=told)
    return plain_fault(system, answer, detail=told)


def refusal(system: str, message: str, told: str) -> Refused:
    """What a rule of the ERP said, with its own words for whoever can put it right."""
    meaning = meaning_of(message)
    sentence = f"{meaning.sentence} {system} says: {_short(message)}"
    return Refused(system, sentence, detail=told, category=meaning.category)


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
