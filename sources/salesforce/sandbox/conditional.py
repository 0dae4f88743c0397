"""Conditional requests: by date on every row (one second's grain), by ETag on accounts only (REST guide)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from sources.salesforce.sandbox.call import Call
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.store import Row
from sources.salesforce.sandbox.values import read_moment


def etag(one: SObject, row: Row) -> dict[str, str]:
    """The headers that tell a row's version."""
    headers = {"Last-Modified": format_datetime(_changed(row), usegmt=True)}
    if one.name == "Account":
        headers["ETag"] = _tag(row)
    return headers


def unchanged(call: Call, one: SObject, row: Row) -> bool:
    """Whether the caller's copy is fresh: the answer is then 304."""
    tag = call.headers.get("if-none-match")
    if tag is not None and one.name == "Account":
        return tag == _tag(row)
    since = _date(call, "if-modified-since")
    return since is not None and _changed(row) <= since


def refuse_changed(call: Call, one: SObject, row: Row) -> None:
    """412 when the row is not as the caller knew it."""
    tag = call.headers.get("if-match")
    since = _date(call, "if-unmodified-since")
    other = tag is not None and one.name == "Account" and tag != _tag(row)
    if other or (since is not None and _changed(row) > since):
        raise ApiError(412, "PRECONDITION_FAILED", "The resource has changed since the condition given in the header")


def _changed(row: Row) -> datetime:
    return read_moment(str(row["LastModifiedDate"])).astimezone(UTC).replace(microsecond=0)


def _tag(row: Row) -> str:
    digest = hashlib.sha256(f"{row['Id']}{row['SystemModstamp']}".encode()).hexdigest()
    return f'"{digest[:24]}--gzip"'


def _date(call: Call, header: str) -> datetime | None:
    text = call.headers.get(header)
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError as wrong:
        raise ApiError(400, "INVALID_HEADER", f"The header {header} is not a date: {text}") from wrong
