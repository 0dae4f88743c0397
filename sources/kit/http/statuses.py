"""What a status alone says, for answers that a vendor's own translation has nothing to say about."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable
from sources.kit.http.ask import Answer


def plain_fault(system: str, answer: Answer, *, detail: str | None = None) -> Fault | None:
    """The fault that the status alone tells; None for 2xx, 304, 404 and 412, which may be just the answer.

    For a vendor's translation to fall back on. `detail` defaults to the beginning of the body.
    """
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status in _ANSWERS:
        return None
    told = detail or f"{status}: {answer.excerpt()}"
    if status < HTTPStatus.BAD_REQUEST:
        return ContractBroken(system, f"{system} sent us on to another address.", detail=told)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        sentence = f"{system} does not let us in: its credentials or permissions need a look."
        return Refused(system, sentence, detail=told, category=ProblemCategory.PERMISSION)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(system, f"{system} asks for fewer calls.", detail=told, retry_after=retry_after(answer))
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(system, f"{system} is out of order just now.", detail=told, retry_after=retry_after(answer))
    return Refused(system, f"{system} refused the question.", detail=told)


_ANSWERS = (HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)


def retry_after(answer: Answer) -> float | None:
    """The seconds of a Retry-After header, given as seconds or as a date; None where there is none to read."""
    return seconds_asked(str(answer.headers.get("retry-after", "")))


def seconds_asked(text: str) -> float | None:
    """What a Retry-After header says, as seconds from now; None where there is none to read."""
    told = text.strip()
    if not told:
        return None
    if told.replace(".", "", 1).isdecimal():
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def not_json(system: str, answer: Answer) -> Unavailable | None:
    """Unavailable when a good answer is a page or XML where JSON was promised: a proxy or a login page spoke for it."""
    body = answer.content.lstrip()[:1]
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES and body == b"<":
        sentence = f"{system} answered with a page instead of records."
        return Unavailable(system, sentence, detail=f"{answer.media_type}: {answer.excerpt(200)}")
    return None
