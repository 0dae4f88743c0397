"""SAP's errors as our faults: the envelope, errors inside `$batch`, and pages that are no answer at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import ClassVar, Final

import msgspec
from msgspec import Struct, field

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable
from sources.kit.http.ask import Answer
from sources.kit.http.statuses import plain_fault
from sources.s4hana.messages import Message, is_noise, meaning_of, sentence_of

TOKEN_HEADER: Final = "x-csrf-token"  # noqa: S105 - a header's name
LOCK_WAIT: Final = 2.0
"""Seconds after which a locked document is worth another look."""


class TokenRequired(Refused):
    """The CSRF token is missing or has expired; the check comes before anything is done."""

    category = ProblemCategory.SYSTEM_REFUSED


class Said(Refused):
    """A refusal that the system gave reasons for: `messages` are its own words, the one that says most first."""

    messages: tuple[Message, ...] = ()


class NotThere(Said):
    """A path, set or field that this system does not have, or a question it cannot read."""


class Locked(Said):
    """Somebody has the document open; it frees itself."""

    retryable: ClassVar[bool] = True


class _Text(Struct, frozen=True):
    value: str = ""


class _Detail(Struct, frozen=True):
    code: str = ""
    message: _Text | str = ""
    severity: str = ""
    target: str = ""
    propertyref: str = ""


class _Inner(Struct, frozen=True):
    transactionid: str = ""
    timestamp: str = ""
    errordetails: list[_Detail] = []


class _Error(Struct, frozen=True):
    code: str | None = None
    message: _Text | str = ""
    innererror: _Inner = field(default_factory=_Inner)


class _Envelope(Struct, frozen=True):
    error: _Error


_DECODER: Final = msgspec.json.Decoder(_Envelope)


def translation(system: str) -> Callable[[Answer], Fault | None]:
    """How this system's answers are read; see `fault_in`."""
    return lambda answer: fault_in(system, answer)


def fault_in(system: str, answer: Answer) -> Fault | None:
    """The fault that an answer tells, or None. Never raises."""
    status = answer.status
    if status < HTTPStatus.BAD_REQUEST:
        return _page(system, answer)
    if status == HTTPStatus.FORBIDDEN and str(answer.headers.get(TOKEN_HEADER, "")).lower() == "required":
        return TokenRequired(system, f"{system} asks for a new token.")
    error = _error(answer)
    told = f"{status}: {answer.excerpt()}" if error is None else _detail(status, error)
    if status == HTTPStatus.UNAUTHORIZED:
        sentence = f"{system} does not accept our user; it may be locked after wrong passwords."
        return Refused(system, sentence, detail=told, category=ProblemCategory.PERMISSION)
    if status == HTTPStatus.NOT_FOUND:
        return NotThere(system, f"{system} does not have what was asked for.", detail=told)
    if status in (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED, HTTPStatus.CONFLICT):
        sentence = "The record was changed in the meantime."
        return Refused(system, sentence, detail=told, category=ProblemCategory.CONFLICT)
    if error is None or status != HTTPStatus.BAD_REQUEST:
        return plain_fault(system, answer, detail=told)
    return _refusal(system, error, told)


def _page(system: str, answer: Answer) -> Fault | None:
    """A login page or a dispatcher's notice comes with a good status: nobody who could answer was reached."""
    if answer.media_type == "text/html":
        return Unavailable(system, f"{system} answered with a page instead of records.", detail=answer.excerpt(200))
    return None


def _error(answer: Answer) -> _Error | None:
    try:
        return _DECODER.decode(answer.content).error
    except msgspec.DecodeError:
        return None


def _refusal(system: str, error: _Error, told: str) -> Fault:
    messages = _messages(error)
    meaning = meaning_of(messages[0].code, messages[0].text)
    unclear = meaning.category is ProblemCategory.SYSTEM_REFUSED
    kind = Locked if meaning.locked else NotThere if unclear else Said
    fault = kind(system, sentence_of(messages[0]), detail=told, category=meaning.category)
    fault.retry_after = LOCK_WAIT if meaning.locked else None
    fault.messages = messages
    return fault


def _messages(error: _Error) -> tuple[Message, ...]:
    """The real errors among the details, each once; where there are none, the envelope's own."""
    details = [
        Message(detail.code, _plain(detail.message), detail.target or detail.propertyref)
        for detail in error.innererror.errordetails
        if detail.severity == "error" and not is_noise(detail.code)
    ]
    return tuple(dict.fromkeys(details)) or (Message(error.code or "", _plain(error.message)),)


def _plain(told: _Text | str) -> str:
    return told if isinstance(told, str) else told.value


def _detail(status: int, error: _Error) -> str:
    """The vendor's own words for whoever must call them, with what SAP needs to find it in its log."""
    details = [
        f"{d.severity} {d.code}: {_plain(d.message)}" for d in error.innererror.errordetails if not is_noise(d.code)
    ]
    marks = [
        f"{name}={value}"
        for name, value in (
            ("transaction", error.innererror.transactionid),
            ("at", error.innererror.timestamp),
        )
        if value
    ]
    return "; ".join([f"{status} {error.code or ''}: {_plain(error.message)}", *details, *marks])


@contextmanager
def contract(system: str) -> Iterator[None]:
    """What is no value of SAP's published kinds, below here, is the contract broken."""
    try:
        yield
    except (ValueError, msgspec.DecodeError) as wrong:
        sentence = f"{system} sent an answer that cannot be read."
        raise ContractBroken(system, sentence, detail=str(wrong)[:200]) from wrong


@contextmanager
def locks_told_as_waits() -> Iterator[None]:
    """A record that somebody holds, below here, is a wait: nothing was written, and it frees itself."""
    try:
        yield
    except Locked as held:
        raise Throttled(
            held.system, held.sentence, detail=held.detail, retry_after=held.retry_after, category=held.category
        ) from held
