"""One API call and its reply, apart from HTTP: the composite resources make and answer calls of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from sources.salesforce.sandbox.errors import ApiError


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: `body` is JSON, or None for none."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it is a success as the composite resources count it."""
        return self.status < 400


@dataclass(frozen=True, slots=True)
class Call:
    """A call below "/services/data/v<version>"; header names in lower case, `again` answers a call inside this one."""

    method: str
    version: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object
    again: Callable[[Call], Reply]

    @property
    def base(self) -> str:
        """The path that every resource starts with."""
        return f"/services/data/v{self.version}"

    def record_url(self, entity: str, identity: str) -> str:
        """The path of a row."""
        return f"{self.base}/sobjects/{entity}/{identity}"

    def inside(self, method: str, url: str, headers: Mapping[str, str], body: object) -> Call:
        """A call within this one; NOT_FOUND when the url is not of this API."""
        parts = urlsplit(url)
        pieces = parts.path.removeprefix("/services/data").strip("/").split("/", 1)
        if len(pieces) != 2 or not pieces[0].startswith("v"):
            raise ApiError(400, "INVALID_INPUT", f"The url provided is not a valid REST API resource: {url}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        lowered = {name.lower(): value for name, value in headers.items()}
        path = "/" + pieces[1].rstrip("/")
        return replace(
            self, method=method.upper(), version=pieces[0][1:], path=path, query=query, headers=lowered, body=body
        )

    def record(self) -> dict[str, object]:
        """The body as an object; JSON_PARSER_ERROR when it is none."""
        return as_record(self.body)


def as_record(body: object) -> dict[str, object]:
    """JSON as an object; JSON_PARSER_ERROR when it is none."""
    if not isinstance(body, dict):
        raise ApiError(
            400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body."
        )
    return cast("dict[str, object]", body)


def as_list(body: object, name: str) -> list[object]:
    """The list under a name in an object; JSON_PARSER_ERROR when there is none."""
    found = as_record(body).get(name)
    if not isinstance(found, list):
        raise ApiError(400, "JSON_PARSER_ERROR", f"The request is missing the required array '{name}'")
    return found
